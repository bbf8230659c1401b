// The boot after /usr is there, as units of the supervisor.
#pragma once

#include <string>
#include <vector>

#include "uebo/config/service_spec.hpp"

namespace uebo::boot {

/// One job a step. `program` is this binary, which every job runs in a role.
[[nodiscard]] std::vector<config::ServiceSpec> boot_jobs(const std::string& program = "/sbin/uebo");

}  // namespace uebo::boot
