#include "uebo/config/nfs_export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::config {
namespace {

using testing::ElementsAre;

TEST(NfsExports, HaveAServerAndAPath) {
  const auto parsed = parse_nfs_export("nas.example:/export/uebo/pine-07");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->server, "nas.example");
  EXPECT_EQ(parsed->path, "/export/uebo/pine-07");
  EXPECT_EQ(parsed->port, 2049);
  EXPECT_THAT(parsed->versions, ElementsAre("4.1", "4.0"));
  EXPECT_EQ(parsed->source(), "nas.example:/export/uebo/pine-07");
  EXPECT_EQ(parsed->endpoint(), "nas.example:2049");
}

TEST(NfsExports, KeepAnIpv6AddressInBracketsWhereAColonFollows) {
  const auto parsed = parse_nfs_export("[fd00::1]:/a,port=20490");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->server, "fd00::1");
  EXPECT_EQ(parsed->source(), "[fd00::1]:/a");
  EXPECT_EQ(parsed->endpoint(), "[fd00::1]:20490");
}

TEST(NfsExports, MayNameThePortAndTheOnlyVersion) {
  const auto parsed = parse_nfs_export("10.0.0.1:/a,vers=4.2,port=2050");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->path, "/a");
  EXPECT_EQ(parsed->port, 2050);
  EXPECT_THAT(parsed->versions, ElementsAre("4.2"));
}

TEST(NfsExports, TakeNoOtherOptions) {
  for (const char* text : {"nas:/a,soft", "nas:/a,port", "nas:/a,port=", "nas:/a,vers=3", "nas:/a,,", "nas:/a\nb"})
    EXPECT_FALSE(parse_nfs_export(text)) << text;
}

}  // namespace
}  // namespace uebo::config
