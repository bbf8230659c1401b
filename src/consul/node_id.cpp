#include "uebo/consul/node_id.hpp"

#include <fmt/format.h>
#include <sha1.h>

#include <array>
#include <cctype>
#include <cstdint>

namespace uebo::consul {
namespace {

constexpr std::array<std::uint8_t, 16> kNamespace{0x6f, 0x1c, 0x6f, 0x3a, 0x52, 0xc1, 0x4d, 0x0e,
                                                  0x8a, 0x55, 0x0c, 0x5f, 0x7c, 0x1f, 0x9b, 0x27};

}  // namespace

std::string node_id(std::string_view mac) {
  if (mac.empty()) return {};
  std::string name;
  for (const char c : mac) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  SHA1_CTX context;
  SHA1Init(&context);
  SHA1Update(&context, kNamespace.data(), kNamespace.size());
  SHA1Update(&context, reinterpret_cast<const std::uint8_t*>(name.data()), name.size());
  std::array<std::uint8_t, SHA1_DIGEST_LENGTH> digest{};
  SHA1Final(digest.data(), &context);
  digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0f) | 0x50);  // version 5
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3f) | 0x80);  // variant of RFC 9562
  std::string text;
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", digest[i]);
  }
  return text;
}

}  // namespace uebo::consul
