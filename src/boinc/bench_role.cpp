// `uebo bench`: has the BOINC client run its benchmark, and prints the board's row.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "uebo/boinc/bench.hpp"
#include "uebo/boinc/client_configuration.hpp"
#include "uebo/boinc/client_report.hpp"
#include "uebo/boinc/roles.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnswerPatience = 30s;  // a client that measures answers late
constexpr auto kBenchPatience = 10min;
constexpr auto kNextQuestion = 2s;
constexpr const char* kBenchUsage =
    "usage: uebo bench [--json | --markdown] [--last]\n"
    "Has the BOINC client run its benchmark, for half a minute or so in which its tasks rest, and prints the board's "
    "row "
    "of BENCHMARKS.md. With --last it prints the figures of the last time.\n";

enum class Form { Text, Markdown, Json };

struct BenchWish {
  Form form = Form::Text;
  bool last = false;
};

std::optional<BenchWish> bench_wish_of(std::span<const std::string_view> arguments) {
  BenchWish wish;
  for (const std::string_view argument : arguments) {
    if (argument == "--json")
      wish.form = Form::Json;
    else if (argument == "--markdown")
      wish.form = Form::Markdown;
    else if (argument == "--last")
      wish.last = true;
    else
      return std::nullopt;
  }
  return wish;
}

Result<Host> host_now() {
  auto rpc = UEBO_TRY(GuiRpc::connect(BootClock::now() + kAnswerPatience));
  const std::string info = UEBO_TRY(rpc.call("<get_host_info/>"));
  return Host{.whetstone = number_in(info, "p_fpops"),
              .dhrystone = number_in(info, "p_iops"),
              .benchmarked = number_in(info, "p_calculated")};
}

/// client/cs_benchmark.cpp: the time of the host's figures moves when all processors have ended.
Result<Host> measure() {
  const Host before = UEBO_TRY(host_now());
  {
    auto rpc = UEBO_TRY(connect_authorized(BootClock::now() + kAnswerPatience));
    UEBO_TRY(rpc.call("<run_benchmarks/>"));
  }
  const TimePoint end = BootClock::now() + kBenchPatience;
  while (BootClock::now() < end) {
    std::this_thread::sleep_for(kNextQuestion);
    if (const Host now = UEBO_TRY(host_now()); now.benchmarked > before.benchmarked) return now;
  }
  return fail(ETIMEDOUT, "wait for", "the BOINC client's benchmark");
}

Result<Host> last() {
  const Host host = UEBO_TRY(host_now());
  if (host.benchmarked > 0) return host;
  return fail(ENODATA, "read", "the BOINC client's benchmark", "it has not been run on this host yet");
}

std::string shown(const std::vector<BenchCell>& row, const Host& host, Form form) {
  if (form == Form::Markdown) return bench_markdown(row, true);
  if (form == Form::Text) return bench_text(row);
  auto json = nlohmann::ordered_json::object();
  for (const BenchCell& cell : row) json[cell.column] = cell.value;
  json["whetstone_flops"] = host.whetstone;
  json["dhrystone_ops"] = host.dhrystone;
  json["measured"] = host.benchmarked;
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

int bench_role(std::span<const std::string_view> arguments) {
  const auto wish = bench_wish_of(arguments);
  if (!wish) {
    const bool help = arguments.size() == 1 && (arguments.front() == "--help" || arguments.front() == "-h");
    fmt::print(help ? stdout : stderr, "{}", kBenchUsage);
    return help ? 0 : 2;
  }
  const auto host = wish->last ? last() : measure();
  if (!host) {
    fmt::print(stderr, "uebo: bench: {}\n", host.error().message());
    return 1;
  }
  fmt::print("{}", shown(bench_row(board_facts(), host->whetstone, host->dhrystone), *host, wish->form));
  return 0;
}

}  // namespace uebo::boinc
