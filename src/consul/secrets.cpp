// Token and authority for Consul, handed to the registrar, which is no root: from the kernel's arguments, and from
// /storage where they are there.
#include <spdlog/spdlog.h>

#include "uebo/base/file.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/consul/roles.hpp"
#include "uebo/kernel/mount.hpp"
#include "uebo/kernel/process.hpp"
#include "uebo/kernel/safe_directory.hpp"

namespace uebo::consul {
namespace {

constexpr const char* kStorage = "/storage";
constexpr const char* kKeptIn = "/storage/consul";
constexpr const char* kToken = "token";
constexpr const char* kAuthority = "ca.pem";
constexpr const char* kUser = "uebo-consul";
constexpr std::size_t kLongest = 256 * 1024;
constexpr std::chrono::seconds kStoragePatience{15};

std::string trimmed(std::string text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  text.resize(end == std::string::npos ? 0 : end + 1);
  return text;
}

Result<> put(const std::string& name, std::string_view content) {
  const auto owner = UEBO_TRY(kernel::find_owner(kUser));
  const auto directory = UEBO_TRY(kernel::SafeDirectory::make(kSecretsDirectory, owner, 0700));
  return directory.replace(name, content, owner, 0400);
}

/// The argument's token counts before that of /storage.
Result<> fetch_from_storage(bool with_token) {
  const auto kept = kernel::SafeDirectory::open(kKeptIn);
  if (!kept && kept.error().code == ENOENT) return {};
  if (!kept) return std::unexpected(kept.error());
  if (with_token && kept->contains(kToken)) {
    const std::string token = trimmed(UEBO_TRY(kept->read(kToken, kLongest)));
    const auto* argument = config::find_argument("uebo.consul.token");
    if (!argument->good(token))
      return fail(0, "read", std::string(kKeptIn) + "/" + kToken, "expected " + std::string(argument->value));
    UEBO_TRY(put(kToken, token));
  }
  if (!kept->contains(kAuthority)) return {};
  return put(kAuthority, UEBO_TRY(kept->read(kAuthority, kLongest)));
}

Result<> fetch() {
  const auto arguments = UEBO_TRY(config::load_kernel_args());
  const auto token = arguments.get("uebo.consul.token");
  if (token) UEBO_TRY(put(kToken, *token));
  const auto mounted = kernel::find_mount(kStorage);
  if (!mounted || !*mounted) return {};
  // A server of /storage that hangs is no reason not to register.
  const auto fetched = kernel::run_bounded(
      [&] {
        const auto result = fetch_from_storage(!token);
        if (!result) spdlog::warn("{}", result.error().message());
        return result ? 0 : 1;
      },
      kStoragePatience);
  if (!fetched) spdlog::warn("{} is left alone: {}", kKeptIn, fetched.error().message());
  return {};
}

}  // namespace

int secrets_role(std::span<const std::string_view>) {
  const auto fetched = fetch();
  if (!fetched) spdlog::error("{}", fetched.error().message());
  return fetched ? 0 : 1;
}

}  // namespace uebo::consul
