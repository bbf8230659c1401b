#include "uebo/kernel/swap.hpp"

#include <blkid/blkid.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "test_tree.hpp"

namespace uebo::kernel {
namespace {

/// What libblkid takes a file for.
std::string type_of(const std::string& path) {
  const std::unique_ptr<blkid_struct_probe, decltype([](blkid_probe probe) { blkid_free_probe(probe); })> probe(
      blkid_new_probe_from_filename(path.c_str()));
  if (!probe || blkid_do_safeprobe(probe.get()) != 0) return {};
  const char* type = nullptr;
  return blkid_probe_lookup_value(probe.get(), "TYPE", &type, nullptr) == 0 ? type : "";
}

TEST(Swap, IsWhatEverybodyTakesForSwap) {
  const test::TestTree tree;
  const std::string content(1 << 20, '\0');
  const std::string path = tree.write("area", content);
  ASSERT_TRUE(make_swap(path, content.size()));
  EXPECT_EQ(type_of(path), "swap");
  const std::string made = tree.read("area");
  EXPECT_EQ(made.size(), content.size());
  std::uint32_t last_page = 0;
  std::memcpy(&last_page, made.data() + 1028, sizeof last_page);
  EXPECT_EQ(last_page, content.size() / static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) - 1);
}

TEST(Swap, WhatIsTooSmallOrNotThereIsAnError) {
  const test::TestTree tree;
  const std::string path = tree.write("area", "here");
  EXPECT_EQ(make_swap(path, 4096).error().code, EINVAL);
  EXPECT_EQ(tree.read("area"), "here");
  EXPECT_EQ(make_swap(tree.path("none"), 1 << 20).error().code, ENOENT);
  EXPECT_FALSE(swap_on(path, 100));
}

}  // namespace
}  // namespace uebo::kernel
