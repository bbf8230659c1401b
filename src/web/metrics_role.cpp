#include <spdlog/spdlog.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string_view>

#include "uebo/base/control_socket.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/config/site.hpp"
#include "uebo/consul/node_id.hpp"
#include "uebo/kernel/link.hpp"
#include "uebo/kernel/mount.hpp"
#include "uebo/metrics/server.hpp"
#include "uebo/web/node_metrics.hpp"
#include "uebo/web/roles.hpp"

namespace uebo::web {
namespace {

using control::Json;
using metrics::Families;

constexpr std::uint16_t kPort = 9101;
constexpr std::chrono::seconds kPatience{4};  // Prometheus waits for 10 s

/// By the table of mounts: nothing below /storage is touched, which could hang.
std::optional<NodeFacts::Storage> mounted_storage() {
  const auto mount = kernel::find_mount(boot::kStorageDirectory);
  if (!mount || !*mount) return std::nullopt;
  const std::string options = "," + (*mount)->options + ",";
  return NodeFacts::Storage{
      .source = (*mount)->source, .type = (*mount)->type, .read_only = options.find(",ro,") != std::string::npos};
}

NodeFacts facts(const config::Release& release) {
  utsname kernel{};
  uname(&kernel);
  NodeFacts facts{.version = UEBO_VERSION,
                  .architecture = kernel.machine,
                  .kernel = kernel.release,
                  .suite = release.suite,
                  .image_built = std::nullopt,
                  .host_name = kernel.nodename,
                  .id = {},
                  .mac = kernel::node_mac().value_or(""),
                  .storage = mounted_storage()};
  if (release.build_time.time_since_epoch().count() > 0) facts.image_built = release.build_time;
  facts.id = consul::node_id(facts.mac);
  return facts;
}

std::optional<Json> ask(std::string_view verb) {
  const auto line = control_request(control::json_text({{"verb", verb}}), kPatience);
  auto answer = line ? control::parse_object(*line) : std::nullopt;
  if (!answer || control::bool_field(*answer, "ok") != true) return std::nullopt;
  return answer;
}

class Node {
 public:
  explicit Node(config::Release release) : release_(std::move(release)) {}

  Families collect() {
    Families families;
    const auto status = ask("status");
    families.gauge("uebo_up", "Whether PID 1 answers", status ? 1 : 0);
    add_facts(families, facts(release_));
    if (!status) return families;
    add_status(families, *status);
    if (!boot_) boot_ = ask("boot");
    if (boot_) add_boot(families, *boot_);
    return families;
  }

 private:
  config::Release release_;
  std::optional<Json> boot_;
};

config::Release release() {
  auto release = config::load_release();
  if (!release) spdlog::warn("{}", release.error().message());
  return release.value_or(config::Release{});
}

}  // namespace

int metrics_role(std::span<const std::string_view>) {
  Node node(release());
  return metrics::serve(kPort, "UEBO: PID 1's metrics", [&node] { return node.collect(); });
}

std::span<const Role> roles() {
  static constexpr std::array kRoles{
      Role{"metrics", "", "serve PID 1's metrics on port 9101", metrics_role},
  };
  return kRoles;
}

}  // namespace uebo::web
