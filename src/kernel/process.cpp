#include "uebo/kernel/process.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& command) {
  std::vector<char*> result;
  for (const std::string& word : command) result.push_back(const_cast<char*>(word.c_str()));
  result.push_back(nullptr);
  return result;
}

volatile sig_atomic_t running = 0;

/// While it lives: SIGTERM goes to the program that is run, which ends as it sees fit.
class TerminationPassedOn {
 public:
  explicit TerminationPassedOn(pid_t pid) {
    running = pid;
    struct sigaction action{};
    action.sa_handler = [](int signal) { kill(running, signal); };
    action.sa_flags = SA_RESTART;
    sigaction(SIGTERM, &action, &before_);
  }
  TerminationPassedOn(const TerminationPassedOn&) = delete;
  TerminationPassedOn& operator=(const TerminationPassedOn&) = delete;
  ~TerminationPassedOn() { sigaction(SIGTERM, &before_, nullptr); }

 private:
  struct sigaction before_{};
};

/// In a child, for good. Only root has groups to give away.
bool take_rights_of(Owner who) {
  if (geteuid() == 0 && setgroups(0, nullptr) != 0) return false;
  return setresgid(who.group, who.group, who.group) == 0 && setresuid(who.user, who.user, who.user) == 0 &&
         prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

}  // namespace

Result<int> run_program(const std::vector<std::string>& command) {
  pid_t pid = -1;
  const int failure = posix_spawn(&pid, command.front().c_str(), nullptr, nullptr, pointers(command).data(), environ);
  if (failure != 0) return fail(failure, "run", command.front());
  const TerminationPassedOn passed_on(pid);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return errno_error("wait for", command.front());
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Result<int> run_bounded(const std::function<int()>& work, std::chrono::milliseconds limit) {
  const pid_t pid = fork();
  if (pid < 0) return errno_error("fork", "a bounded child");
  if (pid == 0) _exit(work());
  const UniqueFd child(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{.fd = child.get(), .events = POLLIN, .revents = 0};
  if (!child || poll(&ended, 1, static_cast<int>(limit.count())) <= 0) {
    const int code = !child ? errno : ETIMEDOUT;
    kill(pid, SIGKILL);
    return fail(code, "wait for", "a bounded child");
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Result<int> run_unprivileged(const std::vector<std::string>& command, Owner who, std::chrono::milliseconds limit) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return errno_error("make", "a pipe");
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const std::vector<char*> words = pointers(command);
  // A start that succeeds closes the pipe, and nothing comes through it.
  const auto ended = run_bounded(
      [&] {
        if (take_rights_of(who)) execve(words.front(), words.data(), environ);
        const int code = errno;
        return write(writer.get(), &code, sizeof code) == sizeof code ? 127 : 126;
      },
      limit);
  writer.reset();
  int code = 0;
  if (ended && read(reader.get(), &code, sizeof code) == sizeof code) return fail(code, "run", command.front());
  return ended;
}

Error become_program(const std::vector<std::string>& command) {
  execve(command.front().c_str(), pointers(command).data(), environ);
  return errno_error("run", command.front()).error();
}

}  // namespace uebo::kernel
