// A launch for which the kernel has nothing left.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>

#include "../kernel/in_child.hpp"
#include "open_descriptors.hpp"
#include "uebo/supervise/launch.hpp"

namespace uebo::supervise {
namespace {

using kernel::test::holds_in_child;
using kernel::test::kFewDescriptors;

/// Whatever the test runs as, clone3(2) fails as it does when there are too many processes.
bool let_clones_fail(unsigned error) {
  std::array<sock_filter, 4> code{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{.len = code.size(), .filter = code.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

Result<LaunchedProcess> launch_something() {
  LaunchPlan plan;
  plan.command = {"/bin/true"};
  return launch(plan, -1, -1);
}

TEST(Launch, WithoutRoomForAProcessSaysSoAndLeavesNothingOpen) {
  for (const unsigned error : {unsigned{EAGAIN}, unsigned{ENOMEM}})
    EXPECT_TRUE(holds_in_child([error] {
      if (!let_clones_fail(error)) return false;
      const std::size_t before = open_descriptors();
      const auto launched = launch_something();
      return !launched && launched.error().code == static_cast<int>(error) &&
             launched.error().operation == "clone for" && open_descriptors() == before;
    })) << error;
}

TEST(Launch, WithoutADescriptorSaysSo) {
  EXPECT_TRUE(holds_in_child([] {
    if (setrlimit(RLIMIT_NOFILE, &kFewDescriptors) != 0) return false;
    while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) continue;
    const auto launched = launch_something();
    return !launched && launched.error().code == EMFILE && launched.error().operation == "pipe for";
  }));
}

}  // namespace
}  // namespace uebo::supervise
