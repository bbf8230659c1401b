// What every process 1 of ours has below it, on a board and in a namespace: a failure to put it there is a line.
#pragma once

#include <chrono>

#include "uebo/control/requests.hpp"
#include "uebo/init/node.hpp"
#include "uebo/init/reserve.hpp"

namespace uebo::init {

/// `report` is kept for good: when it is needed there may be no descriptor to be had.
void handle_own_crashes(int report);

void watch_over_shutdown(control::ShutdownKind kind, std::chrono::milliseconds deadline);

/// When a shutdown begins it gets what was kept back for it, and its monitor. Node and reserve belong to the caller.
void prepare_shutdown(Node& node, Reserve& reserve);

}  // namespace uebo::init
