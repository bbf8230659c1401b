#include "uebo/init/carriers.hpp"

#include <algorithm>

namespace uebo::init {
namespace {

Carriers::News news_of(const std::string& link, bool carrier) {
  return {.link = link, .change = carrier ? Carriers::Change::Gained : Carriers::Change::Lost};
}

}  // namespace

std::optional<Carriers::News> Carriers::observe(const std::string& link, bool carrier, TimePoint now) {
  const auto known = links_.find(link);
  if (known == links_.end()) {
    if (!carrier) return std::nullopt;
    links_.emplace(link, State{.counts = true, .other_at = std::nullopt});
    return news_of(link, true);
  }
  State& state = known->second;
  if (state.counts == carrier)
    state.other_at.reset();
  else if (!state.other_at)
    state.other_at = now + (carrier ? return_counts_after : loss_counts_after);
  return std::nullopt;
}

std::optional<Carriers::News> Carriers::forget(const std::string& link) {
  const auto known = links_.extract(link);
  return known && known.mapped().counts ? std::optional(news_of(link, false)) : std::nullopt;
}

std::vector<Carriers::News> Carriers::due(TimePoint now) {
  std::vector<News> news;
  for (auto& [link, state] : links_) {
    if (!state.other_at || *state.other_at > now) continue;
    state.other_at.reset();
    state.counts = !state.counts;
    news.push_back(news_of(link, state.counts));
  }
  return news;
}

std::optional<TimePoint> Carriers::next_due() const {
  std::optional<TimePoint> next;
  for (const auto& [link, state] : links_)
    if (state.other_at) next = next ? std::min(*next, *state.other_at) : *state.other_at;
  return next;
}

}  // namespace uebo::init
