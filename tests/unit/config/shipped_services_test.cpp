#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "uebo/base/file.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::config {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const LoadedServices& shipped() {
  static const LoadedServices services = load_services(UEBO_SOURCE_DIR "/services");
  return services;
}

ServiceSpec service(const std::string& name) {
  const auto found = std::ranges::find(shipped().services, name, &ServiceSpec::name);
  if (found == shipped().services.end()) throw std::runtime_error("no service " + name);
  return *found;
}

TEST(ShippedServices, HaveNoProblems) {
  for (const Problem& problem : shipped().problems) ADD_FAILURE() << problem.message();
}

TEST(ShippedServices, AreAllThere) {
  std::vector<std::string> names;
  for (const ServiceSpec& spec : shipped().services) names.push_back(spec.name);
  EXPECT_THAT(names, ElementsAre("boinc", "boinc_exporter", "boinc_keeper", "consul-secrets", "dhcp@", "drain",
                                 "drain-undo", "dropbear", "getty@", "ipv6@", "log-copy", "metrics", "node_exporter",
                                 "ntpd", "registrar", "syslog"));
}

TEST(ShippedServices, DescribeThemselves) {
  for (const ServiceSpec& spec : shipped().services) EXPECT_FALSE(spec.description.empty()) << spec.name;
}

TEST(ShippedServices, BoincGetsTheTimeItNeedsToStop) {
  const ServiceSpec boinc = service("boinc");
  EXPECT_EQ(boinc.stop.timeout, 75s);
  EXPECT_EQ(boinc.stop.signal, 15);
  EXPECT_EQ(boinc.stop.target, StopTarget::Main);
}

TEST(ShippedServices, BoincRunsWithoutPrivilegesOnItsStorage) {
  const ServiceSpec boinc = service("boinc");
  EXPECT_EQ(boinc.user, "boinc");
  EXPECT_THAT(boinc.needs, ElementsAre("storage", "clock"));
  EXPECT_THAT(boinc.binds, ElementsAre(BindMount{
                               .source = "/storage/boinc", .target = "/var/lib/boinc-client", .read_only = false}));
  EXPECT_EQ(sandbox_for(boinc.sandbox, false), sandbox_for({}, false)) << "every part of the sandbox is on";
  EXPECT_THAT(boinc.directories,
              Contains(Directory{.path = "/storage/boinc", .owner = "boinc:boinc", .mode = 0750, .recursive = true}));
  EXPECT_THAT(boinc.memory_max, ElementsAre(MemoryBound(MemoryShare{90}), MemoryBound(MemoryReserve{96 << 20})));
}

TEST(ShippedServices, BoincIsSlowedDownBeforeItIsKilledAndItsProcessesAreCounted) {
  const ServiceSpec boinc = service("boinc");
  EXPECT_THAT(boinc.memory_high, ElementsAre(MemoryBound(MemoryShare{85}), MemoryBound(MemoryReserve{112 << 20})));
  EXPECT_EQ(boinc.pids_max, 1024U);
  EXPECT_EQ(boinc.open_files, 4096U);
  EXPECT_EQ(boinc.cpu_weight, 1U);
  EXPECT_EQ(boinc.io_weight, 10U);
}

/// The parts of the sandbox that a service doesn't have, by their keys.
std::vector<std::string> parts_off(const Sandbox& sandbox) {
  std::vector<std::string> names;
  const auto note = [&](bool on, const char* name) {
    if (!on) names.emplace_back(name);
  };
  note(sandbox.no_new_privs, "no_new_privs");
  note(sandbox.capabilities != kAllCapabilities, "capabilities");
  note(sandbox.protect_system, "protect_system");
  note(sandbox.protect_storage, "protect_storage");
  note(sandbox.private_tmp, "private_tmp");
  note(sandbox.private_devices, "private_devices");
  note(sandbox.protect_proc, "protect_proc");
  note(sandbox.system_call_filter != SystemCallFilter::Off, "system_call_filter");
  return names;
}

TEST(ShippedServices, SayWhichPartsOfTheSandboxAreOffAndWhy) {
  const auto optional = load_services(UEBO_SOURCE_DIR "/services/optional");
  for (const auto* services : {&shipped().services, &optional.services})
    for (const ServiceSpec& spec : *services) {
      const auto file = nlohmann::json::parse(read_file(spec.origins.front()).value());
      std::string why;
      for (const auto& remark : file.value("remarks", nlohmann::json::array()))
        if (remark.get<std::string>().starts_with("Sandbox: ")) why = remark;
      for (const std::string& part : parts_off(sandbox_for(spec.sandbox, spec.user == "root"))) {
        EXPECT_TRUE(file.value("sandbox", nlohmann::json::object()).contains(part)) << spec.name << ": " << part;
        EXPECT_THAT(why, HasSubstr(part)) << spec.name;
      }
    }
}

TEST(ShippedServices, BoincStartsAgainHoweverItEnded) {
  EXPECT_EQ(service("boinc").restart, RestartPolicy::Always);
  EXPECT_GT(service("boinc").oom_score_adjust, 0);
}

TEST(ShippedServices, OfThoseThatRunOnlyBoincAndTheCopyOfTheLogsNeedStorage) {
  for (const ServiceSpec& spec : shipped().services) {
    if (spec.type == ServiceType::Job) continue;
    EXPECT_EQ(std::ranges::count(spec.needs, "storage"), spec.name == "boinc" || spec.name == "log-copy" ? 1 : 0)
        << spec.name;
  }
}

TEST(ShippedServices, ExportersAreNobodyWithinTheirMemory) {
  for (const auto& [name, bytes] : {std::pair("node_exporter", 40U << 20), {"boinc_exporter", 16U << 20}}) {
    const ServiceSpec exporter = service(name);
    EXPECT_EQ(exporter.user, "nobody") << name;
    EXPECT_THAT(exporter.memory_max, ElementsAre(MemoryBound(MemoryBytes{bytes}))) << name;
    EXPECT_THAT(exporter.needs, IsEmpty()) << name << ": it tells what is missing";
  }
}

TEST(ShippedServices, DhcpWatchesItsLink) {
  const ServiceSpec dhcp = instantiate(service("dhcp@"), "eth0");
  EXPECT_THAT(dhcp.needs, ElementsAre("link:eth0"));
  EXPECT_THAT(dhcp.command, Contains("eth0"));
  EXPECT_THAT(dhcp.provides, IsEmpty());
}

TEST(ShippedServices, LinksAskAgainSoonHoweverTheyWereAnswered) {
  for (const char* name : {"dhcp@", "ipv6@"}) {
    EXPECT_EQ(service(name).longest_backoff, 30s) << name;
    EXPECT_EQ(service(name).restart, RestartPolicy::Always) << name;
    EXPECT_THAT(instantiate(service(name), "eth0").needs, ElementsAre("link:eth0"));
  }
}

TEST(ShippedServices, TheRegistrarComesWithConsulAndGoesFirst) {
  for (const char* name : {"registrar", "consul-secrets"}) EXPECT_EQ(service(name).only_with, "uebo.consul");
  EXPECT_TRUE(service("registrar").stop.first);
  EXPECT_EQ(service("registrar").user, "uebo-consul");
  for (const ServiceSpec& spec : shipped().services) EXPECT_EQ(spec.stop.first, spec.name == "registrar") << spec.name;
}

TEST(ShippedServices, LogsAreCarriedElsewhereWhereThatIsAskedFor) {
  EXPECT_EQ(service("log-copy").only_with, "uebo.log");
  EXPECT_EQ(service("syslog").only_with, "uebo.syslog");
  EXPECT_EQ(service("syslog").user, "uebo-log");
  EXPECT_THAT(service("syslog").needs, ElementsAre("net")) << "not the clock: early lines tell why it is not right";
}

TEST(ShippedServices, ExportersAreRegisteredUnderTheirNames) {
  const auto consul = service("node_exporter").consul;
  ASSERT_TRUE(consul);
  EXPECT_EQ(*consul, (ConsulService{.name = "node_exporter",
                                    .port = 9100,
                                    .tags = {"node_exporter", "prometheus"},
                                    .meta = {},
                                    .health = "/metrics"}));
}

}  // namespace
}  // namespace uebo::config
