// What the BOINC client reads at its start: the password and the hosts of its GUI RPC, settings for a board without a
// user in front of it, and the list of projects.
#pragma once

#include <string>

#include "uebo/base/clock.hpp"
#include "uebo/base/result.hpp"
#include "uebo/boinc/gui_rpc.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/kernel/safe_directory.hpp"

namespace uebo::boinc {

inline constexpr const char* kDataDirectory = "/storage/boinc";
inline constexpr const char* kPasswordFile = "gui_rpc_auth.cfg";
inline constexpr const char* kProjectList = "/etc/boinc-client/all_projects_list.xml";

/// Of RAM, for all tasks together, where nothing bounds them.
inline constexpr unsigned kMostMemory = 90;

/// How the password is kept from the tasks, which share the client's user, once the client has read it. By owner: the
/// file becomes root's. By place, where the file system has no owners: it moves out of the data directory into the one
/// that holds it, which tasks don't see.
enum class Seal { ByOwner, ByPlace };
[[nodiscard]] Seal seal_of(const kernel::SafeDirectory& data);

/// Writes the files into the client's data directory, owned by `owner`, while the client does not run:
/// - gui_rpc_auth.cfg (0600): uebo.boinc.password; without it what is there already (or beside the directory, where the
///   seal is by place), else a new random password.
/// - remote_hosts.cfg (0600): uebo.boinc.remote_hosts. Without the argument a file made by hand stays. Without a
/// password
///   on the command line remote access stays off: the file becomes remote_hosts.cfg.off.
/// - cc_config.xml, global_prefs_override.xml: settings that are missing are added. Of
///   RAM the tasks get `memory_percent` at most, or less, where less is written there. A file that can't be understood
///   is left alone, with a line in the log.
/// - all_projects_list.xml: the image's, where there is none.
[[nodiscard]] Result<> configure_client(const std::string& directory, const config::KernelArgs& args,
                                        kernel::Owner owner, Seal seal, unsigned memory_percent = kMostMemory,
                                        const std::string& project_list = kProjectList);

/// Once the client has read it.
[[nodiscard]] Result<> seal_password(const std::string& directory, Seal seal);

/// A connection to the client whose data directory this is, authorized by its password, wherever that is sealed: for
/// root.
[[nodiscard]] Result<GuiRpc> connect_authorized(TimePoint deadline, const std::string& directory = kDataDirectory);

}  // namespace uebo::boinc
