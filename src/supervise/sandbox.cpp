#include "uebo/supervise/sandbox.hpp"

#include <algorithm>

namespace uebo::supervise {
namespace {

constexpr const char* kStorage = "/storage";
// In RAM, and charged to the service: the bound is for machines without a memory controller.
constexpr const char* kTmpOptions = "mode=1777,size=10%";

struct Description {
  std::string operator()(const ReadOnlyTree&) const { return "make / read-only"; }
  std::string operator()(const WritablePath& step) const { return "make writable " + step.path; }
  std::string operator()(const OwnTmpfs& step) const { return "mount " + step.path; }
  std::string operator()(const OwnDevices&) const { return "mount /dev"; }
  std::string operator()(const BindTree& step) const { return "bind " + step.bind.source + " on " + step.bind.target; }
  std::string operator()(const OwnProc&) const { return "mount /proc"; }
  std::string operator()(const HiddenDirectory& step) const { return "hide " + step.path; }
  std::string operator()(const RemovedMount& step) const { return "hide " + step.path; }
};

}  // namespace

std::vector<MountStep> mount_steps(const config::Sandbox& sandbox, const std::vector<config::BindMount>& binds,
                                   const std::vector<std::string>& hidden) {
  std::vector<MountStep> steps;
  if (sandbox.protect_system) steps.emplace_back(ReadOnlyTree{});
  for (const std::string& path : sandbox.read_write_paths) steps.emplace_back(WritablePath{path});
  if (sandbox.private_devices) steps.emplace_back(OwnDevices{});
  if (sandbox.private_tmp) {
    steps.emplace_back(OwnTmpfs{.path = "/tmp", .options = kTmpOptions});
    steps.emplace_back(OwnTmpfs{.path = "/var/tmp", .options = kTmpOptions});
    if (!sandbox.private_devices) steps.emplace_back(OwnTmpfs{.path = "/dev/shm", .options = kSharedMemoryOptions});
  }
  for (const auto& bind : binds) steps.emplace_back(BindTree{bind});
  if (sandbox.protect_proc) steps.emplace_back(OwnProc{.read_only = sandbox.protect_system});
  // After the binds, whose sources may lie in there.
  if (sandbox.protect_storage) steps.emplace_back(RemovedMount{kStorage});
  for (const std::string& path : hidden)
    if (!sandbox.protect_storage || path != kStorage) steps.emplace_back(HiddenDirectory{path});
  return steps;
}

std::string description(const MountStep& step) { return std::visit(Description{}, step); }

}  // namespace uebo::supervise
