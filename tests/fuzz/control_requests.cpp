// What comes over the control socket: bytes to lines, and lines to answers of a supervisor with fake processes.
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "../../src/control/connection.hpp"
#include "../unit/control/fake_processes.hpp"
#include "target.hpp"
#include "uebo/control/json.hpp"
#include "uebo/control/requests.hpp"

using namespace uebo;

namespace {

constexpr std::size_t kMostLines = 50;

config::ServiceSpec service(const std::string& name, std::vector<std::string> needs) {
  config::ServiceSpec spec;
  spec.name = name;
  spec.command = {"/bin/x"};
  spec.needs = std::move(needs);
  return spec;
}

class Node {
 public:
  Node() {
    for (auto& spec : {service("web", {}), service("boinc", {"storage", "web"}), service("getty@", {})})
      fuzz::require(supervisor_.add(spec).has_value());
    auto job = service("probe", {});
    job.type = config::ServiceType::Job;
    job.triggers = {"uevent:block"};
    fuzz::require(supervisor_.add(std::move(job)).has_value());
  }

  void answer(std::string_view line) {
    const control::Peer root{.uid = 0, .access = control::Access::Change};
    auto reply = requests_.answer(line, root);
    if (reply.wait) {
      (void)requests_.resolve(*reply.wait);
      reply.line = requests_.give_up(*reply.wait);
    }
    fuzz::require(reply.line.ends_with('\n') && control::parse_object(reply.line).has_value());
  }

 private:
  std::unique_ptr<event::Loop> loop_ = event::Loop::create().value();
  control::test::FakeProcesses processes_;
  supervise::LogCollector logs_{*loop_, "/nonexistent"};
  supervise::Supervisor supervisor_{*loop_, processes_, logs_};
  control::Requests requests_{supervisor_, control::ServerContext{}};
};

}  // namespace

UEBO_FUZZ_TARGET(control_requests) {
  static const bool quiet = (spdlog::set_level(spdlog::level::off), true);
  fuzz::require(quiet);
  std::array<int, 2> ends{};
  fuzz::require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  UniqueFd peer(ends[1]);
  control::Connection connection(UniqueFd(ends[0]), {.uid = 0, .access = control::Access::Change});
  Node node;
  const auto text = fuzz::text_of(input);
  (void)!write(peer.get(), text.data(), text.size());
  peer.reset();
  for (std::size_t lines = 0; lines < kMostLines && connection.receive() && !connection.exhausted();)
    while (const auto line = connection.next_line()) {
      node.answer(*line);
      ++lines;
    }
}
