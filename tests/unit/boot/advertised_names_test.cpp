#include "uebo/boot/advertised_names.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace uebo::boot {
namespace {

using namespace std::chrono_literals;
using kernel::DnsOption;

constexpr TimePoint kStart{1000s};

DnsOption servers(std::vector<std::string> texts, std::chrono::seconds lifetime) {
  DnsOption option;
  option.lifetime = lifetime;
  for (const std::string& text : texts) option.servers.push_back(IpAddress::parse(text).value());
  return option;
}

DnsOption domains(std::vector<std::string> names, std::chrono::seconds lifetime) {
  DnsOption option;
  option.lifetime = lifetime;
  option.domains = std::move(names);
  return option;
}

TEST(AdvertisedNames, AreWrittenAsTheResolverReadsThem) {
  AdvertisedNames names;
  names.take(servers({"fd00::1", "fe80::1"}, 60s), kStart);
  names.take(domains({"rack.lan", "lan"}, 60s), kStart);
  EXPECT_EQ(names.resolver_lines("eth0"), "search rack.lan lan\nnameserver fd00::1\nnameserver fe80::1%eth0\n");
}

TEST(AdvertisedNames, EndWithTheirLifetimes) {
  AdvertisedNames names;
  names.take(servers({"fd00::1"}, 60s), kStart);
  names.take(servers({"fd00::2"}, 30s), kStart);
  EXPECT_EQ(names.next_expiry(), kStart + 30s);
  names.expire(kStart + 30s);
  EXPECT_EQ(names.resolver_lines("eth0"), "nameserver fd00::1\n");
  names.take(servers({"fd00::1"}, 60s), kStart + 50s);
  names.expire(kStart + 60s);
  EXPECT_EQ(names.resolver_lines("eth0"), "nameserver fd00::1\n") << "an advertisement renews them";
  names.expire(kStart + 110s);
  EXPECT_EQ(names.resolver_lines("eth0"), "");
  EXPECT_EQ(names.next_expiry(), std::nullopt);
}

TEST(AdvertisedNames, AreTakenBackByALifetimeOfZero) {
  AdvertisedNames names;
  names.take(servers({"fd00::1", "fd00::2"}, 60s), kStart);
  names.take(domains({"lan"}, 60s), kStart);
  names.take(servers({"fd00::1"}, 0s), kStart + 1s);
  names.take(domains({"lan", "unknown"}, 0s), kStart + 1s);
  EXPECT_EQ(names.resolver_lines("eth0"), "nameserver fd00::2\n");
}

TEST(AdvertisedNames, MayStandForEver) {
  AdvertisedNames names;
  names.take(servers({"fd00::1"}, DnsOption::forever), kStart);
  EXPECT_EQ(names.next_expiry(), std::nullopt);
  names.expire(kStart + 24h * 365 * 200);
  EXPECT_EQ(names.resolver_lines("eth0"), "nameserver fd00::1\n");
}

TEST(AdvertisedNames, AreFewHoweverManyAreSent) {
  AdvertisedNames names;
  for (int host = 1; host <= 1000; ++host)
    names.take(servers({"fd00::" + std::to_string(host)}, 60s), kStart + std::chrono::milliseconds(host));
  const std::string lines = names.resolver_lines("eth0");
  EXPECT_EQ(std::ranges::count(lines, '\n'), static_cast<std::ptrdiff_t>(AdvertisedNames::most));
  EXPECT_NE(lines.find("nameserver fd00::1000\n"), std::string::npos) << "the newest count";
}

}  // namespace
}  // namespace uebo::boot
