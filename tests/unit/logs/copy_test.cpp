#include "uebo/logs/copy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>

#include "../kernel/in_namespaces.hpp"
#include "../kernel/test_tree.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/logs/roles.hpp"

namespace uebo::logs {
namespace {

using namespace std::chrono_literals;
using kernel::test::TestTree;
using testing::HasSubstr;

LogLine line(const std::string& service, const std::string& text, std::uint64_t offset) {
  return {.service = service, .time = LogTime(1'700'000'000s), .text = text, .end = {.inode = 7, .offset = offset}};
}

constexpr TimePoint kNow{1h};

TEST(Copy, GoesToADirectoryForEachService) {
  const TestTree tree;
  CopyCarrier carrier(tree.path());
  carrier.take({line("boinc", "one", 10), line("uebo", "two", 5), line("boinc", "three", 20)});
  EXPECT_FALSE(carrier.takes_more());
  EXPECT_EQ(carrier.work(kNow), std::nullopt);
  EXPECT_TRUE(carrier.takes_more());
  EXPECT_EQ(tree.read("boinc/current"), "2023-11-14T22:13:20.000Z one\n2023-11-14T22:13:20.000Z three\n");
  EXPECT_EQ(tree.read("uebo/current"), "2023-11-14T22:13:20.000Z two\n");
  EXPECT_EQ(carrier.carried().at("boinc"), (Position{.inode = 7, .offset = 20}));
}

TEST(Copy, OfAFullStorageWaitsAndLosesNothing) {
  const TestTree tree;
  kernel::test::in_namespaces(CLONE_NEWNS, [&] {
    if (mount("none", tree.path().c_str(), "tmpfs", 0, "size=64k") != 0) kernel::test::skip("no tmpfs here");
    tree.write("filler", std::string(52 * 1024, 'x'));
    CopyCarrier carrier(tree.path());
    std::vector<LogLine> lines;
    std::string all;
    for (int i = 0; i < 1000; ++i) {
      lines.push_back(line("boinc", "line " + std::to_string(i), static_cast<std::uint64_t>(i)));
      all += "2023-11-14T22:13:20.000Z line " + std::to_string(i) + "\n";
    }
    carrier.take(std::move(lines));
    EXPECT_EQ(carrier.work(kNow), kNow + CopyCarrier::kRetry);
    EXPECT_FALSE(carrier.takes_more()) << "until then lines stay in their logs";
    const std::string part = tree.read("boinc/current");
    EXPECT_TRUE(part.empty() || part.ends_with('\n')) << "no half lines";
    EXPECT_EQ(carrier.work(kNow + 1s), kNow + CopyCarrier::kRetry) << "too early";
    std::filesystem::remove(tree.path("filler"));
    EXPECT_EQ(carrier.work(kNow + CopyCarrier::kRetry), std::nullopt);
    EXPECT_EQ(tree.read("boinc/current"), all);
    EXPECT_EQ(carrier.carried().at("boinc").offset, 999U);
  });
}

TEST(Copy, OfOneServiceIsBounded) {
  const TestTree tree;
  CopyCarrier carrier(tree.path());
  for (int i = 0; i < 400; ++i) {
    std::vector<LogLine> lines(10, line("boinc", std::string(1000, 'x'), 1));
    carrier.take(std::move(lines));
    EXPECT_EQ(carrier.work(kNow), std::nullopt);
  }
  std::uint64_t size = 0;
  for (const auto& entry : std::filesystem::directory_iterator(tree.path("boinc"))) size += entry.file_size();
  EXPECT_LE(size, CopyCarrier::kLimits.size * CopyCarrier::kLimits.count);
  EXPECT_GT(size, CopyCarrier::kLimits.size * (CopyCarrier::kLimits.count - 1));
}

TEST(TrimCopies, TakesTheOldestFullFilesOfAllServices) {
  const TestTree tree;
  const auto file = [&](const std::string& name, std::chrono::seconds age) {
    const std::string path = tree.write(name, std::string(1000, 'x'));
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - age);
  };
  file("a/current", 9000s);
  file("a/current.1", 300s);
  file("a/current.2", 500s);
  file("b/current", 1s);
  file("b/current.1", 400s);
  file("b/notes", 9000s);
  tree.write("loose", std::string(1000, 'x'));
  EXPECT_EQ(trim_copies(tree.path(), 10'000), 0U);
  EXPECT_EQ(trim_copies(tree.path(), 4000), 2U);
  EXPECT_TRUE(std::filesystem::exists(tree.path("a/current.1")));
  EXPECT_FALSE(std::filesystem::exists(tree.path("a/current.2")));
  EXPECT_FALSE(std::filesystem::exists(tree.path("b/current.1")));
  EXPECT_EQ(trim_copies(tree.path(), 0), 1U) << "what is being written to stays, and what is none of ours";
  EXPECT_EQ(trim_copies(tree.path("none"), 0), 0U);
}

TEST(Roles, KnowTheFileOfTheClock) { EXPECT_STREQ(kClockFile, boot::kClockFile); }

}  // namespace
}  // namespace uebo::logs
