#include "service_graph.hpp"

#include <algorithm>

#include "uebo/config/conditions.hpp"

namespace uebo::config {

void ServiceGraph::add(const ServiceSpec& spec) {
  specs_.emplace(spec.name, &spec);
  for (const auto* names : {&spec.provides, &spec.settles})
    for (const std::string& condition : *names) providers_[condition].insert(spec.name);
}

std::vector<std::string> ServiceGraph::find_cycle() {
  for (const auto& [name, spec] : specs_) {
    path_.clear();
    if (auto cycle = walk(name); !cycle.empty()) return cycle;
  }
  return {};
}

std::optional<std::string> ServiceGraph::unit_behind(const std::string& dependency) const {
  if (!is_condition(dependency)) return specs_.contains(dependency) ? std::optional(dependency) : std::nullopt;
  const auto provider = providers_.find(dependency);
  if (provider == providers_.end() || provider->second.size() != 1) return std::nullopt;
  return *provider->second.begin();
}

std::vector<std::string> ServiceGraph::walk(const std::string& name) {
  if (const auto seen = std::ranges::find(path_, name); seen != path_.end()) return {seen, path_.end()};
  if (clean_.contains(name)) return {};
  path_.push_back(name);
  const ServiceSpec& spec = *specs_.at(name);
  for (const auto* dependencies : {&spec.needs, &spec.wants})
    for (const std::string& dependency : *dependencies) {
      const auto next = unit_behind(dependency);
      if (!next) continue;
      if (auto cycle = walk(*next); !cycle.empty()) return cycle;
    }
  path_.pop_back();
  clean_.insert(name);
  return {};
}

}  // namespace uebo::config
