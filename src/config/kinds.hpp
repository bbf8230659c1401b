// Kinds of values that keys can have: for each a form (what is expected) and a function that makes the C++ value.
#pragma once

#include <array>
#include <map>
#include <optional>

#include "schema.hpp"

namespace uebo::config {

// --- making values: nothing when the JSON is not of the form

[[nodiscard]] std::optional<std::string> make_text(const Value& value);
[[nodiscard]] std::optional<bool> make_flag(const Value& value);
[[nodiscard]] std::optional<std::string> make_path(const Value& value);
[[nodiscard]] std::optional<std::string> make_path_or_nothing(const Value& value);
[[nodiscard]] std::optional<std::string> make_account(const Value& value);
[[nodiscard]] std::optional<std::string> make_account_or_nothing(const Value& value);
[[nodiscard]] std::optional<std::string> make_owner(const Value& value);
[[nodiscard]] std::optional<std::string> make_need(const Value& value);
[[nodiscard]] std::optional<std::string> make_condition(const Value& value);
[[nodiscard]] std::optional<std::string> make_trigger(const Value& value);
[[nodiscard]] std::optional<std::string> make_host(const Value& value);
[[nodiscard]] std::optional<std::string> make_argument_or_nothing(const Value& value);
[[nodiscard]] std::optional<std::string> make_consul_name(const Value& value);
[[nodiscard]] std::optional<std::vector<std::string>> make_command(const Value& value);
[[nodiscard]] std::optional<std::vector<std::string>> make_command_or_nothing(const Value& value);
[[nodiscard]] std::optional<std::chrono::milliseconds> make_duration(const Value& value);
[[nodiscard]] std::optional<std::chrono::milliseconds> make_positive_duration(const Value& value);
[[nodiscard]] std::optional<Readiness> make_readiness(const Value& value);
[[nodiscard]] std::optional<std::uint64_t> make_log_size(const Value& value);
[[nodiscard]] std::optional<std::vector<MemoryBound>> make_memory_bounds(const Value& value);
/// A list of names, or "all".
[[nodiscard]] std::optional<CapabilitySet> make_capabilities(const Value& value);
[[nodiscard]] std::optional<int> make_signal(const Value& value);
[[nodiscard]] std::optional<mode_t> make_mode(const Value& value);

template <class Number, int Low, int High>
std::optional<Number> make_number(const Value& value) {
  const auto* number = value.get<std::int64_t>();
  if (!number || *number < Low || *number > High) return std::nullopt;
  return static_cast<Number>(*number);
}

/// One of a table of names.
template <const auto& Choices>
auto make_choice(const Value& value) -> std::optional<decltype(Choices.front().second)> {
  if (const auto* text = value.get<std::string>())
    for (const auto& [name, choice] : Choices)
      if (name == *text) return choice;
  return std::nullopt;
}

// --- kinds

inline constexpr Form kText{.expected = "a text", .json_schema = R"("type": "string")"};
inline constexpr Form kFlag{.expected = "true or false", .json_schema = R"("type": "boolean")"};
inline constexpr Form kPath{.expected = "an absolute path without `..`",
                            .json_schema = R"("type": "string", "pattern": "^/")"};
inline constexpr Form kPathOrNothing{.expected = "an absolute path without `..`, or an empty text",
                                     .json_schema = R"("type": "string", "pattern": "^$|^/")"};
inline constexpr Form kAccount{.expected = "a user of /etc/passwd",
                               .json_schema = R"("type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_-]*$")"};
inline constexpr Form kAccountOrNothing{.expected = "a group of /etc/group, or an empty text",
                                        .json_schema = R"("type": "string", "pattern": "^[A-Za-z0-9_-]*$")"};
inline constexpr Form kOwner{.expected = "USER or USER:GROUP",
                             .json_schema = R"("type": "string", "pattern": "^[A-Za-z0-9_-]+(:[A-Za-z0-9_-]+)?$")"};
inline constexpr Form kNeed{.expected = "the name of a service or of a condition",
                            .json_schema = R"("type": "string")"};
inline constexpr Form kCondition{.expected = "the name of a condition", .json_schema = R"("type": "string")"};
inline constexpr Form kTrigger{.expected = "`uevent:SUBSYSTEM` or `condition:NAME`",
                               .json_schema = R"("type": "string", "pattern": "^(uevent|condition):.")"};
inline constexpr Form kHost{.expected = "a host name or an address", .json_schema = R"("type": "string")"};
inline constexpr Form kArgumentOrNothing{.expected = "the name of a kernel argument of ours, or an empty text",
                                         .json_schema = R"("type": "string", "pattern": "^$|^uebo\\.")"};
inline constexpr Form kConsulName{.expected = "letters, digits, `-` and `_`, at most 63",
                                  .json_schema = R"("type": "string", "pattern": "^[A-Za-z0-9_-]{1,63}$")"};
inline constexpr Form kCommand{.expected = "a list of texts, the first an absolute path",
                               .json_schema = R"("type": "array", "items": {"type": "string"}, "minItems": 1)"};
inline constexpr Form kCommandOrNothing{.expected = "a list of texts, the first an absolute path, or an empty list",
                                        .json_schema = R"("type": "array", "items": {"type": "string"})"};
inline constexpr Form kDuration{.expected = "a duration as a text: \"10s\", \"2m\", \"500ms\"",
                                .json_schema = R"("type": "string", "pattern": "^[0-9]+(ms|s|m|h)?$")"};
inline constexpr Form kPositiveDuration{
    .expected = "a duration as a text, longer than nothing: \"10s\", \"2m\", \"500ms\"",
    .json_schema = R"("type": "string", "pattern": "^[0-9]+(ms|s|m|h)?$")"};
inline constexpr Form kReadiness{
    .expected =
        "\"simple\", \"notify\", \"fd:N\" (3 to 255), \"tcp:PORT\" or \"unix:PATH\" (at most 107 bytes, not below "
        "/storage)",
    .json_schema = R"json("type": "string", "pattern": "^(simple|notify|fd:[0-9]+|tcp:[0-9]+|unix:/.+)$")json"};
inline constexpr Form kLogSize{.expected = "a size from \"4k\" to \"16M\"",
                               .json_schema = R"("type": "string", "pattern": "^[0-9]+[kKmMgG]?$")"};
inline constexpr Form kMemoryBounds{
    .expected = "\"40M\", \"90%\", \"RAM-64M\", or a list of such (a size is at least 1M, a share 1% to 100%)",
    .json_schema = R"json("type": ["string", "array"], "pattern": "^(RAM-)?[0-9]+[kKmMgG%]?$", )json"
                   R"json("items": {"type": "string", "pattern": "^(RAM-)?[0-9]+[kKmMgG%]?$"})json"};
inline constexpr Form kCapabilityNames{
    .expected = "a list of names as in capabilities(7): [\"CAP_NET_RAW\"], or \"all\"",
    .json_schema =
        R"("type": ["array", "string"], "items": {"type": "string", "pattern": "^CAP_"}, "pattern": "^all$")"};
inline constexpr Form kSignal{.expected = "the name of a signal or its number: \"TERM\", \"SIGQUIT\", 3",
                              .json_schema = R"("type": ["string", "integer"])"};
inline constexpr Form kMode{.expected = "permissions in octal as a text: \"0640\"",
                            .json_schema = R"("type": "string", "pattern": "^[0-7]{3,4}$")"};

using Text = Scalar<kText, make_text>;
using Flag = Scalar<kFlag, make_flag>;
using Path = Scalar<kPath, make_path>;
using PathOrNothing = Scalar<kPathOrNothing, make_path_or_nothing>;
using User = Scalar<kAccount, make_account>;
using GroupOrNothing = Scalar<kAccountOrNothing, make_account_or_nothing>;
using Owner = Scalar<kOwner, make_owner>;
using Need = Scalar<kNeed, make_need>;
using ConditionName = Scalar<kCondition, make_condition>;
using TriggerName = Scalar<kTrigger, make_trigger>;
using Host = Scalar<kHost, make_host>;
using ArgumentOrNothing = Scalar<kArgumentOrNothing, make_argument_or_nothing>;
using ConsulName = Scalar<kConsulName, make_consul_name>;
using Command = Scalar<kCommand, make_command>;
using CommandOrNothing = Scalar<kCommandOrNothing, make_command_or_nothing>;
using DurationText = Scalar<kDuration, make_duration>;
using PositiveDuration = Scalar<kPositiveDuration, make_positive_duration>;
using ReadinessText = Scalar<kReadiness, make_readiness>;
using LogSize = Scalar<kLogSize, make_log_size>;
using MemoryBounds = Scalar<kMemoryBounds, make_memory_bounds>;
using Capabilities = Scalar<kCapabilityNames, make_capabilities>;
using SignalName = Scalar<kSignal, make_signal>;
using Mode = Scalar<kMode, make_mode>;

/// Names and values of environment variables.
struct Environment {
  static constexpr Form form{.expected = "an object of texts, their names of letters, digits and underscores",
                             .json_schema = R"("type": "object", "additionalProperties": {"type": "string"})"};
  static const Value* read(const Value& value, std::map<std::string, std::string>& field, Report& report);
};

/// Meta of a service in Consul, with Consul's own bounds (agent/structs/structs.go, ValidateMetadata): 64 items, of
/// which the registrar adds five.
struct ConsulMeta {
  static constexpr Form form{
      .expected =
          "an object of at most 59 texts of up to 512 bytes, their names of letters, digits, `-` and `_`, none of "
          "them `node`, `uebo`, `id`, `mac` or `arch`",
      .json_schema = R"("type": "object", "additionalProperties": {"type": "string"})"};
  static const Value* read(const Value& value, std::map<std::string, std::string>& field, Report& report);
};

}  // namespace uebo::config
