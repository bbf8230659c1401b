#include "uebo/kernel/cover.hpp"

#include <algorithm>

#include "uebo/base/file.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::kernel {

Result<> cover(const std::string& target, std::string_view content, const std::string& directory) {
  const std::string shown = UEBO_TRY(read_file(target));
  if (shown == content) return {};
  UEBO_TRY(make_directories(directory));
  std::string name = target.substr(std::min(target.size(), target.find_first_not_of('/')));
  std::ranges::replace(name, '/', '-');
  const std::string copy = directory + "/" + name;
  UEBO_TRY(replace_file(copy, content, 0444));
  return bind(copy, target, true);
}

}  // namespace uebo::kernel
