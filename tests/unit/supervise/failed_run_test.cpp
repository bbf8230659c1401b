// What is kept of a run that failed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "../kernel/test_tree.hpp"
#include "fake_host.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::supervise::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FailedRuns : public testing::Test {
 protected:
  FailedRuns() {
    config::ServiceSpec spec;
    spec.name = "boinc";
    spec.command = {"/usr/bin/boinc"};
    EXPECT_TRUE(supervisor.add(std::move(spec)));
  }
  void say(const std::string& text) {
    const int output = logs.writer("boinc", {}).value_or(-1);
    EXPECT_EQ(write(output, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    logs.drain("boinc");
  }
  /// The main process ends, and nothing is left of its group.
  void end(int code) {
    host.end("boinc", code);
    host.tell("boinc", CgroupEmpty{});
  }
  std::optional<FailedRun> failed_run() const {
    const auto status = supervisor.status("boinc");
    return status ? status->failed_run : std::nullopt;
  }

  kernel::test::TestTree tree;
  std::unique_ptr<event::Loop> loop = event::Loop::create().value();
  FakeHost host;
  LogCollector logs{*loop, tree.path()};
  Supervisor supervisor{*loop, host, logs};
};

TEST_F(FailedRuns, AreRememberedWithWhatTheyWroteLast) {
  EXPECT_FALSE(failed_run());
  say("opening slot 0\nassertion failed\n");
  end(1);
  const auto failed = failed_run();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->reason, "exit code 1");
  EXPECT_THAT(failed->lines, ElementsAre("opening slot 0", "assertion failed"));
}

TEST_F(FailedRuns, StayUntilTheNextOneFails) {
  say("the first\n");
  end(1);
  say("the second is fine\n");
  ASSERT_TRUE(failed_run());
  EXPECT_THAT(failed_run()->lines, ElementsAre("the first"));
  end(0);
  EXPECT_THAT(failed_run()->lines, ElementsAre("the first"));
}

TEST_F(FailedRuns, HaveNothingOfOtherRuns) {
  say("the first\n");
  end(1);
  say("the second\n");
  end(2);
  ASSERT_TRUE(failed_run());
  EXPECT_EQ(failed_run()->reason, "exit code 2");
  EXPECT_THAT(failed_run()->lines, ElementsAre("the second"));
}

TEST_F(FailedRuns, AreNotThoseThatWereStopped) {
  host.auto_stop = false;
  ASSERT_TRUE(supervisor.stop("boinc"));
  end(3);
  EXPECT_FALSE(failed_run());
}

}  // namespace
}  // namespace uebo::supervise::test
