#include <dirent.h>

#include <memory>
#include <set>
#include <string_view>

#include "uebo/base/file.hpp"
#include "uebo/kernel/modules.hpp"

namespace uebo::kernel {
namespace {

using Directory = std::unique_ptr<DIR, decltype([](DIR* directory) { closedir(directory); })>;

template <class Function>
void for_each_line(std::string_view content, Function function) {
  while (!content.empty()) {
    const std::string_view line = content.substr(0, content.find('\n'));
    content.remove_prefix(std::min(content.size(), line.size() + 1));
    if (!line.empty()) function(line);
  }
}

/// Not every bus has the attribute "modalias"; those without it still tell it in "uevent". A device that goes away
/// while we look is none.
void collect(const std::string& path, std::set<std::string>& found) {
  const Directory directory(opendir(path.c_str()));
  if (!directory) return;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    const std::string child = path + "/" + entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") {
      collect(child, found);
    } else if (entry->d_type == DT_REG && name == "modalias") {
      for_each_line(read_file(child).value_or(""), [&](std::string_view line) { found.emplace(line); });
    } else if (entry->d_type == DT_REG && name == "uevent") {
      constexpr std::string_view key = "MODALIAS=";
      for_each_line(read_file(child).value_or(""), [&](std::string_view line) {
        if (line.size() > key.size() && line.starts_with(key)) found.emplace(line.substr(key.size()));
      });
    }
  }
}

}  // namespace

Result<std::vector<std::string>> device_modaliases(const std::string& sysfs) {
  const std::string devices = sysfs + "/devices";
  if (!Directory(opendir(devices.c_str()))) return errno_error("read devices in", devices);
  std::set<std::string> found;
  collect(devices, found);
  return std::vector<std::string>(found.begin(), found.end());
}

}  // namespace uebo::kernel
