#include "uebo/boinc/group_account.hpp"

#include <algorithm>
#include <charconv>

#include "uebo/base/file.hpp"

namespace uebo::boinc {
namespace {

constexpr double kMicroseconds = 1e6;

/// The number right behind the first `before`.
double number_behind(const std::string& text, std::string_view before) {
  const auto found = text.find(before);
  double value = std::numeric_limits<double>::quiet_NaN();
  if (found == std::string::npos) return value;
  const char* begin = text.data() + found + before.size();
  if (std::from_chars(begin, text.data() + text.size(), value).ec == std::errc()) return value;
  return std::numeric_limits<double>::quiet_NaN();
}

double cpu_limit(const std::string& text, std::size_t cores) {
  if (text.starts_with("max ")) return 1;
  const double share =
      number_behind(text, "") / number_behind(text, " ") / static_cast<double>(std::max(cores, std::size_t{1}));
  return std::min(share, 1.0);
}

}  // namespace

GroupAccount group_account(std::size_t cores, const std::string& directory) {
  GroupAccount account;
  if (const auto limit = read_file(directory + "/cpu.max")) account.cpu_limit = cpu_limit(*limit, cores);
  if (const auto stat = read_file(directory + "/cpu.stat"))
    account.throttled = number_behind(*stat, "\nthrottled_usec ") / kMicroseconds;
  if (const auto pressure = read_file(directory + "/memory.pressure")) {
    const auto full = pressure->find("full ");
    if (full != std::string::npos)
      account.memory_stalled = number_behind(pressure->substr(full), "total=") / kMicroseconds;
  }
  return account;
}

}  // namespace uebo::boinc
