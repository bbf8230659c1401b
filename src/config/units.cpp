#include "uebo/config/units.hpp"

#include <array>
#include <charconv>
#include <limits>

namespace uebo::config {
namespace {

struct Amount {
  std::uint64_t number;
  std::string_view unit;
};

std::optional<Amount> split_amount(std::string_view text) {
  Amount amount{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount.number);
  if (error != std::errc()) return std::nullopt;
  amount.unit = text.substr(static_cast<std::size_t>(end - text.data()));
  return amount;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t milliseconds;
  };
  constexpr std::array<Unit, 5> units{{{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
  const auto amount = split_amount(text);
  if (!amount) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != amount->unit) continue;
    if (amount->number > std::numeric_limits<std::uint32_t>::max() / unit.milliseconds) return std::nullopt;
    return std::chrono::milliseconds(amount->number * unit.milliseconds);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto amount = split_amount(text);
  if (!amount || amount->unit.size() > 1) return std::nullopt;
  unsigned shift = 0;
  if (!amount->unit.empty()) {
    const auto unit = std::string_view("kKmMgG").find(amount->unit);
    if (unit == std::string_view::npos) return std::nullopt;
    shift = 10 * (static_cast<unsigned>(unit) / 2 + 1);
  }
  if (amount->number > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return amount->number << shift;
}

std::optional<std::uint64_t> parse_percent(std::string_view text) {
  const auto amount = split_amount(text);
  return amount && amount->unit == "%" ? std::optional(amount->number) : std::nullopt;
}

}  // namespace uebo::config
