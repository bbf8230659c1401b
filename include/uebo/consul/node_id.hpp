// The ID by which Consul and the dashboards know a board, whatever it is called: the same after each boot and on each
// storage.
#pragma once

#include <string>
#include <string_view>

namespace uebo::consul {

/// The name-based UUID (version 5, RFC 9562) of a MAC address, in the namespace
/// 6f1c6f3a-52c1-4d0e-8a55-0c5f7c1f9b27, which is ours alone. The name is the address in small letters with colons:
/// "52:54:00:12:34:56". Empty for an empty one.
[[nodiscard]] std::string node_id(std::string_view mac);

}  // namespace uebo::consul
