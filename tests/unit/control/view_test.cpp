#include "uebo/control/view.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace uebo::control {
namespace {

UnitView daemon(const std::string& name, const std::string& state) {
  UnitView unit;
  unit.name = name;
  unit.state = state;
  return unit;
}

UnitView running(const std::string& name) {
  UnitView unit = daemon(name, "running");
  unit.up = true;
  unit.pid = 123;
  unit.memory = 12'900'000;
  unit.running_for = 3 * 3600 + 12 * 60;
  return unit;
}

UnitView job(const std::string& name, const std::string& state, const std::string& detail) {
  UnitView unit = daemon(name, state);
  unit.job = true;
  unit.detail = detail;
  unit.first_started = 2;
  unit.first_up = 4.5;
  return unit;
}

NodeView node() {
  NodeView view;
  view.host = "uebo-123456";
  view.version = "0.1.0";
  view.uptime = 3 * 3600 + 15 * 60;
  view.memory_used = 64 << 20;
  view.memory_total = 434 << 20;
  view.conditions = {{.name = "clock", .details = {"synced"}},
                     {.name = "net", .details = {"eth0 10.0.2.15/24", "eth1 10.0.3.15/24"}},
                     {.name = "storage-settled", .details = {}}};
  return view;
}

TEST(DurationText, FitsAColumn) {
  EXPECT_EQ(duration_text(0.4), "0s");
  EXPECT_EQ(duration_text(59), "59s");
  EXPECT_EQ(duration_text(725), "12m05s");
  EXPECT_EQ(duration_text(3 * 3600 + 12 * 60 + 59), "3h12m");
  EXPECT_EQ(duration_text(5 * 86400 + 3 * 3600), "5d03h");
  EXPECT_EQ(duration_text(-1), "0s");
}

TEST(MemoryText, FitsAColumn) {
  EXPECT_EQ(memory_text(0), "0K");
  EXPECT_EQ(memory_text(524'288), "512K");
  EXPECT_EQ(memory_text(12'900'000), "12.3M");
  EXPECT_EQ(memory_text(1'288'490'189), "1.2G");
}

TEST(StatusText, ShowsTheNodeThenServicesThenJobs) {
  NodeView view = node();
  view.units = {running("dropbear"), job("modules", "done", "41 modules for 60 devices"), daemon("boinc", "waiting")};
  view.units.back().waits_for = {"storage", "clock"};
  EXPECT_EQ(status_text(view, 80),
            "uebo-123456  up 3h15m  memory 64.0M of 434.0M used  UEBO 0.1.0\n"
            "conditions: clock (synced), net (eth0 10.0.2.15/24; eth1 10.0.3.15/24),\n"
            "  storage-settled\n"
            "\n"
            "service   state    pid  uptime  restarts  memory  notes\n"
            "dropbear  running  123   3h12m         0   12.3M\n"
            "boinc     waiting    -       -         0       -  waits for storage, clock\n"
            "\n"
            "job      state  seconds  notes\n"
            "modules  done      2.50  41 modules for 60 devices\n");
}

TEST(StatusText, SaysWhyAServiceDoesNotRun) {
  NodeView view = node();
  view.units = {daemon("a", "backoff"), daemon("b", "failed"), daemon("c", "stopped"), running("d")};
  view.units[0].last_exit = "exit code 1";
  view.units[0].next_try_in = 4;
  view.units[0].restarts = 2;
  view.units[1].last_exit = "exec /usr/bin/b: No such file or directory";
  view.units[2].enabled = false;
  view.units[3].restarts = 1;
  view.units[3].last_exit = "signal 9 (KILL)";
  const std::string text = status_text(view, std::nullopt);
  EXPECT_NE(text.find("exit code 1; next try in 4s\n"), std::string::npos) << text;
  EXPECT_NE(text.find("exec /usr/bin/b: No such file or directory\n"), std::string::npos) << text;
  EXPECT_NE(text.find("disabled\n"), std::string::npos) << text;
  EXPECT_NE(text.find("last: signal 9 (KILL)\n"), std::string::npos) << text;
}

TEST(StatusText, SaysWhatAServiceSaysOfItself) {
  NodeView view = node();
  view.units = {running("a"), running("b"), running("c"), daemon("d", "waiting")};
  view.units[0].up = false;
  view.units[1].state = "ready";
  view.units[1].detail = "2 tasks run";
  view.units[2].restarts = view.units[2].failures = 3;
  view.units[2].last_exit = "exit code 1";
  view.units[3].waits_for = {"clock"};
  view.units[3].waiting_for = 35;
  const std::string text = status_text(view, std::nullopt);
  EXPECT_NE(text.find("not ready yet\n"), std::string::npos) << text;
  EXPECT_NE(text.find("2 tasks run\n"), std::string::npos) << text;
  EXPECT_NE(text.find("last: exit code 1; 3 failures in a row\n"), std::string::npos) << text;
  EXPECT_NE(text.find("waits for clock since 35s\n"), std::string::npos) << text;
}

TEST(StatusText, SaysWhyAJobFailed) {
  NodeView view = node();
  view.units = {job("storage", "failed", "no file system labelled storage")};
  view.units[0].last_exit = "exit code 1";
  const std::string text = status_text(view, std::nullopt);
  EXPECT_NE(text.find("no file system labelled storage (exit code 1)\n"), std::string::npos) << text;
}

TEST(StatusText, FitsATerminalOf80Columns) {
  NodeView view = node();
  view.units = {running("prometheus-node-exporter"), daemon("dhcp@enp0s31f6", "crash-loop"),
                job("storage-modules", "failed", std::string(200, 'x'))};
  view.units[1].last_exit = "exec /usr/sbin/udhcpc: No such file or directory";
  view.units[1].next_try_in = 290;
  std::istringstream lines(status_text(view, 80));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST(StatusText, SaysThatTheNodeGoesDown) {
  NodeView view = node();
  view.shutting_down = true;
  view.conditions.clear();
  EXPECT_TRUE(status_text(view, 80).starts_with(
      "uebo-123456  up 3h15m  memory 64.0M of 434.0M used  UEBO 0.1.0  SHUTTING DOWN\nconditions: none\n"));
}

TEST(UnitText, ShowsAllThatIsKnown) {
  UnitView unit = running("boinc");
  unit.description = "the stock client";
  unit.restarts = 2;
  unit.last_exit = "signal 11 (SEGV)";
  unit.first_started = 5.25;
  unit.log_lines = 40;
  unit.log_dropped = 3;
  unit.memory_peak = 104'857'600;
  unit.cpu = 12.3456;
  unit.oom_kills = 2;
  unit.failed_run = "signal 11 (SEGV)";
  unit.failed_run_lines = {"opening slot 0", "assertion failed"};
  EXPECT_EQ(unit_text(unit),
            "boinc - the stock client\n"
            "  state       running for 3h12m\n"
            "  enabled     yes\n"
            "  pid         123\n"
            "  memory      12.3M\n"
            "  at most     100.0M\n"
            "  cpu time    12.35 s\n"
            "  oom kills   2\n"
            "  last exit   signal 11 (SEGV)\n"
            "  restarts    2\n"
            "  first start 5.25 s after the kernel's\n"
            "  log         40 lines, 3 lost\n"
            "  failed run  signal 11 (SEGV)\n"
            "    | opening slot 0\n"
            "    | assertion failed\n");
}

TEST(IsRunning, CountsAJobThatIsDone) {
  EXPECT_TRUE(is_running(running("a")));
  EXPECT_TRUE(is_running(job("a", "done", "")));
  EXPECT_FALSE(is_running(daemon("a", "done")));
  EXPECT_FALSE(is_running(daemon("a", "waiting")));
  EXPECT_FALSE(is_running(job("a", "failed", "")));
}

}  // namespace
}  // namespace uebo::control
