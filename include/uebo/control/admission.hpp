// Who may use the control socket, and for what: by the uid that the kernel tells of a peer (SO_PEERCRED, unix(7)).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace uebo::control {

/// Verbs say which of the two they want.
enum class Access {
  Read,    // nothing is changed by it
  Change,  // anything
};

struct Peer {
  uid_t uid = 0;
  Access access = Access::Read;
};

struct Admission {
  uid_t owner = 0;             // changes things
  std::vector<uid_t> readers;  // only look
  /// Who may connect at all: the socket file's group. None: its owner alone. It keeps everybody else, the tasks of
  /// BOINC among them, from costing PID 1 more than a system call of their own.
  std::optional<gid_t> group;
};

/// Root, and those of the node's own services that look: uebo-web and uebo-consul, whose group is uebo-control. One
/// that /etc/passwd does not have costs a line, and is not admitted.
[[nodiscard]] Admission node_admission();

/// None: a stranger.
[[nodiscard]] std::optional<Access> access_of(const Admission& admission, uid_t peer);

}  // namespace uebo::control
