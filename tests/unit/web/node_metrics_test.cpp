#include "uebo/web/node_metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::web {
namespace {

using control::Json;
using testing::HasSubstr;
using testing::Not;

NodeFacts pine() {
  NodeFacts facts;
  facts.version = "1.2.3";
  facts.architecture = "aarch64";
  facts.kernel = "6.12.1-arm64";
  facts.suite = "trixie";
  facts.host_name = "pine-07";
  facts.id = "0f0e8a3c-0000-5000-8000-000000000000";
  facts.mac = "52:54:00:12:34:56";
  return facts;
}

std::string text_of(const NodeFacts& facts) {
  metrics::Families families;
  add_facts(families, facts);
  return families.text();
}

std::string text_of_status(const std::string& status) {
  metrics::Families families;
  add_status(families, Json::parse(status));
  return families.text();
}

std::string text_of_boot(const std::string& boot) {
  metrics::Families families;
  add_boot(families, Json::parse(boot));
  return families.text();
}

constexpr const char* kStatus = R"({
  "ok": true, "version": "1.2.3", "shutting_down": false, "generation": 42,
  "conditions": {"net": {"dhcp@eth0": "eth0 10.0.2.15/24"}, "link:eth0": {"link": ""}},
  "pid1": {"memory": 3145728, "cpu": 1.5, "descriptors": 61, "log_lines": 40, "log_dropped": 0},
  "watchdog": {"armed": true, "identity": "i6300ESB timer", "timeout": 30, "feeds": 12, "withheld": 1,
               "ended_last_boot": true},
  "units": [
    {"name": "boinc", "type": "daemon", "enabled": true, "wanted": true, "state": "crash-loop", "restarts": 7,
     "up": false, "failures": 6,
     "exits": {"exited": 1, "signalled": 2, "dumped-core": 0, "out-of-memory": 5, "deadline": 0, "start-deadline": 4,
               "watchdog": 8, "exec-failed": 0},
     "oom_kills": 9, "memory_peak": 104857600, "cpu": 12.25, "log_lines": 100, "log_dropped": 3,
     "log_bytes": 8200, "log_rotations": 2,
     "next_try_in": 16.5, "first_started": 7.5, "first_up": 7.75},
    {"name": "storage", "type": "job", "enabled": true, "wanted": true, "state": "done", "restarts": 0,
     "exits": {"exited": 1}, "oom_kills": 0, "log_lines": 1, "log_dropped": 0, "first_started": 2.0, "first_up": 3.0}
  ]})";

TEST(Facts, NameTheImageAndTheBoard) {
  const std::string text = text_of(pine());
  EXPECT_THAT(
      text,
      HasSubstr("uebo_build_info{version=\"1.2.3\",arch=\"aarch64\",kernel=\"6.12.1-arm64\",suite=\"trixie\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("uebo_node_info{hostname=\"pine-07\",id=\"0f0e8a3c-0000-5000-8000-000000000000\","
                              "mac=\"52:54:00:12:34:56\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("uebo_image_build_timestamp_seconds")));
}

TEST(Facts, TellWhenTheImageWasBuilt) {
  NodeFacts facts = pine();
  facts.image_built = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));
  EXPECT_THAT(text_of(facts), HasSubstr("uebo_image_build_timestamp_seconds 1700000000\n"));
}

TEST(Facts, TellWhatTheStorageIs) {
  NodeFacts facts = pine();
  EXPECT_THAT(text_of(facts), HasSubstr("uebo_storage_mounted 0\n"));
  EXPECT_THAT(text_of(facts), Not(HasSubstr("uebo_storage_info")));
  facts.storage = NodeFacts::Storage{.source = "/dev/vda1", .type = "ext4", .read_only = true};
  EXPECT_THAT(text_of(facts), HasSubstr("uebo_storage_mounted 1\n"));
  EXPECT_THAT(text_of(facts), HasSubstr("uebo_storage_info{source=\"/dev/vda1\",fstype=\"ext4\"} 1\n"));
  EXPECT_THAT(text_of(facts), HasSubstr("uebo_storage_read_only 1\n"));
}

TEST(Facts, AreEscaped) {
  NodeFacts facts = pine();
  facts.host_name = "pine\"7\\\nuebo_up 1";
  EXPECT_THAT(text_of(facts), HasSubstr("hostname=\"pine\\\"7\\\\\xEF\xBF\xBDuebo_up 1\","));
  EXPECT_THAT(text_of(facts), Not(HasSubstr("\nuebo_up")));
}

TEST(Boot, HasTheKernelAndThePhases) {
  const std::string text =
      text_of_boot(R"({"ok":true,"kernel":2.5,"phases":[{"name":"/usr","started":2.5,"ended":2.75}],
                       "units":[{"name":"boinc","job":false,"started":7.5}]})");
  EXPECT_THAT(text, HasSubstr("uebo_boot_phase_start_seconds{kind=\"kernel\",phase=\"kernel\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("uebo_boot_phase_end_seconds{kind=\"kernel\",phase=\"kernel\"} 2.5\n"));
  EXPECT_THAT(text, HasSubstr("uebo_boot_phase_end_seconds{kind=\"phase\",phase=\"/usr\"} 2.75\n"));
  EXPECT_THAT(text, Not(HasSubstr("boinc"))) << "those are told by the status";
}

TEST(Status, HasEachServicesStateOutOfAll) {
  const std::string text = text_of_status(kStatus);
  EXPECT_THAT(text, HasSubstr("uebo_service_state{service=\"boinc\",state=\"crash-loop\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("uebo_service_state{service=\"boinc\",state=\"running\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("uebo_service_state{service=\"storage\",state=\"done\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("uebo_service_info{service=\"storage\",type=\"job\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("uebo_boot_phase_start_seconds{kind=\"job\",phase=\"storage\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("uebo_boot_phase_end_seconds{kind=\"service\",phase=\"boinc\"} 7.75\n"));
}

TEST(Status, HasWhatServicesUseAndHowTheyEnd) {
  const std::string text = text_of_status(kStatus);
  for (const char* sample :
       {"uebo_service_wanted{service=\"boinc\"} 1\n", "uebo_service_restarts_total{service=\"boinc\"} 7\n",
        "uebo_service_exits_total{service=\"boinc\",reason=\"out-of-memory\"} 5\n",
        "uebo_service_exits_total{service=\"boinc\",reason=\"deadline\"} 0\n",
        "uebo_service_exits_total{service=\"boinc\",reason=\"start-deadline\"} 4\n",
        "uebo_service_exits_total{service=\"boinc\",reason=\"watchdog\"} 8\n", "uebo_service_up{service=\"boinc\"} 0\n",
        "uebo_service_failures{service=\"boinc\"} 6\n", "uebo_service_oom_kills_total{service=\"boinc\"} 9\n",
        "uebo_service_cpu_seconds_total{service=\"boinc\"} 12.25\n",
        "uebo_service_memory_peak_bytes{service=\"boinc\"} 104857600\n",
        "uebo_service_log_dropped_lines_total{service=\"boinc\"} 3\n",
        "uebo_service_log_bytes_total{service=\"boinc\"} 8200\n",
        "uebo_service_log_rotations_total{service=\"boinc\"} 2\n",
        "uebo_service_next_try_seconds{service=\"boinc\"} 16.5\n"})
    EXPECT_THAT(text, HasSubstr(sample));
  EXPECT_THAT(text, Not(HasSubstr("uebo_service_memory_bytes"))) << "nothing runs";
  EXPECT_THAT(text, HasSubstr("# TYPE uebo_service_cpu_seconds_total counter\n"));
}

TEST(Status, HasAllFixedConditionsAndTheLinksThatAreUp) {
  const std::string text = text_of_status(kStatus);
  EXPECT_THAT(text, HasSubstr("uebo_condition{condition=\"net\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("uebo_condition{condition=\"storage\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("uebo_condition{condition=\"clock\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("uebo_condition{condition=\"link:eth0\"} 1\n"));
}

TEST(Status, HasPid1Itself) {
  const std::string text = text_of_status(kStatus);
  EXPECT_THAT(text, HasSubstr("uebo_pid1_resident_memory_bytes 3145728\n"));
  EXPECT_THAT(text, HasSubstr("uebo_pid1_cpu_seconds_total 1.5\n"));
  EXPECT_THAT(text, HasSubstr("uebo_pid1_open_fds 61\n"));
  EXPECT_THAT(text, HasSubstr("uebo_changes_total 42\n"));
  EXPECT_THAT(text, HasSubstr("uebo_shutting_down 0\n"));
}

TEST(Status, HasTheBoardsWatchdog) {
  const std::string text = text_of_status(kStatus);
  EXPECT_THAT(text, HasSubstr("uebo_watchdog_armed 1\n"));
  EXPECT_THAT(text, HasSubstr("uebo_watchdog_timeout_seconds 30\n"));
  EXPECT_THAT(text, HasSubstr("uebo_watchdog_feeds_total 12\n"));
  EXPECT_THAT(text, HasSubstr("uebo_watchdog_withheld_total 1\n"));
  EXPECT_THAT(text, HasSubstr("uebo_watchdog_ended_last_boot 1\n"));
  const std::string without = text_of_status(R"({"watchdog":{"armed":false}})");
  EXPECT_THAT(without, HasSubstr("uebo_watchdog_armed 0\n"));
  EXPECT_THAT(without, Not(HasSubstr("uebo_watchdog_timeout")));
}

TEST(Status, WhatIsMissingOrOfAWrongTypeIsLeftOut) {
  for (const char* status : {"{}", R"({"units":7,"conditions":"x","pid1":[],"generation":"many"})",
                             R"({"units":[1,null,{"name":"x"},{"name":1,"state":2}],"conditions":[1],"pid1":null})"}) {
    const std::string text = text_of_status(status);
    EXPECT_THAT(text, Not(HasSubstr("uebo_service"))) << status;
    EXPECT_THAT(text, Not(HasSubstr("uebo_pid1"))) << status;
    EXPECT_THAT(text, Not(HasSubstr("uebo_changes"))) << status;
    EXPECT_THAT(text, HasSubstr("uebo_condition{condition=\"net\"} 0\n")) << status;
  }
  const std::string text = text_of_status(R"({"units":[{"name":"x","state":"unheard-of","exits":3,"cpu":"much"}]})");
  EXPECT_THAT(text, HasSubstr("uebo_service_state{service=\"x\",state=\"running\"} 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("unheard-of")));
  EXPECT_THAT(text, Not(HasSubstr("cpu")));
}

}  // namespace
}  // namespace uebo::web
