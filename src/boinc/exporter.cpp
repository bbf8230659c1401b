// The role boinc-exporter: what the BOINC client on this host says, for Prometheus. It asks anew at each scrape and
// remembers nothing that can change.
#include <spdlog/spdlog.h>

#include <charconv>
#include <iostream>
#include <optional>

#include "uebo/boinc/client_metrics.hpp"
#include "uebo/boinc/group_account.hpp"
#include "uebo/boinc/roles.hpp"
#include "uebo/kernel/affinity.hpp"
#include "uebo/metrics/server.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kPort = 9109;
constexpr auto kScrapePatience = 5s;  // Prometheus waits for 10 s, unless it is told otherwise
constexpr std::size_t kMostTasks = 1000;
constexpr const char* kUsage = "usage: boinc-exporter --tasks=none|N (1 to 1000), or boinc-exporter --metrics";

/// How many tasks get series of their own.
std::optional<std::size_t> task_limit(std::string_view argument) {
  constexpr std::string_view kOption = "--tasks=";
  if (!argument.starts_with(kOption)) return std::nullopt;
  argument.remove_prefix(kOption.size());
  if (argument == "none") return 0;
  std::size_t limit = 0;
  const auto [end, code] = std::from_chars(argument.data(), argument.data() + argument.size(), limit);
  const bool whole = code == std::errc() && end == argument.data() + argument.size();
  return whole && limit >= 1 && limit <= kMostTasks ? std::optional(limit) : std::nullopt;
}

/// One line when the client goes away and one when it is back, not one at each scrape.
class Collector {
 public:
  explicit Collector(std::size_t limit) : reader_(limit) {}

  metrics::Families collect() {
    const auto begin = BootClock::now();
    const auto report = reader_.read(begin + kScrapePatience);
    metrics::Families families;
    add_scrape(report, BootClock::now() - begin, families);
    if (report) add_report(*report, families);
    const auto cores = kernel::usable_cores();
    add_account(group_account(cores ? cores->size() : 1), families);
    tell(report ? std::string() : report.error().message());
    return families;
  }

 private:
  void tell(const std::string& trouble) {
    if (trouble == trouble_) return;
    if (trouble.empty())
      spdlog::info("the BOINC client answers");
    else
      spdlog::warn("{}", trouble);
    trouble_ = trouble;
  }

  ClientReader reader_;
  std::string trouble_;
};

}  // namespace

int exporter_role(std::span<const std::string_view> arguments) {
  if (arguments.size() == 1 && arguments.front() == "--metrics") {
    std::cout << metrics_table();
    return 0;
  }
  const auto limit = arguments.size() == 1 ? task_limit(arguments.front()) : std::nullopt;
  if (!limit) {
    spdlog::error("{}", kUsage);
    return 2;
  }
  Collector collector(*limit);
  return metrics::serve(kPort, "BOINC exporter", [&] { return collector.collect(); });
}

}  // namespace uebo::boinc
