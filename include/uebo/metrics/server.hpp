// The HTTP server of an exporter: a role of its own, so whatever hangs or floods it is nobody else's trouble.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "uebo/metrics/families.hpp"

namespace httplib {
class Server;
}

namespace uebo::metrics {

/// Serves `GET /metrics` on all addresses of the node, by IPv6 and IPv4, with what `collect` gives: never called twice
/// at a time, those who ask while it works get what comes of that. `/` is a page of a few words with `title`, unless
/// `add` serves more. Ends with
/// the process: SIGTERM needs no handler. Returns an exit code when the port can't be had, with a line in the log. A
/// dozen connections is served at a time, each for one request, and a dozen may wait; one that is silent for 5 s is
/// dropped. The service's memory_max is what bounds the rest.
[[nodiscard]] int serve(std::uint16_t port, std::string_view title, const std::function<Families()>& collect,
                        const std::function<void(httplib::Server&)>& add = {});

}  // namespace uebo::metrics
