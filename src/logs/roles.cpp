#include "uebo/logs/roles.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

#include "uebo/kernel/host_name.hpp"
#include "uebo/logs/copy.hpp"
#include "uebo/logs/syslog_sender.hpp"

namespace uebo::logs {
namespace {

constexpr const char* kLogs = "/var/log";
/// A time server that answers at all has answered by then; early lines get their right time if they wait for it.
constexpr std::chrono::seconds kPatienceForClock{10};
constexpr std::chrono::milliseconds kLookAtClock{500};

class SyslogCarrier final : public Carrier {
 public:
  explicit SyslogCarrier(config::SyslogServer server)
      : socket_(std::move(server)), sender_([this](const std::string& message) { return socket_.send(message); }) {}

  [[nodiscard]] bool takes_more() const override { return true; }
  void take(std::vector<LogLine> lines) override {
    for (LogLine& line : lines) sender_.take(std::move(line));
  }
  [[nodiscard]] std::optional<TimePoint> work(TimePoint now) override {
    const bool known = access(kClockFile, F_OK) == 0;
    if (!known && now - began_ < kPatienceForClock) return now + kLookAtClock;
    return sender_.pump(now, {.host = kernel::host_name(), .time_is_known = known});
  }
  [[nodiscard]] const Positions& carried() const override { return sender_.sent(); }

 private:
  SyslogSocket socket_;
  SyslogSender sender_;
  TimePoint began_ = BootClock::now();
};

int carry(Carrier& carrier, const char* positions) {
  auto loop = CarrierLoop::create(kLogs, positions, carrier);
  const auto ended = loop ? (*loop)->run() : Result<>(std::unexpected(loop.error()));
  if (ended) return 0;
  spdlog::error("{}", ended.error().message());
  return 1;
}

}  // namespace

int syslog_role(std::span<const std::string_view>) {
  const char* name = getenv("UEBO_SYSLOG");
  auto server = name ? config::parse_syslog_server(name) : std::nullopt;
  if (!server) {
    spdlog::error("UEBO_SYSLOG names no server");
    return 2;
  }
  SyslogCarrier carrier(*std::move(server));
  return carry(carrier, kSyslogPositions);
}

int log_copy_role(std::span<const std::string_view> arguments) {
  if (arguments.size() != 1) {
    spdlog::error("usage: uebo log-copy DIRECTORY");
    return 2;
  }
  umask(027);
  CopyCarrier carrier{std::string(arguments.front())};
  return carry(carrier, kCopyPositions);
}

std::span<const Role> roles() {
  static constexpr std::array kRoles{
      Role{"syslog", "", "send the logs to a syslog server", syslog_role},
      Role{"log-copy", "DIRECTORY", "copy the logs to a directory", log_copy_role},
  };
  return kRoles;
}

}  // namespace uebo::logs
