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
#include <string>

#include "uebo/base/file.hpp"

namespace uebo::kernel::test {

/// Ends the child's part: the test counts as skipped.
inline constexpr int skipped_status = 77;
inline void skip(const char* why) {
  printf("skipped: %s\n", why);
  fflush(nullptr);
  _exit(skipped_status);
}

/// Who isn't root becomes root of a user namespace of its own, which needs no rights.
inline bool enter_namespaces(int flags) {
  const uid_t uid = geteuid();
  const gid_t gid = getegid();
  if (uid == 0) return unshare(flags) == 0;
  return unshare(flags | CLONE_NEWUSER) == 0 && write_kernel_file("/proc/self/setgroups", "deny") &&
         write_kernel_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") &&
         write_kernel_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
}

/// `flags` as for unshare(2). Expectations inside `body` count. A machine that refuses the namespaces skips the test:
/// call it last.
inline void in_namespaces(int flags, const std::function<void()>& body) {
  fflush(nullptr);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!enter_namespaces(flags)) skip("no namespaces here");
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
