// Letting the client's tasks come to a checkpoint before they are stopped: quitting does not make them write one, and
// what they have done since the last is lost (an hour or two, with some projects).
//
// No new work is fetched meanwhile: the network is switched off for the client, for a time (lib/cc_config.h, RUN_MODE).
// Modes that end by themselves are never written to the client's state, so nothing of a drain outlives the client, and
// nothing of one that is killed outlives its patience. Results that are ready wait in the client until the network is
// back.
#pragma once

#include <string>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/base/result.hpp"
#include "uebo/boinc/gui_rpc.hpp"

namespace uebo::boinc {

/// A mode of the client: 1 always, 2 as the preferences say, 3 never. `left`: seconds until it ends by itself; 0: it
/// lasts.
struct ClientMode {
  long now = 0;
  double left = 0;
};

struct TaskAtWork {
  std::string name;
  double checkpoint = 0;  // seconds of CPU that are safe
  double cpu_time = 0;    // seconds of CPU that it has used
};

class Drain {
 public:
  /// Notes what runs and how the client's modes are, and stops new work for `patience`. Over an authorized connection,
  /// as everything here.
  [[nodiscard]] Result<> begin(GuiRpc& rpc, Duration patience);
  /// Those of the tasks that ran at the beginning and still run, without a checkpoint since.
  [[nodiscard]] Result<std::vector<TaskAtWork>> look(GuiRpc& rpc) const;
  /// All tasks are suspended, and no work is fetched, until the client is started anew, put_back(), or `time` is over.
  [[nodiscard]] Result<> suspend(GuiRpc& rpc, Duration time);
  /// As it was at the beginning.
  [[nodiscard]] Result<> put_back(GuiRpc& rpc) const;
  /// Whatever modes end by themselves end now.
  [[nodiscard]] static Result<> undo(GuiRpc& rpc);

 private:
  std::vector<TaskAtWork> tasks_;
  ClientMode tasks_mode_;
  ClientMode network_mode_;
};

}  // namespace uebo::boinc
