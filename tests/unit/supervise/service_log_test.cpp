#include "uebo/supervise/service_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "uebo/base/file.hpp"

namespace uebo::supervise {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

class ServiceLogs : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "uebo-log-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string directory() const { return root_ + "/boinc"; }
  std::string content(const std::string& name = "current") const {
    return read_file(directory() + "/" + name).value_or("(none)");
  }
  /// The lines of a file without their time.
  std::vector<std::string> lines(const std::string& name = "current") const {
    std::vector<std::string> result;
    std::string_view rest = content_ = content(name);
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      const std::string_view line = rest.substr(0, end);
      result.emplace_back(line.substr(std::min(line.size(), line.find(' ') + 1)));
      rest.remove_prefix(end + 1);
    }
    return result;
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory()), {}));
  }

  std::string root_;
  mutable std::string content_;
};

TEST_F(ServiceLogs, OpensNothingBeforeTheFirstLine) {
  ServiceLog log(directory(), {});
  log.append("half a line");
  EXPECT_FALSE(std::filesystem::exists(directory()));
}

TEST_F(ServiceLogs, StampsEachLineWithUniversalTime) {
  ServiceLog log(directory(), {});
  log.append("hello\n");
  EXPECT_THAT(content(), MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z hello\n"));
}

TEST_F(ServiceLogs, JoinsPiecesAndSplitsLines) {
  ServiceLog log(directory(), {});
  log.append("one\ntw");
  log.append("o");
  log.append("\nthr");
  EXPECT_THAT(lines(), ElementsAre("one", "two"));
  log.finish();
  EXPECT_THAT(lines(), ElementsAre("one", "two", "thr"));
  EXPECT_EQ(log.last_line(), "thr");
  EXPECT_EQ(log.lines(), 3U);
}

TEST_F(ServiceLogs, LeavesEmptyLinesAndCarriageReturnsOut) {
  ServiceLog log(directory(), {});
  log.append("one\r\n\n\ntwo\r\n");
  EXPECT_THAT(lines(), ElementsAre("one", "two"));
}

TEST_F(ServiceLogs, DefusesControlCharacters) {
  ServiceLog log(directory(), {});
  log.append(std::string_view("a\x1b[2Jb\tc\0d\x7f\n", 12));
  EXPECT_THAT(lines(), ElementsAre("a?[2Jb\tc?d?"));
  log.append("gr\xc3\xbc\xc3\x9f\n");
  EXPECT_EQ(log.last_line(), "gr\xc3\xbc\xc3\x9f") << "UTF-8 is no control character";
}

TEST_F(ServiceLogs, SplitsAnEndlessLine) {
  ServiceLog log(directory(), {.size = 1 << 20, .count = 2});
  log.append(std::string(3 * ServiceLog::kLongestLine, 'x'));
  log.append("\n");
  EXPECT_EQ(log.lines(), 3U);
  EXPECT_EQ(log.last_line().size(), ServiceLog::kLongestLine);
  log.append(std::string(ServiceLog::kLongestLine, 'y') + "\nz\n");
  EXPECT_EQ(log.lines(), 5U);
  EXPECT_EQ(log.last_line(), "z");
}

TEST_F(ServiceLogs, RotatesAndKeepsTheNewest) {
  ServiceLog log(directory(), {.size = 100, .count = 3});
  for (int i = 0; i < 100; ++i) log.append("line " + std::to_string(i) + "\n");
  EXPECT_EQ(files(), 3U);
  EXPECT_THAT(content(), EndsWith("line 99\n"));
  EXPECT_EQ(log.dropped(), 0U);
  for (const char* name : {"current", "current.1", "current.2"}) {
    EXPECT_LE(content(name).size(), 100U) << name;
    EXPECT_GT(content(name).size(), 0U) << name;
  }
  // The youngest of the older ones is current.1.
  EXPECT_LT(lines("current.2").back(), lines("current.1").front());
  EXPECT_LT(lines("current.1").back(), lines().front());
}

TEST_F(ServiceLogs, ALineLargerThanAFileStillFits) {
  ServiceLog log(directory(), {.size = 50, .count = 2});
  log.append("a\n" + std::string(200, 'b') + "\nc\n");
  EXPECT_THAT(lines(), ElementsAre("c"));
  EXPECT_THAT(lines("current.1"), ElementsAre(std::string(200, 'b')));
}

TEST_F(ServiceLogs, OneFileAloneStartsAnew) {
  ServiceLog log(directory(), {.size = 60, .count = 1});
  for (int i = 0; i < 9; ++i) log.append("line " + std::to_string(i) + "\n");
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(lines().back(), "line 8");
}

TEST_F(ServiceLogs, GoesOnWhereAnEarlierOneEnded) {
  {
    ServiceLog log(directory(), {.size = 100, .count = 2});
    log.append("before\n");
  }
  ServiceLog log(directory(), {.size = 100, .count = 2});
  log.append("after\n");
  EXPECT_THAT(lines(), ElementsAre("before", "after"));
}

TEST_F(ServiceLogs, IsNotReadableByOthers) {
  ServiceLog log(directory(), {});
  log.append("x\n");
  struct stat status{};
  ASSERT_EQ(stat((directory() + "/current").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
  ASSERT_EQ(stat(directory().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07, 0U);
}

TEST_F(ServiceLogs, FollowsNoLink) {
  ASSERT_TRUE(make_directories(directory()));
  ASSERT_EQ(symlink((root_ + "/elsewhere").c_str(), (directory() + "/current").c_str()), 0);
  ServiceLog log(directory(), {});
  log.append("x\n");
  EXPECT_EQ(log.dropped(), 1U);
  EXPECT_FALSE(std::filesystem::exists(root_ + "/elsewhere"));
}

/// Files may not grow beyond a size: what a full file system looks like, without one.
class FullDisk {
 public:
  explicit FullDisk(rlim_t size) {
    old_handler_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_limit_);
    const rlimit limit{.rlim_cur = size, .rlim_max = old_limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    signal(SIGXFSZ, old_handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit old_limit_{};
  void (*old_handler_)(int) = nullptr;
};

TEST_F(ServiceLogs, CountsWhatAFullDiskCostAndSaysSoAfterwards) {
  ServiceLog log(directory(), {.size = 10'000, .count = 2});
  {
    const FullDisk full(100);
    for (int i = 0; i < 10; ++i) log.append("line " + std::to_string(i) + "\n");
  }
  const auto written = 10 - log.dropped();
  EXPECT_GT(log.dropped(), 0U);
  EXPECT_EQ(lines().size(), written) << "no half lines";
  EXPECT_EQ(log.last_line(), "line 9") << "what the log can't hold is still known";
  log.append("room again\n");
  EXPECT_THAT(content(), HasSubstr("(" + std::to_string(10 - written) + " lines were lost here)\n"));
  EXPECT_EQ(lines().back(), "room again");
  EXPECT_EQ(log.lines(), 11U);
}

TEST_F(ServiceLogs, ADirectoryThatCannotBeMadeCostsLinesOnly) {
  ServiceLog log("/proc/none/boinc", {});
  log.append("x\ny\n");
  EXPECT_EQ(log.lines(), 2U);
  EXPECT_EQ(log.dropped(), 2U);
}

}  // namespace
}  // namespace uebo::supervise
