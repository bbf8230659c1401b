#include "uebo/kernel/own_process.hpp"

#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

#include "uebo/base/file.hpp"

namespace uebo::kernel {
namespace {

/// The second number of proc_pid_statm(5), in pages.
Result<std::uint64_t> resident() {
  const std::string text = UEBO_TRY(read_file("/proc/self/statm"));
  unsigned long pages = 0;
  if (std::sscanf(text.c_str(), "%*u %lu", &pages) != 1) return fail(0, "read", "/proc/self/statm", "a number");
  return std::uint64_t{pages} * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

Result<std::uint64_t> open_descriptors() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return errno_error("read", "/proc/self/fd");
  std::uint64_t count = 0;
  while (const dirent* entry = readdir(directory))
    if (entry->d_name[0] != '.') ++count;
  closedir(directory);
  return count - 1;  // the one that looked
}

}  // namespace

Result<OwnProcess> own_process() {
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  const auto used = std::chrono::seconds(cpu.tv_sec) + std::chrono::nanoseconds(cpu.tv_nsec);
  return OwnProcess{.memory = UEBO_TRY(resident()),
                    .cpu = std::chrono::duration_cast<std::chrono::microseconds>(used),
                    .descriptors = UEBO_TRY(open_descriptors())};
}

}  // namespace uebo::kernel
