// The part of the sandbox that runs between clone and exec: system calls alone, nothing is allocated, and errno is the
// answer.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "uebo/supervise/sandbox.hpp"

namespace uebo::supervise {
namespace {

constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV;

/// Closes without a change of errno.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    const int code = errno;
    if (fd_ >= 0) close(fd_);
    errno = code;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

bool attach(const Descriptor& tree, const char* target) {
  return move_mount(tree.get(), "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) == 0;
}

/// A copy of what lies at the path, below as well, with other attributes.
bool bind(const char* source, const char* target, const mount_attr& attributes) {
  const Descriptor tree(open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  mount_attr wanted = attributes;
  return tree.get() >= 0 && mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &wanted, sizeof wanted) == 0 &&
         attach(tree, target);
}

bool mount_tmpfs(const char* path, unsigned long flags, const char* options) {
  return mount("tmpfs", path, "tmpfs", flags, options) == 0;
}

// --- /dev

struct Node {
  const char* path;
  unsigned number;
};
constexpr std::array kNodes{Node{"/dev/null", 3}, Node{"/dev/zero", 5}, Node{"/dev/full", 7}, Node{"/dev/random", 8},
                            Node{"/dev/urandom", 9}};
constexpr unsigned kMemoryMajor = 1;  // Documentation/admin-guide/devices.txt
constexpr unsigned kTerminalMajor = 5;

struct Link {
  const char* target;
  const char* path;
};
constexpr std::array kLinks{Link{"/proc/self/fd", "/dev/fd"}, Link{"/proc/self/fd/0", "/dev/stdin"},
                            Link{"/proc/self/fd/1", "/dev/stdout"}, Link{"/proc/self/fd/2", "/dev/stderr"},
                            Link{"pts/ptmx", "/dev/ptmx"}};

bool make_nodes() {
  for (const Node& node : kNodes)
    if (mknod(node.path, S_IFCHR | 0666, makedev(kMemoryMajor, node.number)) != 0) return false;
  if (mknod("/dev/tty", S_IFCHR | 0666, makedev(kTerminalMajor, 0)) != 0) return false;
  for (const Link& link : kLinks)
    if (symlink(link.target, link.path) != 0) return false;
  return mkdir("/dev/pts", 0755) == 0 && mkdir("/dev/shm", 0755) == 0;
}

bool make_devices() {
  if (!mount_tmpfs("/dev", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k,nr_inodes=32")) return false;
  const mode_t mask = umask(0);
  const bool made = make_nodes();
  umask(mask);
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  return made &&
         mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,gid=5,mode=620,ptmxmode=666") == 0 &&
         mount_tmpfs("/dev/shm", kPlain, kSharedMemoryOptions) &&
         mount_setattr(AT_FDCWD, "/dev", 0, &read_only, sizeof read_only) == 0;
}

// --- /proc

// What boot::cover_secrets() covers in a proc. Whether it did so on this node doesn't matter: an uncovered file is
// bound over itself.
constexpr std::array kCovered{"/proc/cmdline", "/proc/bootconfig"};

bool mount_proc(bool read_only) {
  std::array<int, kCovered.size()> covers{};
  for (std::size_t i = 0; i < kCovered.size(); ++i) {
    covers[i] = open_tree(AT_FDCWD, kCovered[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (covers[i] < 0 && errno != ENOENT) return false;
  }
  const unsigned long flags = kPlain | MS_NOEXEC | (read_only ? MS_RDONLY : 0);
  if (mount("proc", "/proc", "proc", flags, "hidepid=2") != 0) return false;
  for (std::size_t i = 0; i < kCovered.size(); ++i) {
    const Descriptor cover(covers[i]);
    if (cover.get() >= 0 && !attach(cover, kCovered[i])) return false;
  }
  return true;
}

// --- the steps

bool hide(const char* path) {
  return mount_tmpfs(path, kPlain | MS_NOEXEC | MS_RDONLY, "mode=0,size=4k") || errno == ENOENT;
}

/// By umount2(2) alone, which doesn't ask the file system. Several may lie over each other.
bool remove_mounts(const char* path) {
  constexpr int most = 16;
  for (int i = 0; i < most; ++i)
    if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) != 0) return errno == EINVAL || errno == ENOENT;
  errno = ELOOP;
  return false;
}

struct Perform {
  bool operator()(const ReadOnlyTree&) const {
    mount_attr read_only{};
    read_only.attr_set = MOUNT_ATTR_RDONLY;
    return mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only) == 0;
  }
  bool operator()(const WritablePath& step) const {
    mount_attr writable{};
    writable.attr_clr = MOUNT_ATTR_RDONLY;
    return bind(step.path.c_str(), step.path.c_str(), writable);
  }
  bool operator()(const OwnTmpfs& step) const {
    return mount_tmpfs(step.path.c_str(), kPlain, step.options.c_str()) || errno == ENOENT;
  }
  bool operator()(const OwnDevices&) const { return make_devices(); }
  bool operator()(const BindTree& step) const {
    mount_attr attributes{};
    if (step.bind.read_only)
      attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    else
      attributes.attr_clr = MOUNT_ATTR_RDONLY;
    return bind(step.bind.source.c_str(), step.bind.target.c_str(), attributes);
  }
  bool operator()(const OwnProc& step) const { return mount_proc(step.read_only); }
  bool operator()(const HiddenDirectory& step) const { return hide(step.path.c_str()); }
  bool operator()(const RemovedMount& step) const {
    return remove_mounts(step.path.c_str()) && hide(step.path.c_str());
  }
};

}  // namespace

bool enter_namespaces(OwnIpc ipc) {
  mount_attr slave{};
  slave.propagation = MS_SLAVE;
  return unshare(CLONE_NEWNS | (ipc == OwnIpc::Yes ? CLONE_NEWIPC : 0)) == 0 &&
         mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &slave, sizeof slave) == 0;
}

bool perform(const MountStep& step) { return std::visit(Perform{}, step); }

}  // namespace uebo::supervise
