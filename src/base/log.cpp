#include "uebo/base/log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "uebo/base/clock.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::log {
namespace {

using NullMutex = spdlog::details::null_mutex;

std::string_view level_prefix(spdlog::level::level_enum level) {
  if (level >= spdlog::level::err) return "error: ";
  if (level == spdlog::level::warn) return "warning: ";
  return "";
}

std::string line_of(const spdlog::details::log_msg& message) {
  std::string line(level_prefix(message.level));
  line.append(message.payload.data(), message.payload.size());
  return line;
}

/// A write whose failure has nowhere to be reported: this is the log.
void write_lossy(int fd, std::string_view text) {
  if (write(fd, text.data(), text.size()) < 0) return;
}

/// "[    2.345678] ", as the kernel stamps its own lines.
std::string uptime_stamp() {
  const auto uptime = std::chrono::duration_cast<std::chrono::microseconds>(BootClock::now().time_since_epoch());
  return fmt::format("[{:5}.{:06}] ", uptime.count() / 1'000'000, uptime.count() % 1'000'000);
}

class StderrSink final : public spdlog::sinks::base_sink<NullMutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    write_lossy(STDERR_FILENO, line_of(message) + "\n");
  }
  void flush_() override {}
};

class ConsoleSink final : public spdlog::sinks::base_sink<NullMutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string line = line_of(message);
    // The kernel's own levels, printk(9): 3 error, 4 warning, 6 information. <level> as in
    // Documentation/ABI/testing/dev-kmsg.
    const int level = message.level >= spdlog::level::err ? 3 : message.level == spdlog::level::warn ? 4 : 6;
    const UniqueFd kmsg(open("/dev/kmsg", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (kmsg) write_lossy(kmsg.get(), "<" + std::to_string(level) + ">uebo: " + line + "\n");
    const UniqueFd console(open("/dev/console", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (console) write_lossy(console.get(), uptime_stamp() + "uebo: " + line + "\n");
  }
  void flush_() override {}
};

class CopySink final : public spdlog::sinks::base_sink<NullMutex> {
 public:
  explicit CopySink(std::function<void(std::string_view)> copy) : copy_(std::move(copy)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override { copy_(line_of(message)); }
  void flush_() override {}

  std::function<void(std::string_view)> copy_;
};

void install(spdlog::sink_ptr sink) {
  sink->set_level(spdlog::level::info);
  auto logger = std::make_shared<spdlog::logger>("uebo", std::move(sink));
  logger->set_level(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace

void to_stderr() { install(std::make_shared<StderrSink>()); }

void to_console_and_kernel() { install(std::make_shared<ConsoleSink>()); }

void copy_to(std::function<void(std::string_view line)> copy) {
  auto& sinks = spdlog::default_logger_raw()->sinks();
  sinks.resize(1);
  if (copy) sinks.push_back(std::make_shared<CopySink>(std::move(copy)));
}

}  // namespace uebo::log
