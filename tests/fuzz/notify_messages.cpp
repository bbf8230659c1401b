// Datagrams of a service's notify socket: written by whoever the service is.
#include "target.hpp"
#include "uebo/supervise/notify_message.hpp"

using namespace uebo;

UEBO_FUZZ_TARGET(notify_messages) {
  const auto parsed = supervise::parse_notify(fuzz::text_of(input));
  const auto& message = parsed.message;
  if (message.status) {
    fuzz::require(message.status->size() <= supervise::kLongestNotifyStatus);
    for (const char c : *message.status) fuzz::require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  }
  for (const auto& time : {message.extend_timeout, message.watchdog_timeout})
    if (time) fuzz::require(time->count() > 0 && *time <= supervise::kLongestNotifyTime);
  auto twice = message;
  supervise::merge(twice, message);
  fuzz::require(twice == message);
}
