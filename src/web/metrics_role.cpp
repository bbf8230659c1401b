// The role metrics: PID 1's metrics and the status page, on port 9101.
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <mutex>
#include <optional>
#include <string_view>

#include "uebo/base/control_socket.hpp"
#include "uebo/boinc/client_report.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/config/site.hpp"
#include "uebo/consul/node_id.hpp"
#include "uebo/kernel/link.hpp"
#include "uebo/kernel/memory.hpp"
#include "uebo/kernel/mount.hpp"
#include "uebo/kernel/thermal.hpp"
#include "uebo/logs/log_reader.hpp"
#include "uebo/metrics/server.hpp"
#include "uebo/web/node_metrics.hpp"
#include "uebo/web/page_server.hpp"
#include "uebo/web/roles.hpp"
#include "uebo/web/status_document.hpp"

namespace uebo::web {
namespace {

using control::Json;
using metrics::Families;

constexpr std::uint16_t kPort = 9101;
constexpr std::chrono::seconds kPatience{4};        // Prometheus waits for 10 s
constexpr std::chrono::seconds kClientPatience{3};  // a page without BOINC's part is better than none
constexpr std::chrono::seconds kFresh{1};
constexpr std::size_t kTasksShown = 100;
constexpr std::size_t kLinesShown = 30;
constexpr std::size_t kDrainLines = 8;
constexpr const char* kLogDirectory = "/var/log/";

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

std::optional<Json> answer_to(const Json& request) {
  const auto line = control_request(control::json_text(request), kPatience);
  return line ? control::parse_object(*line) : std::nullopt;
}

std::optional<Json> ask(std::string_view verb) {
  auto answer = answer_to({{"verb", verb}});
  if (!answer || control::bool_field(*answer, "ok") != true) return std::nullopt;
  return answer;
}

std::vector<std::string> last_lines(const std::string& service, std::size_t count) {
  return logs::LogReader(kLogDirectory + service).last_lines(count);
}

double load_of_last_minute() {
  double load = -1;
  getloadavg(&load, 1);
  return load;
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

/// What several ask for within a second is collected once, however many they are.
class Page {
 public:
  Page(config::Release release, bool may_change) : release_(std::move(release)), may_change_(may_change) {}

  Json document(const std::string& log_of) {
    const std::scoped_lock one_at_a_time(mutex_);
    if (log_of == log_of_ && BootClock::now() - collected_ < kFresh) return document_;
    document_ = collect(log_of);
    log_of_ = log_of;
    collected_ = BootClock::now();
    return document_;
  }

 private:
  Json collect(const std::string& log_of) {
    const auto status = ask("status");
    PageFacts page{.node = facts(release_),
                   .uptime = std::chrono::duration<double>(BootClock::now().time_since_epoch()).count(),
                   .now = static_cast<double>(std::time(nullptr)),
                   .load = std::nullopt,
                   .memory = std::nullopt,
                   .zones = kernel::thermal_zones(),
                   .may_change = may_change_,
                   .log = last_lines(log_of, kLinesShown),
                   .log_of = log_of,
                   .drain_log = last_lines("drain", kDrainLines)};
    if (const double load = load_of_last_minute(); load >= 0) page.load = load;
    if (const auto memory = kernel::memory()) page.memory = *memory;
    return status_document(page, status, client_.read(BootClock::now() + kClientPatience));
  }

  config::Release release_;
  bool may_change_;
  Json document_;
  std::string log_of_;
  TimePoint collected_{};
  std::mutex mutex_;
  boinc::ClientReader client_{kTasksShown};
};

config::Release release() {
  auto release = config::load_release();
  if (!release) spdlog::warn("{}", release.error().message());
  return release.value_or(config::Release{});
}

}  // namespace

int metrics_role(std::span<const std::string_view>) {
  const auto args = config::load_kernel_args();
  if (!args) spdlog::warn("{}", args.error().message());
  Node node(release());
  const auto collect = [&node] { return node.collect(); };
  if (args && args->get("uebo.web") == "off") return metrics::serve(kPort, "UEBO: PID 1's metrics", collect);
  // The token itself is PID 1's: what is read here is blanked.
  Page page(release(), args && args->is_given("uebo.web.token"));
  const PageSource source{.document = [&page](const std::string& log_of) { return page.document(log_of); },
                          .ask = answer_to};
  return metrics::serve(kPort, "UEBO", collect, [&source](httplib::Server& server) { serve_page(server, source); });
}

std::span<const Role> roles() {
  static constexpr std::array kRoles{
      Role{"metrics", "", "serve PID 1's metrics and the status page on port 9101", metrics_role},
  };
  return kRoles;
}

}  // namespace uebo::web
