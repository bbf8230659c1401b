// 32-bit ARM programs on a 64-bit node: what the platform `aarch64+armhf` is made for.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "uebo/base/result.hpp"
#include "uebo/kernel/safe_directory.hpp"

namespace uebo::boinc {

/// BOINC's name for it, a second platform beside the client's own (client/cs_platforms.cpp).
inline constexpr std::string_view kArmPlatform = "arm-unknown-linux-gnueabihf";
/// A 32-bit program that needs the loader and the libraries that science applications need. An image without them has
/// no such file.
inline constexpr const char* kArmCheck = "/usr/lib/uebo/armhf-check";

inline constexpr std::chrono::seconds kArmCheckLimit{20};

struct ArmPrograms {
  bool run = false;
  std::string obstacle;  // why they don't; empty too where the image is not made for them
};

/// Whether `check` runs to its end here, as `who` and without privileges: as BOINC's tasks do.
[[nodiscard]] ArmPrograms try_arm_programs(kernel::Owner who, const std::string& check = kArmCheck,
                                           std::chrono::milliseconds limit = kArmCheckLimit);

/// Names kArmPlatform as an <alt_platform> of cc_config.xml in the client's data directory, or takes it out: a project
/// that sends what the node can't run wastes its tasks. Whatever else the file says stays.
[[nodiscard]] Result<> set_arm_platform(const kernel::SafeDirectory& data, bool runs, kernel::Owner owner);

}  // namespace uebo::boinc
