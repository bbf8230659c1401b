// The node's whole configuration: the kernel's arguments. One schema table drives parsing, `uebo check`, `--help`,
// /run/bootargs and the documentation; a new argument is one row.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::config {

struct ArgumentInfo {
  std::string_view name;     // "uebo.hostname"
  std::string_view value;    // what is expected, for messages and docs: "RFC 1123 label"
  std::string_view meaning;
  bool secret = false;       // its value is blanked wherever the command line can be read
  bool repeatable = false;   // otherwise the last one wins
  /// Empty when the value is good, else what was expected.
  std::string (*check)(std::string_view value) = nullptr;
};

[[nodiscard]] std::span<const ArgumentInfo> arguments();

/// A word of the command line after the kernel's own quoting rules (lib/cmdline.c, next_arg()): double quotes may
/// enclose a value or the whole word, and are taken off; spaces inside them do not separate.
struct Word {
  std::string name;
  std::optional<std::string> value;  // none: no '=' in the word
  std::size_t begin = 0;             // place of the word in the line, for blanking
  std::size_t end = 0;
  std::size_t value_begin = 0;
};
[[nodiscard]] std::vector<Word> split_command_line(std::string_view line);

class KernelArgs {
 public:
  /// Never fails: each unknown `uebo.*` name and each bad value becomes one line of warnings() and is left out.
  /// What comes after a lone `--` is for init and is not looked at (admin-guide/kernel-parameters).
  [[nodiscard]] static KernelArgs parse(std::string_view command_line);

  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  /// Split at commas, empty parts left out.
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  [[nodiscard]] bool has_word(std::string_view name) const;  // any word of the line: "root", "quiet"
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  /// Values of secret arguments, for searching and hiding.
  [[nodiscard]] bool has_secrets() const;

  /// "export uebo_boinc_password='...'" lines, quoted for a POSIX shell, for `. /run/bootargs`.
  [[nodiscard]] std::string shell_exports() const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> words_;
  std::vector<std::string> warnings_;
};

/// The command line with every secret value replaced by as many '*' (the same length: readers of
/// /proc/cmdline may have seen its size), whatever its quoting.
[[nodiscard]] std::string blank_secrets(std::string_view command_line);

/// The arguments for a role: from /run/uebo/cmdline (root only) where PID 1 has put it, else from /proc/cmdline.
[[nodiscard]] Result<KernelArgs> load_kernel_args();
inline constexpr const char* kCommandLineFile = "/run/uebo/cmdline";

/// RFC 1123 label: letters, digits, inner hyphens, 1 to 63 characters.
[[nodiscard]] bool is_host_label(std::string_view name);

/// "10s", "2m", "500ms", "90" (seconds); none when it is no duration. One parser for arguments and service files.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The arguments as a markdown table, for the README.
[[nodiscard]] std::string arguments_markdown();

/// The known name nearest to a misspelt one, none when nothing is near (edit distance above 3 or half its length).
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace uebo::config
