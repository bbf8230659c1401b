#include "uebo/boot/ntp.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <cstdlib>

#include "uebo/base/file.hpp"
#include "uebo/boot/last_date.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/config/site.hpp"
#include "uebo/kernel/process.hpp"

namespace uebo::boot {
namespace {

constexpr unsigned kUnsynchronised = 16;  // RFC 5905: MAXSTRAT
constexpr const char* kPool = "pool.ntp.org";
constexpr std::chrono::seconds kWritePatience{30};

void keep_in_rtc() {
  const auto written = kernel::write_rtc(kernel::wall_time());
  if (!written && written.error().code != ENOENT) spdlog::warn("{}", written.error().message());
}

}  // namespace

std::optional<ClockState> clock_after(std::string_view event, std::string_view stratum, ClockState before) {
  if (event == "unsync") return before == ClockState::Synced ? std::optional(ClockState::Assumed) : std::nullopt;
  unsigned value = kUnsynchronised;
  std::from_chars(stratum.data(), stratum.data() + stratum.size(), value);
  const bool in_step = event == "step" || ((event == "stratum" || event == "periodic") && value < kUnsynchronised);
  return in_step && before != ClockState::Synced ? std::optional(ClockState::Synced) : std::nullopt;
}

std::vector<std::string> choose_time_servers(const std::vector<std::string>& arguments,
                                             const std::vector<std::string>& dhcp,
                                             const std::vector<std::string>& site) {
  for (const auto* servers : {&arguments, &dhcp, &site})
    if (!servers->empty()) return *servers;
  return {kPool};
}

/// ntpd starts it and does not wait, so it may write to /storage. Every 11 minutes at least comes a "periodic".
int ntp_event_role(std::span<const std::string_view> arguments) {
  if (arguments.size() != 1) {
    spdlog::error("usage: uebo ntp-event step|stratum|unsync|periodic");
    return 2;
  }
  const std::string_view event = arguments[0];
  const char* stratum = std::getenv("stratum");
  const auto state = clock_after(event, stratum ? stratum : "", clock_state());
  if (state) {
    if (const auto announced = announce_clock(*state); !announced) spdlog::error("{}", announced.error().message());
    const bool synced = *state == ClockState::Synced;
    spdlog::info("{}, {}", time_text(kernel::wall_time()), synced ? "synced" : "no time server answers any more");
  }
  if (clock_state() != ClockState::Synced) return 0;
  if (state || event == "step") keep_in_rtc();
  const auto keep = [] {
    if (const auto kept = keep_last_date(std::chrono::hours(1)); !kept) spdlog::warn("{}", kept.error().message());
    return 0;
  };
  // Over NFS that may hang, and the next event comes all the same.
  if (const auto kept = kernel::run_bounded(keep, kWritePatience); !kept) spdlog::warn("{}", kept.error().message());
  return 0;
}

int ntp_client_role(std::span<const std::string_view>) {
  const auto args = config::load_kernel_args();
  const auto site = config::load_site();
  const auto dhcp = read_file(kNtpServersFile, 64 * 1024);
  if (!site) spdlog::warn("{}", site.error().message());
  const auto servers = choose_time_servers(args ? args->list("uebo.ntp") : std::vector<std::string>(),
                                           dhcp ? list_lines(*dhcp) : std::vector<std::string>(),
                                           site ? site->ntp : std::vector<std::string>());
  spdlog::info("{}", fmt::join(servers, ", "));
  std::vector<std::string> command{"/usr/sbin/ntpd", "-n", "-S", "/sbin/ntp-event"};
  for (const std::string& server : servers) {
    command.emplace_back("-p");
    command.push_back(server);
  }
  const Error error = kernel::become_program(command);
  spdlog::error("{}", error.message());
  return 1;
}

}  // namespace uebo::boot
