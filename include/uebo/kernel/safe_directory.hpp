// Files that root touches in directories that somebody else may write to. Every path is looked up with openat2(2),
// RESOLVE_NO_SYMLINKS and, below the directory, RESOLVE_BENEATH; an object is identified by its descriptor before
// anything is done to it. A symbolic link on the way is ELOOP; a file with a second name (a hard link that may lead to
// somebody else's file) is EMLINK; what is no regular file is EINVAL.
//
// On a file system without owners (vfat, exfat) everything belongs to whom the mount's options name. What is to be
// root's stays as it is there, since root can read and write it all the same; giving it to others is EPERM.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel {

struct Owner {
  uid_t user = 0;
  gid_t group = 0;
  bool operator==(const Owner&) const = default;
};

/// "user:group", "user" (its own group) or empty (root:root), by name, as /etc/passwd and /etc/group have them.
[[nodiscard]] Result<Owner> find_owner(const std::string& text);

class SafeDirectory {
 public:
  [[nodiscard]] static Result<SafeDirectory> open(const std::string& path);
  /// As open(), made where it is missing: its parents by root with 0755. Owner and mode are set in any case.
  [[nodiscard]] static Result<SafeDirectory> make(const std::string& path, Owner owner, mode_t mode);

  // Names are of entries of this directory, without slashes.

  [[nodiscard]] Result<std::string> read(const std::string& name, std::size_t limit = 1 << 20) const;
  /// As read(); what this process' user does not own, or somebody else may write to, is EPERM.
  [[nodiscard]] Result<std::string> read_own(const std::string& name, std::size_t limit) const;
  /// This directory is this process' user's own, and nobody else may write to it.
  [[nodiscard]] bool is_own() const;
  /// Of its entries, sorted, without `.` and `..`; of a directory with more than `limit` of them not all.
  [[nodiscard]] Result<std::vector<std::string>> names(std::size_t limit) const;
  /// Replaces the file atomically, or whatever else but a directory has its name.
  [[nodiscard]] Result<> replace(const std::string& name, std::string_view content, Owner owner, mode_t mode) const;
  [[nodiscard]] Result<> give(const std::string& name, Owner owner, mode_t mode) const;
  /// Nothing of that name is an error, ENOENT.
  [[nodiscard]] Result<> remove(const std::string& name) const;
  [[nodiscard]] Result<> rename(const std::string& from, const std::string& to) const;
  /// False on a file system without owners.
  [[nodiscard]] bool keeps_owners() const;
  /// Anything has this name, be it a broken link.
  [[nodiscard]] bool contains(const std::string& name) const;

  struct Given {
    unsigned changed = 0;
    unsigned refused = 0;  // files with a second name, other file systems, directories too deep to be true
  };
  /// Gives everything below (not itself) that belongs to somebody else to `owner`. Links are given, not followed.
  [[nodiscard]] Result<Given> give_all(Owner owner) const;

 private:
  SafeDirectory(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] Result<UniqueFd> open_file(const std::string& name) const;
  [[nodiscard]] Result<std::string> read_all(const UniqueFd& fd, const std::string& name, std::size_t limit) const;

  UniqueFd fd_;
  std::string path_;
};

}  // namespace uebo::kernel
