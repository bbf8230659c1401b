// What a service's file wants done before each start: its directories and files. Done by root in places that the
// service's user may write to, so no symbolic link is followed and nothing with a second name is given away.
#pragma once

#include "uebo/base/result.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::boot {

[[nodiscard]] Result<> prepare_directory(const config::Directory& directory);
/// With ${uebo.NAME} in its content replaced by that argument's value.
[[nodiscard]] Result<> prepare_file(const config::FileToWrite& file, const config::KernelArgs& args);

}  // namespace uebo::boot
