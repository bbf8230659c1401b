#include <gtest/gtest.h>

#include "uebo/config/kernel_args.hpp"

namespace uebo::config {
namespace {

TEST(HostLabel, IsThatOfRfc1123) {
  for (const std::string& name : {std::string("a"), std::string("7"), std::string("node-7"), std::string("3com"),
                                  std::string("UPPER"), std::string("a--b"), std::string(63, 'x')})
    EXPECT_TRUE(is_host_label(name)) << name;
  for (const std::string& name :
       {std::string(), std::string("-a"), std::string("a-"), std::string("a_b"), std::string("a.b"), std::string("a b"),
        std::string("n\xc3\xb6"), std::string(64, 'x'), std::string("a\n"), std::string("a\0b", 3)})
    EXPECT_FALSE(is_host_label(name)) << name;
}

TEST(Host, IsANameOrAnAddress) {
  for (const char* text : {"localhost", "a.example.org", "10.0.2.2", "::1", "fe80::1", "2001:db8::7", "1and1.example"})
    EXPECT_TRUE(is_host(text)) << text;
}

TEST(Host, IsNoNetworkNoPortAndNoBrokenAddress) {
  for (const char* text : {"", ".", "a..b", "a.", ".a", "10.0.0.0/8", "10.0.0.256", "10.0.0", "host:80",
                           "2001:db8::7::1", "[::1]", "a b", "*"})
    EXPECT_FALSE(is_host(text)) << text;
  EXPECT_FALSE(is_host(std::string(252, 'a') + ".b"));
}

TEST(Host, MayHave253Characters) {
  std::string name;
  for (int i = 0; i < 4; ++i) name += std::string(62, 'a') + ".";
  name += "b";
  ASSERT_EQ(name.size(), 253U);
  EXPECT_TRUE(is_host(name));
  EXPECT_FALSE(is_host(name + "b"));
}

}  // namespace
}  // namespace uebo::config
