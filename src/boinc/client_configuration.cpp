#include "uebo/boinc/client_configuration.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "uebo/base/file.hpp"
#include "uebo/boinc/arm_platform.hpp"
#include "uebo/boinc/console_note.hpp"
#include "uebo/boinc/roles.hpp"
#include "uebo/boinc/settings_file.hpp"
#include "uebo/kernel/memory.hpp"
#include "uebo/kernel/process_cgroup.hpp"

namespace uebo::boinc {
namespace {

using config::KernelArgs;
using kernel::Owner;
using kernel::SafeDirectory;

constexpr const char* kRemoteHostsFile = "remote_hosts.cfg";
constexpr std::size_t kLargestSettings = 256 * 1024;
constexpr std::string_view kRemoteAccess = "allow_remote_gui_rpc";

struct SettingsFile {
  const char* name;
  std::string_view root;
  std::string_view section;
  std::span<const Setting> settings;
};

// No graphics processor has a driver in the image: the search for one costs time and memory at each start.
constexpr std::array kClientSettings{Setting{"no_gpus", "1"}};

// BOINC's defaults are made for a desktop with somebody in front of it: there it steps back for other programs, stops
// on batteries (a board on USB power reports no mains) and leaves half of the memory. lib/prefs.cpp. Since 8.0 a second
// set (niu_) holds while nobody is at the keyboard, which on a board is always.
constexpr std::array kPreferences{
    Setting{"run_on_batteries", "1"},      Setting{"run_if_user_active", "1"},  Setting{"suspend_cpu_usage", "0"},
    Setting{"disk_interval", "600"},       Setting{"work_buf_min_days", "0.1"}, Setting{"max_ncpus_pct", "100"},
    Setting{"niu_max_ncpus_pct", "100"},   Setting{"cpu_usage_limit", "100"},   Setting{"niu_cpu_usage_limit", "100"},
    Setting{"niu_suspend_cpu_usage", "0"},
};

constexpr std::string_view kPreferencesRoot = "global_preferences";
constexpr SettingsFile kClientFile{"cc_config.xml", "cc_config", "options", kClientSettings};
constexpr SettingsFile kPreferencesFile{"global_prefs_override.xml", kPreferencesRoot, kPreferencesRoot, kPreferences};

Result<std::string> random_password() {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return errno_error("make", "a random password");
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::string parent_of(const std::string& directory) { return directory.substr(0, directory.rfind('/')); }

/// An empty file would let everybody in.
std::optional<std::string> kept_password(const SafeDirectory& place) {
  const auto kept = place.read(kPasswordFile, 4096);
  return kept && !trim(*kept).empty() ? std::optional<std::string>(trim(*kept)) : std::nullopt;
}

/// What lies beside the data directory counts where it is sealed there: on a disk with owners it is a copy that came
/// with a card's other files.
Result<std::string> kept_or_new_password(const std::string& directory, const SafeDirectory& data, Seal seal) {
  if (seal == Seal::ByPlace) {
    const auto outside = UEBO_TRY(SafeDirectory::open(parent_of(directory)));
    if (const auto sealed = kept_password(outside)) return *sealed;
  }
  if (const auto kept = kept_password(data)) return *kept;
  spdlog::info("a random password is made for the GUI RPC, in {}", kPasswordFile);
  return random_password();
}

Result<> write_password(const std::string& directory, const SafeDirectory& data,
                        const std::optional<std::string>& given, Owner owner, Seal seal) {
  const std::string password = given ? *given : UEBO_TRY(kept_or_new_password(directory, data, seal));
  return data.replace(kPasswordFile, password + "\n", owner, 0600);
}

Result<> write_remote_hosts(const SafeDirectory& data, const KernelArgs& args, bool has_password, Owner owner) {
  if (!has_password) {
    if (!data.contains(kRemoteHostsFile)) return {};
    spdlog::warn("remote access stays off without uebo.boinc.password: {0} is now {0}.off", kRemoteHostsFile);
    return data.rename(kRemoteHostsFile, std::string(kRemoteHostsFile) + ".off");
  }
  std::string hosts;
  for (const std::string& host : args.list("uebo.boinc.remote_hosts")) hosts += host + "\n";
  if (!hosts.empty()) return data.replace(kRemoteHostsFile, hosts, owner, 0600);
  if (!data.contains(kRemoteHostsFile)) return {};
  return data.give(kRemoteHostsFile, owner, 0600);
}

std::string without_remote_access(const std::string& text) {
  const auto value = value_of(text, kRemoteAccess);
  if (!value || trim(*value) == "0") return text;
  spdlog::warn("remote access stays off without uebo.boinc.password: {} is set to 0", kRemoteAccess);
  return with_value(text, {kRemoteAccess, "0"});
}

/// No more than the service may have: at memory.high all tasks would crawl, and the client would not know why. It then
/// starts no more of them than fit, and ends one that alone is too big (client/cpu_sched.cpp, client/app.cpp).
std::string with_memory_bound(std::string text, unsigned most) {
  const std::string value = std::to_string(most);
  for (const std::string_view name : {"ram_max_used_busy_pct", "ram_max_used_idle_pct"}) {
    const Setting setting{name, value};
    const auto present = value_of(text, name);
    if (!present)
      text = add_missing(text, kPreferencesRoot, kPreferencesRoot, std::span(&setting, 1)).value_or(text);
    else if (number_in(text, name) > most)
      text = with_value(text, setting);
  }
  return text;
}

/// Adds what is missing, and has `change` see the whole.
template <class Change>
Result<> write_settings(const SafeDirectory& data, const SettingsFile& file, const Change& change, Owner owner) {
  const std::string empty = fmt::format("<{0}>\n</{0}>\n", file.root);
  const auto present = data.read(file.name, kLargestSettings);
  if (!present && present.error().code != ENOENT)
    spdlog::warn("a new {} is made: {}", file.name, present.error().message());
  const std::string before = present.value_or(empty);
  const auto added = add_missing(before, file.root, file.section, file.settings);
  if (!added) {
    spdlog::warn("{} has no <{}>: it is left as it is, without the settings for a board", file.name, file.root);
    return {};
  }
  const std::string after = change(*added);
  return present && after == before ? Result<>() : data.replace(file.name, after, owner, 0644);
}

Result<> write_project_list(const SafeDirectory& data, const std::string& path, Owner owner) {
  constexpr const char* name = "all_projects_list.xml";
  if (data.contains(name)) return {};
  return data.replace(name, UEBO_TRY(read_file(path)), owner, 0644);
}

/// What of RAM the tasks may have: this service's group is the client's, and the client itself needs some of it.
unsigned memory_percent() {
  constexpr std::uint64_t kClient = 32 << 20;
  constexpr std::uint64_t kLeast = 10;
  const auto group = kernel::cgroup_of(getpid());
  const auto text = read_file("/sys/fs/cgroup" + group.value_or("") + "/memory.high");
  const auto memory = kernel::memory();
  std::uint64_t high = 0;
  if (!text || !memory || std::from_chars(text->data(), text->data() + text->size(), high).ec != std::errc())
    return kMostMemory;
  const std::uint64_t percent = (high - std::min(high, kClient)) * 100 / std::max(memory->total, std::uint64_t{1});
  return static_cast<unsigned>(std::clamp(percent, kLeast, std::uint64_t{kMostMemory}));
}

Result<> configure() {
  const Owner owner = UEBO_TRY(kernel::find_owner("boinc:boinc"));
  const config::KernelArgs args = UEBO_TRY(config::load_kernel_args());
  const auto data = UEBO_TRY(SafeDirectory::open(kDataDirectory));
  UEBO_TRY(configure_client(kDataDirectory, args, owner, seal_of(data), memory_percent()));
  const ArmPrograms arm = try_arm_programs(owner);
  if (!arm.obstacle.empty()) tell_console(arm.obstacle);
  return set_arm_platform(data, arm.run, owner);
}

Result<std::string> sealed_password(const std::string& directory) {
  for (const std::string& place : {directory, parent_of(directory)}) {
    const auto data = UEBO_TRY(SafeDirectory::open(place));
    if (const auto kept = kept_password(data)) return *kept;
  }
  return fail(ENOENT, "find", std::string(kPasswordFile) + " in " + directory);
}

}  // namespace

Seal seal_of(const SafeDirectory& data) { return data.keeps_owners() ? Seal::ByOwner : Seal::ByPlace; }

Result<> configure_client(const std::string& directory, const KernelArgs& args, Owner owner, Seal seal,
                          unsigned memory_percent, const std::string& project_list) {
  const auto data = UEBO_TRY(SafeDirectory::open(directory));
  const auto password = args.get("uebo.boinc.password");
  UEBO_TRY(write_password(directory, data, password, owner, seal));
  UEBO_TRY(write_remote_hosts(data, args, password.has_value(), owner));
  UEBO_TRY(write_settings(
      data, kClientFile, [&](std::string text) { return password ? std::move(text) : without_remote_access(text); },
      owner));
  UEBO_TRY(write_settings(
      data, kPreferencesFile, [&](std::string text) { return with_memory_bound(std::move(text), memory_percent); },
      owner));
  // The client does without the list, and fetches it where the image has none.
  if (const auto written = write_project_list(data, project_list, owner); !written && written.error().code != ENOENT)
    spdlog::warn("{}", written.error().message());
  return {};
}

Result<GuiRpc> connect_authorized(TimePoint deadline, const std::string& directory) {
  const std::string password = UEBO_TRY(sealed_password(directory));
  auto rpc = UEBO_TRY(GuiRpc::connect(deadline));
  UEBO_TRY(rpc.authorize(password));
  return rpc;
}

Result<> seal_password(const std::string& directory, Seal seal) {
  const auto data = UEBO_TRY(SafeDirectory::open(directory));
  if (seal == Seal::ByOwner) return data.give(kPasswordFile, Owner{}, 0600);
  const auto outside = UEBO_TRY(SafeDirectory::open(parent_of(directory)));
  const std::string password = UEBO_TRY(data.read(kPasswordFile, 4096));
  UEBO_TRY(outside.replace(kPasswordFile, password, Owner{}, 0600));
  return data.remove(kPasswordFile);
}

int configure_role(std::span<const std::string_view>) {
  const auto configured = configure();
  if (configured) return 0;
  spdlog::error("{}", configured.error().message());
  return 1;
}

}  // namespace uebo::boinc
