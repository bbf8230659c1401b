#include "uebo/supervise/service_log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "../kernel/in_namespaces.hpp"
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

/// 64 KiB of which `filler` takes all but a page.
void on_a_full_file_system(const std::string& directory, const std::function<void()>& body) {
  kernel::test::in_namespaces(CLONE_NEWNS, [&] {
    if (!make_directories(directory) || mount("none", directory.c_str(), "tmpfs", 0, "size=64k") != 0)
      kernel::test::skip("no tmpfs here");
    const UniqueFd filler(open((directory + "/filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const std::string page(4096, 'x');
    while (write(filler.get(), page.data(), page.size()) > 0) continue;
    ASSERT_EQ(ftruncate(filler.get(), 12 * 4096), 0);
    body();
  });
}

TEST_F(ServiceLogs, OnAFullFileSystemTheOldestGoesForTheNewest) {
  on_a_full_file_system(root_, [this] {
    ServiceLog log(directory(), {.size = 4096, .count = 20});
    for (int i = 0; i < 1000; ++i) log.append("line " + std::to_string(i) + "\n");
    EXPECT_EQ(lines().back(), "line 999");
    EXPECT_LT(files(), 5U) << "there is room for no more";
    EXPECT_EQ(log.dropped(), 0U);
  });
}

TEST_F(ServiceLogs, ABatchThatFitsInPartCostsTheRestOfIt) {
  on_a_full_file_system(root_, [this] {
    ServiceLog log(directory(), {.size = 1 << 20, .count = 1});
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "line " + std::to_string(i) + "\n";
    log.append(text);
    EXPECT_GT(log.dropped(), 0U);
    EXPECT_EQ(lines().size(), 1000 - log.dropped());
    EXPECT_THAT(content(), EndsWith("\n")) << "no half lines";
    ASSERT_EQ(truncate((directory() + "/current").c_str(), 0), 0);
    const auto lost = log.dropped();
    log.append("room again\n");
    EXPECT_THAT(lines(), ElementsAre("(" + std::to_string(lost) + " lines were lost here)", "room again"));
    log.append("and more\n");
    EXPECT_EQ(log.dropped(), lost);
  });
}

TEST_F(ServiceLogs, WhatWasSkippedIsCountedAndToldInItsPlace) {
  ServiceLog log(directory(), {});
  log.append("before\n");
  log.skip(12'345, 1'000'000);
  log.append("after\n");
  EXPECT_THAT(lines(), ElementsAre("before", "(12345 lines were lost here)", "after"));
  EXPECT_EQ(log.lines(), 12'347U);
  EXPECT_EQ(log.dropped(), 12'345U);
  EXPECT_EQ(log.bytes(), 1'000'000U + 7 + 6);
}

TEST_F(ServiceLogs, RotationsAreCounted) {
  ServiceLog log(directory(), {.size = 100, .count = 3});
  for (int i = 0; i < 9; ++i) log.append(std::string(50, 'x') + "\n");
  EXPECT_EQ(log.rotations(), 8U);
}

TEST_F(ServiceLogs, LinesOfOnePieceAreRotatedAsThoseOfMany) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "line " + std::to_string(i) + "\n";
  ServiceLog log(directory(), {.size = 100, .count = 3});
  log.append(text);
  EXPECT_EQ(files(), 3U);
  EXPECT_EQ(lines().back(), "line 99");
  for (const char* name : {"current", "current.1", "current.2"}) EXPECT_LE(content(name).size(), 100U) << name;
}

TEST_F(ServiceLogs, KeepsTheLastLinesOfARun) {
  ServiceLog log("/proc/none/boinc", {});
  log.append("old\n");
  log.begin_run();
  EXPECT_THAT(log.last_of_run(), ElementsAre());
  log.append("1\n2\n");
  EXPECT_THAT(log.last_of_run(), ElementsAre("1", "2"));
  for (int i = 3; i <= 25; ++i) log.append(std::to_string(i) + "\n");
  EXPECT_THAT(log.last_of_run(), ElementsAre("16", "17", "18", "19", "20", "21", "22", "23", "24", "25"));
  log.append(std::string(ServiceLog::kLongestKept - 1, 'x') + "\xc3\xbc\n");
  EXPECT_EQ(log.last_of_run().back(), std::string(ServiceLog::kLongestKept - 1, 'x')) << "no half character";
}

TEST_F(ServiceLogs, ADirectoryThatCannotBeMadeCostsLinesOnly) {
  ServiceLog log("/proc/none/boinc", {});
  log.append("x\ny\n");
  EXPECT_EQ(log.lines(), 2U);
  EXPECT_EQ(log.dropped(), 2U);
}

}  // namespace
}  // namespace uebo::supervise
