// BOINC's GUI RPC (lib/gui_rpc_client.cpp): requests and replies of XML, each ended by a byte 0x03, on port 31416.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "uebo/base/result.hpp"

namespace uebo::boinc {

inline constexpr std::uint16_t kGuiRpcPort = 31416;
inline constexpr char kEndOfMessage = '\003';

/// True when the client on this host answers <auth1/> with a nonce: it is up, and has read its password.
[[nodiscard]] Result<bool> answers(std::uint16_t port = kGuiRpcPort,
                                   std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace uebo::boinc
