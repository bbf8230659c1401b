#include "uebo/kernel/cgroup.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "uebo/base/file.hpp"

namespace uebo::kernel {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return value;
}

/// The value of "key value" in a flat keyed file.
std::optional<std::uint64_t> keyed_number(std::string_view content, std::string_view key) {
  while (!content.empty()) {
    const std::string_view line = content.substr(0, content.find('\n'));
    content.remove_prefix(std::min(content.size(), line.size() + 1));
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ')
      return number(line.substr(key.size() + 1));
  }
  return std::nullopt;
}

/// A file of a group: they are small, and PID 1 reads many of them for each status. Empty where there is none.
class GroupFile {
 public:
  GroupFile(int directory, const char* name) {
    const UniqueFd fd(openat(directory, name, O_RDONLY | O_CLOEXEC));
    const ssize_t count = fd ? read(fd.get(), buffer_.data(), buffer_.size()) : 0;
    size_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  [[nodiscard]] std::string_view content() const { return {buffer_.data(), size_}; }

 private:
  std::array<char, 4096> buffer_;  // the kernel's own is a page
  std::size_t size_ = 0;
};

std::vector<std::string> subdirectories(const std::string& path) {
  std::vector<std::string> names;
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  closedir(directory);
  return names;
}

Result<> remove_tree(const std::string& path) {
  for (const std::string& name : subdirectories(path)) UEBO_TRY(remove_tree(path + "/" + name));
  if (rmdir(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove control group", path);
  return {};
}

}  // namespace

Result<Cgroup> Cgroup::create(const std::string& path) {
  UEBO_TRY(make_directories(path));
  return open(path);
}

Result<Cgroup> Cgroup::open(const std::string& path) {
  Cgroup group;
  group.path_ = path;
  group.directory_.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group.directory_) return errno_error("open control group", path);
  group.events_.reset(openat(group.directory_.get(), "cgroup.events", O_RDONLY | O_CLOEXEC));
  if (!group.events_) return errno_error("open control group", path, "is a cgroup2 file system mounted there?");
  return group;
}

Result<bool> Cgroup::populated() const {
  std::array<char, 256> buffer{};
  const ssize_t count = pread(events_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) return errno_error("read", path_ + "/cgroup.events");
  const auto value = keyed_number({buffer.data(), static_cast<std::size_t>(count)}, "populated");
  if (!value) return fail(0, "read", path_ + "/cgroup.events", "no line \"populated\" in it");
  return *value != 0;
}

Result<> Cgroup::kill() const { return write_kernel_file(path_ + "/cgroup.kill", "1"); }

Result<std::vector<pid_t>> Cgroup::processes() const {
  const std::string content = UEBO_TRY(read_file(path_ + "/cgroup.procs"));
  std::vector<pid_t> processes;
  for (std::string_view rest = content; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    // 0 stands for a process of another pid namespace: kill(0) would hit ourselves.
    const auto pid = number(line);
    if (pid && *pid != 0) processes.push_back(static_cast<pid_t>(*pid));
  }
  return processes;
}

Result<> Cgroup::signal(int signal) const {
  for (const pid_t process : UEBO_TRY(processes()))
    if (::kill(process, signal) != 0 && errno != ESRCH) return errno_error("signal", path_);
  return {};
}

Result<> Cgroup::set(const std::string& file, std::string_view value) const {
  return write_kernel_file(path_ + "/" + file, value);
}

std::optional<std::uint64_t> Cgroup::memory_current() const {
  return number(GroupFile(directory(), "memory.current").content());
}

std::optional<std::uint64_t> Cgroup::memory_peak() const {
  return number(GroupFile(directory(), "memory.peak").content());
}

std::optional<std::chrono::microseconds> Cgroup::cpu_usage() const {
  const auto usage = keyed_number(GroupFile(directory(), "cpu.stat").content(), "usage_usec");
  if (!usage) return std::nullopt;
  return std::chrono::microseconds(*usage);
}

MemoryEvents Cgroup::memory_events() const {
  const GroupFile events(directory(), "memory.events");
  return {.oom = keyed_number(events.content(), "oom").value_or(0),
          .oom_kill = keyed_number(events.content(), "oom_kill").value_or(0)};
}

Result<UniqueFd> Cgroup::memory_stall_trigger(std::chrono::microseconds stall, std::chrono::microseconds window) const {
  const std::string path = path_ + "/memory.pressure";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return errno_error("open", path);
  const std::string trigger = "full " + std::to_string(stall.count()) + " " + std::to_string(window.count());
  // With its final zero, which the kernel overwrites.
  if (write(fd.get(), trigger.c_str(), trigger.size() + 1) < 0) return errno_error("write", path);
  return fd;
}

Result<> Cgroup::remove() {
  UEBO_TRY(remove_tree(path_));
  directory_.reset();
  events_.reset();
  return {};
}

Result<std::string> enable_controllers(const std::string& path) {
  const std::string content = UEBO_TRY(read_file(path + "/cgroup.controllers"));
  const std::string offered = " " + content.substr(0, content.find('\n')) + " ";
  std::string enabled;
  for (const std::string_view controller : {"memory", "cpu", "io", "pids"}) {
    if (offered.find(" " + std::string(controller) + " ") == std::string::npos) continue;
    // One by one: a controller that is refused doesn't take the others along.
    if (!write_kernel_file(path + "/cgroup.subtree_control", "+" + std::string(controller))) continue;
    enabled.append(enabled.empty() ? "" : " ").append(controller);
  }
  return enabled;
}

}  // namespace uebo::kernel
