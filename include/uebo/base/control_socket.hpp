// How any process of ours talks to PID 1: one JSON object a line, one JSON line back, over a unix socket that admits
// root and, to look, two users. What the verbs are stands in uebo/control/server.hpp; this floor only carries lines.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "uebo/base/result.hpp"

namespace uebo {

inline constexpr const char* kControlSocketPath = "/run/uebo/control";

/// Sends one request (JSON without a line end) and returns the line that answers it, without its end. `timeout` is for
/// the whole exchange: ETIMEDOUT. Nobody there: ENOENT or ECONNREFUSED. An answer over 4 MiB: EFBIG.
[[nodiscard]] Result<std::string> control_request(std::string_view json_line, std::chrono::milliseconds timeout,
                                                  const std::string& path = kControlSocketPath);

}  // namespace uebo
