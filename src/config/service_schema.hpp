// The keys of a service file.
#pragma once

#include "schema.hpp"

namespace uebo::config {

[[nodiscard]] Table service_keys();

}  // namespace uebo::config
