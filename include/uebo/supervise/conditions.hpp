// The conditions that are set now, and who holds each: two interfaces with an address both hold `net`, and it is lost
// with the last of them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "uebo/base/clock.hpp"

namespace uebo::supervise {

class Conditions {
 public:
  /// True when the condition was not set before.
  bool set(const std::string& condition, const std::string& holder, const std::string& detail);
  /// As set(), and for the boot profile: when, and by whose work (a unit's name; empty: the holder's own).
  bool set(const std::string& condition, const std::string& holder, const std::string& detail, TimePoint now,
           const std::string& by);
  /// True when this was the last holder.
  bool clear(const std::string& condition, const std::string& holder);
  /// How often something has become different, a detail too.
  [[nodiscard]] std::uint64_t changes() const { return changes_; }
  [[nodiscard]] bool is_set(std::string_view condition) const { return held_.contains(condition); }

  using Holders = std::map<std::string, std::string>;  // holder -> detail
  [[nodiscard]] const std::map<std::string, Holders, std::less<>>& all() const { return held_; }

  /// The first time that a condition was set since boot.
  struct First {
    TimePoint when;
    std::string by;
  };
  /// Of the first kMostFirsts conditions: a port that sees a new adapter every minute has a name for each.
  [[nodiscard]] const std::map<std::string, First, std::less<>>& firsts() const { return firsts_; }
  static constexpr std::size_t kMostFirsts = 64;

 private:
  std::map<std::string, Holders, std::less<>> held_;
  std::map<std::string, First, std::less<>> firsts_;
  std::uint64_t changes_ = 0;
};

}  // namespace uebo::supervise
