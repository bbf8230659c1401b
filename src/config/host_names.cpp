#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

#include "text.hpp"
#include "uebo/config/kernel_args.hpp"

namespace uebo::config {
namespace {

constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestName = 253;

bool is_address(std::string_view text) {
  const std::string address(text);
  std::array<unsigned char, sizeof(in6_addr)> binary{};
  return inet_pton(AF_INET, address.c_str(), binary.data()) == 1 ||
         inet_pton(AF_INET6, address.c_str(), binary.data()) == 1;
}

/// "10.0.0.256" and "10.0.0": labels all right, but nothing that a name server would know.
bool looks_numeric(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return std::ranges::all_of(last, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_host_label(std::string_view name) {
  return !name.empty() && name.size() <= kLongestLabel && name.front() != '-' && name.back() != '-' &&
         std::ranges::all_of(name, [](char c) { return c == '-' || is_letter_or_digit(c); });
}

bool is_host(std::string_view text) {
  if (is_address(text)) return true;
  if (text.size() > kLongestName || looks_numeric(text)) return false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.size(), text.find('.', begin));
    if (!is_host_label(text.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace uebo::config
