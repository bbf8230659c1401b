// What a service may take of memory, processes, cores and disk: on the control group of its run.
#pragma once

#include "uebo/config/service_spec.hpp"
#include "uebo/kernel/cgroup.hpp"

namespace uebo::supervise {

/// Puts the limits of the service's file on the group. A limit that can't be set costs a line in the log, not the
/// start; that the kernel can't weigh (no cpu or io controller) is for the debug log alone.
void apply_resource_limits(const kernel::Cgroup& cgroup, const config::ServiceSpec& spec);

}  // namespace uebo::supervise
