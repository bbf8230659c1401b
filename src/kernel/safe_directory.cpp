#include "uebo/kernel/safe_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "uebo/base/file.hpp"
#include "uebo/kernel/account.hpp"

namespace uebo::kernel {
namespace {

constexpr unsigned kDeepest = 64;

/// openat2(2), which no libc wraps yet.
UniqueFd open_strictly(int directory, const std::string& path, int flags, std::uint64_t beneath) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | beneath;
  return UniqueFd(static_cast<int>(syscall(SYS_openat2, directory, path.c_str(), &how, sizeof how)));
}

UniqueFd open_beneath(int directory, const std::string& name, int flags) {
  return open_strictly(directory, name, flags, RESOLVE_BENEATH);
}

struct Entry {
  UniqueFd fd;
  struct stat status{};
};

/// The entry itself, be it a link.
Result<Entry> look_at(int directory, const std::string& name, const std::string& path) {
  Entry entry{.fd = UniqueFd(openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC))};
  if (!entry.fd || fstat(entry.fd.get(), &entry.status) != 0) return errno_error("look at", path);
  return entry;
}

bool belongs_to(const struct stat& status, Owner owner) {
  return status.st_uid == owner.user && status.st_gid == owner.group;
}

using Listing = std::unique_ptr<DIR, decltype([](DIR* directory) { closedir(directory); })>;

Result<Listing> list(UniqueFd directory, const std::string& path) {
  Listing listing(fdopendir(directory.get()));
  if (!listing) return errno_error("list", path);
  static_cast<void>(directory.release());  // closedir(3) closes it
  return listing;
}

Result<> give_below(UniqueFd directory, const std::string& path, Owner owner, dev_t device, unsigned depth,
                    SafeDirectory::Given& given) {
  const int fd = directory.get();
  const Listing listing = UEBO_TRY(list(std::move(directory), path));
  while (const dirent* item = readdir(listing.get())) {
    const std::string name = item->d_name;
    if (name == "." || name == "..") continue;
    const std::string below = path + "/" + name;
    const Entry entry = UEBO_TRY(look_at(fd, name, below));
    const bool is_directory = S_ISDIR(entry.status.st_mode);
    if (entry.status.st_dev != device || (is_directory ? depth == kDeepest : entry.status.st_nlink > 1)) {
      ++given.refused;
      continue;
    }
    if (!belongs_to(entry.status, owner)) {
      if (fchownat(entry.fd.get(), "", owner.user, owner.group, AT_EMPTY_PATH) != 0) return errno_error("chown", below);
      ++given.changed;
    }
    if (!is_directory) continue;
    UniqueFd next = open_beneath(entry.fd.get(), ".", O_RDONLY | O_DIRECTORY);
    if (!next) return errno_error("open", below);
    UEBO_TRY(give_below(std::move(next), below, owner, device, depth + 1, given));
  }
  return {};
}

bool has_owners(int fd) {
  struct statfs status{};
  return fstatfs(fd, &status) != 0 || (status.f_type != MSDOS_SUPER_MAGIC && status.f_type != EXFAT_SUPER_MAGIC);
}

/// Null: it is this process' user's, and nobody else may write to it.
const char* why_not_own(int fd) {
  struct stat status{};
  if (fstat(fd, &status) != 0 || status.st_uid != geteuid()) return "it belongs to somebody else";
  return (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 ? "others may write to it" : nullptr;
}

Result<> set_attributes(int fd, Owner owner, mode_t mode, const std::string& path) {
  // chown(2) clears the set-user-ID bits, so the mode comes after it.
  const bool takes_owners = has_owners(fd);
  if ((takes_owners || owner.user != 0) && fchown(fd, owner.user, owner.group) != 0)
    return errno_error("chown", path, takes_owners ? "" : "this file system has no owners");
  if (fchmod(fd, mode) != 0) return errno_error("chmod", path);
  return {};
}

}  // namespace

Result<Owner> find_owner(const std::string& text) {
  if (text.empty()) return Owner{};
  const std::string user = text.substr(0, text.find(':'));
  const Account account = UEBO_TRY(find_account(user, text.substr(std::min(text.size(), user.size() + 1))));
  return Owner{.user = account.uid, .group = account.gid};
}

Result<SafeDirectory> SafeDirectory::open(const std::string& path) {
  UniqueFd fd = open_strictly(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
  if (!fd) return errno_error("open", path, errno == ELOOP ? "a symbolic link is in its path" : "");
  return SafeDirectory(std::move(fd), path);
}

Result<SafeDirectory> SafeDirectory::make(const std::string& path, Owner owner, mode_t mode) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos || slash + 1 == path.size())
    return fail(EINVAL, "make directory", path, "an absolute path without a slash at its end is needed");
  const std::string name = path.substr(slash + 1);
  const std::string parent_path = slash == 0 ? "/" : path.substr(0, slash);
  auto parent = open(parent_path);
  if (!parent && parent.error().code == ENOENT) parent = make(parent_path, Owner{}, 0755);
  if (!parent) return std::unexpected(parent.error());
  if (mkdirat(parent->fd_.get(), name.c_str(), 0700) != 0 && errno != EEXIST)
    return errno_error("make directory", path);
  UniqueFd fd = open_beneath(parent->fd_.get(), name, O_RDONLY | O_DIRECTORY);
  if (!fd) return errno_error("open", path, errno == ELOOP ? "it is a symbolic link" : "");
  UEBO_TRY(set_attributes(fd.get(), owner, mode, path));
  return SafeDirectory(std::move(fd), path);
}

Result<UniqueFd> SafeDirectory::open_file(const std::string& name) const {
  // O_NONBLOCK: a FIFO that somebody put there must not hold us up.
  UniqueFd fd = open_beneath(fd_.get(), name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status{};
  if (!fd || fstat(fd.get(), &status) != 0) return errno_error("open", path_of(name));
  if (!S_ISREG(status.st_mode)) return fail(EINVAL, "open", path_of(name), "no regular file");
  if (status.st_nlink > 1) return fail(EMLINK, "open", path_of(name), "it has a second name somewhere");
  return fd;
}

Result<std::string> SafeDirectory::read(const std::string& name, std::size_t limit) const {
  return read_all(UEBO_TRY(open_file(name)), name, limit);
}

Result<std::string> SafeDirectory::read_own(const std::string& name, std::size_t limit) const {
  const UniqueFd fd = UEBO_TRY(open_file(name));
  if (const char* reason = why_not_own(fd.get())) return fail(EPERM, "trust", path_of(name), reason);
  return read_all(fd, name, limit);
}

bool SafeDirectory::is_own() const { return why_not_own(fd_.get()) == nullptr; }

Result<std::vector<std::string>> SafeDirectory::names(std::size_t limit) const {
  UniqueFd fd = open_beneath(fd_.get(), ".", O_RDONLY | O_DIRECTORY);
  if (!fd) return errno_error("open", path_);
  const Listing listing = UEBO_TRY(list(std::move(fd), path_));
  std::vector<std::string> names;
  while (const dirent* item = readdir(listing.get())) {
    const std::string_view name = item->d_name;
    if (name == "." || name == "..") continue;
    if (names.size() == limit) break;
    names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

Result<std::string> SafeDirectory::read_all(const UniqueFd& fd, const std::string& name, std::size_t limit) const {
  std::string content;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno_error("read", path_of(name));
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > limit) return fail(EFBIG, "read", path_of(name));
  }
}

Result<> SafeDirectory::replace(const std::string& name, std::string_view content, Owner owner, mode_t mode) const {
  const std::string temporary = "." + name + ".new";
  const std::string path = path_of(name);
  if (unlinkat(fd_.get(), temporary.c_str(), 0) != 0 && errno != ENOENT) return errno_error("replace", path);
  const UniqueFd fd(openat(fd_.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return errno_error("create", path_of(temporary));
  const auto finish = [&]() -> Result<> {
    UEBO_TRY(write_all(fd.get(), content, path));
    UEBO_TRY(set_attributes(fd.get(), owner, mode, path));
    if (fsync(fd.get()) != 0) return errno_error("fsync", path);
    return rename(temporary, name);
  };
  auto result = finish();
  if (!result) unlinkat(fd_.get(), temporary.c_str(), 0);
  return result;
}

Result<> SafeDirectory::give(const std::string& name, Owner owner, mode_t mode) const {
  const UniqueFd fd = UEBO_TRY(open_file(name));
  return set_attributes(fd.get(), owner, mode, path_of(name));
}

Result<> SafeDirectory::rename(const std::string& from, const std::string& to) const {
  if (renameat(fd_.get(), from.c_str(), fd_.get(), to.c_str()) != 0)
    return errno_error("rename " + path_of(from) + " to", to);
  return {};
}

Result<> SafeDirectory::remove(const std::string& name) const {
  if (unlinkat(fd_.get(), name.c_str(), 0) != 0) return errno_error("remove", path_of(name));
  return {};
}

bool SafeDirectory::keeps_owners() const { return has_owners(fd_.get()); }

bool SafeDirectory::contains(const std::string& name) const {
  struct stat status{};
  return fstatat(fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<SafeDirectory::Given> SafeDirectory::give_all(Owner owner) const {
  struct stat status{};
  if (fstat(fd_.get(), &status) != 0) return errno_error("look at", path_);
  UniqueFd fd = open_beneath(fd_.get(), ".", O_RDONLY | O_DIRECTORY);
  if (!fd) return errno_error("open", path_);
  Given given;
  UEBO_TRY(give_below(std::move(fd), path_, owner, status.st_dev, 0, given));
  return given;
}

}  // namespace uebo::kernel
