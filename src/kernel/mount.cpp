#include "uebo/kernel/mount.hpp"

#include <fcntl.h>
#include <libmount.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include <cstring>
#include <memory>

#include "uebo/base/unique_fd.hpp"
#include "uebo/kernel/block.hpp"

namespace uebo::kernel {
namespace {

using Context = std::unique_ptr<libmnt_context, decltype([](libmnt_context* context) { mnt_free_context(context); })>;
using Table = std::unique_ptr<libmnt_table, decltype([](libmnt_table* table) { mnt_unref_table(table); })>;
using Iterator = std::unique_ptr<libmnt_iter, decltype([](libmnt_iter* iterator) { mnt_free_iter(iterator); })>;

std::string text_or_empty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

std::string hint_for(int code, const std::string& type) {
  switch (code) {
    case ENODEV:
      return "the kernel has no module for file system " + type;
    case EBUSY:
      return "mounted already or in use";
    case EINVAL:
      return "wrong type, bad option or damaged superblock; dmesg may say more";
    case EUCLEAN:
      return "run a file system check";
    case EROFS:
    case EACCES:
      return "write-protected";
    case ENOMEDIUM:
      return "no medium in the drive";
    default:
      return {};
  }
}

/// What libmount's result means: negative is -errno or one of its own codes, positive says that the system call failed.
Error mount_error(libmnt_context* context, int result, const std::string& what, const std::string& type) {
  Error error{.code = 0, .operation = "mount", .object = what, .hint = {}};
  if (mnt_context_syscall_called(context) == 1 && mnt_context_get_syscall_errno(context) != 0) {
    error.code = std::abs(mnt_context_get_syscall_errno(context));
    error.hint = hint_for(error.code, type);
  } else if (result <= -MNT_ERR_NOFSTAB) {
    error.hint = "libmount error " + std::to_string(-result);
  } else {
    error.code = std::abs(result);
    error.hint = hint_for(error.code, type);
  }
  return error;
}

struct Loop {
  std::string path;
  UniqueFd fd;  // with LO_FLAGS_AUTOCLEAR the device is freed by the last close
};

Result<Loop> configure_loop(const std::string& file, unsigned flags) {
  const UniqueFd backing(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!backing) return errno_error("open", file);
  const UniqueFd control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) return errno_error("open", "/dev/loop-control", "is the module loop loaded?");
  // Another process may take the free device first: loop(4) answers EBUSY then.
  for (int attempt = 0; attempt < 8; ++attempt) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return errno_error("find a free loop device for", file);
    Loop loop{.path = "/dev/loop" + std::to_string(number), .fd = {}};
    loop.fd.reset(open(loop.path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!loop.fd) return errno_error("open", loop.path);
    loop_config config{};
    config.fd = static_cast<__u32>(backing.get());
    config.info.lo_flags = LO_FLAGS_READ_ONLY | flags;
    strncpy(reinterpret_cast<char*>(config.info.lo_file_name), file.c_str(), LO_NAME_SIZE - 1);
    if (ioctl(loop.fd.get(), LOOP_CONFIGURE, &config) == 0) return loop;
    if (errno != EBUSY) return errno_error("attach " + file + " to", loop.path);
  }
  return fail(EBUSY, "find a free loop device for", file);
}

}  // namespace

Result<> mount_api(const std::string& type, const std::string& target, unsigned long flags,
                   const std::string& options) {
  if (mount(type.c_str(), target.c_str(), type.c_str(), flags, options.c_str()) == 0 || errno == EBUSY) return {};
  const int code = errno;
  return fail(code, "mount", type + " on " + target, hint_for(code, type));
}

Result<> mount_device(const std::string& device, const std::string& target, const std::string& type,
                      const std::string& options) {
  const std::string what = device + " on " + target;
  if (type.empty()) {
    const std::string found = UEBO_TRY(probe(device)).type;
    if (found.empty()) return fail(0, "mount", what, "no file system recognised on it");
    return mount_device(device, target, found, options);
  }
  const Context context(mnt_new_context());
  if (!context) return fail(ENOMEM, "mount", what);
  // Neither /etc/fstab nor /run/mount nor mount.TYPE helpers take part, and what can't be written is an error instead
  // of a mount that is read-only without anybody having asked.
  if (mnt_context_set_optsmode(context.get(), MNT_OMODE_NOTAB) != 0 ||
      mnt_context_disable_mtab(context.get(), 1) != 0 || mnt_context_disable_helpers(context.get(), 1) != 0 ||
      mnt_context_enable_rwonly_mount(context.get(), 1) != 0 ||
      mnt_context_set_source(context.get(), device.c_str()) != 0 ||
      mnt_context_set_target(context.get(), target.c_str()) != 0 ||
      mnt_context_set_fstype(context.get(), type.c_str()) != 0)
    return fail(ENOMEM, "mount", what);
  if (mnt_context_set_options(context.get(), options.c_str()) != 0)
    return fail(EINVAL, "mount", what, "bad options \"" + options + "\"");
  const int result = mnt_context_mount(context.get());
  if (result == 0) return {};
  return std::unexpected(mount_error(context.get(), result, what, type));
}

Result<> mount_image(const std::string& file, const std::string& target, const std::string& type) {
  constexpr unsigned long flags = MS_RDONLY | MS_NODEV;
  const std::string what = file + " on " + target;
  if (mount(file.c_str(), target.c_str(), type.c_str(), flags, "") == 0) return {};
  if (errno != ENOTBLK) {
    const int code = errno;
    return fail(code, "mount", what, hint_for(code, type));
  }
  const Loop loop = UEBO_TRY(configure_loop(file, LO_FLAGS_AUTOCLEAR));
  if (mount(loop.path.c_str(), target.c_str(), type.c_str(), flags, "") == 0) return {};
  const int code = errno;
  return fail(code, "mount", what, hint_for(code, type));
}

Result<UniqueFd> make_mount(const std::string& type, const std::vector<MountParameter>& parameters,
                            unsigned attributes) {
  const UniqueFd context(fsopen(type.c_str(), FSOPEN_CLOEXEC));
  if (!context) return errno_error("mount", type, hint_for(errno, type));
  for (const auto& [name, value] : parameters) {
    const auto command = value.empty() ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
    if (fsconfig(context.get(), command, name.c_str(), value.empty() ? nullptr : value.c_str(), 0) != 0)
      return errno_error("mount " + type + ", parameter " + name, value);
  }
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return errno_error("mount", type);
  UniqueFd mount(fsmount(context.get(), FSMOUNT_CLOEXEC, attributes));
  if (!mount) return errno_error("mount", type);
  return mount;
}

Result<> attach_mount(int mount, const std::string& target) {
  if (move_mount(mount, "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
    return errno_error("attach mount to", target);
  return {};
}

Result<> bind(const std::string& source, const std::string& target, bool read_only) {
  const std::string what = source + " on " + target;
  // A tree that nobody sees yet gets its attributes first, so that a read-only bind is never writable for a moment.
  const UniqueFd tree(open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  if (!tree) return errno_error("bind", what);
  mount_attr attributes{};
  attributes.attr_set = read_only ? MOUNT_ATTR_RDONLY : 0;
  if (read_only && mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
    return errno_error("bind read-only", what);
  if (move_mount(tree.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) != 0)
    return errno_error("bind", what);
  return {};
}

Result<> make_shared_recursively(const std::string& target) {
  mount_attr attributes{};
  attributes.propagation = MS_SHARED;
  if (mount_setattr(AT_FDCWD, target.c_str(), AT_RECURSIVE, &attributes, sizeof attributes) != 0)
    return errno_error("make shared", target);
  return {};
}

Result<> unmount(const std::string& target, int flags) {
  if (umount2(target.c_str(), flags) == 0) return {};
  const int code = errno;
  return fail(code, "unmount", target,
              code == EINVAL  ? "nothing is mounted there"
              : code == EBUSY ? "still in use"
                              : "");
}

Result<std::optional<MountPoint>> find_mount(const std::string& target) {
  std::optional<MountPoint> found;
  // The last one hides the others.
  for (MountPoint& mount : UEBO_TRY(mounts()))
    if (mount.target == target) found = std::move(mount);
  return found;
}

Result<std::vector<MountPoint>> mounts() {
  const Table table(mnt_new_table_from_file("/proc/self/mountinfo"));
  const Iterator iterator(mnt_new_iter(MNT_ITER_FORWARD));
  if (!table || !iterator) return errno_error("read", "/proc/self/mountinfo");
  std::vector<MountPoint> result;
  libmnt_fs* entry = nullptr;
  while (mnt_table_next_fs(table.get(), iterator.get(), &entry) == 0)
    result.push_back({.source = text_or_empty(mnt_fs_get_source(entry)),
                      .target = text_or_empty(mnt_fs_get_target(entry)),
                      .type = text_or_empty(mnt_fs_get_fstype(entry)),
                      .options = text_or_empty(mnt_fs_get_options(entry)),
                      .number = mnt_fs_get_devno(entry)});
  return result;
}

Result<std::string> attach_loop(const std::string& file) {
  Loop loop = UEBO_TRY(configure_loop(file, 0));
  return std::move(loop.path);
}

}  // namespace uebo::kernel
