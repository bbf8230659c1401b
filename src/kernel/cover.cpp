#include "uebo/kernel/cover.hpp"

#include <algorithm>

#include "uebo/base/file.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::kernel {
namespace {

/// A file in `directory` that has the content. One with another content stays as it is: nothing can be mounted any more
/// on a mount whose own file has been replaced (ENOENT), and that may be what `target` shows now.
Result<std::string> copy_with(std::string_view content, const std::string& target, const std::string& directory) {
  UEBO_TRY(make_directories(directory));
  std::string name = target.substr(std::min(target.size(), target.find_first_not_of('/')));
  std::ranges::replace(name, '/', '-');
  for (std::string path = directory + "/" + name;; path += "+") {
    const auto found = read_file(path);
    if (found && *found == content) return path;
    if (found) continue;
    if (found.error().code != ENOENT) return std::unexpected(found.error());
    UEBO_TRY(replace_file(path, content, 0444));
    return path;
  }
}

}  // namespace

Result<> cover(const std::string& target, std::string_view content, const std::string& directory) {
  const std::string shown = UEBO_TRY(read_file(target));
  if (shown == content) return {};
  const std::string copy = UEBO_TRY(copy_with(content, target, directory));
  return kernel::bind(copy, target, true);
}

}  // namespace uebo::kernel
