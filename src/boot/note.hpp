#pragma once

#include <spdlog/spdlog.h>

#include "uebo/base/result.hpp"

namespace uebo::boot {

/// For what is done on a best effort: a failure is a line of the log, and no more.
inline void note(const Result<>& result) {
  if (!result) spdlog::warn("{}", result.error().message());
}

}  // namespace uebo::boot
