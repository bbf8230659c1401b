#include "uebo/kernel/swap.hpp"

#include <fcntl.h>
#include <linux/types.h>
#include <sys/swap.h>
#include <unistd.h>

#include <cstring>
#include <limits>
#include <vector>

#include "uebo/base/file.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {
namespace {

constexpr std::size_t kBootBlock = 1024;
constexpr std::string_view kMagic = "SWAPSPACE2";  // at the end of the first page

struct Information {
  __u32 version;
  __u32 last_page;
  __u32 bad_pages;
};

}  // namespace

Result<> make_swap(const std::string& path, std::uint64_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::uint64_t pages = size / page;
  constexpr std::uint64_t kFewest = 10;  // what mkswap(8) asks for
  if (pages < kFewest || pages - 1 > std::numeric_limits<__u32>::max())
    return fail(EINVAL, "make a swap area of", path, std::to_string(size) + " bytes are too few or too many");
  const Information information{.version = 1, .last_page = static_cast<__u32>(pages - 1), .bad_pages = 0};
  std::string header(page, '\0');
  std::memcpy(header.data() + kBootBlock, &information, sizeof information);
  header.replace(page - kMagic.size(), kMagic.size(), kMagic);
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno_error("open", path);
  return write_all(fd.get(), header, path);
}

Result<> swap_on(const std::string& path, int priority) {
  if (swapon(path.c_str(), SWAP_FLAG_PREFER | (priority & SWAP_FLAG_PRIO_MASK)) != 0)
    return errno_error("swapon", path);
  return {};
}

}  // namespace uebo::kernel
