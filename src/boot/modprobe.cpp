// /sbin/modprobe as the kernel calls it (kernel/module/kmod.c: `modprobe -q -- ALIAS`), and by hand.
#include <spdlog/spdlog.h>

#include <string>

#include "uebo/boot/roles.hpp"
#include "uebo/kernel/modules.hpp"

namespace uebo::boot {

int modprobe_role(std::span<const std::string_view> arguments) {
  bool quiet = false;
  std::string name;
  std::string options;
  bool only_words = false;
  for (const std::string_view argument : arguments) {
    if (!only_words && argument == "--") {
      only_words = true;
    } else if (!only_words && (argument == "-q" || argument == "--quiet")) {
      quiet = true;
    } else if ((!only_words && argument.starts_with('-')) || argument.empty()) {
      name.clear();
      break;
    } else if (name.empty()) {
      name = argument;
    } else {
      options += (options.empty() ? "" : " ") + std::string(argument);
    }
  }
  if (name.empty()) {
    spdlog::error("usage: modprobe [-q] [--] NAME [PARAMETER=VALUE...]");
    return 2;
  }
  auto modules = kernel::Modules::open();
  const auto loaded = modules ? modules->load(name, options) : Result<unsigned>(std::unexpected(modules.error()));
  if (loaded) return 0;
  if (!quiet) spdlog::error("{}", loaded.error().message());
  return 1;
}

}  // namespace uebo::boot
