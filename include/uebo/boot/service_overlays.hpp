// What people have laid over the image's services: files in /storage/services. PID 1 opens nothing there; a role (or
// the command) brings copies of those that can be trusted to a directory in RAM, which PID 1 reads when it is asked to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::boot {

struct StagedOverlays {
  std::vector<std::string> names;     // of the files that count, "boinc.json"
  std::vector<std::string> problems;  // a line for each that does not
};

/// Makes the `*.json` of `target` those of `source`; a `source` that is not there has none. A file counts when it is a
/// regular one of this process' user that nobody else may write to, in a directory of that kind, of at most
/// config::kLargestServiceFile bytes, and among the first config::kMostOverlays. Whoever can write a service file is
/// root on the node: on a file system without owners, where all is `boinc`'s, only what says nothing but "enabled"
/// does.
[[nodiscard]] Result<StagedOverlays> stage_service_overlays(const std::string& source, const std::string& target);

/// Why a file of a file system without owners does not count; empty: it does.
[[nodiscard]] std::string refusal_without_owners(std::string_view text);

}  // namespace uebo::boot
