// uebo.nfsdir: SERVER:/PATH[,port=N][,vers=4.0 or 4.1 or 4.2]
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uebo::config {

struct NfsExport {
  std::string server;  // a name or an address, without brackets
  std::string path;
  std::uint16_t port = 2049;
  std::vector<std::string> versions;  // to be tried in this order

  /// "nas:/export", "[fd00::1]:/export": as mount(8) and /proc/mounts have it.
  [[nodiscard]] std::string source() const;
  /// "nas:2049", "[fd00::1]:2049".
  [[nodiscard]] std::string endpoint() const;
  bool operator==(const NfsExport&) const = default;
};

/// None when it is no such text. A comma ends the path.
[[nodiscard]] std::optional<NfsExport> parse_nfs_export(std::string_view text);

}  // namespace uebo::config
