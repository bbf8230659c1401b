// IPv6 on one link. The kernel itself makes addresses and routes of router advertisements; what is left to do is to
// tell when the node can be reached, and to keep the name servers that routers advertise.
#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>

#include "uebo/boot/advertised_names.hpp"
#include "uebo/boot/lease.hpp"
#include "uebo/boot/notify.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/server_lists.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/ipv6.hpp"

namespace uebo::boot {
namespace {

void note(const Result<>& result) {
  if (!result) spdlog::warn("{}", result.error().message());
}

class Ipv6Link {
 public:
  Ipv6Link(std::string link, kernel::Ipv6Monitor monitor)
      : link_(std::move(link)), holder_("ipv6@" + link_), monitor_(std::move(monitor)) {}

  [[nodiscard]] int fd() const { return monitor_.fd(); }

  void read() {
    read_once();
    if (monitor_.owes_error()) read_once();
  }

  /// Routers tell everything in each advertisement, but this may have begun after the last one.
  void ask() const {
    if (const auto asked = kernel::solicit_router(link_); !asked && asked.error().code != EADDRNOTAVAIL)
      spdlog::warn("{}", asked.error().message());
  }

  /// What is known has its effect.
  void settle() {
    names_.expire(BootClock::now());
    keep_names();
    announce();
  }

  void leave() {
    note(clear_condition(config::kNet, holder_));
    const UniqueFd lock = lock_server_lists();
    if (const auto forgotten = forget_servers(holder_); !forgotten) spdlog::warn("{}", forgotten.error().message());
  }

  /// As poll(2) wants it.
  [[nodiscard]] int milliseconds_to_expiry() const {
    using std::chrono::milliseconds;
    constexpr milliseconds longest = std::chrono::hours(1);
    const auto next = names_.next_expiry();
    if (!next) return -1;
    const auto left = std::chrono::ceil<milliseconds>(*next - BootClock::now());
    return static_cast<int>(std::clamp(left, milliseconds(0), longest).count());
  }

 private:
  void read_once() {
    const auto news = monitor_.receive();
    if (!news) return look_anew(news.error());
    for (const auto& address : news->addresses) take(address);
    for (const auto& option : news->dns) names_.take(option, BootClock::now());
  }

  /// What is known stays until the dump has said otherwise.
  void look_anew(const Error& why) {
    if (why.code != ENOBUFS) spdlog::warn("{}", why.message());
    note(monitor_.request_dump());
    ask();
  }

  void take(const kernel::Ipv6Address& change) {
    const auto known = std::ranges::find(addresses_, change.address, &kernel::Ipv6Address::address);
    if (known != addresses_.end() && change.usable)
      *known = change;  // the first one stays the first: it is what is shown
    else if (known != addresses_.end())
      addresses_.erase(known);
    else if (change.usable)
      addresses_.push_back(change);
  }

  void keep_names() {
    const ServerLists lists{.resolver = names_.resolver_lines(link_), .time_servers = {}};
    if (lists == kept_) return;
    const UniqueFd lock = lock_server_lists();
    note(keep_servers(holder_, lists));
    kept_ = lists;
  }

  void announce() {
    const std::string text = addresses_.empty() ? std::string()
                                                : fmt::format("{} {}/{}", link_, addresses_.front().address.text(),
                                                              addresses_.front().prefix);
    if (text == announced_) return;
    if (text.empty()) {
      spdlog::warn("{} has no IPv6 address any more", link_);
      note(clear_condition(config::kNet, holder_));
    } else {
      spdlog::info("{}", text);
      note(set_condition(config::kNet, holder_, text));
    }
    announced_ = text;
  }

  std::string link_;
  std::string holder_;
  kernel::Ipv6Monitor monitor_;
  AdvertisedNames names_;
  std::vector<kernel::Ipv6Address> addresses_;
  ServerLists kept_;
  std::string announced_;
};

Result<> follow(const std::string& name) {
  const UniqueFd signals = UEBO_TRY(event::signal_descriptor({SIGTERM}));
  Ipv6Link link(name, UEBO_TRY(kernel::Ipv6Monitor::open(name)));
  link.leave();  // what an earlier run may have left
  link.ask();
  std::array<pollfd, 2> watched{pollfd{.fd = link.fd(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = signals.get(), .events = POLLIN, .revents = 0}};
  while (watched[1].revents == 0) {
    if (poll(watched.data(), watched.size(), link.milliseconds_to_expiry()) < 0 && errno != EINTR) break;
    if (watched[0].revents != 0) link.read();
    link.settle();
  }
  link.leave();
  return {};
}

}  // namespace

int ipv6_link_role(std::span<const std::string_view> arguments) {
  if (arguments.size() != 1 || !is_link_name(arguments[0])) {
    spdlog::error("usage: uebo ipv6-link LINK");
    return 2;
  }
  const auto followed = follow(std::string(arguments[0]));
  if (followed) return 0;
  spdlog::error("{}", followed.error().message());
  return 1;
}

}  // namespace uebo::boot
