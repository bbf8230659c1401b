// One try to have /storage from an NFS server. The supervisor tries again; nothing here loops or hangs for longer than
// the job's deadline.
#include "uebo/boot/nfs_storage.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "uebo/base/file.hpp"
#include "uebo/base/unique_fd.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/kernel/link.hpp"
#include "uebo/kernel/modules.hpp"
#include "uebo/kernel/nfs.hpp"
#include "uebo/kernel/safe_directory.hpp"

namespace uebo::boot {
namespace {

using std::chrono::seconds;

constexpr const char* kArgument = "uebo.nfsdir";
constexpr const char* kType = "nfs4";
constexpr seconds kServerPatience{5};
/// A server identifies its clients by host name and this (Documentation/filesystems/nfs/client-identifier.rst): two
/// nodes with one identity take each other's locks.
constexpr const char* kUniqueId = "/sys/module/nfs/parameters/nfs4_unique_id";
constexpr const char* kTestFile = ".uebo-test-";

Result<> load_module() {
  auto modules = UEBO_TRY(kernel::Modules::open());
  const auto loaded = modules.load("nfsv4");
  // No module of that name: built in, or really missing, which the mount will say.
  if (!loaded && loaded.error().code != ENOENT) return std::unexpected(loaded.error());
  return {};
}

/// The kernel's command line may have given one (nfs.nfs4_unique_id=). Returns the one in use.
Result<std::string> set_client_id() {
  const std::string given(trim(UEBO_TRY(read_file(kUniqueId))));
  if (!given.empty()) return given;
  const auto mac = kernel::node_mac();
  if (!mac) return fail(0, "set", kUniqueId, "no link has a MAC address to take it from");
  UEBO_TRY(write_kernel_file(kUniqueId, *mac));
  return *mac;
}

Result<UniqueFd> mount_version(const config::NfsExport& source, const kernel::NfsServer& server,
                               const std::string& version) {
  return kernel::make_mount(kType,
                            {{"source", source.source()},
                             {"addr", server.address},
                             {"clientaddr", server.client_address},
                             {"port", std::to_string(source.port)},
                             {"vers", version},
                             {"proto", server.ipv6 ? "tcp6" : "tcp"},
                             {"sec", "sys"},
                             {"hard", ""}},
                            MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME);
}

struct NewMount {
  UniqueFd root;
  std::string version;
};

/// The newest version that the server speaks. What it says about the last one counts.
Result<NewMount> mount_export(const config::NfsExport& source, const kernel::NfsServer& server) {
  Result<UniqueFd> mounted;
  for (const std::string& version : source.versions) {
    mounted = mount_version(source, server, version);
    if (mounted) return NewMount{.root = std::move(*mounted), .version = version};
    const int code = mounted.error().code;
    if (code != EPROTONOSUPPORT && code != EINVAL) break;
  }
  const int code = mounted.error().code;
  return fail(code, "mount", fmt::format("{} (port {})", source.source(), source.port), mount_failure_hint(code));
}

/// All that BOINC will do with the export, tried with one file that nobody else has.
class ExportTest {
 public:
  ExportTest(int root, const config::NfsExport& source, const std::string& id)
      : root_(root), source_(source.source()), name_(kTestFile + id) {
    std::ranges::replace(name_, '/', '_');
  }
  ExportTest(const ExportTest&) = delete;
  ExportTest& operator=(const ExportTest&) = delete;
  ~ExportTest() {
    file_.reset();
    unlinkat(root_, name_.c_str(), 0);
  }

  Result<> run() {
    UEBO_TRY(write());
    UEBO_TRY(read_back());
    UEBO_TRY(lock());
    return give_away();
  }

 private:
  Result<> write() {
    // A server that has just started gives no state for its grace period; the kernel waits in here then.
    file_.reset(openat(root_, name_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_) return errno_error("write to", source_, "it has to be exported read-write, with no_root_squash");
    UEBO_TRY(write_all(file_.get(), name_, source_));
    if (fsync(file_.get()) != 0) return errno_error("write to", source_);
    return {};
  }

  /// From the server, not from our own memory: NFS 4.2 has been seen to read zeros.
  Result<> read_back() {
    posix_fadvise(file_.get(), 0, 0, POSIX_FADV_DONTNEED);
    std::string content(name_.size(), '\0');
    const ssize_t count = pread(file_.get(), content.data(), content.size(), 0);
    if (count < 0) return errno_error("read from", source_);
    if (content != name_)
      return fail(EIO, "read from", source_, "it gives back something else than was written; another vers= may help");
    return {};
  }

  Result<> lock() {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (fcntl(file_.get(), F_SETLK, &lock) != 0)
      return errno_error("lock a file of", source_, "BOINC can't run without locks");
    return {};
  }

  /// An image without BOINC has nobody to give it to.
  Result<> give_away() {
    const auto owner = kernel::find_owner("boinc");
    if (!owner) return {};
    if (fchown(file_.get(), owner->user, owner->group) != 0)
      return errno_error("give a file to boinc on", source_, "the server squashes root; export it with no_root_squash");
    struct stat status{};
    if (fstat(file_.get(), &status) != 0) return errno_error("look at a file of", source_);
    if (status.st_uid != owner->user)
      return fail(0, "give a file to boinc on", source_,
                  fmt::format("it belongs to user {} then, not {}: the server has to take numeric owners",
                              status.st_uid, owner->user));
    return {};
  }

  int root_;
  std::string source_;
  std::string name_;
  UniqueFd file_;
};

std::optional<std::string> option_of(const std::string& options, std::string_view name) {
  for (const std::string& option : split(options, ","))
    if (option.starts_with(name) && option.size() > name.size() && option[name.size()] == '=')
      return option.substr(name.size() + 1);
  return std::nullopt;
}

}  // namespace

bool wants_nfs(const config::KernelArgs& args) { return args.has_word(kArgument); }

std::string mount_failure_hint(int code) {
  switch (code) {
    case ENOENT:
      return "the server has no such directory, or does not export it";
    case EACCES:
    case EPERM:
      return "the server does not export it to this node";
    case ENOTDIR:
      return "it is no directory";
    case EPROTONOSUPPORT:
    case EINVAL:
      return "the server speaks none of the NFS versions that were asked for";
    case ENODEV:
      return "the kernel has no module for NFS";
    default:
      return {};
  }
}

Result<std::string> mount_nfs_storage(const config::KernelArgs& args) {
  const auto source = config::parse_nfs_export(args.get(kArgument).value_or(""));
  if (!source)
    return fail(
        0, kArgument, "",
        fmt::format("expected {}; no local disk is used in its place", config::find_argument(kArgument)->value));
  const auto server = UEBO_TRY(kernel::find_nfs_server(source->server, source->port, kServerPatience));
  UEBO_TRY(load_module());
  const std::string id = UEBO_TRY(set_client_id());
  UEBO_TRY(make_directories(kStorageDirectory));
  const NewMount mounted = UEBO_TRY(mount_export(*source, server));
  spdlog::info("{} answers; trying to write and to lock there (after a restart that can take a server 90 s)",
               source->source());
  UEBO_TRY(ExportTest(mounted.root.get(), *source, id).run());
  UEBO_TRY(kernel::attach_mount(mounted.root.get(), kStorageDirectory));
  return fmt::format("{} (NFS {}, {})", source->source(), mounted.version, server.address);
}

std::optional<MountedServer> server_of(const kernel::MountPoint& mount) {
  const auto address = option_of(mount.options, "addr");
  if (!mount.type.starts_with("nfs") || !address) return std::nullopt;
  MountedServer server{.address = *address};
  const std::string port = option_of(mount.options, "port").value_or("");
  std::from_chars(port.data(), port.data() + port.size(), server.port);
  return server;
}

}  // namespace uebo::boot
