#include <spdlog/spdlog.h>
#include <unistd.h>

#include <map>
#include <optional>
#include <string>

#include "safety_net.hpp"
#include "uebo/base/file.hpp"
#include "uebo/base/log.hpp"
#include "uebo/config/units.hpp"
#include "uebo/init/node.hpp"
#include "uebo/init/pid1.hpp"

namespace uebo::init {
namespace {

constexpr std::string_view kUsage =
    "usage: uebo supervise --services DIR --cgroup DIR --log DIR --control PATH [--overlays DIR] "
    "[--shutdown-deadline DURATION]";

struct Settings {
  NodePaths paths{.services = {}, .overlays = {}, .cgroup = {}, .logs = {}, .control = {}};
  std::chrono::milliseconds shutdown_deadline = kShutdownDeadline;
};

std::optional<Settings> settings_from(std::span<const std::string_view> arguments) {
  Settings settings;
  std::string overlays;
  std::string deadline;
  std::map<std::string_view, std::string*> left{{"--services", &settings.paths.services},
                                                {"--cgroup", &settings.paths.cgroup},
                                                {"--log", &settings.paths.logs},
                                                {"--control", &settings.paths.control},
                                                {"--overlays", &overlays},
                                                {"--shutdown-deadline", &deadline}};
  if (arguments.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const auto option = left.extract(arguments[i]);
    if (option.empty() || arguments[i + 1].empty()) return std::nullopt;
    *option.mapped() = arguments[i + 1];
  }
  if (left.erase("--overlays") == 0) settings.paths.overlays.push_back({.path = overlays});
  settings.paths.overlays.push_back({.path = kOverlaysOfThisBoot});
  const bool has_deadline = left.erase("--shutdown-deadline") == 0;
  if (!left.empty()) return std::nullopt;
  if (!has_deadline) return settings;
  const auto duration = config::parse_duration(deadline);
  if (!duration) return std::nullopt;
  settings.shutdown_deadline = *duration;
  return settings;
}

Result<> supervise_services(Settings settings) {
  UEBO_TRY(make_directories(settings.paths.cgroup));
  UEBO_TRY(make_directories(settings.paths.logs));
  auto node = UEBO_TRY(Node::create(std::move(settings.paths), {}));
  node->set_shutdown_deadline(settings.shutdown_deadline);
  // Of a namespace: elsewhere it would be the machine's reboot.
  std::optional<Reserve> reserve;
  if (getpid() == 1) {
    handle_own_crashes(STDERR_FILENO);
    prepare_shutdown(*node, reserve.emplace());
  }
  node->load_services({});
  UEBO_TRY(node->run());
  return {};
}

}  // namespace

int supervise_role(std::span<const std::string_view> arguments) {
  log::to_stderr();
  auto settings = settings_from(arguments);
  if (!settings) {
    spdlog::error("{}", kUsage);
    return 2;
  }
  const auto result = supervise_services(*std::move(settings));
  if (!result) spdlog::error("{}", result.error().message());
  return result ? 0 : 1;
}

}  // namespace uebo::init
