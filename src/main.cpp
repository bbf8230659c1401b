// The role table, nothing else: PID 1, the roles that it runs as children, and the control command are one binary.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "uebo/base/log.hpp"
#include "uebo/base/role.hpp"
#include "uebo/boinc/roles.hpp"
#include "uebo/boot/jobs.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/consul/roles.hpp"
#include "uebo/control/command.hpp"
#include "uebo/init/pid1.hpp"
#include "uebo/init/shutdown_monitor.hpp"
#include "uebo/logs/roles.hpp"
#include "uebo/web/roles.hpp"

namespace {

using uebo::Role;
using Words = std::span<const std::string_view>;

constexpr std::array kInitRoles{
    Role{.name = "supervise",
         .synopsis = "--services DIR --cgroup DIR --log DIR --control PATH [--overlays DIR] "
                     "[--shutdown-deadline DURATION]",
         .meaning = "supervise services without booting a board",
         .run = uebo::init::supervise_role},
    Role{.name = "shutdown-monitor",
         .synopsis = "KIND MILLISECONDS",
         .meaning = "end the system if PID 1 does not (started by PID 1)",
         .run = uebo::init::shutdown_monitor_role},
};

std::optional<Role> find_role(std::string_view name) {
  for (const auto roles : {std::span<const Role>(kInitRoles), uebo::boot::roles(), uebo::boinc::roles(),
                           uebo::consul::roles(), uebo::logs::roles(), uebo::web::roles()})
    if (const auto found = std::ranges::find(roles, name, &Role::name); found != roles.end()) return *found;
  return std::nullopt;
}

int run_role(const Role& role, Words arguments) {
  uebo::log::to_stderr();
  return role.run(arguments);
}

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv, argv + argc);
  const std::string_view called_as = words.empty() ? "" : file_name(words.front());
  // The kernel starts /init as process 1; whatever words it hands over are those of its command line that it does not
  // know, and no business of ours.
  if (getpid() == 1 && called_as == "init") return uebo::init::pid1({argv, static_cast<std::size_t>(argc)});
  if (const auto role = find_role(called_as)) return run_role(*role, Words(words).subspan(1));
  if (words.size() > 1)
    if (const auto role = find_role(words[1])) return run_role(*role, Words(words).subspan(2));
  uebo::log::to_stderr();
  uebo::control::CommandContext context;
  context.drain = uebo::boinc::drain_role;
  context.built_in = [] { return uebo::boot::boot_jobs(); };
  return uebo::control::command(words, std::move(context));
}
