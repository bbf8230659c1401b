#include "safety_net.hpp"

#include <spdlog/spdlog.h>

#include "uebo/init/crash.hpp"
#include "uebo/init/shutdown_monitor.hpp"

namespace uebo::init {

void handle_own_crashes(int report) {
  if (const auto handled = handle_crashes(usual_crash_actions(report)); !handled)
    spdlog::error("a crash of PID 1 would be a panic: {}", handled.error().message());
}

void watch_over_shutdown(control::ShutdownKind kind, std::chrono::milliseconds deadline) {
  if (const auto started = start_shutdown_monitor(kind, monitor_limit(deadline)); !started)
    spdlog::warn("nobody ends the system if PID 1 hangs: {}", started.error().message());
}

void prepare_shutdown(Node& node, Reserve& reserve) {
  node.on_shutdown([&reserve](control::ShutdownKind kind, std::chrono::milliseconds deadline) {
    reserve.release();
    watch_over_shutdown(kind, deadline);
  });
}

}  // namespace uebo::init
