#pragma once

#include <string>

namespace uebo::kernel {

/// The host name as the kernel has it now, gethostname(2); empty where it can't be had.
[[nodiscard]] std::string host_name();

}  // namespace uebo::kernel
