#include "uebo/logs/log_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

namespace uebo::logs {
namespace {

constexpr std::string_view kCurrent = "current";

/// 0 for `current`, N for `current.N`, none for anything else.
std::optional<unsigned> age_of(std::string_view name) {
  if (name == kCurrent) return 0;
  if (!name.starts_with(kCurrent) || name.substr(kCurrent.size(), 1) != ".") return std::nullopt;
  const std::string_view digits = name.substr(kCurrent.size() + 1);
  unsigned age = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), age);
  if (error != std::errc() || end != digits.data() + digits.size() || age == 0) return std::nullopt;
  return age;
}

std::vector<std::string> names_from_youngest(const std::string& directory) {
  std::map<unsigned, std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(directory.c_str()), closedir);
  if (!entries) return {};
  while (const dirent* entry = readdir(entries.get()))
    if (const auto age = age_of(entry->d_name)) names.emplace(*age, entry->d_name);
  std::vector<std::string> sorted;
  for (auto& [age, name] : names) sorted.push_back(std::move(name));
  return sorted;
}

}  // namespace

/// In this order a rotation meanwhile can show a file twice, but hide none.
std::vector<LogFile> open_log_files(const std::string& directory) {
  std::vector<LogFile> files;
  for (const std::string& name : names_from_youngest(directory)) {
    LogFile file{.fd = UniqueFd(open((directory + "/" + name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW))};
    struct stat status{};
    if (!file.fd || fstat(file.fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    file.device = status.st_dev;
    file.inode = status.st_ino;
    if (std::ranges::none_of(files, [&](const LogFile& other) { return other.same_as(file); }))
      files.push_back(std::move(file));
  }
  return files;
}

bool is_current(const LogFile& file, const std::string& directory) {
  struct stat status{};
  return file.fd && stat((directory + "/" + std::string(kCurrent)).c_str(), &status) == 0 &&
         status.st_dev == file.device && status.st_ino == file.inode;
}

}  // namespace uebo::logs
