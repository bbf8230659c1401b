// The node's whole configuration: the kernel's arguments. One schema table drives parsing, `uebo check`, `--help`,
// /run/bootargs and the documentation; a new argument is one row.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/config/units.hpp"

namespace uebo::config {

struct ArgumentInfo {
  std::string_view name;   // "uebo.hostname"
  std::string_view value;  // what is expected, for messages and docs: "a host label"
  std::string_view meaning;
  std::string_view fallback = {};  // what counts when it is not given; empty: nothing
  bool secret = false;             // its value is blanked wherever the command line can be read
  bool repeatable = false;         // all of them count; otherwise the last good one wins
  bool (*good)(std::string_view value) = nullptr;
  std::string (*flaw)(std::string_view value) = nullptr;  // what is wrong with a bad one, where `value` is too coarse
};

[[nodiscard]] std::span<const ArgumentInfo> arguments();
/// The row of that name, or nullptr.
[[nodiscard]] const ArgumentInfo* find_argument(std::string_view name);
[[nodiscard]] std::vector<std::string_view> argument_names();

/// A word of the command line after the kernel's own quoting rules (lib/cmdline.c, next_arg()): double quotes may
/// enclose a value or the whole word, and are taken off; spaces inside them do not separate. Quotes elsewhere stay.
/// Unlike the kernel, byte 0xa0 is no space: it is a part of letters in UTF-8.
struct Word {
  std::string name;
  std::optional<std::string> value;  // none: no '=' in the word
  std::size_t begin = 0;             // place of the word in the line, its quotes included
  std::size_t end = 0;
  std::size_t name_begin = 0;
  std::size_t value_begin = 0;  // place of the value: value->size() bytes from here on
};
[[nodiscard]] std::vector<Word> split_command_line(std::string_view line);

class KernelArgs {
 public:
  /// Never fails: each unknown `uebo.*` name and each bad value becomes one line of warnings() and is left out.
  /// What comes after a lone `--` is for init and is not looked at (admin-guide/kernel-parameters).
  [[nodiscard]] static KernelArgs parse(std::string_view command_line);

  /// The value, else the fallback of the schema. Of a repeated one: all of them, with commas between.
  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  /// Whether it was given, with a good value: a fallback does not count.
  [[nodiscard]] bool is_given(std::string_view name) const { return values_.contains(name); }
  /// What was given, in that order.
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  /// All that was given, split at commas, empty parts left out.
  [[nodiscard]] std::vector<std::string> list(std::string_view name) const;
  [[nodiscard]] bool has_word(std::string_view name) const;  // any word of the line: "root", "quiet"
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
  /// Whether blank_secrets() would change the line: also true for a secret under a misspelt name.
  [[nodiscard]] bool has_secrets() const { return has_secrets_; }

  /// "export uebo_boinc_password='...'" lines, quoted for a POSIX shell, for `. /run/bootargs`.
  [[nodiscard]] std::string shell_exports() const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> words_;
  std::vector<std::string> warnings_;
  bool has_secrets_ = false;
};

/// `text` with each ${uebo.NAME} replaced by that argument's value, or by nothing where it was not given. Any other
/// text stays as it is.
[[nodiscard]] std::string expand(std::string_view text, const KernelArgs& arguments);

/// The command line with every secret value replaced by as many '*' (the same length: readers of
/// /proc/cmdline may have seen its size), whatever its quoting and wherever it stands. Secret is also the value of a
/// name that looks like a misspelt secret's, and whatever is glued to a secret's name. Of an odd number of quotes in it
/// one is left, as its last byte: the other words of the line stay the same.
[[nodiscard]] std::string blank_secrets(std::string_view command_line);

/// The arguments for a role: from /run/uebo/cmdline where PID 1 has put it, else from /proc/cmdline; so, too, for who
/// is not root, whom it shows no secrets.
[[nodiscard]] Result<KernelArgs> load_kernel_args();
inline constexpr const char* kCommandLineFile = "/run/uebo/cmdline";

/// RFC 1123 label: letters, digits, inner hyphens, 1 to 63 characters.
[[nodiscard]] bool is_host_label(std::string_view name);

/// Labels with dots between, at most 253 characters, or an IPv4 or IPv6 address.
[[nodiscard]] bool is_host(std::string_view text);

/// The arguments as a markdown table, for the README.
[[nodiscard]] std::string arguments_markdown();

/// Name, value, repeatable, secret of each, for tools that write command lines: buildsteps/fleet/arguments.json.
[[nodiscard]] std::string arguments_json();

/// The known name nearest to a misspelt one, none when nothing is near (edit distance above 3 or half its length).
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      const std::vector<std::string_view>& known);

}  // namespace uebo::config
