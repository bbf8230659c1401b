#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <map>

#include "uebo/config/service_spec.hpp"
#include "uebo/logs/clock_steps.hpp"
#include "uebo/logs/log_reader.hpp"
#include "verbs.hpp"

namespace uebo::control {
namespace {

constexpr std::string_view kOwnLog = "uebo";

struct Line {
  std::string service;
  std::string text;  // "2026-11-23T10:00:00.123Z what it wrote"
  logs::LogTime meant{};

  [[nodiscard]] std::string_view time() const { return std::string_view(text).substr(0, text.find(' ')); }
};

class Logs {
 public:
  explicit Logs(const Run& run) : run_(run) {
    for (const std::string& name : run.line.names) width_ = std::max(width_, name.size());
  }

  /// 0, or the exit code for a log that is not there and never will be.
  int open() {
    for (const std::string& name : run_.line.names) {
      if (const int code = check(name); code != 0) return code;
      readers_.emplace_back(name, logs::LogReader(run_.context.logs + "/" + name));
    }
    return 0;
  }

  void print_last(std::size_t count) {
    print_all([count](logs::LogReader& reader) { return reader.last_lines(count); });
  }

  Result<> follow(logs::LogWatch& watch) {
    for (;;) {
      UEBO_TRY(watch.wait(std::chrono::milliseconds(-1)));
      UEBO_TRY(add_to(watch));
      print_all([](logs::LogReader& reader) { return reader.new_lines(); });
    }
  }

  Result<> add_to(logs::LogWatch& watch) const {
    for (const auto& [name, reader] : readers_) UEBO_TRY(watch.add(reader.directory()));
    return {};
  }

 private:
  int check(const std::string& name) const {
    struct stat status{};
    if (name != kOwnLog && !config::is_service_name(name))
      return say_error(run_, ExitCode::NoSuchService, name + ": no such service");
    if (stat((run_.context.logs + "/" + name).c_str(), &status) == 0) return 0;
    const Answer answer = ask(run_, {{"verb", "status"}, {"name", name}});
    if (answer.code != 0) return say_error(run_, answer);
    warn(run_, name + " has written nothing yet");
    return 0;
  }

  template <class Read>
  void print_all(Read read) {
    std::vector<Line> lines;
    for (auto& [name, reader] : readers_)
      for (std::string& text : read(reader)) lines.push_back({.service = name, .text = std::move(text), .meant = {}});
    print_in_order(std::move(lines));
  }

  /// By what their times would have been had the clock always been right: early lines come first, whatever year they
  /// were written in.
  void print_in_order(std::vector<Line> lines) {
    if (readers_.size() > 1) {
      const auto steps = logs::ClockSteps::load(run_.context.logs);
      for (Line& line : lines)
        if (const auto time = logs::parse_stamp(line.time()))
          line.meant = steps.corrected(*time, steps_passed_[line.service]);
      std::ranges::stable_sort(lines, {}, &Line::meant);
    }
    print(lines);
  }

  void print(const std::vector<Line>& lines) const {
    std::string text;
    for (const Line& line : lines) text += run_.line.json ? as_json(line) : as_text(line);
    if (!text.empty()) run_.context.out(text);
  }

  [[nodiscard]] std::string as_text(const Line& line) const {
    if (readers_.size() == 1) return line.text + "\n";
    return line.service + std::string(width_ - line.service.size(), ' ') + " | " + line.text + "\n";
  }

  static std::string as_json(const Line& line) {
    const std::size_t end = std::min(line.text.size(), line.time().size() + 1);
    return json_text({{"service", line.service}, {"time", line.time()}, {"text", line.text.substr(end)}}) + "\n";
  }

  const Run& run_;
  std::size_t width_ = 0;
  std::map<std::string, std::size_t> steps_passed_;  // by service, see logs::ClockSteps
  std::vector<std::pair<std::string, logs::LogReader>> readers_;
};

Result<> print_and_follow(const Run& run, Logs& logs, std::size_t count) {
  if (!run.line.follow) {
    logs.print_last(count);
    return {};
  }
  auto watch = UEBO_TRY(logs::LogWatch::create());
  UEBO_TRY(logs.add_to(watch));  // before the reading: nothing that comes meanwhile is missed
  logs.print_last(count);
  return logs.follow(watch);
}

}  // namespace

int logs_verb(const Run& run) {
  Logs logs(run);
  if (const int code = logs.open(); code != 0) return code;
  const std::size_t count = run.line.all ? std::numeric_limits<std::size_t>::max() : run.line.lines;
  const auto result = print_and_follow(run, logs, count);
  if (!result) return say_error(run, ExitCode::Failed, result.error().message());
  return 0;
}

}  // namespace uebo::control
