#include "uebo/config/sandbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

#include "uebo/config/service_spec.hpp"

namespace uebo::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ParsedService with_keys(const std::string& keys) {
  return parse_service(R"({"description": "d", "command": ["/bin/d"], )" + keys + "}", "d", "d.json");
}

Sandbox sandbox_of(const std::string& keys) {
  const auto parsed = with_keys(keys);
  for (const Problem& problem : parsed.problems) ADD_FAILURE() << problem.message();
  return sandbox_for(parsed.spec.sandbox, parsed.spec.user == "root");
}

std::string problem_of(const std::string& keys) {
  const auto parsed = with_keys(keys);
  return parsed.problems.empty() ? "" : parsed.problems.front().message();
}

TEST(Sandbox, EveryPartIsOnForAUserThatIsNotRoot) {
  EXPECT_EQ(sandbox_of(R"("user": "nobody")"), (Sandbox{.no_new_privs = true,
                                                        .capabilities = {},
                                                        .protect_system = true,
                                                        .read_write_paths = {},
                                                        .protect_storage = true,
                                                        .private_tmp = true,
                                                        .private_devices = true,
                                                        .protect_proc = true,
                                                        .system_call_filter = SystemCallFilter::Default}));
}

TEST(Sandbox, EveryPartIsOffForRoot) { EXPECT_EQ(sandbox_of(R"("user": "root")"), Sandbox{}); }

TEST(Sandbox, WhatTheFileSaysCounts) {
  const auto nobody = sandbox_of(R"("user": "nobody", "sandbox": {"protect_storage": false, "private_tmp": false})");
  EXPECT_FALSE(nobody.protect_storage);
  EXPECT_FALSE(nobody.private_tmp);
  EXPECT_TRUE(nobody.protect_proc);
  const auto root = sandbox_of(
      R"("sandbox": {"no_new_privs": true, "system_call_filter": "default", "capabilities": ["CAP_SYS_TIME"]})");
  EXPECT_TRUE(root.no_new_privs);
  EXPECT_EQ(root.system_call_filter, SystemCallFilter::Default);
  EXPECT_EQ(root.capabilities, CapabilitySet{std::uint64_t{1} << CAP_SYS_TIME});
  EXPECT_FALSE(root.protect_system);
}

TEST(Sandbox, CapabilitiesAreNamesOrAll) {
  EXPECT_EQ(sandbox_of(R"("sandbox": {"capabilities": []})").capabilities, CapabilitySet{});
  EXPECT_EQ(sandbox_of(R"("sandbox": {"capabilities": "all"})").capabilities, kAllCapabilities);
  const auto two = sandbox_of(R"("sandbox": {"capabilities": ["CAP_CHOWN", "CAP_NET_RAW"]})").capabilities;
  EXPECT_TRUE(two.has(CAP_CHOWN) && two.has(CAP_NET_RAW));
  EXPECT_FALSE(two.has(CAP_SYS_ADMIN));
  EXPECT_THAT(problem_of(R"("sandbox": {"capabilities": ["CAP_NET_ROW"]})"),
              HasSubstr("sandbox.capabilities: a list: expected a list of names as in capabilities(7)"));
  EXPECT_THAT(problem_of(R"("sandbox": {"capabilities": "none"})"), HasSubstr("expected a list of names"));
}

TEST(Sandbox, PartsThatDoNotGoTogetherAreAProblem) {
  EXPECT_THAT(problem_of(R"("sandbox": {"system_call_filter": "default"})"),
              HasSubstr("sandbox: system_call_filter is on: expected no_new_privs to be true"));
  EXPECT_THAT(problem_of(R"("user": "nobody", "sandbox": {"no_new_privs": false})"),
              HasSubstr("expected no_new_privs to be true"));
  EXPECT_THAT(problem_of(R"("sandbox": {"read_write_paths": ["/run"]})"),
              HasSubstr("expected protect_system to be true"));
  EXPECT_THAT(problem_of(R"("user": "nobody", "sandbox": {"capabilities": "all"})"),
              HasSubstr("all capabilities are root's"));
  EXPECT_THAT(problem_of(R"("sandbox": {"protect_sistem": true})"), HasSubstr("did you mean"));
}

TEST(Sandbox, PathsOfATemplateNameItsInstance) {
  auto parsed = with_keys(R"("sandbox": {"protect_system": true, "read_write_paths": ["/run/leases/%i"]})");
  EXPECT_THAT(parsed.problems, IsEmpty());
  parsed.spec.name = "dhcp@";
  EXPECT_THAT(instantiate(parsed.spec, "eth0").sandbox.read_write_paths, ElementsAre("/run/leases/eth0"));
}

TEST(Limits, AreReadWithTheirBounds) {
  const auto parsed =
      with_keys(R"("memory_high": "30M", "pids_max": 64, "open_files": 1024, "cpu_weight": 1, "io_weight": 10000)");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_THAT(parsed.spec.memory_high, ElementsAre(MemoryBound(MemoryBytes{30 << 20})));
  EXPECT_EQ(parsed.spec.pids_max, 64U);
  EXPECT_EQ(parsed.spec.open_files, 1024U);
  EXPECT_EQ(parsed.spec.cpu_weight, 1U);
  EXPECT_EQ(parsed.spec.io_weight, 10000U);
  for (const char* bad : {R"("pids_max": 0)", R"("open_files": 3)", R"("cpu_weight": 0)", R"("io_weight": 10001)"})
    EXPECT_THAT(problem_of(bad), HasSubstr("expected a whole number from")) << bad;
}

}  // namespace
}  // namespace uebo::config
