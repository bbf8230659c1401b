#include <algorithm>
#include <numeric>

#include "uebo/config/kernel_args.hpp"

namespace uebo::config {
namespace {

constexpr std::size_t kFarthest = 3;

/// Levenshtein's: insertions, deletions and replacements, one row of the matrix at a time.
std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& known) {
  std::optional<std::string_view> best;
  std::size_t best_distance = std::min(kFarthest, word.size() / 2) + 1;
  for (const std::string_view name : known) {
    const std::size_t lengths_apart = std::max(name.size(), word.size()) - std::min(name.size(), word.size());
    if (lengths_apart >= best_distance) continue;
    const std::size_t distance = edit_distance(word, name);
    if (distance >= best_distance) continue;
    best_distance = distance;
    best = name;
  }
  return best;
}

}  // namespace uebo::config
