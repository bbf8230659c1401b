#include "uebo/boinc/drain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "uebo/boinc/task.hpp"

namespace uebo::boinc {
namespace {

constexpr long kNever = 3;
constexpr std::string_view kRunMode = "set_run_mode";
constexpr std::string_view kNetworkMode = "set_network_mode";
constexpr std::array<std::string_view, 4> kModes{"", "always", "auto", "never"};

ClientMode mode_in(std::string_view status, const std::string& name) {
  return {.now = static_cast<long>(number_in(status, name)), .left = number_in(status, name + "_delay")};
}

Result<> set_mode(GuiRpc& rpc, std::string_view request, std::string_view mode, double seconds) {
  UEBO_TRY(rpc.call(fmt::format("<{0}>\n<{1}/>\n<duration>{2:.0f}</duration>\n</{0}>", request, mode, seconds)));
  return {};
}

Result<> restore_mode(GuiRpc& rpc, std::string_view request, const ClientMode& mode) {
  const bool passing = mode.left > 0 && mode.now > 0 && mode.now < static_cast<long>(kModes.size());
  if (passing) return set_mode(rpc, request, kModes.at(static_cast<std::size_t>(mode.now)), mode.left);
  return set_mode(rpc, request, "restore", 0);
}

double seconds_of(Duration time) { return std::chrono::duration<double>(time).count(); }

Result<std::vector<TaskAtWork>> tasks_at_work(GuiRpc& rpc) {
  std::vector<TaskAtWork> tasks;
  UEBO_TRY(read_tasks(rpc, Which::Active, [&](const Task& task) {
    const auto or_zero = [](double seconds) { return std::isnan(seconds) ? 0 : seconds; };
    if (task.runs())
      tasks.push_back(
          {.name = task.name, .checkpoint = or_zero(task.checkpoint_cpu_time), .cpu_time = or_zero(task.cpu_time)});
  }));
  return tasks;
}

}  // namespace

Result<> Drain::begin(GuiRpc& rpc, Duration patience) {
  const std::string status = UEBO_TRY(rpc.call("<get_cc_status/>"));
  tasks_mode_ = mode_in(status, "task_mode");
  network_mode_ = mode_in(status, "network_mode");
  UEBO_TRY(set_mode(rpc, kNetworkMode, kModes[kNever], seconds_of(patience)));
  tasks_ = UEBO_TRY(tasks_at_work(rpc));
  return {};
}

Result<std::vector<TaskAtWork>> Drain::look(GuiRpc& rpc) const {
  auto now = UEBO_TRY(tasks_at_work(rpc));
  std::erase_if(now, [this](const TaskAtWork& task) {
    const auto before = std::ranges::find(tasks_, task.name, &TaskAtWork::name);
    return before == tasks_.end() || task.checkpoint > before->checkpoint;
  });
  return now;
}

Result<> Drain::suspend(GuiRpc& rpc, Duration time) {
  UEBO_TRY(set_mode(rpc, kRunMode, kModes[kNever], seconds_of(time)));
  return set_mode(rpc, kNetworkMode, kModes[kNever], seconds_of(time));
}

Result<> Drain::put_back(GuiRpc& rpc) const {
  UEBO_TRY(restore_mode(rpc, kRunMode, tasks_mode_));
  return restore_mode(rpc, kNetworkMode, network_mode_);
}

Result<> Drain::undo(GuiRpc& rpc) {
  UEBO_TRY(set_mode(rpc, kRunMode, "restore", 0));
  return set_mode(rpc, kNetworkMode, "restore", 0);
}

}  // namespace uebo::boinc
