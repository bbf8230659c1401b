#include "uebo/boot/prepare.hpp"

#include <spdlog/spdlog.h>

#include "uebo/boot/paths.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/kernel/process.hpp"
#include "uebo/kernel/safe_directory.hpp"

namespace uebo::boot {
namespace {

/// The file of "dhcp@eth0" is dhcp@.json: the template's.
std::string file_of(const std::string& service) {
  const std::string_view templ = config::template_of(service);
  return std::string(kServicesDirectory) + "/" + (templ.empty() ? service : std::string(templ)) + ".json";
}

Result<> prepare(const config::ServiceSpec& spec) {
  for (const auto& directory : spec.directories) UEBO_TRY(prepare_directory(directory));
  if (!spec.files.empty()) {
    const auto args = UEBO_TRY(config::load_kernel_args());
    for (const auto& file : spec.files) UEBO_TRY(prepare_file(file, args));
  }
  if (spec.prepare.empty()) return {};
  return std::unexpected(kernel::become_program(spec.prepare));
}

}  // namespace

Result<> prepare_directory(const config::Directory& directory) {
  const auto owner = UEBO_TRY(kernel::find_owner(directory.owner));
  const auto made = UEBO_TRY(kernel::SafeDirectory::make(directory.path, owner, directory.mode));
  if (!directory.recursive) return {};
  const auto given = UEBO_TRY(made.give_all(owner));
  if (given.changed > 0) spdlog::info("{} files below {} given to {}", given.changed, directory.path, directory.owner);
  if (given.refused > 0)
    spdlog::warn("{} files below {} keep their owners: they have a second name, or lie too deep or on another disk",
                 given.refused, directory.path);
  return {};
}

Result<> prepare_file(const config::FileToWrite& file, const config::KernelArgs& args) {
  const auto slash = file.path.rfind('/');
  if (slash == std::string::npos) return fail(EINVAL, "write", file.path, "an absolute path is needed");
  const auto parent = UEBO_TRY(kernel::SafeDirectory::open(slash == 0 ? "/" : file.path.substr(0, slash)));
  const std::string name = file.path.substr(slash + 1);
  if (file.keep && parent.contains(name)) return {};
  return parent.replace(name, config::expand(file.content, args), UEBO_TRY(kernel::find_owner(file.owner)), file.mode);
}

int prepare_role(std::span<const std::string_view> arguments) {
  if (arguments.empty()) {
    spdlog::error("usage: uebo prepare SERVICE [FILE...]");
    return 2;
  }
  const std::string name(arguments[0]);
  std::vector<std::string> files(arguments.begin() + 1, arguments.end());
  if (files.empty()) files.push_back(file_of(name));
  const auto spec = config::read_service(name, files);
  const auto prepared = spec ? prepare(*spec) : Result<>(std::unexpected(spec.error()));
  if (prepared) return 0;
  spdlog::error("{}", prepared.error().message());
  return 1;
}

}  // namespace uebo::boot
