#include "uebo/base/directory.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string_view>

namespace uebo {
namespace {

bool is_directory(const std::string& path) {
  struct stat status{};
  return lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

Result<std::vector<DirectoryEntry>> entries_of(const std::string& directory) {
  const std::unique_ptr<DIR, decltype([](DIR* stream) { closedir(stream); })> stream(opendir(directory.c_str()));
  if (!stream) return errno_error("read directory", directory);
  std::vector<DirectoryEntry> entries;
  errno = 0;
  while (const dirent* const entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    // Not every file system tells it (readdir(3)).
    const bool directory_too =
        entry->d_type == DT_UNKNOWN ? is_directory(directory + "/" + std::string(name)) : entry->d_type == DT_DIR;
    entries.push_back({.name = std::string(name), .is_directory = directory_too});
    errno = 0;
  }
  if (errno != 0) return errno_error("read directory", directory);
  return entries;
}

Result<std::size_t> remove_all(const std::string& path) {
  std::size_t removed = 0;
  if (is_directory(path))
    for (const DirectoryEntry& entry : UEBO_TRY(entries_of(path)))
      removed += UEBO_TRY(remove_all(path + "/" + entry.name));
  if (std::remove(path.c_str()) == 0) return removed + 1;
  if (errno == ENOENT) return removed;
  return errno_error("remove", path);
}

}  // namespace uebo
