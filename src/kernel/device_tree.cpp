#include "uebo/kernel/device_tree.hpp"

#include <string_view>

#include "uebo/base/file.hpp"

namespace uebo::kernel {

Result<std::vector<std::string>> device_tree_compatible(const std::string& path) {
  const auto content = read_file(path);
  std::vector<std::string> names;
  if (!content && content.error().code == ENOENT) return names;
  if (!content) return std::unexpected(content.error());
  for (std::string_view rest = *content; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

}  // namespace uebo::kernel
