// Where the boot keeps its facts at run time. All below /run/uebo belongs to root.
#pragma once

namespace uebo::boot {

inline constexpr const char* kStorageDirectory = "/storage";
inline constexpr const char* kLastDateFile = "/storage/lastdate";
inline constexpr const char* kRunDirectory = "/run/uebo";
inline constexpr const char* kShellArgumentsFile = "/run/bootargs";
inline constexpr const char* kClockFile = "/run/uebo/clock";             // "synced" or "assumed"
inline constexpr const char* kNtpServersFile = "/run/uebo/ntp-servers";  // one a line, from DHCP and uebo.net
inline constexpr const char* kLeaseDirectory = "/run/uebo/leases";       // one directory a holder: dhcp@eth0
inline constexpr const char* kOwnMtuDirectory = "/run/uebo/mtu";         // a file a link whose MTU a lease has changed
inline constexpr const char* kOverlaysDirectory = "/run/uebo/services";  // trusted copies of those of /storage
inline constexpr const char* kStorageWaitedFile = "/run/uebo/storage-waited";
inline constexpr const char* kStorageNumberFile = "/run/uebo/storage-number";  // "8:1": the disk behind /storage
inline constexpr const char* kModulesListedFile = "/run/uebo/modules-listed";
inline constexpr const char* kCoverDirectory = "/run/uebo/covers";
inline constexpr const char* kStoredOverlaysDirectory = "/storage/services";
inline constexpr const char* kServicesDirectory = "/usr/lib/uebo/services";

}  // namespace uebo::boot
