#include "uebo/init/device_events.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>

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

Result<std::unique_ptr<DeviceEvents>> DeviceEvents::follow(event::Loop& loop, supervise::Supervisor& supervisor) {
  auto uevents = UEBO_TRY(kernel::UeventSocket::open());
  auto links = UEBO_TRY(kernel::LinkMonitor::open());
  auto events = std::unique_ptr<DeviceEvents>(new DeviceEvents(loop, supervisor, std::move(uevents), std::move(links)));
  auto* self = events.get();
  UEBO_TRY(loop.watch(self->uevents_.fd(), EPOLLIN, [self](std::uint32_t) { self->read_uevents(); }));
  UEBO_TRY(loop.watch(self->links_.fd(), EPOLLIN, [self](std::uint32_t) { self->read_links(); }));
  return events;
}

DeviceEvents::DeviceEvents(event::Loop& loop, supervise::Supervisor& supervisor, kernel::UeventSocket uevents,
                           kernel::LinkMonitor links)
    : loop_(loop), supervisor_(supervisor), uevents_(std::move(uevents)), links_(std::move(links)) {}

DeviceEvents::~DeviceEvents() {
  loop_.remove(uevents_.fd());
  loop_.remove(links_.fd());
}

/// A burst is taken as a whole: one trigger for all that it holds of a kind.
void DeviceEvents::read_uevents() {
  std::set<std::string> triggers;
  for (;;) {
    const auto event = uevents_.receive();
    if (!event) {
      // ENOBUFS: some were lost. Whatever they said, looking at everything anew finds it.
      spdlog::debug("uevents: {}", event.error().message());
      triggers = kAllTriggers;
      break;
    }
    if (!*event) break;
    triggers.merge(triggers_of(**event));
  }
  for (const auto& trigger : triggers) supervisor_.trigger(trigger);
}

void DeviceEvents::read_links() {
  const auto changes = links_.receive();
  if (!changes) {
    spdlog::debug("links: {}", changes.error().message());
    if (const auto asked = links_.request_dump(); !asked) spdlog::warn("links: {}", asked.error().message());
    return;
  }
  for (const auto& link : *changes) link_changed(link);
}

void DeviceEvents::link_changed(const kernel::Link& link) {
  if (!link.ethernet && !known_links_.contains(link.name)) return;
  if (link.removed || !link.carrier) {
    supervisor_.clear_condition(link_condition(link.name), kHolder);
    // Its DHCP client says so as well, where it still can: of a link that was pulled out it may not.
    supervisor_.clear_condition(std::string(config::kNet), "dhcp@" + link.name);
    return;
  }
  supervisor_.set_condition(link_condition(link.name), kHolder, link.mac);
  if (!known_links_.insert(link.name).second) return;
  if (const auto started = supervisor_.start("dhcp@" + link.name); !started)
    spdlog::warn("{}", started.error().message());
}

}  // namespace uebo::init
