#include "uebo/kernel/memory.hpp"

#include <charconv>
#include <string_view>

#include "uebo/base/file.hpp"

namespace uebo::kernel {
namespace {

/// The bytes of a line "Name:   1234 kB".
Result<std::uint64_t> bytes_of(std::string_view content, std::string_view name, const std::string& path) {
  const std::string key = std::string(name) + ":";
  std::size_t start = content.starts_with(key) ? 0 : content.find("\n" + key);
  if (start == std::string_view::npos) return fail(0, "read", path, "no line \"" + key + "\" in it");
  start = content.find_first_not_of(" \t", content.find(':', start) + 1);
  std::uint64_t kilobytes = 0;
  if (start == std::string_view::npos ||
      std::from_chars(content.data() + start, content.data() + content.size(), kilobytes).ec != std::errc())
    return fail(0, "read", path, "no number after \"" + key + "\"");
  return kilobytes * 1024;
}

}  // namespace

Result<Memory> memory(const std::string& meminfo) {
  const std::string content = UEBO_TRY(read_file(meminfo));
  return Memory{.total = UEBO_TRY(bytes_of(content, "MemTotal", meminfo)),
                .available = UEBO_TRY(bytes_of(content, "MemAvailable", meminfo))};
}

}  // namespace uebo::kernel
