#include "uebo/kernel/host_name.hpp"

#include <unistd.h>

#include <array>

namespace uebo::kernel {

std::string host_name() {
  constexpr std::size_t longest = 64;  // HOST_NAME_MAX
  std::array<char, longest + 1> name{};
  if (gethostname(name.data(), longest) != 0) return {};
  return name.data();
}

}  // namespace uebo::kernel
