// The role boinc-keeper: what the client needs somebody for while it runs. It attaches it to the projects that kernel
// arguments name.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <thread>
#include <vector>

#include "uebo/boinc/attachment.hpp"
#include "uebo/boinc/client_configuration.hpp"
#include "uebo/boinc/console_note.hpp"
#include "uebo/boinc/roles.hpp"
#include "uebo/config/kernel_args.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

constexpr auto kTurnPatience = 5s;  // for all that is asked in one turn
constexpr auto kClientPause = 1s;   // while the client does not answer
constexpr auto kQuiet = 60s;        // a client that starts is not yet one that does not answer

std::vector<Attachment> attachments_of(const config::KernelArgs& args) {
  std::vector<Attachment> attachments;
  if (const auto given = args.get("uebo.boinc.acctmgr"))
    if (auto account = config::parse_manager_account(*given)) attachments.emplace_back(std::move(*account));
  for (const std::string& given : args.all("uebo.boinc.project"))
    if (auto account = config::parse_project_account(given)) attachments.emplace_back(std::move(*account));
  return attachments;
}

class Keeper {
 public:
  Keeper(std::string data, std::vector<Attachment> attachments)
      : data_(std::move(data)), attachments_(std::move(attachments)) {}

  [[nodiscard]] bool is_done() const { return std::ranges::all_of(attachments_, &Attachment::is_done); }

  /// Returns when there is something to do again.
  TimePoint turn() {
    const auto now = BootClock::now();
    const auto kept = keep(now);
    tell(kept ? std::string() : kept.error().message(), now);
    if (kept) return next();
    disconnect();
    return BootClock::now() + kClientPause;
  }

 private:
  Result<> keep(TimePoint now) {
    UEBO_TRY(connect(now));
    // The client has one place for what it fetches for somebody.
    const auto busy = std::ranges::find_if(attachments_, &Attachment::keeps_connection);
    for (auto one = attachments_.begin(); one != attachments_.end(); ++one) {
      if (one->is_done() || one->due() > now || (busy != attachments_.end() && busy != one)) continue;
      if (const auto told = UEBO_TRY(one->step(*rpc_, now))) tell_console(told->text, told->good);
      if (one->keeps_connection()) return {};
    }
    rpc_.reset();
    return {};
  }

  Result<> connect(TimePoint now) {
    if (rpc_) {
      rpc_->set_deadline(now + kTurnPatience);
      return {};
    }
    rpc_ = UEBO_TRY(connect_authorized(now + kTurnPatience, data_));
    return {};
  }

  void disconnect() {
    rpc_.reset();
    for (Attachment& attachment : attachments_) attachment.connection_lost();
  }

  [[nodiscard]] TimePoint next() const {
    TimePoint next = TimePoint::max();
    for (const Attachment& attachment : attachments_)
      if (!attachment.is_done()) next = std::min(next, attachment.due());
    return std::max(next, BootClock::now() + kClientPause);
  }

  void tell(const std::string& trouble, TimePoint now) {
    if (trouble.empty()) {
      answered_ = now;
      if (!trouble_.empty()) spdlog::info("the BOINC client answers");
      trouble_.clear();
    } else if (trouble != trouble_ && now - answered_ > kQuiet) {
      spdlog::warn("{}", trouble);
      trouble_ = trouble;
    }
  }

  std::string data_;
  std::vector<Attachment> attachments_;
  std::optional<GuiRpc> rpc_;
  TimePoint answered_ = BootClock::now();
  std::string trouble_;
};

}  // namespace

int keeper_role(std::span<const std::string_view> arguments) {
  if (arguments.size() > 1) {
    spdlog::error("usage: boinc-keeper [DATA-DIRECTORY]");
    return 2;
  }
  const auto args = config::load_kernel_args();
  if (!args) {
    spdlog::error("{}", args.error().message());
    return 1;
  }
  Keeper keeper(arguments.empty() ? kDataDirectory : std::string(arguments.front()), attachments_of(*args));
  while (!keeper.is_done()) std::this_thread::sleep_until(keeper.turn());
  while (true) pause();
}

}  // namespace uebo::boinc
