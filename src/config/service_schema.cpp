// The tables of all keys that a service file may have: a new key is a row here and a field in service_spec.hpp.
#include "service_schema.hpp"

#include "kinds.hpp"

namespace uebo::config {
namespace {

template <class Enum, std::size_t Count>
using Choices = std::array<std::pair<std::string_view, Enum>, Count>;

constexpr Choices<ServiceType, 2> kTypes{{{"daemon", ServiceType::Daemon}, {"job", ServiceType::Job}}};
constexpr Form kTypeForm{.expected = "\"daemon\" or \"job\"", .json_schema = R"("enum": ["daemon", "job"])"};

constexpr Choices<RestartPolicy, 3> kRestarts{
    {{"always", RestartPolicy::Always}, {"on-failure", RestartPolicy::OnFailure}, {"never", RestartPolicy::Never}}};
constexpr Form kRestartForm{.expected = "\"always\", \"on-failure\" or \"never\"",
                            .json_schema = R"("enum": ["always", "on-failure", "never"])"};

constexpr Choices<Scheduling, 3> kSchedulings{
    {{"other", Scheduling::Other}, {"batch", Scheduling::Batch}, {"idle", Scheduling::Idle}}};
constexpr Form kSchedulingForm{.expected = "\"other\", \"batch\" or \"idle\"",
                               .json_schema = R"("enum": ["other", "batch", "idle"])"};

constexpr Choices<StopTarget, 2> kStopTargets{{{"main", StopTarget::Main}, {"group", StopTarget::Group}}};
constexpr Form kStopTargetForm{.expected = "\"main\" or \"group\"", .json_schema = R"("enum": ["main", "group"])"};

constexpr Form kNiceForm{.expected = "a whole number from -20 to 19",
                         .json_schema = R"("type": "integer", "minimum": -20, "maximum": 19)"};
constexpr Form kOomForm{.expected = "a whole number from -1000 to 1000",
                        .json_schema = R"("type": "integer", "minimum": -1000, "maximum": 1000)"};
constexpr Form kPidsForm{.expected = "a whole number from 1 to 4194304",
                         .json_schema = R"("type": "integer", "minimum": 1, "maximum": 4194304)"};
constexpr Form kOpenFilesForm{.expected = "a whole number from 16 to 1048576",
                              .json_schema = R"("type": "integer", "minimum": 16, "maximum": 1048576)"};
constexpr Form kWeightForm{.expected = "a whole number from 1 to 10000",
                           .json_schema = R"("type": "integer", "minimum": 1, "maximum": 10000)"};
constexpr Form kPortForm{.expected = "a port, a whole number from 1 to 65535",
                         .json_schema = R"("type": "integer", "minimum": 1, "maximum": 65535)"};
constexpr Form kLogCountForm{.expected = "a whole number from 1 to 20",
                             .json_schema = R"("type": "integer", "minimum": 1, "maximum": 20)"};

constexpr std::array kDirectoryKeys{
    key<&Directory::path, Path>("path", "", "The directory. It is made, with those above it, where it is missing."),
    key<&Directory::owner, Owner>("owner", R"("root:root")", "Its owner."),
    key<&Directory::mode, Mode>("mode", R"("0755")", "Its permissions."),
    key<&Directory::recursive, Flag>("recursive", "false",
                                     "Whatever lies below and belongs to somebody else is given to the owner too."),
};
constexpr Table kDirectoryTable{kDirectoryKeys};

constexpr std::array kFileKeys{
    key<&FileToWrite::path, Path>("path", "", "The file. Its directory has to be there."),
    key<&FileToWrite::content, Text>("content", "",
                                     "Its content. ${uebo.NAME} is replaced by that kernel argument, or by nothing."),
    key<&FileToWrite::owner, Owner>("owner", R"("root:root")", "Its owner."),
    key<&FileToWrite::mode, Mode>("mode", R"("0644")", "Its permissions."),
    key<&FileToWrite::keep, Flag>("keep", "false", "A file that is there already stays as it is."),
};
constexpr Table kFileTable{kFileKeys};

constexpr std::array kBindKeys{
    key<&BindMount::source, Path>("source", "", "What is to be seen."),
    key<&BindMount::target, Path>("target", "", "Where it is to be seen. It has to be there."),
    key<&BindMount::read_only, Flag>("read_only", "false", "It can't be written to."),
};
constexpr Table kBindTable{kBindKeys};

constexpr std::array kStopKeys{
    key<&StopSettings::signal, SignalName>("signal", R"("TERM")", "What asks the service to end."),
    key<&StopSettings::target, Scalar<kStopTargetForm, make_choice<kStopTargets>>>(
        "target", R"("main")", "Who gets the signal: the main process alone, or every process of the service."),
    key<&StopSettings::timeout, DurationText>("timeout", R"("10s")",
                                              "After this whatever is left of the service is killed."),
    key<&StopSettings::command, CommandOrNothing>(
        "command", "[]", "Run as root before the signal. For a job that is up: what undoes it."),
    key<&StopSettings::first, Flag>("first", "false",
                                    "When the node shuts down, nothing else is stopped before this has ended."),
};
constexpr Table kStopTable{kStopKeys};

constexpr Choices<SystemCallFilter, 2> kFilters{
    {{"off", SystemCallFilter::Off}, {"default", SystemCallFilter::Default}}};
constexpr Form kFilterForm{.expected = "\"default\" or \"off\"", .json_schema = R"("enum": ["default", "off"])"};

// No defaults here: they follow from the user, see sandbox_for().
constexpr std::array kSandboxKeys{
    key<&SandboxSettings::no_new_privs, Flag>("no_new_privs", "null",
                                              "No program that it starts gains a privilege (prctl(2))."),
    key<&SandboxSettings::capabilities, Capabilities>(
        "capabilities", "null", "What it keeps of root's capabilities; all others are gone for good. Empty: none."),
    key<&SandboxSettings::protect_system, Flag>(
        "protect_system", "null",
        "All file systems are read-only, but for /tmp and /dev/shm where they are its own, `binds`, and:"),
    key<&SandboxSettings::read_write_paths, ListOf<Path>>("read_write_paths", "[]",
                                                          "What it may write to all the same. It has to be there."),
    key<&SandboxSettings::protect_storage, Flag>("protect_storage", "null",
                                                 "It has no /storage. What `binds` shows of it elsewhere is there."),
    key<&SandboxSettings::private_tmp, Flag>(
        "private_tmp", "null",
        "/tmp, /var/tmp, /dev/shm and System V IPC of its own, which go with it. Each /tmp holds a tenth of RAM."),
    key<&SandboxSettings::private_devices, Flag>("private_devices", "null",
                                                 "A /dev with terminals, null, zero, full, random and urandom alone."),
    key<&SandboxSettings::protect_proc, Flag>("protect_proc", "null",
                                              "It sees the processes of other users not at all in /proc."),
    key<&SandboxSettings::system_call_filter, Scalar<kFilterForm, make_choice<kFilters>>>(
        "system_call_filter", "null",
        "default: system calls that mount, load modules or programs into the kernel, look into other processes, make "
        "namespaces, set the clock and such fail with EPERM. Those of a capability that it keeps are left to it."),
};
constexpr Table kSandboxTable{kSandboxKeys};

constexpr std::array kLogKeys{
    key<&LogLimits::size, LogSize>("size", R"("10k")", "A file of this size is rotated."),
    key<&LogLimits::count, Scalar<kLogCountForm, make_number<unsigned, 1, 20>>>(
        "count", "5", "Files that are kept, the current one included."),
};
constexpr Table kLogTable{kLogKeys};

constexpr std::array kConsulKeys{
    key<&ConsulService::name, ConsulName>("name", "", "Its name in Consul."),
    key<&ConsulService::port, Scalar<kPortForm, make_number<std::uint16_t, 1, 65535>>>("port", "", "Its TCP port."),
    key<&ConsulService::tags, ListOf<Text>>("tags", "[]", "Its tags."),
    key<&ConsulService::meta, ConsulMeta>("meta", "{}", "Its meta, beside `node`, the name of the node."),
    key<&ConsulService::health, PathOrNothing>(
        "health", R"("")", "The path of a health check by HTTP, which consul-esm makes; empty: it makes one by TCP."),
};
constexpr Table kConsulTable{kConsulKeys};

/// A key that is for people and editors alone.
template <class Kind, class Field>
constexpr Key note(std::string_view name, std::string_view meaning) {
  return {.name = name,
          .fallback = "null",
          .meaning = meaning,
          .form = Kind::form,
          .read = [](const Value& value, void*, Report& report) -> const Value* {
            Field ignored;
            return Kind::read(value, ignored, report);
          }};
}

constexpr std::array kServiceKeys{
    note<Text, std::string>("$schema", "The schema of this file, for editors."),
    note<ListOf<Text>, std::vector<std::string>>("remarks", "Why things are as they are, for whoever reads the file."),
    key<&ServiceSpec::description, Text>("description", "", "What it is, in a few words."),
    key<&ServiceSpec::type, Scalar<kTypeForm, make_choice<kTypes>>>(
        "type", R"("daemon")",
        "A daemon runs for as long as it is wanted. A job runs once and is up when it ended with 0."),
    key<&ServiceSpec::enabled, Flag>("enabled", "true", "Started without being asked for."),
    key<&ServiceSpec::only_with, ArgumentOrNothing>(
        "only_with", R"("")", "A kernel argument. Without a good value of it there is no such service."),
    key<&ServiceSpec::command, Command>("command", "", "The main process: path and arguments. No shell takes part."),
    key<&ServiceSpec::prepare, CommandOrNothing>("prepare", "[]",
                                                 "Run to its end as root before each start, after the directories and "
                                                 "files have been made. When it fails, so does the start."),
    key<&ServiceSpec::after_start, CommandOrNothing>("after_start", "[]",
                                                     "Run as root beside the main process after each start."),
    key<&ServiceSpec::user, User>("user", R"("root")",
                                  "Who runs the command. Anyone but root is put into a sandbox, see `sandbox`."),
    key<&ServiceSpec::group, GroupOrNothing>("group", R"("")", "The group; empty: the user's own."),
    key<&ServiceSpec::needs, ListOf<Need>>("needs", "[]",
                                           "Services and conditions that must be up. When one goes, a daemon stops and "
                                           "comes back with it."),
    key<&ServiceSpec::wants, ListOf<Need>>("wants", "[]",
                                           "Services and conditions that are waited for, but not for ever. Nothing "
                                           "happens when one goes."),
    key<&ServiceSpec::ready, ReadinessText>(
        "ready", R"("simple")",
        "What makes a daemon ready, which is when those that need it start: its exec (simple), READY=1 as of "
        "sd_notify(3) (notify), a newline on that descriptor (fd), or a connection that is accepted, by a TCP port of "
        "this node or a UNIX socket as PID 1 sees it, outside of /storage."),
    key<&ServiceSpec::ready_timeout, PositiveDuration>(
        "ready_timeout", R"("1m")",
        "How long it may take from its exec until it is ready. One that is late is started again."),
    key<&ServiceSpec::watchdog, PositiveDuration>(
        "watchdog", "null", "It is started again when it says nothing (WATCHDOG=1 as of sd_notify(3)) for so long."),
    key<&ServiceSpec::provides, ListOf<ConditionName>>(
        "provides", "[]", "Conditions that are set while it is up (a job: after its success)."),
    key<&ServiceSpec::settles, ListOf<ConditionName>>(
        "settles", "[]", "Conditions that are set for good when its first run has ended, however it ended."),
    key<&ServiceSpec::triggers, ListOf<TriggerName>>("triggers", "[]", "What makes a job run again."),
    key<&ServiceSpec::environment, Environment>("environment", "{}",
                                                "Environment variables beside PATH, HOME and USER. ${uebo.NAME} is "
                                                "replaced by that kernel argument, unless it is a secret one."),
    key<&ServiceSpec::working_directory, Path>("working_directory", R"("/")", "Where the command starts."),
    key<&ServiceSpec::directories, ListOf<ObjectOf<kDirectoryTable>>>("directories", "[]",
                                                                      "Directories that must be there first."),
    key<&ServiceSpec::files, ListOf<ObjectOf<kFileTable>>>("files", "[]", "Files that are written first."),
    key<&ServiceSpec::binds, ListOf<ObjectOf<kBindTable>>>("binds", "[]",
                                                           "Bind mounts that the main process alone sees."),
    key<&ServiceSpec::hidden, ListOf<Path>>(
        "hidden", "[]",
        "Directories that the main process alone finds empty. What `binds` shows of "
        "them elsewhere stays to be seen."),
    key<&ServiceSpec::terminal, PathOrNothing>("terminal", R"("")",
                                               "A device that becomes standard input, output, error and controlling "
                                               "terminal; empty: output goes to the log."),
    key<&ServiceSpec::sandbox, ObjectOf<kSandboxTable>>(
        "sandbox", "{}",
        "What the main process and its children can't do. Each part is on where the user is not root and off where it "
        "is, unless it is given here."),
    key<&ServiceSpec::memory_high, MemoryBounds>(
        "memory_high", "[]",
        "The memory from which on the service is slowed down and its memory taken back: see `memory_max`."),
    key<&ServiceSpec::memory_max, MemoryBounds>(
        "memory_max", "[]",
        "The most memory that all processes of the service may have together: a "
        "size, a share of RAM, or RAM less a reserve. The smallest counts."),
    key<&ServiceSpec::memory_swap_max, MemoryBounds>(
        "memory_swap_max", "[]",
        "The most that all of them may have swapped out, beside `memory_max`, as that is written; without it half of "
        "that."),
    key<&ServiceSpec::pids_max, Scalar<kPidsForm, make_number<unsigned, 1, 4194304>>>(
        "pids_max", "null", "The most processes and threads that the service may have together."),
    key<&ServiceSpec::open_files, Scalar<kOpenFilesForm, make_number<unsigned, 16, 1048576>>>(
        "open_files", "null", "The most descriptors that each of its processes may have open."),
    key<&ServiceSpec::cpu_weight, Scalar<kWeightForm, make_number<unsigned, 1, 10000>>>(
        "cpu_weight", "null", "Its share of busy cores, against the 100 of others; null: as `nice` says."),
    key<&ServiceSpec::io_weight, Scalar<kWeightForm, make_number<unsigned, 1, 10000>>>(
        "io_weight", "null", "Its share of a busy disk, against the 100 of others, where the kernel can share it out."),
    key<&ServiceSpec::nice, Scalar<kNiceForm, make_number<int, -20, 19>>>("nice", "0", "As in setpriority(2)."),
    key<&ServiceSpec::scheduling, Scalar<kSchedulingForm, make_choice<kSchedulings>>>("scheduling", R"("other")",
                                                                                      "As in sched(7)."),
    key<&ServiceSpec::oom_score_adjust, Scalar<kOomForm, make_number<int, -1000, 1000>>>(
        "oom_score_adjust", "0", "As in proc(5): the higher, the earlier the kernel kills it when memory runs out."),
    key<&ServiceSpec::stop, ObjectOf<kStopTable>>("stop", "{}", "How it is stopped."),
    key<&ServiceSpec::restart, Scalar<kRestartForm, make_choice<kRestarts>>>(
        "restart", R"("always")",
        "What follows when it ends by itself. A job that failed is tried again unless this is never."),
    key<&ServiceSpec::longest_backoff, DurationText>("longest_backoff", R"("5m")",
                                                     "What the delay before a restart grows to."),
    key<&ServiceSpec::deadline, DurationText>("deadline", "null",
                                              "The longest that a job, or preparing a daemon, may take."),
    key<&ServiceSpec::log, ObjectOf<kLogTable>>("log", "{}", "Bounds of its log, which lies in RAM."),
    key<&ServiceSpec::consul, OptionalObjectOf<kConsulTable>>(
        "consul", "null", "What it is registered as in Consul while it runs and accepts connections."),
};

}  // namespace

Table service_keys() { return kServiceKeys; }

std::string service_json_schema() { return json_schema(kServiceKeys, "A service of UEBO"); }

std::string service_keys_markdown() { return markdown(kServiceKeys); }

}  // namespace uebo::config
