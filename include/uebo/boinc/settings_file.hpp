// BOINC's own settings files: XML of two levels, cc_config.xml and global_prefs_override.xml. What people wrote there
// stays; only what is missing is added.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace uebo::boinc {

struct Setting {
  std::string_view name;
  std::string_view value;
};

/// A value without the blanks and line ends around it.
[[nodiscard]] std::string_view trim(std::string_view text);

/// The text with every setting that the element `section` lacks added at its end; the section itself is added at the
/// end of `root` where it is missing (the two may be the same). Comments are left alone and hold no settings. None:
/// there is no `root`, so this is not such a file.
[[nodiscard]] std::optional<std::string> add_missing(std::string_view text, std::string_view root,
                                                     std::string_view section, std::span<const Setting> settings);

/// The text in which an element that may stand several times stands at least once with this value, or not at all.
/// None: there is no `root`.
[[nodiscard]] std::optional<std::string> with_listed(std::string_view text, std::string_view root,
                                                     std::string_view section, const Setting& setting);
[[nodiscard]] std::string without_listed(std::string_view text, const Setting& setting);

/// The content of the first element of this name that is no comment.
[[nodiscard]] std::optional<std::string> value_of(std::string_view text, std::string_view name);
/// The text with that content replaced; as it was where there is none.
[[nodiscard]] std::string with_value(std::string_view text, const Setting& setting);

}  // namespace uebo::boinc
