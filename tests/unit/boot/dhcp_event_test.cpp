// The role as udhcpc calls it: in a child, which ends its parent to refuse a lease. Nobody is PID 1 of UEBO here.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <csignal>

#include "../kernel/in_namespaces.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/kernel/link.hpp"

namespace uebo::boot {
namespace {

using kernel::test::in_namespaces;
using kernel::test::skip;

constexpr int kOwnFiles = CLONE_NEWNS | CLONE_NEWNET;

void prepare() {
  for (const char* place : {"/run", "/etc"})
    if (mount("tmpfs", place, "tmpfs", 0, nullptr) != 0) skip("no tmpfs can be mounted here");
  ASSERT_TRUE(kernel::set_link_up("lo"));
  setenv("interface", "lo", 1);
  setenv("mask", "24", 1);
}

/// Whether the caller, who stands for udhcpc, is told to end by an event with this address.
bool ends_its_client(const char* event, const char* address) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const pid_t child = fork();
  if (child == 0) {
    setenv("ip", address, 1);
    const std::string_view name(event);
    _exit(dhcp_event_role(std::span(&name, 1)));
  }
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
  const timespec none{};
  return sigtimedwait(&signals, nullptr, &none) == SIGTERM;
}

TEST(DhcpEvent, OnlyALeaseThatCannotBeUsedEndsTheClient) {
  in_namespaces(kOwnFiles, [] {
    prepare();
    EXPECT_FALSE(ends_its_client("bound", "10.0.2.15")) << "PID 1 did not hear of it, and the address is good";
    EXPECT_FALSE(ends_its_client("renew", "10.0.2.15"));
    EXPECT_TRUE(ends_its_client("renew", "10.0.2.0"));
  });
}

TEST(DhcpEvent, Pid1IsNoClient) {
  in_namespaces(kOwnFiles | CLONE_NEWPID, [] {
    prepare();
    const pid_t first = fork();
    if (first == 0) _exit(getpid() != 1 ? 2 : ends_its_client("bound", "10.0.2.0") ? 1 : 0);
    int status = 0;
    ASSERT_EQ(waitpid(first, &status, 0), first);
    EXPECT_EQ(WEXITSTATUS(status), 0) << "1: it was sent SIGTERM, which means a reboot";
  });
}

}  // namespace
}  // namespace uebo::boot
