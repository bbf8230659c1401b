#include "uebo/base/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace uebo {
namespace {

unsigned bit_of(std::span<const std::byte> bytes, unsigned place) {
  return std::to_integer<unsigned>(bytes[place / 8]) >> (7 - place % 8) & 1U;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string ended(text);
  IpAddress address;
  if (inet_pton(AF_INET, ended.c_str(), address.bytes_.data()) == 1) return address;
  address.size_ = 16;
  if (inet_pton(AF_INET6, ended.c_str(), address.bytes_.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::from_bytes(std::span<const std::byte> bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) return std::nullopt;
  IpAddress address;
  address.size_ = bytes.size();
  std::ranges::copy(bytes, address.bytes_.begin());
  return address;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(is_ipv6() ? AF_INET6 : AF_INET, bytes_.data(), text.data(), text.size());
  return text.data();
}

bool IpAddress::is_unicast() const {
  const auto byte = [this](std::size_t index) { return std::to_integer<unsigned>(bytes_[index]); };
  if (!is_ipv6()) return byte(0) != 0 && byte(0) != 127 && byte(0) < 224;
  if (byte(0) == 0xff) return false;
  // ::/96 has the unspecified and the loopback address, and IPv4 in its old form; ::ffff:0:0/96 the present one.
  const bool zeros = std::all_of(bytes_.begin(), bytes_.begin() + 10, [](std::byte b) { return b == std::byte{0}; });
  return !zeros || (byte(10) != 0 && byte(10) != 0xff);
}

bool IpAddress::is_link_local() const {
  const auto first = std::to_integer<unsigned>(bytes_[0]), second = std::to_integer<unsigned>(bytes_[1]);
  return is_ipv6() ? first == 0xfe && (second & 0xc0U) == 0x80 : first == 169 && second == 254;
}

bool IpAddress::shares_network(const IpAddress& other, unsigned prefix) const {
  if (size_ != other.size_ || prefix > longest_prefix()) return false;
  for (unsigned place = 0; place < prefix; ++place)
    if (bit_of(bytes_, place) != bit_of(other.bytes_, place)) return false;
  return true;
}

bool IpAddress::names_network(unsigned prefix) const {
  if (prefix + 1 >= longest_prefix()) return false;  // RFC 3021, RFC 6164: two hosts, or one
  unsigned ones = 0;
  for (unsigned place = prefix; place < longest_prefix(); ++place) ones += bit_of(bytes_, place);
  return ones == 0 || (!is_ipv6() && ones == longest_prefix() - prefix);
}

std::optional<unsigned> prefix_of_netmask(std::string_view text) {
  const auto mask = IpAddress::parse(text);
  if (!mask || mask->is_ipv6()) return std::nullopt;
  unsigned prefix = 0;
  while (prefix < 32 && bit_of(mask->bytes(), prefix) == 1) ++prefix;
  for (unsigned place = prefix; place < 32; ++place)
    if (bit_of(mask->bytes(), place) == 1) return std::nullopt;
  return prefix == 0 ? std::nullopt : std::optional(prefix);
}

unsigned prefix_of_class(const IpAddress& address) {
  const auto first = std::to_integer<unsigned>(address.bytes()[0]);
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}

}  // namespace uebo
