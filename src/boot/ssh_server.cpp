// dropbear, and the key that it shows itself by: kept on /storage, so that it is the same after each boot.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "uebo/base/file.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/config/site.hpp"
#include "uebo/kernel/mount.hpp"
#include "uebo/kernel/process.hpp"
#include "uebo/kernel/safe_directory.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kServer = "/usr/sbin/dropbear";
constexpr const char* kKeyMaker = "/usr/bin/dropbearkey";
constexpr const char* kKeyName = "ed25519_hostkey";
constexpr const char* kKeptIn = "/storage/dropbear";
constexpr const char* kUsedFrom = "/run/dropbear";
constexpr std::chrono::seconds kStoragePatience{15};

/// A power cut may have left an empty or damaged file.
Result<bool> is_key(const std::string& path) {
  if (access(path.c_str(), F_OK) != 0) return false;
  return UEBO_TRY(kernel::run_program({kKeyMaker, "-y", "-f", path})) == 0;
}

/// The key of a directory, which is made with a new key where there is none.
Result<std::string> key_in(const std::string& directory) {
  UEBO_TRY(kernel::SafeDirectory::make(directory, kernel::Owner{}, 0700));
  const std::string path = directory + "/" + kKeyName;
  if (UEBO_TRY(is_key(path))) return path;
  // In memory first: dropbearkey gives its file a second name on the way, which a vfat has none of.
  UEBO_TRY(kernel::SafeDirectory::make(kUsedFrom, kernel::Owner{}, 0700));
  const std::string made = std::string(kUsedFrom) + "/new";
  unlink(made.c_str());
  const int code = UEBO_TRY(kernel::run_program({kKeyMaker, "-t", "ed25519", "-f", made}));
  if (code != 0) return fail(0, "make host key", made, "dropbearkey failed with exit code " + std::to_string(code));
  const std::string key = UEBO_TRY(read_file(made, 64 * 1024));
  UEBO_TRY(replace_file(path, key, 0600));
  for (const std::string& rest : {made, made + ".pub"}) unlink(rest.c_str());
  spdlog::info("a new host key, {}", path);
  return path;
}

Result<> fetch_kept_key() {
  const std::string kept = UEBO_TRY(key_in(kKeptIn));
  const std::string key = UEBO_TRY(read_file(kept, 64 * 1024));
  UEBO_TRY(kernel::SafeDirectory::make(kUsedFrom, kernel::Owner{}, 0700));
  return replace_file(std::string(kUsedFrom) + "/" + kKeyName, key, 0600);
}

/// What is used lies in memory: nobody who wants to log in is to wait for a server or a disk that hangs.
Result<std::string> host_key() {
  const auto mounted = kernel::find_mount(kStorageDirectory);
  if (mounted && *mounted) {
    const auto fetched = kernel::run_bounded(
        [] {
          const auto result = fetch_kept_key();
          if (!result) spdlog::warn("{}", result.error().message());
          return result ? 0 : 1;
        },
        kStoragePatience);
    if (!fetched) spdlog::warn("{} is left alone: {}", kKeptIn, fetched.error().message());
  }
  return key_in(kUsedFrom);
}

Result<> serve() {
  const std::string key = UEBO_TRY(host_key());
  std::vector<std::string> command{kServer, "-F", "-E", "-r", key, "-p", "22"};
  const auto site = config::load_site();
  if (!site) spdlog::warn("{}", site.error().message());
  if (!site || !site->password_login) command.emplace_back("-s");
  return std::unexpected(kernel::become_program(command));
}

}  // namespace

int ssh_server_role(std::span<const std::string_view>) {
  const auto served = serve();
  spdlog::error("{}", served.error().message());
  return 1;
}

}  // namespace uebo::boot
