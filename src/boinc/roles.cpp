#include "uebo/boinc/roles.hpp"

#include <array>

namespace uebo::boinc {

std::span<const Role> roles() {
  static constexpr std::array kRoles{
      Role{"boinc-configure", "", "write what the BOINC client reads at its start", configure_role},
      Role{"boinc-seal", "", "give the GUI RPC's password to root once the client has read it", seal_role},
      Role{"boinc-keeper", "", "attach the BOINC client to projects and look after its tasks", keeper_role},
      Role{"drain", "[--timeout DURATION] | --undo", "wait until what tasks have done is safe, and suspend them",
           drain_role},
      Role{"bench", "[--json | --markdown] [--last]", "run BOINC's benchmark and print the board's row", bench_role},
      Role{"boinc-exporter", "--tasks=none|N", "serve the BOINC client's metrics on port 9109", exporter_role},
  };
  return kRoles;
}

}  // namespace uebo::boinc
