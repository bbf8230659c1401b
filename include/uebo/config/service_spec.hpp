// A service as its file describes it. One schema table (src/config/service_schema.cpp) drives the parser, `uebo check`,
// services/schema.json and the documentation; a new key is one row there and one field here.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/config/sandbox.hpp"

namespace uebo::config {

/// A daemon is to run for as long as it is wanted. A job runs once and counts as up after it has ended with 0.
enum class ServiceType { Daemon, Job };
enum class RestartPolicy { Always, OnFailure, Never };
enum class Scheduling { Other, Batch, Idle };

/// "main": the stop signal goes to the main process alone. "group": to every process of the service.
enum class StopTarget { Main, Group };

struct Directory {
  std::string path;
  std::string owner;  // "user:group", empty: root:root
  mode_t mode = 0755;
  bool recursive = false;  // whatever lies below and belongs to somebody else is given to the owner too
  bool operator==(const Directory&) const = default;
};

struct FileToWrite {
  std::string path;
  std::string content;  // after expansion of ${uebo.NAME}
  std::string owner;
  mode_t mode = 0644;
  bool keep = false;  // an existing file stays as it is
  bool operator==(const FileToWrite&) const = default;
};

struct BindMount {
  std::string source;
  std::string target;
  bool read_only = false;
  bool operator==(const BindMount&) const = default;
};

/// One bound on memory: bytes, a share of RAM, or RAM less a reserve. Where several are given the smallest counts.
struct MemoryBytes {
  std::uint64_t bytes;
  bool operator==(const MemoryBytes&) const = default;
};
struct MemoryShare {
  unsigned percent;
  bool operator==(const MemoryShare&) const = default;
};
struct MemoryReserve {
  std::uint64_t bytes;
  bool operator==(const MemoryReserve&) const = default;
};
using MemoryBound = std::variant<MemoryBytes, MemoryShare, MemoryReserve>;

struct LogLimits {
  std::uint64_t size = 10 * 1024;  // bytes of a file before it is rotated
  unsigned count = 5;              // files kept, the current one included
  bool operator==(const LogLimits&) const = default;
};

struct StopSettings {
  int signal = 15;  // SIGTERM
  StopTarget target = StopTarget::Main;
  std::chrono::milliseconds timeout{10'000};
  std::vector<std::string> command;  // run first, as root; for a job that is up: what undoes it
  bool first = false;                // at shutdown: nothing else is stopped before this has
  bool operator==(const StopSettings&) const = default;
};

/// What Consul is told of a service; see uebo/consul/registrar.hpp.
struct ConsulService {
  std::string name;
  std::uint16_t port = 0;
  std::vector<std::string> tags;
  std::map<std::string, std::string> meta;
  std::string health;  // path of a health check by HTTP; empty: by TCP
  bool operator==(const ConsulService&) const = default;
};

/// When a daemon counts as up. Simple: from its exec on. Notify: READY=1 over its notify socket (sd_notify(3)).
/// Descriptor: a newline on that descriptor (s6). TcpPort: something listens at that port. UnixSocket: a connection is
/// accepted.
struct ReadySimple {
  bool operator==(const ReadySimple&) const = default;
};
struct ReadyNotify {
  bool operator==(const ReadyNotify&) const = default;
};
struct ReadyDescriptor {
  int number;
  bool operator==(const ReadyDescriptor&) const = default;
};
struct ReadyTcpPort {
  std::uint16_t port;
  bool operator==(const ReadyTcpPort&) const = default;
};
struct ReadyUnixSocket {
  std::string path;
  bool operator==(const ReadyUnixSocket&) const = default;
};
using Readiness = std::variant<ReadySimple, ReadyNotify, ReadyDescriptor, ReadyTcpPort, ReadyUnixSocket>;

struct ServiceSpec {
  std::string name;                  // "boinc", "getty@ttyS0"; a template's ends with '@'
  std::vector<std::string> origins;  // files that it came from, each laid over those before; none: it is built in
  std::string description;
  ServiceType type = ServiceType::Daemon;
  bool enabled = true;
  std::string only_with;                 // a kernel argument without which there is no such service
  std::vector<std::string> command;      // main process: path and arguments
  std::vector<std::string> prepare;      // run to its end as root before each start, in the service's cgroup
  std::vector<std::string> after_start;  // run as root beside the main process after each start
  std::string user = "root";
  std::string group;               // empty: the user's own
  std::vector<std::string> needs;  // services and conditions that must be up; the service stops when one goes
  std::vector<std::string> wants;  // as needs, but only waited for, and not for ever; nothing stops when one goes
  Readiness ready;
  std::chrono::milliseconds ready_timeout{60'000};    // from the exec on; a service that is late is started again
  std::optional<std::chrono::milliseconds> watchdog;  // the longest without a sign of life (WATCHDOG=1)
  std::vector<std::string> provides;  // conditions set while the service is up (a job: from its success on)
  std::vector<std::string> settles;   // conditions set for good when the first run has ended, however it ended
  std::vector<std::string>
      triggers;  // what makes a job run again: "uevent:block", "uevent:modalias", "condition:storage"
  std::map<std::string, std::string> environment;
  std::string working_directory = "/";
  std::vector<Directory> directories;
  std::vector<FileToWrite> files;
  std::vector<BindMount> binds;
  std::vector<std::string> hidden;  // directories that the main process finds empty
  std::string terminal;             // opened as the three standard descriptors and controlling terminal
  SandboxSettings sandbox;
  std::vector<MemoryBound> memory_high;  // from here on it is slowed down and its memory taken back
  std::vector<MemoryBound> memory_max;
  std::vector<MemoryBound> memory_swap_max;  // beside memory_max; without it half of that
  std::optional<unsigned> pids_max;          // processes and threads
  std::optional<unsigned> open_files;        // descriptors of a process
  std::optional<unsigned> cpu_weight;        // 1 to 10000, against the other services' 100
  std::optional<unsigned> io_weight;
  int nice = 0;
  Scheduling scheduling = Scheduling::Other;
  int oom_score_adjust = 0;
  StopSettings stop;
  RestartPolicy restart = RestartPolicy::Always;
  std::chrono::milliseconds longest_backoff{300'000};
  std::optional<std::chrono::milliseconds> deadline;  // of a job's run, and of `prepare`
  LogLimits log;
  std::optional<ConsulService> consul;
  /// An instance that has a file of its own, which does not ask for it to be started: consoles or a link do.
  bool on_demand = false;
  bool operator==(const ServiceSpec&) const = default;
};

/// Letters, digits, '.', '_' and '-', and an '@' before an instance; at most 64 characters. It names a cgroup and a
/// directory of logs. "uebo" is PID 1's own.
[[nodiscard]] bool is_service_name(std::string_view name);

/// True for a template's name ("getty@"), which never runs itself.
[[nodiscard]] bool is_template(std::string_view name);
/// "getty@" of "getty@ttyS0", and of itself; empty for what has none. A part of `name`.
[[nodiscard]] std::string_view template_of(std::string_view name);
/// A template, or an instance that somebody has to ask for: neither is a unit of its own before that.
[[nodiscard]] bool waits_to_be_asked_for(const ServiceSpec& spec);

/// Whether a file of that name in a directory of services is one: "boinc.json".
[[nodiscard]] bool is_service_file(std::string_view name);

/// A copy of a template for one instance: its name and every %i in its strings replaced.
[[nodiscard]] ServiceSpec instantiate(const ServiceSpec& templ, std::string_view instance);

/// Puts kernel arguments into the environment of a service: each ${uebo.NAME} is replaced (see expand()). The contents
/// of its files are expanded by whoever writes them, since they may hold secrets.
void expand_environment(ServiceSpec& spec, const KernelArgs& arguments);

/// One thing that is wrong with a file: which file, which line (0: the whole file), what, and what was expected.
struct Problem {
  std::string file;
  unsigned line = 0;
  std::string text;
  [[nodiscard]] std::string message() const;  // "boinc.json:7: nice: 42, expected a whole number from -20 to 19"
};

struct ParsedService {
  ServiceSpec spec;
  std::vector<Problem> problems;  // not empty: the spec must not be used
};

/// Parses the text of one service file. `name` comes from the file's name ("boinc" of boinc.json). Reports all
/// problems, not the first alone; an unknown key is one (with the nearest known name). Never throws.
[[nodiscard]] ParsedService parse_service(std::string_view text, const std::string& name, const std::string& origin);

/// Reads and parses one file; an unreadable one is a problem.
[[nodiscard]] ParsedService parse_service_file(const std::string& path);

/// The spec of one service from the files that it came from (ServiceSpec::origins); `name` may be an instance's
/// ("getty@ttyS0" of getty@.json). For roles that do a part of a service's work: `uebo prepare`.
[[nodiscard]] Result<ServiceSpec> read_service(const std::string& name, const std::vector<std::string>& origins);

/// A directory of service files (or a single file), and what people know it by, where that is not its path.
struct ServiceDirectory {
  std::string path;
  std::string shown_as = {};
};

struct LoadedServices {
  std::vector<ServiceSpec> services;
  std::vector<Problem> problems;
  std::set<std::string> troubled;           // services that have a problem in one of their files
  std::map<std::string, bool> of_built_in;  // what overlays say of services of `known`: enabled or not
};

/// All *.json files of directories that lie over each other, in the order of the services' names, schema.json left out.
/// A file of a directory behind the first is a JSON merge patch (RFC 7386) for the service of its name (for an
/// instance's name: for its template), or a service that the first has not. A later directory may be missing.
///
/// One bad file costs no more than itself: without a bad overlay a service is what the files below it say. Checks needs
/// and wants among all of them too: a name that is neither a service of these or of `known` nor a condition, and
/// cycles, are problems. Who needs a service whose own file is bad stays, and is seen to wait for it.
[[nodiscard]] LoadedServices load_services(const std::vector<ServiceDirectory>& directories,
                                           const std::vector<ServiceSpec>& known = {});
[[nodiscard]] LoadedServices load_services(const std::string& directory, const std::vector<ServiceSpec>& known = {});

/// What a file that holds nothing but "enabled" (and remarks) says; none: it holds more, or is no such thing.
[[nodiscard]] std::optional<bool> nothing_but_enabled(std::string_view text);

/// Bounds of one file, and of the overlays of a directory.
inline constexpr std::size_t kLargestServiceFile = 64 << 10;
inline constexpr std::size_t kMostOverlays = 100;

/// services/schema.json, and the keys as a table in markdown for the README.
[[nodiscard]] std::string service_json_schema();
[[nodiscard]] std::string service_keys_markdown();

}  // namespace uebo::config
