// Who may use the control socket, and for what: by the uid that the kernel tells of a peer (SO_PEERCRED, unix(7)).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
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
  /// With it in a request as "token", who else only looks may start, stop and restart units. Empty: nobody may.
  std::string token;
};

/// Root, and those of the node's own services that look: uebo-web and uebo-consul, whose group is uebo-control. One
/// that /etc/passwd does not have costs a line, and is not admitted.
[[nodiscard]] Admission node_admission(std::string token);

/// In a time that does not tell how much of it is right.
[[nodiscard]] bool is_token(const Admission& admission, std::string_view given);

/// None: a stranger.
[[nodiscard]] std::optional<Access> access_of(const Admission& admission, uid_t peer);

}  // namespace uebo::control
