// Who the node is in Consul, decided as a pure state machine: no clock, no socket, no file is touched here. The role
// around it (src/consul/registrar_role.cpp) tells it what it learns, does one step at a time and tells how that ended.
//
// All is done in rounds: look what Consul has under the node's name, decide whose that is, then send what has to be
// sent. A round begins when something has changed (services, address, token, Consul's own catalog), when Consul is
// back, and otherwise after 30 to 60 s.
//
//            +----------------------------- changed, refresh, back ------------------------------+
//            v                                                                                   |
//   Idle -> Inspect -> the name is free, or ours -> Send (register, deregister, pass) ------> Idle (registered)
//              |                                      |
//              +-> another board of ours has it -> Ask that board: another one is there -> take the name over, Send
//              |                                      |                                       ^
//              |                                      +-> it does not answer -> Knock: nothing +
//              |                                      |                           |
//              |                                      |                           v something is open
//              |                                      +-> it is there -> Idle (refused), a slow try from time to time
//              +-> it is none of ours --------------------------------^
//
// A step that fails ends its round; the next one comes after 1 s, doubled up to 30 s. What is said to people is said
// once: the same complaint again is only counted.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/base/ip_address.hpp"
#include "uebo/consul/api.hpp"

namespace uebo::consul {

struct Timing {
  Duration refresh_least = std::chrono::seconds(30);
  Duration refresh_most = std::chrono::seconds(60);
  Duration first_retry = std::chrono::seconds(1);
  Duration longest_retry = std::chrono::seconds(30);
  Duration refused = std::chrono::seconds(60);   // between two tries of a node whose name is another's
  Duration ask_pause = std::chrono::seconds(6);  // from one question to the next; a board's PID 1 may take 4 s of it
  unsigned ask_tries = 5;
  Duration settle = std::chrono::milliseconds(200);  // a change of the network comes in several steps
  Duration least_pause = std::chrono::seconds(1);    // between rounds that the catalog itself causes

  /// A TTL has to be passed, and an agent can't be watched: rounds come more often.
  [[nodiscard]] static Timing for_mode(Mode mode);
};

/// Time and chance come from outside; chance is from [0, 1).
struct Moment {
  TimePoint now;
  double chance = 0;
};

// What is to be done next, one at a time.
struct Inspect {};  // also finds out the node's own address
struct Send {
  HttpRequest request;
  bool operator==(const Send&) const = default;
};
struct AskOther {
  std::string address;
  bool operator==(const AskOther&) const = default;
};
/// Whether anything takes connections there; `ports` are those that the other board has registered.
struct Knock {
  std::string address;
  std::set<std::uint16_t> ports;
  bool operator==(const Knock&) const = default;
};
using Step = std::variant<Inspect, Send, AskOther, Knock>;

// How it ended.
struct Inspected {
  std::optional<SeenNode> node;
  std::uint64_t index = 0;
  std::optional<IpAddress> address;  // the node's own, as it talks to Consul
};
struct Sent {};
struct OtherSaid {
  std::optional<std::string> id;  // none, or empty: that is no answer
};
struct Knocked {
  std::optional<std::uint16_t> open;  // the first port that took a connection
};
struct Failed {
  std::string why;
  bool answered = false;  // Consul has answered, and refuses this one thing
};
using Outcome = std::variant<Inspected, Sent, OtherSaid, Knocked, Failed>;

struct Line {
  enum class Level { Info, Warning };
  Level level;
  std::string text;
  bool operator==(const Line&) const = default;
};

class Registrar {
 public:
  Registrar(Self self, Mode mode, std::string where, Timing timing);

  // --- what is learned

  /// The services that run and take connections. Before the first call nothing is registered.
  void want(std::vector<config::ConsulService> up, const Moment& moment);
  void rename(Self self, const Moment& moment);
  void network_changed(const Moment& moment);
  void credentials_changed(const Moment& moment);
  /// The catalog as a watch has seen it.
  void seen(const std::optional<SeenNode>& node, std::uint64_t index, const Moment& moment);
  /// The watch broke off: Consul may be gone, or be another one.
  void watch_failed(const Moment& moment);
  /// From now on all that matters is to be gone from Consul.
  void leave(const Moment& moment);

  // --- what is to be done

  /// The step that is due; none while one is under way. Its end is told by ended().
  [[nodiscard]] std::optional<Step> next(const Moment& moment);
  void ended(const Outcome& outcome, const Moment& moment);
  /// When next() will have something; none: not before something happens.
  [[nodiscard]] std::optional<TimePoint> due() const;
  /// The index to watch the catalog from; none: there is nothing to be watched (yet).
  [[nodiscard]] std::optional<std::uint64_t> watch_from(TimePoint now) const;

  [[nodiscard]] bool gone() const { return phase_ == Phase::Gone; }
  [[nodiscard]] const std::optional<IpAddress>& address() const { return address_; }
  [[nodiscard]] unsigned failures() const { return failures_; }  // in a row
  [[nodiscard]] std::vector<Line> take_lines() { return std::exchange(lines_, {}); }

 private:
  enum class Phase { Idle, Inspect, Send, Ask, Knock, Leave, Gone };
  enum class Standing { Unknown, Registered, Refused };
  struct Conflict {
    SeenNode other;
    unsigned tries = 0;
    TimePoint asked{};
  };
  struct Change {
    HttpRequest request;
    std::string service;  // its ID; empty: the node alone
    bool adds = false;
  };

  void on(const Inspected& inspected, const Moment& moment);
  void on(const Sent& sent, const Moment& moment);
  void on(const OtherSaid& said, const Moment& moment);
  void on(const Knocked& knocked, const Moment& moment);
  void on(const Failed& failed, const Moment& moment);

  [[nodiscard]] std::string address_text() const { return address_ ? address_->text() : std::string(); }
  [[nodiscard]] bool is_other_board(const SeenNode& node) const;
  [[nodiscard]] bool is_as_wanted(const std::optional<SeenNode>& node) const;
  [[nodiscard]] std::vector<HttpRequest> leaving_requests() const;
  void note(const Change& change);
  void plan(const std::optional<SeenNode>& node);
  void plan_service(const config::ConsulService& service, const SeenService* seen, bool same_address);
  void take_over(const Moment& moment);
  void refuse(const SeenNode& other, const std::string& why, const Moment& moment);
  void begin_leaving();
  void round_ended(const Moment& moment);
  void round_failed(const std::string& why, const Moment& moment);
  void hurry(TimePoint when);
  void complain(const std::string& what);
  void tell_registered();
  [[nodiscard]] Duration retry_delay(unsigned failures, double chance) const;

  Self self_;
  Mode mode_;
  std::string where_;  // Consul's URL, for people
  Timing timing_;

  std::optional<std::vector<config::ConsulService>> wanted_;
  std::optional<IpAddress> address_;
  Phase phase_ = Phase::Idle;
  Standing standing_ = Standing::Unknown;
  TimePoint due_{};
  TimePoint round_end_{};
  bool under_way_ = false;
  bool again_ = false;  // something has changed during the round
  bool leaving_ = false;
  bool stale_ = false;  // what is under way belongs to a round that is no more
  std::deque<Change> queue_;
  std::deque<HttpRequest> leftovers_;  // takes back what stands under a name that the node had before
  std::string refused_request_;        // why Consul did not take one of this round
  std::set<std::string> ids_;          // of services that may be registered
  bool may_be_registered_ = false;     // a registration was sent, and was not refused
  std::optional<Conflict> conflict_;
  unsigned failures_ = 0;
  std::uint64_t index_ = 0;
  unsigned watch_failures_ = 0;
  TimePoint watch_due_{};
  std::set<std::string> complaints_;  // said since all was well
  unsigned complaint_count_ = 0;      // unsaid ones too
  std::string told_;
  std::vector<Line> lines_;
};

}  // namespace uebo::consul
