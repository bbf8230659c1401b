// The control socket: how root, boot roles and the status page ask PID 1 for something.
//
// A unix stream socket, mode 0660, for root and the group uebo-control. SO_PEERCRED decides what a client may do: uid 0
// everything, the users uebo-web and uebo-consul the verbs that only look (status, boot, changes), everybody else
// nothing. A request is one JSON object on one line of at most 64 KiB; each is answered by one JSON object on one line,
// in order. A client may ask again on the same connection.
//
//   {"verb":"status"}                   -> {"ok":true,"version","generation","shutting_down",
//                                           "conditions":{NAME:{HOLDER:DETAIL}},"units":[UNIT...],"pid1":{"memory",
//                                           "cpu","descriptors","log_lines","log_dropped"},"watchdog":{"armed",
//                                           "identity","timeout","feeds","withheld","ended_last_boot"}}
//   {"verb":"status","name":"boinc"}    -> {"ok":true,"unit":UNIT}
//   {"verb":"changes","since":N}        -> {"ok":true,"generation":M}      at once where M is not N; else when a unit's
//                                          state, a condition or its detail changes; or after "timeout" seconds (30, 0
//                                          to 600) with M == N. N is what the answer before or "status" has told.
//   {"verb":"start","name":"boinc"}     -> {"ok":true,"name","state"}      an instance of a template is made:
//   "getty@tty1" stop, restart, enable, disable         the same. enable and disable are for this boot; who wants them
//   kept writes to
//                                          /storage, which PID 1 never touches.
//        with "wait":true                  answered when the unit has reached what was asked: a daemon runs, a job is
//                                          done, or it is stopped; or when it has failed; or after "timeout" seconds
//                                          (30, at most 600), with code 1 and what it still waits for.
//        start with "if_enabled":true      does nothing where the unit is disabled: nobody has asked but the node
//        itself
//   {"verb":"reload"}                   -> {"ok":true,"dry_run","unchanged","changes":[{"name","change":"added",
//                                           "removed" or "changed","keys":[KEY...],"follows"}],"problems":["..."]}
//                                          reads the service files again, those staged in /run/uebo/services too
//        with "dry_run":true               only says what it would do; with "problems":["..."]: these are told, too
//   {"verb":"condition","name":"net","set":true,"detail":"eth0 10.0.2.15/24","holder":"eth0"}   -> {"ok":true}
//                                          set until its last holder has cleared it; holder is "control" by default.
//                                          A holder with a unit's name goes down after those who need the condition.
//                                          "by" is the unit whose work it was, where that is not the holder.
//   {"verb":"abandon","name":"storage"} -> {"ok":true}                     what the condition stands for does not
//                                          answer: who needs it and is being stopped is killed at once
//   {"verb":"note","name":"storage","text":"...","stands":true} -> {"ok":true}   a line about a unit; one that stands
//                                          is its detail until the next
//   {"verb":"trigger","name":"uevent:block"}  -> {"ok":true}               jobs with this trigger run (again)
//   {"verb":"boot"}                     -> {"ok":true,"kernel","phases":[{"name","started","ended"}...],
//                                           "units":[{"name","job","state","waits_on","wanted","started","running",
//                                           "up"}...], "conditions":[{"name","set","by"}...]}: see boot_report.hpp
//   {"verb":"poweroff"}, reboot, halt   -> {"ok":true}                     answered, then begun
//
// UNIT: name, description, type ("daemon", "job"), enabled, wanted, state, restarts, exits (a count for each reason of
// exit_reason.hpp, how runs ended), oom_kills (processes), log_lines, log_dropped, waits_for, and where they are known:
// detail, pid, memory, memory_peak (bytes), cpu, running_for, next_try_in (seconds), last_exit, first_started,
// first_up, consul (what its file says: name, port, tags, meta, health). Points in time are seconds since the kernel's
// start; restarts, exits, oom_kills, memory_peak, cpu and log_* are those of all runs since boot, and never fall.
//
// Whatever can't be done is answered by {"ok":false,"code":N,"error":"..."}; N is an exit code of the command:
// 1 failed, 2 not a valid request, 4 no such service.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/control_socket.hpp"
#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/control/requests.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/supervise/supervisor.hpp"

namespace uebo::control {

class Connection;

/// Everything is bounded: who is slow to send a request or to take an answer is dropped. Each user has places of its
/// own: however often others connect, root comes through.
struct ServerLimits {
  std::size_t clients = 16;                  // of root
  std::size_t reading_clients = 4;           // of each other user
  Duration idle = std::chrono::seconds(10);  // for one request to arrive or one answer to be taken
};

class Server {
 public:
  /// Makes the socket, in place of one that an earlier process has left. Loop and supervisor must outlive the server;
  /// it takes the supervisor's on_change().
  [[nodiscard]] static Result<std::unique_ptr<Server>> create(event::Loop& loop, supervise::Supervisor& supervisor,
                                                              ServerContext context,
                                                              const std::string& path = kControlSocketPath,
                                                              ServerLimits limits = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  [[nodiscard]] std::size_t clients() const { return connections_.size(); }

 private:
  Server(event::Loop& loop, supervise::Supervisor& supervisor, ServerContext context, std::string path,
         ServerLimits limits, UniqueFd socket);
  Result<> begin();
  Result<> listen_again();
  void accept_clients();
  void pause_accepting();
  void admit(UniqueFd client);
  void ready(int fd, std::uint32_t epoll_events);
  void serve(Connection& connection);
  void say(Connection& connection, std::string_view answer);
  void settle(Connection& connection);
  void drop(int fd);
  void timed_out(int fd);
  void units_changed();
  void revisit_soon();
  void revisit();
  void shut_down_soon(ShutdownKind kind);

  event::Loop& loop_;
  supervise::Supervisor& supervisor_;
  std::function<void(ShutdownKind)> shut_down_;
  Admission admission_;
  std::string path_;
  ServerLimits limits_;
  UniqueFd socket_;
  Requests requests_;
  std::map<int, std::unique_ptr<Connection>> connections_;
  std::optional<event::Loop::TimerId> revisit_timer_;
  std::optional<event::Loop::TimerId> accept_timer_;
  std::optional<event::Loop::TimerId> shutdown_timer_;
};

/// Why a peer is turned away, empty when it is welcome.
[[nodiscard]] std::string refusal(uid_t peer, const std::optional<Access>& access, std::size_t clients,
                                  const ServerLimits& limits);

}  // namespace uebo::control
