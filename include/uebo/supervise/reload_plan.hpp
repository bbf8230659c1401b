// What a reload is to do, as a pure function: which services there are, which there should be.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/config/service_changes.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::supervise {

/// A service, or a template, as it is now.
struct PresentService {
  config::ServiceSpec spec;
  bool active = false;  // something of it runs
  bool wanted = false;  // to run, by its file and by people
  bool tries = false;   // it has failed, which another description may mend
};

struct ServiceChange {
  enum class Kind { Added, Removed, Changed };
  enum class Follows {
    Starts,        // also: when what it needs is up
    StaysOff,      // it is not enabled
    WhenAskedFor,  // a template, or an instance that somebody else starts
    Stops,
    Goes,  // nothing of it runs
    AtOnce,
    Restarts,
    AtNextStart,
  };
  std::string name;
  Kind kind = Kind::Changed;
  Follows follows = Follows::AtOnce;
  std::vector<config::ChangedKey> keys;  // of one that has changed
  bool operator==(const ServiceChange&) const = default;
};

[[nodiscard]] std::string_view name_of(ServiceChange::Kind kind);        // "added", ...
[[nodiscard]] std::string_view name_of(ServiceChange::Follows follows);  // "restarts", ...

struct ReloadPlan {
  std::vector<ServiceChange> changes;  // in the order of the names
  std::size_t unchanged = 0;
};

/// `next` are all services that there should be, `kept` the names of those whose files are bad: if there is such a
/// service now, it stays as it is. A present service without origins that is not in `next` is built in, and stays. An
/// instance without a file of its own is what its template says.
[[nodiscard]] ReloadPlan plan_reload(const std::vector<PresentService>& present,
                                     const std::vector<config::ServiceSpec>& next, const std::set<std::string>& kept);

/// The description in `services` of a service or instance; none: there is to be no such service.
[[nodiscard]] std::optional<config::ServiceSpec> find_service(const std::vector<config::ServiceSpec>& services,
                                                              const std::string& name);

}  // namespace uebo::supervise
