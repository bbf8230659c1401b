// Small readings of text files: lists of names, one a line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace uebo::boot {

[[nodiscard]] std::string_view trim(std::string_view text);
/// At any of `separators`, empty parts left out.
[[nodiscard]] std::vector<std::string> split(std::string_view text, std::string_view separators);
/// Trimmed lines without comments (# to the line's end) and empty ones.
[[nodiscard]] std::vector<std::string> list_lines(std::string_view text);
/// "2.0 GB", "512 MB", in powers of 1000 as disks are sold.
[[nodiscard]] std::string size_text(unsigned long long bytes);

}  // namespace uebo::boot
