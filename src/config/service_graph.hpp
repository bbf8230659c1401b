// Who waits for whom among services.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "uebo/config/service_spec.hpp"

namespace uebo::config {

class ServiceGraph {
 public:
  void add(const ServiceSpec& spec);  // which has to outlive this

  /// The names of one cycle over needs and wants, in its order; none when there is none.
  [[nodiscard]] std::vector<std::string> find_cycle();
  /// The one service that a need or want of that name waits for. Of a condition with several providers one is enough,
  /// so that it waits for none of them.
  [[nodiscard]] std::optional<std::string> unit_behind(const std::string& dependency) const;

 private:
  std::vector<std::string> walk(const std::string& name);

  std::map<std::string, const ServiceSpec*> specs_;
  std::map<std::string, std::set<std::string>> providers_;
  std::vector<std::string> path_;
  std::set<std::string> clean_;  // no cycle can be reached from these
};

}  // namespace uebo::config
