#include "uebo/boot/roles.hpp"

#include <array>

namespace uebo::boot {

std::span<const Role> roles() {
  static constexpr std::array kRoles{
      Role{"modules", "", "load the drivers of all devices that are there", modules_role},
      Role{"clock-floor", "", "set the clock to the RTC's time or the image's build time, if that is later",
           clock_floor_role},
      Role{"clock-assume", "", "wait 30 s for a time server, then go on without", clock_assume_role},
      Role{"network", "", "make the VLANs of uebo.net and bring up every Ethernet link", network_role},
      Role{"storage", "", "mount the file system labelled `storage`, or the NFS directory of uebo.nfsdir",
           storage_role},
      Role{"storage-patience", "", "let ssh and the rest go on where a disk takes long to be checked",
           storage_patience_role},
      Role{"storage-watch", "", "say when the NFS server of /storage does not answer", storage_watch_role},
      Role{"unmount-storage", "", "write everything out and unmount /storage", unmount_storage_role},
      Role{"storage-modules", "", "load what /storage/modules lists", storage_modules_role},
      Role{"zram", "", "make swap of compressed memory", zram_role},
      Role{"purge", "", "remove the modules that nothing here needs", purge_role},
      Role{"identity", "", "set the host name", identity_role},
      Role{"consoles", "", "have a login started on every console", consoles_role},
      Role{"lastdate", "[--hourly]", "keep the time in /storage/lastdate", last_date_role},
      Role{"dhcp-event", "EVENT", "what udhcpc calls: take or drop a lease", dhcp_event_role},
      Role{"ipv6-link", "LINK", "follow the router advertisements of a link", ipv6_link_role},
      Role{"static-address", "LINK ADDRESS...", "give a link addresses, until it is told to end", static_address_role},
      Role{"ntp-event", "EVENT", "what ntpd calls: note the state of the clock", ntp_event_role},
      Role{"ntp-client", "", "become ntpd, with the node's time servers", ntp_client_role},
      Role{"getty", "TERMINAL", "become getty on a terminal", getty_role},
      Role{"ssh-server", "", "become dropbear, with the node's host key", ssh_server_role},
      Role{"modprobe", "[-q] [--] NAME [PARAMETER=VALUE...]", "load a module by its name or alias", modprobe_role},
      Role{"format", "DEVICE [--force]", "make an empty file system labelled `storage`", format_role},
      Role{"prepare", "SERVICE [FILE...]", "make the directories and files that a service wants", prepare_role},
  };
  return kRoles;
}

}  // namespace uebo::boot
