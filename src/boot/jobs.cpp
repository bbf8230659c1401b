#include "uebo/boot/jobs.hpp"

#include "uebo/config/conditions.hpp"

namespace uebo::boot {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

struct Job {
  std::string name;  // and the role's
  std::string description;
  Names needs;
  Names provides;
  Names settles;
  Names triggers;
  std::chrono::milliseconds deadline;
};

/// The network comes up while the disks are probed; only what must come after something says so.
std::vector<Job> jobs() {
  const std::string storage(config::kStorage), storage_settled(config::kStorageSettled);
  const std::string modules_settled(config::kModulesSettled), net(config::kNet);
  return {
      {.name = "modules",
       .description = "Drivers for the devices that are there",
       .needs = {},
       .provides = {},
       .settles = {modules_settled},
       .triggers = {"uevent:modalias"},
       .deadline = 120s},
      {.name = "clock-floor",
       .description = "A time that can be believed, before disks are checked by it",
       .needs = {},
       .provides = {},
       .settles = {},
       .triggers = {},
       .deadline = 20s},
      {.name = "network",
       .description = "Links up, VLANs made",
       .needs = {},
       .provides = {},
       .settles = {},
       .triggers = {"uevent:net"},
       .deadline = 30s},
      // Long enough for e2fsck on a large disk behind a slow bus. Nobody but BOINC waits for so long.
      {.name = "storage",
       .description = "The file system labelled `storage`, checked and mounted on /storage",
       .needs = {"clock-floor"},
       .provides = {storage},
       .settles = {storage_settled},
       .triggers = {"uevent:block"},
       .deadline = 12h},
      {.name = "storage-patience",
       .description = "ssh and the rest go on where a disk takes long",
       .needs = {},
       .provides = {},
       .settles = {},
       .triggers = {},
       .deadline = 2h},
      {.name = "identity",
       .description = "Host name",
       .needs = {storage_settled, modules_settled},  // it may come from a network adapter
       .provides = {},
       .settles = {},
       .triggers = {"condition:" + storage, "uevent:net"},
       .deadline = 20s},
      {.name = "storage-modules",
       .description = "Modules that /storage/modules lists",
       .needs = {storage_settled},
       .provides = {},
       .settles = {},
       .triggers = {"condition:" + storage},
       .deadline = 60s},
      {.name = "zram",
       .description = "Swap of compressed memory",
       .needs = {modules_settled},
       .provides = {},
       .settles = {},
       .triggers = {},
       .deadline = 20s},
      // After the modules of /storage, and not before the disks have had their chance.
      {.name = "purge",
       .description = "Memory of modules that nothing here needs",
       .needs = {storage_settled, modules_settled, "storage-modules", "zram"},
       .provides = {},
       .settles = {},
       .triggers = {},
       .deadline = 60s},
      {.name = "consoles",
       .description = "A login on every console",
       .needs = {},
       .provides = {},
       .settles = {},
       .triggers = {},
       .deadline = 20s},
      {.name = "clock-assume",
       .description = "The clock as it is, where no time server answers",
       .needs = {net},
       .provides = {},
       .settles = {},
       .triggers = {},
       .deadline = 60s},
  };
}

config::ServiceSpec spec_of(Job job, const std::string& program) {
  config::ServiceSpec spec;
  spec.type = config::ServiceType::Job;
  // Storage that is not there is no fault to be tried away: the next disk triggers it.
  spec.restart = job.name == config::kStorage ? config::RestartPolicy::Never : config::RestartPolicy::OnFailure;
  spec.command = {program, job.name};
  spec.name = std::move(job.name);
  spec.description = std::move(job.description);
  spec.needs = std::move(job.needs);
  spec.provides = std::move(job.provides);
  spec.settles = std::move(job.settles);
  spec.triggers = std::move(job.triggers);
  spec.deadline = job.deadline;
  return spec;
}

/// A client's name has to be known to the server from the first call on, so identity comes first; what
/// /storage/hostname says renames the node later. A whole rack's server may come up after its nodes: half a minute is
/// the longest between two tries.
void take_storage_from_nfs(std::vector<config::ServiceSpec>& specs, const std::string& program) {
  for (config::ServiceSpec& spec : specs) {
    if (spec.name == "identity") std::erase(spec.needs, config::kStorageSettled);
    if (spec.name != config::kStorage) continue;
    spec.description = "The NFS directory of uebo.nfsdir, mounted on /storage";
    spec.needs = {"clock-floor", "identity", std::string(config::kNet)};
    spec.triggers.clear();
    spec.restart = config::RestartPolicy::OnFailure;
    spec.longest_backoff = 30s;
    spec.deadline = 150s;  // a server's grace period, in which nobody gets a lock, is 90 s
  }
  config::ServiceSpec watch;
  watch.name = "storage-watch";
  watch.description = "Whether the NFS server of /storage answers";
  watch.command = {program, watch.name};
  watch.needs = {std::string(config::kStorage)};
  watch.stop.timeout = 20s;
  specs.push_back(std::move(watch));
}

}  // namespace

std::vector<config::ServiceSpec> boot_jobs(const std::string& program, StorageKind storage) {
  std::vector<config::ServiceSpec> specs;
  for (Job& job : jobs()) {
    specs.push_back(spec_of(std::move(job), program));
    config::ServiceSpec& spec = specs.back();
    if (spec.name != config::kStorage) continue;
    // Whoever needs storage has stopped by then. 5 s of patience, then force, then what a disk takes to write it all.
    spec.stop.command = {program, "unmount-storage"};
    spec.stop.timeout = 90s;
  }
  if (storage == StorageKind::Nfs) take_storage_from_nfs(specs, program);
  return specs;
}

}  // namespace uebo::boot
