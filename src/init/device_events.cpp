#include "uebo/init/device_events.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>

#include <ranges>

#include "uebo/config/conditions.hpp"

namespace uebo::init {
namespace {

constexpr const char* kHolder = "kernel";
const std::set<std::string> kAllTriggers{"uevent:modalias", "uevent:block", "uevent:net"};

std::string link_condition(const std::string& link) { return "link:" + link; }

}  // namespace

std::set<std::string> triggers_of(const kernel::Uevent& event) {
  std::set<std::string> triggers;
  const bool added = event.action == "add";
  if (added && !event.get("MODALIAS").empty()) triggers.insert("uevent:modalias");
  if (added && event.get("SUBSYSTEM") == "net") triggers.insert("uevent:net");
  const bool physical = !event.devpath.starts_with("/devices/virtual/");
  if (event.get("SUBSYSTEM") == "block" && physical) triggers.insert("uevent:block");
  return triggers;
}

Result<std::unique_ptr<DeviceEvents>> DeviceEvents::follow(event::Loop& loop, supervise::Supervisor& supervisor,
                                                           boot::NetworkPlan plan) {
  auto uevents = UEBO_TRY(kernel::UeventSocket::open());
  auto links = UEBO_TRY(kernel::LinkMonitor::open());
  auto events = std::unique_ptr<DeviceEvents>(
      new DeviceEvents(loop, supervisor, std::move(uevents), std::move(links), std::move(plan)));
  auto* self = events.get();
  UEBO_TRY(loop.watch(self->uevents_.fd(), EPOLLIN, [self](std::uint32_t) { self->read_uevents(); }));
  UEBO_TRY(loop.watch(self->links_.fd(), EPOLLIN, [self](std::uint32_t) { self->read_links(); }));
  self->look_for_devices(false);
  return events;
}

DeviceEvents::DeviceEvents(event::Loop& loop, supervise::Supervisor& supervisor, kernel::UeventSocket uevents,
                           kernel::LinkMonitor links, boot::NetworkPlan plan)
    : loop_(loop),
      supervisor_(supervisor),
      uevents_(std::move(uevents)),
      links_(std::move(links)),
      plan_(std::move(plan)) {}

DeviceEvents::~DeviceEvents() {
  loop_.remove(uevents_.fd());
  loop_.remove(links_.fd());
  if (carrier_timer_) loop_.cancel(*carrier_timer_);
  if (devices_timer_) loop_.cancel(*devices_timer_);
}

/// A burst is taken as a whole: one trigger for all that it holds of a kind.
void DeviceEvents::read_uevents() {
  std::set<std::string> triggers;
  bool watchdog = false;
  for (;;) {
    const auto event = uevents_.receive();
    if (!event) {
      // ENOBUFS: some were lost. Whatever they said, looking at everything anew finds it.
      spdlog::debug("uevents: {}", event.error().message());
      triggers = kAllTriggers;
      watchdog = true;
      break;
    }
    if (!*event) break;
    triggers.merge(triggers_of(**event));
    watchdog |= (*event)->action == "add" && (*event)->get("SUBSYSTEM") == "watchdog";
  }
  if (watchdog && watchdog_came_) watchdog_came_();
  for (const auto& trigger : triggers) supervisor_.trigger(trigger);
}

void DeviceEvents::read_links() {
  take_links();
  if (links_.owes_error()) take_links();
  arm_carriers();
}

void DeviceEvents::take_links() {
  const auto changes = links_.receive();
  if (changes) {
    for (const auto& link : *changes) link_changed(link);
    return;
  }
  spdlog::debug("links: {}", changes.error().message());
  if (const auto asked = links_.request_dump(); !asked) spdlog::warn("links: {}", asked.error().message());
}

void DeviceEvents::link_changed(const kernel::Link& link) {
  if (link.ethernet) macs_[link.name] = link.mac;
  if (!macs_.contains(link.name)) return;
  const auto news =
      link.removed ? carriers_.forget(link.name) : carriers_.observe(link.name, link.carrier, BootClock::now());
  if (news) carrier_changed(*news);
}

void DeviceEvents::carrier_changed(const Carriers::News& news) {
  if (news.change == Carriers::Change::Lost) {
    supervisor_.clear_condition(link_condition(news.link), kHolder);
    // Its units say so as well, where they still can: of a link that was pulled out they may not.
    for (const auto& holder : boot::address_holders(news.link))
      supervisor_.clear_condition(std::string(config::kNet), holder);
    return;
  }
  supervisor_.set_condition(link_condition(news.link), kHolder, macs_[news.link]);
  if (started_.insert(news.link).second) start_units_of(news.link);
}

void DeviceEvents::start_units_of(const std::string& link) {
  const boot::LinkPlan plan = plan_.plan_for(link);
  if (plan.dhcp_left_out)
    spdlog::warn("uebo.net gives {} a fixed IPv4 address: it gets no DHCP, since a lease would take its place", link);
  auto [instances, units] = boot::units_of(link, plan);
  for (auto& unit : units)
    if (const auto added = supervisor_.add(std::move(unit)); !added) spdlog::warn("{}", added.error().message());
  for (const auto& instance : instances)
    if (const auto started = supervisor_.start_if_enabled(instance); !started)
      spdlog::warn("{}", started.error().message());
}

/// Said once, some time after modules have settled: VLANs and slow adapters come behind them.
void DeviceEvents::look_for_devices(bool modules_had_settled) {
  constexpr std::chrono::seconds pause{10};
  devices_timer_.reset();
  if (plan_.devices().empty()) return;
  if (!modules_had_settled) {
    const bool settled = supervisor_.conditions().all().contains(config::kModulesSettled);
    devices_timer_ = loop_.at(BootClock::now() + pause, [this, settled] { look_for_devices(settled); });
    return;
  }
  for (const std::string& device : plan_.devices())
    if (!macs_.contains(device))
      spdlog::warn("uebo.net names {}, and there is no such link (there are: {})", device,
                   fmt::join(std::views::keys(macs_), ", "));
}

void DeviceEvents::arm_carriers() {
  if (carrier_timer_) loop_.cancel(*carrier_timer_);
  carrier_timer_.reset();
  const auto due = carriers_.next_due();
  if (!due) return;
  carrier_timer_ = loop_.at(*due, [this] {
    carrier_timer_.reset();
    for (const auto& news : carriers_.due(BootClock::now())) carrier_changed(news);
    arm_carriers();
  });
}

}  // namespace uebo::init
