// Whether an NFS server answers: asked before mount(2), which would wait for minutes, and while a mount is in use.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

struct NfsServer {
  std::string address;         // numeric
  std::string client_address;  // ours, as the server sees it
  bool ipv6 = false;
};

/// The first of the server's addresses that answers procedure 0 (NULL) of NFS version 4 over TCP; each gets `patience`.
/// A name that is not known, a refused connection and a server that takes connections and is silent are errors that
/// say so. A name may take getaddrinfo(3) its own time.
[[nodiscard]] Result<NfsServer> find_nfs_server(const std::string& host, std::uint16_t port,
                                                std::chrono::milliseconds patience);

/// The call with its record mark (RFC 5531, sections 9 and 11): program 100003, version 4, procedure 0, no
/// authentication.
[[nodiscard]] std::array<std::byte, 44> nfs_null_call(std::uint32_t transaction);
/// What a reply, without its record mark, says; `server` is for the error.
[[nodiscard]] Result<> understand_null_reply(std::span<const std::byte> reply, std::uint32_t transaction,
                                             const std::string& server);

}  // namespace uebo::kernel
