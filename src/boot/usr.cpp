#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>

#include "uebo/base/unique_fd.hpp"
#include "uebo/boot/inline_steps.hpp"
#include "uebo/kernel/modules.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kImage = "/usr.img";
constexpr const char* kUsr = "/usr";

Result<std::string> head_of(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error("open", path);
  std::array<char, 2048> head{};
  const ssize_t count = read(fd.get(), head.data(), head.size());
  if (count < 0) return errno_error("read", path);
  return std::string(head.data(), static_cast<std::size_t>(count));
}

/// What is built into the kernel is fine; what is really missing the mount will say.
void load(const std::string& module) {
  auto modules = kernel::Modules::open();
  const auto loaded = modules ? modules->load(module) : Result<unsigned>(std::unexpected(modules.error()));
  if (!loaded) spdlog::warn("{}", loaded.error().message());
}

}  // namespace

std::string_view image_type(std::string_view head) {
  // EROFS_SUPER_MAGIC_V1, little-endian, at 1024 (fs/erofs/erofs_fs.h); squashfs starts with its own.
  constexpr std::string_view erofs("\xe2\xe1\xf5\xe0", 4);
  if (head.size() >= 1028 && head.substr(1024, 4) == erofs) return "erofs";
  if (head.starts_with("hsqs")) return "squashfs";
  return {};
}

Result<> mount_usr() {
  const std::string head = UEBO_TRY(head_of(kImage));
  const std::string type(image_type(head));
  if (type.empty()) return fail(0, "mount", kImage, "neither erofs nor squashfs");
  load(type);
  const auto mounted = kernel::mount_image(kImage, kUsr, type);
  if (mounted) return {};
  // Kernels before 6.12, and squashfs on all of them, want a block device.
  load("loop");
  return kernel::mount_image(kImage, kUsr, type);
}

}  // namespace uebo::boot
