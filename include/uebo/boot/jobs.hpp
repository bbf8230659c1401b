// The boot after /usr is there, as units of the supervisor.
#pragma once

#include <string>
#include <vector>

#include "uebo/config/service_spec.hpp"

namespace uebo::boot {

/// Where /storage comes from. Over NFS it waits for the network and for the node's name, goes before them at shutdown,
/// and is watched.
enum class StorageKind { Disk, Nfs };

/// One job a step. `program` is this binary, which every job runs in a role.
[[nodiscard]] std::vector<config::ServiceSpec> boot_jobs(const std::string& program = "/sbin/uebo",
                                                         StorageKind storage = StorageKind::Disk);

}  // namespace uebo::boot
