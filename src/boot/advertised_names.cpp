#include "uebo/boot/advertised_names.hpp"

#include <algorithm>

namespace uebo::boot {

/// In the order in which they came; one that is renewed keeps its place. `until` none: it is taken back.
template <class Value>
void AdvertisedNames::put(List<Value>& list, const Value& value, std::optional<TimePoint> until) {
  const auto known = std::ranges::find(list, value, &Advertised<Value>::value);
  if (!until) {
    if (known != list.end()) list.erase(known);
  } else if (known != list.end()) {
    known->until = *until;
  } else {
    if (list.size() == most) list.erase(list.begin());
    list.push_back({.value = value, .until = *until});
  }
}

void AdvertisedNames::take(const kernel::DnsOption& option, TimePoint now) {
  const bool taken_back = option.lifetime == std::chrono::seconds(0);
  const auto until = taken_back                                      ? std::nullopt
                     : option.lifetime >= kernel::DnsOption::forever ? std::optional(TimePoint::max())
                                                                     : std::optional(now + option.lifetime);
  for (const IpAddress& server : option.servers) put(servers_, server, until);
  for (const std::string& domain : option.domains) put(domains_, domain, until);
}

void AdvertisedNames::expire(TimePoint now) {
  const auto is_over = [now](const auto& item) { return item.until <= now; };
  std::erase_if(servers_, is_over);
  std::erase_if(domains_, is_over);
}

std::optional<TimePoint> AdvertisedNames::next_expiry() const {
  TimePoint next = TimePoint::max();
  for (const auto& server : servers_) next = std::min(next, server.until);
  for (const auto& domain : domains_) next = std::min(next, domain.until);
  return next == TimePoint::max() ? std::nullopt : std::optional(next);
}

std::string AdvertisedNames::resolver_lines(const std::string& link) const {
  std::string search;
  for (const auto& domain : domains_) search += " " + domain.value;
  std::string lines = search.empty() ? "" : "search" + search + "\n";
  for (const auto& server : servers_)
    lines += "nameserver " + server.value.text() + (server.value.is_link_local() ? "%" + link : "") + "\n";
  return lines;
}

}  // namespace uebo::boot
