// Runs a part of a test in a child with namespaces of its own, so that mounts and links of the machine stay as they
// are.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

namespace uebo::kernel::test {

/// `flags` as for unshare(2). Expectations inside `body` count. A machine that refuses the namespaces skips the test:
/// call it last. `body` may end the child's part with skip().
inline constexpr int skipped_status = 77;
inline void skip(const char* why) {
  printf("skipped: %s\n", why);
  fflush(nullptr);
  _exit(skipped_status);
}

inline void in_namespaces(int flags, const std::function<void()>& body) {
  fflush(nullptr);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (unshare(flags | (geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0) skip("no namespaces here");
    if ((flags & CLONE_NEWNS) != 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      skip("mount propagation can't be changed here");
    body();
    fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status)) << "the child died of signal " << WTERMSIG(status);
  if (WEXITSTATUS(status) == skipped_status) GTEST_SKIP() << "see the line above";
  EXPECT_EQ(WEXITSTATUS(status), 0) << "failed in the child, see above";
}

}  // namespace uebo::kernel::test
