// A client's replies over a real connection: cut while they come in, then read. Pieces are ended by byte 0x03, one for
// each request; when there is none left the client hangs up.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <mutex>
#include <thread>

#include "target.hpp"
#include "uebo/boinc/client_report.hpp"

using namespace uebo;

namespace {

/// Lives as long as the program; one input at a time.
class FakeClient {
 public:
  FakeClient() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    fuzz::require(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 && listen(listener_, 8) == 0);
    fuzz::require(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    std::thread([this] { serve(); }).detach();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  void say(std::string_view replies) {
    const std::lock_guard lock(mutex_);
    replies_ = replies;
  }

 private:
  void serve() {
    for (;;) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      std::string replies;
      {
        const std::lock_guard lock(mutex_);
        replies = replies_;
      }
      talk(client, replies);
      close(client);
    }
  }

  static void talk(int client, std::string_view replies) {
    std::array<char, 4096> request;
    while (!replies.empty()) {
      const ssize_t count = read(client, request.data(), request.size());
      if (count <= 0) return;
      if (request[static_cast<std::size_t>(count) - 1] != boinc::kEndOfMessage) continue;
      const auto end = replies.find(boinc::kEndOfMessage);
      const std::size_t size = end == std::string_view::npos ? replies.size() : end + 1;
      if (send(client, replies.data(), size, MSG_NOSIGNAL) < 0) return;
      replies.remove_prefix(size);
    }
  }

  int listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::string replies_;
};

}  // namespace

UEBO_FUZZ_TARGET(gui_rpc_replies) {
  static auto* const client = new FakeClient;  // its thread outlives main()
  client->say(fuzz::text_of(input));
  boinc::ClientReader reader(20, client->port());
  const auto report = reader.read(BootClock::now() + std::chrono::seconds(5));
  if (!report) return fuzz::require(report.error().code != ETIMEDOUT);
  fuzz::require(report->projects.size() <= boinc::ClientReader::kMostProjects);
  fuzz::require(report->tasks.kept().size() <= 20);
}
