// Runs in a guest, built statically for it.
//   inside freeze PID                    stops a process, PID 1 too, by tracing it, and keeps it so
//   inside join PID UID GID COMMAND...   runs COMMAND in the mount namespace of PID, as a user without privileges
//   inside seek DIRECTORY...             reads a needle from standard input and names every place where it can be read:
//                                        files, the kernel's log, the memory of other processes
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/klog.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kMostOfAFile = 1 << 20;
std::string needle;
unsigned long files = 0;

void look_at(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return;
  static std::string content;
  content.clear();
  char buffer[16384];
  for (ssize_t count = 0; content.size() < kMostOfAFile && (count = read(fd, buffer, sizeof buffer)) > 0;)
    content.append(buffer, static_cast<std::size_t>(count));
  close(fd);
  ++files;
  if (content.find(needle) != std::string::npos) printf("found in %s\n", path.c_str());
}

/// The threads of a process show what the process shows; its memory and the pages of the kernel are looked at apart.
bool skipped(std::string_view path, std::string_view name) {
  if (!path.starts_with("/proc")) return false;
  return name == "task" || name == "mem" || name == "pagemap" || name == "kcore" || name == "kmsg" ||
         name == "map_files";
}

void walk(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (!directory) return;
  while (const dirent* entry = readdir(directory)) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == ".." || skipped(path, name)) continue;
    const std::string below = path + "/" + std::string(name);
    struct stat status{};
    if (lstat(below.c_str(), &status) != 0) continue;
    if (S_ISDIR(status.st_mode)) walk(below);
    if (S_ISREG(status.st_mode)) look_at(below);
  }
  closedir(directory);
}

void look_at_kernel_log() {
  static char log[1 << 20];
  constexpr int kReadAll = 3;
  const int count = klogctl(kReadAll, log, sizeof log);
  if (count < 0) return;
  puts("the kernel log can be read");
  if (std::string_view(log, static_cast<std::size_t>(count)).find(needle) != std::string_view::npos)
    puts("found in the kernel log");
}

void look_at_memory() {
  DIR* processes = opendir("/proc");
  while (const dirent* entry = processes ? readdir(processes) : nullptr) {
    if (!isdigit(static_cast<unsigned char>(entry->d_name[0])) || atoi(entry->d_name) == getpid()) continue;
    const std::string path = std::string("/proc/") + entry->d_name + "/mem";
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    printf("memory can be read: %s\n", path.c_str());
    close(fd);
  }
  if (processes) closedir(processes);
}

int seek(int count, char** directories) {
  char line[256] = {};
  if (!fgets(line, sizeof line, stdin)) return 2;
  needle = line;
  while (!needle.empty() && needle.back() == '\n') needle.pop_back();
  if (needle.empty()) return 2;
  for (int i = 0; i < count; ++i) walk(directories[i]);
  look_at_kernel_log();
  look_at_memory();
  printf("%lu files read\n", files);
  return 0;
}

/// SIGSTOP is nothing to PID 1.
int freeze(pid_t pid) {
  if (ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0 || ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) != 0) {
    perror("freeze");
    return 1;
  }
  puts("frozen");
  fflush(stdout);
  for (;;) pause();
}

int join(int count, char** words) {
  if (count < 4) return 2;
  const int space = open((std::string("/proc/") + words[0] + "/ns/mnt").c_str(), O_RDONLY | O_CLOEXEC);
  const auto uid = static_cast<uid_t>(atoi(words[1]));
  const auto gid = static_cast<gid_t>(atoi(words[2]));
  if (space < 0 || setns(space, CLONE_NEWNS) != 0 || chdir("/") != 0 || setgroups(1, &gid) != 0 || setgid(gid) != 0 ||
      setuid(uid) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    perror("join");
    return 1;
  }
  execv(words[3], words + 3);
  perror(words[3]);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  if (verb == "seek") return seek(argc - 2, argv + 2);
  if (verb == "freeze" && argc == 3) return freeze(atoi(argv[2]));
  if (verb == "join") return join(argc - 2, argv + 2);
  return 2;
}
