#include "uebo/boinc/arm_platform.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>

#include "uebo/boinc/settings_file.hpp"
#include "uebo/kernel/process.hpp"

namespace uebo::boinc {
namespace {

constexpr const char* kFile = "cc_config.xml";
constexpr std::size_t kLargestFile = 256 * 1024;
constexpr Setting kSetting{"alt_platform", kArmPlatform};

/// What execve(2) and ld.so(8) mean by it.
const char* meaning(const Result<int>& ended) {
  if (!ended && ended.error().code == ENOEXEC) return "this kernel or processor runs no 32-bit programs";
  if (!ended && ended.error().code == ENOENT) return "the 32-bit loader is missing";
  if (!ended && ended.error().code == ETIMEDOUT) return "the check did not end";
  if (!ended) return "the check could not be started";
  return *ended == 127 ? "a 32-bit library is missing" : "the check failed";
}

}  // namespace

ArmPrograms try_arm_programs(kernel::Owner who, const std::string& check, std::chrono::milliseconds limit) {
  if (access(check.c_str(), F_OK) != 0) return {};
  const auto ended = kernel::run_unprivileged({check}, who, limit);
  if (ended && *ended == 0) return {.run = true, .obstacle = {}};
  const std::string detail = ended ? "exit code " + std::to_string(*ended) : ended.error().message();
  return {.run = false, .obstacle = fmt::format("no tasks for 32-bit ARM: {} ({})", meaning(ended), detail)};
}

Result<> set_arm_platform(const kernel::SafeDirectory& data, bool runs, kernel::Owner owner) {
  const auto before = data.read(kFile, kLargestFile);
  if (!before) return runs ? Result<>(std::unexpected(before.error())) : Result<>();
  const auto after =
      runs ? with_listed(*before, "cc_config", "options", kSetting) : std::optional(without_listed(*before, kSetting));
  if (!after || *after == *before) return {};
  spdlog::info("{} {} BOINC's platforms", kArmPlatform, runs ? "is one of" : "is no longer one of");
  return data.replace(kFile, *after, owner, 0644);
}

}  // namespace uebo::boinc
