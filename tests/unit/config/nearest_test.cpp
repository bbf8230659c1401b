#include <gtest/gtest.h>

#include "uebo/config/kernel_args.hpp"

namespace uebo::config {
namespace {

const std::vector<std::string_view> kKnown{"command", "needs", "nice", "environment", "user"};

TEST(Nearest, FindsWhatWasMeant) {
  EXPECT_EQ(nearest("comand", kKnown), "command");
  EXPECT_EQ(nearest("commnad", kKnown), "command");
  EXPECT_EQ(nearest("need", kKnown), "needs");
  EXPECT_EQ(nearest("enviroment", kKnown), "environment");
  EXPECT_EQ(nearest("users", kKnown), "user");
}

TEST(Nearest, PrefersTheNearer) { EXPECT_EQ(nearest("nic", kKnown), "nice"); }

TEST(Nearest, IsNothingBeyondADistanceOf3OrHalfTheLength) {
  EXPECT_EQ(nearest("x", kKnown), std::nullopt);
  EXPECT_EQ(nearest("ux", kKnown), std::nullopt);
  EXPECT_EQ(nearest("abcdefgh", kKnown), std::nullopt);
  EXPECT_EQ(nearest("", kKnown), std::nullopt);
  EXPECT_EQ(nearest("something", {}), std::nullopt);
}

}  // namespace
}  // namespace uebo::config
