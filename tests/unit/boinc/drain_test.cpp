// Against a client of a table, which keeps what it is told of its modes.
#include "uebo/boinc/drain.hpp"

#include <gmock/gmock.h>

#include "fake_client.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct AtWork {
  std::string name;
  double checkpoint = 0;
  int state = 1;
};

std::vector<std::string> names(const std::vector<TaskAtWork>& tasks) {
  std::vector<std::string> names;
  for (const auto& task : tasks) names.push_back(task.name);
  return names;
}

class Draining : public testing::Test {
 protected:
  std::string results() const {
    std::string text = "<results>\n";
    for (const AtWork& task : tasks)
      text += "<result>\n<name>" + task.name + "</name>\n<wu_name>w</wu_name>\n<active_task>\n<active_task_state>" +
              std::to_string(task.state) + "</active_task_state>\n<checkpoint_cpu_time>" +
              std::to_string(task.checkpoint) +
              "</checkpoint_cpu_time>\n<current_cpu_time>70.5</current_cpu_time>\n</active_task>\n</result>\n";
    return text + "<result>\n<name>waiting</name>\n</result>\n</results>\n";
  }

  std::vector<AtWork> tasks{
      {.name = "a", .checkpoint = 10}, {.name = "b"}, {.name = "idle", .checkpoint = 5, .state = 9}};
  std::string status =
      "<cc_status>\n<task_mode>2</task_mode>\n<task_mode_perm>2</task_mode_perm>\n<task_mode_delay>0</"
      "task_mode_delay>\n"
      "<network_mode>1</network_mode>\n<network_mode_perm>2</network_mode_perm>\n<network_mode_delay>120.5"
      "</network_mode_delay>\n</cc_status>";
  std::vector<std::string> modes;
  FakeClient client{[this](int socket, const std::string& request) {
    std::string answer = "<success/>";
    if (request.find("get_cc_status") != std::string::npos)
      answer = status;
    else if (request.find("get_results") != std::string::npos)
      answer = results();
    else
      modes.push_back(request.substr(request.find("<set")));
    return FakeClient::send_all(socket, reply(answer));
  }};
  Result<GuiRpc> rpc = GuiRpc::connect(BootClock::now() + 20s, client.port());
  Drain drain;
};

TEST_F(Draining, StopsNewWorkAndWaitsForTheTasksThatRun) {
  ASSERT_TRUE(drain.begin(*rpc, 65min));
  ASSERT_EQ(modes.size(), 1u);
  EXPECT_THAT(modes[0], HasSubstr("<set_network_mode>\n<never/>\n<duration>3900</duration>"));
  EXPECT_THAT(names(drain.look(*rpc).value()), ElementsAre("a", "b"));
  tasks[0].checkpoint = 60;
  const auto unsafe = drain.look(*rpc).value();
  ASSERT_THAT(names(unsafe), ElementsAre("b"));
  EXPECT_EQ(unsafe[0].cpu_time, 70.5);
  tasks[1].checkpoint = 1;
  EXPECT_THAT(drain.look(*rpc).value(), IsEmpty());
}

TEST_F(Draining, ATaskThatEndedOrWaitsIsNotWaitedForNorOneThatBeganLater) {
  ASSERT_TRUE(drain.begin(*rpc, 1h));
  tasks[0].state = 9;
  tasks[1].name = "later";
  EXPECT_THAT(drain.look(*rpc).value(), IsEmpty());
}

TEST_F(Draining, SuspendsTheTasksAndKeepsTheNetworkOff) {
  ASSERT_TRUE(drain.begin(*rpc, 1h));
  modes.clear();
  ASSERT_TRUE(drain.suspend(*rpc, 24h));
  EXPECT_THAT(modes, ElementsAre(HasSubstr("<set_run_mode>\n<never/>\n<duration>86400</duration>"),
                                 HasSubstr("<set_network_mode>\n<never/>\n<duration>86400</duration>")));
}

TEST_F(Draining, PutsBackAlsoAModeThatWasToEndByItself) {
  ASSERT_TRUE(drain.begin(*rpc, 1h));
  modes.clear();
  ASSERT_TRUE(drain.put_back(*rpc));
  EXPECT_THAT(modes, ElementsAre(HasSubstr("<set_run_mode>\n<restore/>"),
                                 HasSubstr("<set_network_mode>\n<always/>\n<duration>120</duration>")));
}

TEST_F(Draining, IsUndone) {
  ASSERT_TRUE(Drain::undo(*rpc));
  EXPECT_THAT(modes, ElementsAre(HasSubstr("<set_run_mode>\n<restore/>"), HasSubstr("<set_network_mode>\n<restore/>")));
}

}  // namespace
}  // namespace uebo::boinc
