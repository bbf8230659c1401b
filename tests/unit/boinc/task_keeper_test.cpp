// Against a client of a table; the tasks' processes are real ones, of this test.
#include "uebo/boinc/task_keeper.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../kernel/test_tree.hpp"
#include "fake_client.hpp"
#include "uebo/base/file.hpp"
#include "uebo/kernel/process_cgroup.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class TaskProcess {
 public:
  TaskProcess() : pid_(fork()) {
    if (pid_ == 0)
      while (true) pause();
  }
  TaskProcess(const TaskProcess&) = delete;
  TaskProcess& operator=(const TaskProcess&) = delete;
  ~TaskProcess() { end(); }
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string score() const {
    return read_file("/proc/" + std::to_string(pid_) + "/oom_score_adj").value();
  }
  [[nodiscard]] int cores() const {
    cpu_set_t set;
    EXPECT_EQ(sched_getaffinity(pid_, sizeof set, &set), 0);
    return CPU_COUNT(&set);
  }

 private:
  pid_t pid_;
};

struct TaskRow {
  std::string name;
  pid_t pid = 0;
  int state = 1;
  std::string resources = {};
};

class KeptTasks : public testing::Test {
 protected:
  void SetUp() override {
    tree.write("cgroup.events", "populated 1\n");
    members({});
    kills(0);
  }
  std::string results() const {
    std::string text = "<results>\n";
    for (const TaskRow& task : tasks)
      text += "<result>\n<name>" + task.name +
              "</name>\n<wu_name>work</wu_name>\n<project_url>http://a.b/</project_url>\n" +
              (task.resources.empty() ? "" : "<resources>" + task.resources + "</resources>\n") +
              "<active_task>\n<active_task_state>" + std::to_string(task.state) + "</active_task_state>\n<pid>" +
              std::to_string(task.pid) + "</pid>\n</active_task>\n</result>\n";
    return text + "</results>\n";
  }
  void members(const std::vector<pid_t>& pids) const {
    std::string text;
    for (const pid_t pid : pids) text += std::to_string(pid) + "\n";
    tree.write("cgroup.procs", text);
  }
  void kills(int count) const {
    tree.write("memory.events", "low 0\nhigh 7\nmax 2\noom 1\noom_kill " + std::to_string(count) + "\n");
  }
  void look(TaskKeeper& keeper) {
    const auto looked = keeper.look(*rpc, *group);
    EXPECT_TRUE(looked) << looked.error().message();
  }

  kernel::test::TestTree tree;
  std::string own_group = kernel::cgroup_of(getpid()).value();
  std::vector<TaskRow> tasks;
  std::string bound = "1e18";
  std::vector<std::string> aborted;
  FakeClient client{[this](int socket, const std::string& request) {
    std::string answer = "<success/>";
    if (request.find("get_results") != std::string::npos)
      answer = results();
    else if (request.find("get_state") != std::string::npos)
      answer = "<client_state>\n<workunit>\n<name>work</name>\n<rsc_memory_bound>" + bound +
               "</rsc_memory_bound>\n</workunit>\n</client_state>";
    else if (request.find("<abort_result>\n<project_url>http://a.b/</project_url>") != std::string::npos)
      aborted.push_back(content_of(request, "name"));
    else
      ADD_FAILURE() << request;
    return FakeClient::send_all(socket, reply(answer));
  }};
  Result<GuiRpc> rpc = GuiRpc::connect(BootClock::now() + 20s, client.port());
  Result<kernel::Cgroup> group = [this] {
    tree.write("cgroup.events", "populated 1\n");
    return kernel::Cgroup::open(tree.path());
  }();
};

TEST_F(KeptTasks, AreTakenBeforeTheClientWhenMemoryRunsOutWithAllTheirProcesses) {
  const TaskProcess task;
  const TaskProcess stranger;
  members({task.pid(), stranger.pid()});
  tasks = {{.name = "a", .pid = task.pid()}};
  TaskKeeper keeper(own_group, false);
  look(keeper);
  EXPECT_EQ(task.score(), "900\n");
  EXPECT_NE(stranger.score(), "900\n");
  EXPECT_THAT(keeper.processes(), ElementsAre(task.pid()));
}

TEST_F(KeptTasks, ThatAreOfAnotherGroupAreNotTouchedWhateverTheClientSays) {
  const TaskProcess task;
  members({task.pid()});
  tasks = {
      {.name = "a", .pid = task.pid()}, {.name = "b", .pid = 1}, {.name = "c", .pid = -5}, {.name = "d", .pid = 0}};
  TaskKeeper keeper("/uebo/not-this-one", true);
  look(keeper);
  EXPECT_NE(task.score(), "900\n");
  EXPECT_THAT(keeper.processes(), IsEmpty());
}

TEST_F(KeptTasks, HaveProcessorsOfTheirOwnUntilTheyAreReleased) {
  const TaskProcess task;
  const int all = task.cores();
  if (all < 2) GTEST_SKIP() << "this machine has one processor";
  members({task.pid()});
  tasks = {{.name = "a", .pid = task.pid()}, {.name = "asleep", .pid = task.pid(), .state = 9}};
  TaskKeeper keeper(own_group, true);
  look(keeper);
  EXPECT_EQ(task.cores(), 1);
  keeper.release(*group);
  EXPECT_EQ(task.cores(), all);
}

TEST_F(KeptTasks, ThatOutnumberTheProcessorsShareThemAgain) {
  const TaskProcess task;
  const TaskProcess other;
  const int all = task.cores();
  if (all < 2) GTEST_SKIP() << "this machine has one processor";
  members({task.pid(), other.pid()});
  tasks = {{.name = "a", .pid = task.pid()}};
  TaskKeeper keeper(own_group, true);
  look(keeper);
  tasks.push_back({.name = "b", .pid = other.pid(), .resources = std::to_string(all) + " CPUs"});
  look(keeper);
  EXPECT_EQ(task.cores(), all);
  EXPECT_EQ(other.cores(), all);
  tasks.erase(tasks.begin());
  look(keeper);
  EXPECT_EQ(other.cores(), all) << "as many as it uses";
}

TEST_F(KeptTasks, ThatAKeeperBeforeHasBoundAreReleasedWhereTheyAreTooMany) {
  const TaskProcess task;
  const int all = task.cores();
  if (all < 2) GTEST_SKIP() << "this machine has one processor";
  members({task.pid()});
  tasks = {{.name = "a", .pid = task.pid()}};
  {
    TaskKeeper killed(own_group, true);
    look(killed);
  }
  ASSERT_EQ(task.cores(), 1);
  tasks[0].resources = std::to_string(all + 1) + " CPUs";
  TaskKeeper keeper(own_group, true);
  look(keeper);
  EXPECT_EQ(task.cores(), all);
}

TEST_F(KeptTasks, AreNotPinnedWhereThatIsOff) {
  const TaskProcess task;
  const int all = task.cores();
  members({task.pid()});
  tasks = {{.name = "a", .pid = task.pid()}};
  TaskKeeper keeper(own_group, false);
  look(keeper);
  EXPECT_EQ(task.cores(), all);
}

TEST_F(KeptTasks, ThatWereKilledTwiceForMemoryAreAborted) {
  const TaskProcess good;
  TaskProcess first;
  members({good.pid(), first.pid()});
  tasks = {{.name = "good", .pid = good.pid()}, {.name = "hog", .pid = first.pid()}};
  TaskKeeper keeper(own_group, false);
  look(keeper);
  first.end();
  kills(1);
  tasks[1].pid = 0;
  look(keeper);
  EXPECT_THAT(aborted, IsEmpty()) << "the first time it may have been the others' fault";
  TaskProcess second;
  tasks[1].pid = second.pid();
  look(keeper);
  EXPECT_EQ(second.score(), "900\n");
  second.end();
  kills(2);
  look(keeper);
  EXPECT_THAT(aborted, ElementsAre("hog"));
  look(keeper);
  EXPECT_THAT(aborted, ElementsAre("hog")) << "once";
}

TEST_F(KeptTasks, ThatEndForAnotherReasonAreNotCounted) {
  TaskKeeper keeper(own_group, false);
  kills(5);
  for (int time = 0; time < 3; ++time) {
    TaskProcess task;
    members({task.pid()});
    tasks = {{.name = "a", .pid = task.pid()}};
    look(keeper);
    task.end();
    look(keeper);
  }
  EXPECT_THAT(aborted, IsEmpty());
}

TEST_F(KeptTasks, OneThatUsesMoreThanItsProjectSaidIsAbortedWhileAllWaitForMemory) {
  const TaskProcess task;
  members({task.pid()});
  tasks = {{.name = "a", .pid = task.pid()}};
  TaskKeeper keeper(own_group, false);
  keeper.set_pressed();
  look(keeper);
  EXPECT_THAT(aborted, IsEmpty()) << "it keeps to its bound";
  bound = "4096";
  look(keeper);
  EXPECT_THAT(aborted, IsEmpty()) << "nobody waits";
  keeper.set_pressed();
  look(keeper);
  EXPECT_THAT(aborted, ElementsAre("a"));
}

TEST(TaskOfTheClient, SaysHowManyProcessorsItUses) {
  const auto cores = [](std::string resources) {
    Task task;
    task.resources = std::move(resources);
    return task.cores();
  };
  EXPECT_EQ(cores(""), 1u);
  EXPECT_EQ(cores("4 CPUs"), 4u);
  EXPECT_EQ(cores("2.5 CPUs"), 3u);
  EXPECT_EQ(cores("0.1 CPUs + 1 NVIDIA GPU"), 1u);
  EXPECT_EQ(cores("lots of CPUs"), 1u);
  EXPECT_EQ(cores("1e300 CPUs"), 1024u);
}

}  // namespace
}  // namespace uebo::boinc
