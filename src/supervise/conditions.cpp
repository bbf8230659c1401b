#include "uebo/supervise/conditions.hpp"

namespace uebo::supervise {

bool Conditions::set(const std::string& condition, const std::string& holder, const std::string& detail) {
  const bool added = !held_.contains(condition);
  const auto [place, is_new] = held_[condition].try_emplace(holder, detail);
  if (is_new || place->second != detail) ++changes_;
  place->second = detail;
  return added;
}

bool Conditions::set(const std::string& condition, const std::string& holder, const std::string& detail, TimePoint now,
                     const std::string& by) {
  if (firsts_.size() < kMostFirsts) firsts_.try_emplace(condition, First{.when = now, .by = by.empty() ? holder : by});
  return set(condition, holder, detail);
}

bool Conditions::clear(const std::string& condition, const std::string& holder) {
  const auto found = held_.find(condition);
  if (found == held_.end() || found->second.erase(holder) == 0) return false;
  ++changes_;
  if (!found->second.empty()) return false;
  held_.erase(found);
  return true;
}

}  // namespace uebo::supervise
