// Uevents: the kernel's words, with names that a plugged device chooses.
#include "target.hpp"
#include "uebo/init/device_events.hpp"
#include "uebo/kernel/uevent.hpp"

using namespace uebo;

UEBO_FUZZ_TARGET(uevents) {
  const auto event = kernel::parse_uevent(fuzz::text_of(input));
  if (!event) return;
  fuzz::require(!event->action.empty());
  for (const auto& [key, value] : event->properties) {
    fuzz::require(!key.empty());
    fuzz::require(event->get(key) == value);
  }
  fuzz::require(init::triggers_of(*event).size() <= 3);
}
