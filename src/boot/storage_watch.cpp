// Looks after the server behind /storage: says when it stops to answer and when it is back. Never touches /storage
// itself, which would wait for the server.
#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "uebo/boot/nfs_storage.hpp"
#include "uebo/boot/notify.hpp"
#include "uebo/boot/paths.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/nfs.hpp"

namespace uebo::boot {
namespace {

using namespace std::chrono_literals;

constexpr auto kProbePatience = 3s;
constexpr auto kProbePause = 10s;
constexpr auto kProbePauseWhileAway = 3s;
constexpr int kMissesToBeAway = 2;  // one may be a packet's or a busy server's fault

void note_result(const Result<>& result) {
  if (!result) spdlog::warn("{}", result.error().message());
}

class Watch {
 public:
  explicit Watch(MountedServer server) : server_(std::move(server)) {}

  void look() {
    const auto answer = kernel::find_nfs_server(server_.address, server_.port, kProbePatience);
    if (answer) return answered();
    if (++misses_ < kMissesToBeAway || away_) return;
    away_ = true;
    tell(fmt::format("{}; who uses /storage waits for it", answer.error().message()), true);
  }

  /// The node goes down. Who is stuck on a server that does not answer can't be asked to end; one that is being
  /// restarted refuses connections for a few seconds.
  void last_look() {
    misses_ = away_ ? misses_ : 0;
    for (int tries = 0; tries < kMissesToBeAway && !away_; ++tries) {
      if (tries > 0) std::this_thread::sleep_for(kProbePauseWhileAway);
      look();
      if (misses_ == 0) return;
    }
    if (kernel::find_nfs_server(server_.address, server_.port, kProbePatience)) return;
    note_result(abandon_condition(config::kStorage));
  }

  [[nodiscard]] std::chrono::milliseconds pause() const { return misses_ > 0 ? kProbePauseWhileAway : kProbePause; }

 private:
  void answered() {
    misses_ = 0;
    if (std::exchange(away_, false)) tell(fmt::format("NFS server {} answers again", server_.address), false);
  }
  void tell(const std::string& text, bool stands) const {
    spdlog::info("{}", text);
    note_result(note_unit(std::string(config::kStorage), text, stands));
  }

  MountedServer server_;
  int misses_ = 0;
  bool away_ = false;
};

Result<> watch_storage() {
  const auto mount = UEBO_TRY(kernel::find_mount(kStorageDirectory));
  const auto server = mount ? server_of(*mount) : std::nullopt;
  if (!server) return fail(0, "watch", kStorageDirectory, "no NFS server is behind it");
  const UniqueFd signals = UEBO_TRY(event::signal_descriptor({SIGTERM}));
  Watch watch(*server);
  pollfd told{.fd = signals.get(), .events = POLLIN, .revents = 0};
  do watch.look();
  while (poll(&told, 1, static_cast<int>(watch.pause().count())) <= 0);
  watch.last_look();
  return {};
}

}  // namespace

int storage_watch_role(std::span<const std::string_view>) {
  const auto watched = watch_storage();
  if (watched) return 0;
  spdlog::error("{}", watched.error().message());
  return 1;
}

}  // namespace uebo::boot
