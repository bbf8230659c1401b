#include "uebo/boot/identity.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "uebo/base/file.hpp"
#include "uebo/boot/network_plan.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/kernel/host_name.hpp"
#include "uebo/kernel/link.hpp"
#include "uebo/kernel/mount.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kStorageHostName = "/storage/hostname";

std::string name_from(const std::string& mac) {
  std::string digits;
  for (const char c : mac)
    if (c != ':') digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return digits.size() < 6 ? "uebo" : "uebo-" + digits.substr(digits.size() - 6);
}

HostNameSources read_sources() {
  HostNameSources sources;
  // Not mounted: there is no such file either.
  if (const auto text = read_file(kStorageHostName, 256); text) sources.storage = *text;
  if (const auto args = config::load_kernel_args(); args)
    sources.argument = args->get("uebo.hostname").or_else([&] { return NetworkPlan(*args).host_name(); });
  sources.mac = kernel::node_mac();
  return sources;
}

Result<> take_name(const std::string& name) {
  if (sethostname(name.data(), name.size()) != 0) return errno_error("set host name", name);
  UEBO_TRY(replace_file("/etc/hostname", name + "\n", 0644));
  return replace_file("/etc/hosts", hosts_file(name), 0644);
}

}  // namespace

HostName choose_host_name(const HostNameSources& sources) {
  HostName chosen;
  const auto good = [&](const std::optional<std::string>& source, std::string_view origin) {
    if (!source) return false;
    const std::string name(trim(*source));
    if (config::is_host_label(name)) {
      chosen.name = name;
      return true;
    }
    if (!name.empty())
      chosen.warnings.push_back(fmt::format(
          "\"{}\" of {} is no host name (expected letters, digits and inner hyphens, at most 63)", name, origin));
    return false;
  };
  if (good(sources.storage, kStorageHostName) || good(sources.argument, "uebo.hostname")) return chosen;
  chosen.name = sources.mac ? name_from(*sources.mac) : "uebo";
  return chosen;
}

std::string hosts_file(const std::string& host_name) {
  return fmt::format("127.0.0.1\tlocalhost\n127.0.1.1\t{}\n::1\tlocalhost ip6-localhost ip6-loopback\n", host_name);
}

int identity_role(std::span<const std::string_view>) {
  const HostName chosen = choose_host_name(read_sources());
  for (const std::string& warning : chosen.warnings) spdlog::warn("{}", warning);
  if (chosen.name == kernel::host_name() && access("/etc/hostname", F_OK) == 0) return 0;
  if (const auto taken = take_name(chosen.name); !taken) {
    spdlog::error("{}", taken.error().message());
    return 1;
  }
  spdlog::info("{}", chosen.name);
  return 0;
}

}  // namespace uebo::boot
