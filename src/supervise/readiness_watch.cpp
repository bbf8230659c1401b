#include "uebo/supervise/readiness_watch.hpp"

#include <fmt/format.h>

#include "uebo/kernel/process_cgroup.hpp"

namespace uebo::supervise {

using kernel::Membership;

ReadinessWatch::ReadinessWatch(event::Loop& loop, const config::ServiceSpec& spec)
    : loop_(loop), ready_(spec.ready), watchdog_(spec.watchdog) {}

Result<std::unique_ptr<ReadinessWatch>> ReadinessWatch::create(event::Loop& loop, const config::ServiceSpec& spec) {
  auto watch = std::unique_ptr<ReadinessWatch>(new ReadinessWatch(loop, spec));
  if (std::holds_alternative<config::ReadyNotify>(spec.ready) || spec.watchdog)
    watch->socket_ = UEBO_TRY(NotifySocket::create(loop, spec.name));
  if (std::holds_alternative<config::ReadyDescriptor>(spec.ready))
    watch->descriptor_ = UEBO_TRY(ReadinessDescriptor::create(loop, spec.name));
  return watch;
}

void ReadinessWatch::prepare(LaunchPlan& plan) const {
  const auto set = [&](std::string_view name, const std::string& value) {
    const std::string start = std::string(name) + "=";
    std::erase_if(plan.environment, [&](const std::string& variable) { return variable.starts_with(start); });
    plan.environment.push_back(start + value);
  };
  if (socket_) set("NOTIFY_SOCKET", socket_->address());
  if (watchdog_) set("WATCHDOG_USEC", std::to_string(std::chrono::microseconds(*watchdog_).count()));
  if (const auto* descriptor = std::get_if<config::ReadyDescriptor>(&ready_); descriptor && descriptor_)
    plan.passed = {.from = descriptor_->write_end(), .to = descriptor->number};
}

void ReadinessWatch::launched(pid_t main, uid_t user) {
  members_ = {.main = main, .user = user, .cgroup = kernel::cgroup_of(main).value_or("")};
}

/// Of a process that has ended meanwhile nothing but its user is known.
bool ReadinessWatch::Members::may_speak(const ucred& sender) const {
  if (sender.pid == main) return true;
  switch (kernel::membership(sender.pid, cgroup)) {
    case Membership::Member:
      return true;
    case Membership::Stranger:
      return false;
    case Membership::Gone:
      return sender.uid == user || sender.uid == 0;
  }
  return false;
}

bool ReadinessWatch::Members::listens_at(int connection) const {
  const auto listener = listener_of(connection);
  return listener && (*listener == main || kernel::membership(*listener, cgroup) != Membership::Stranger);
}

Result<> ReadinessWatch::begin(const Deliver& deliver) {
  const bool says_when_ready = std::holds_alternative<config::ReadyNotify>(ready_);
  UEBO_TRY(begin_probe([deliver] { deliver({.ready = true}); }));
  if (!socket_) return {};
  return socket_->begin([members = members_](const ucred& sender) { return members.may_speak(sender); },
                        [deliver, says_when_ready](NotifyMessage message) {
                          message.ready &= says_when_ready;
                          if (message != NotifyMessage{}) deliver(std::move(message));
                        });
}

Result<> ReadinessWatch::begin_probe(std::function<void()> ready) {
  if (descriptor_) return descriptor_->begin(std::move(ready));
  if (const auto* tcp = std::get_if<config::ReadyTcpPort>(&ready_)) {
    // Nobody can say whose a listening TCP socket is without looking through all descriptors of all processes.
    probe_ = std::make_unique<ConnectProbe>(
        loop_, loopback_addresses(tcp->port), [](int) { return true; }, std::move(ready));
  } else if (const auto* local = std::get_if<config::ReadyUnixSocket>(&ready_)) {
    probe_ = std::make_unique<ConnectProbe>(
        loop_, std::vector{UEBO_TRY(unix_address(local->path))},
        [members = members_](int connection) { return members.listens_at(connection); }, std::move(ready));
  }
  return {};
}

void ReadinessWatch::drain() {
  if (socket_) socket_->drain();
}

}  // namespace uebo::supervise
