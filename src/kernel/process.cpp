#include "uebo/kernel/process.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

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

Error become_program(const std::vector<std::string>& command) {
  execve(command.front().c_str(), pointers(command).data(), environ);
  return errno_error("run", command.front()).error();
}

}  // namespace uebo::kernel
