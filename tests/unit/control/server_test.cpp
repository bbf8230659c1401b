#include "uebo/control/server.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <nlohmann/json.hpp>

#include "test_node.hpp"

namespace uebo::control {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

class Client {
 public:
  explicit Client(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }

  /// How much of it was taken.
  std::size_t send(std::string_view text) const {
    const ssize_t count = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }
  void receive() {
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
      ended_ |= count == 0 || (count < 0 && errno == ECONNRESET);
      if (count <= 0) return;
      received_.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  [[nodiscard]] bool has_line() const { return received_.find('\n') != std::string::npos; }
  [[nodiscard]] bool ended() const { return ended_; }
  json take() {
    const std::size_t end = received_.find('\n');
    const json answer = json::parse(received_.substr(0, end), nullptr, false);
    received_.erase(0, end == std::string::npos ? end : end + 1);
    return answer;
  }
  void finish_sending() const { shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }

 private:
  UniqueFd fd_;
  std::string received_;
  bool ended_ = false;
};

class ServerTest : public testing::Test {
 protected:
  void serve(ServerLimits limits = {}) {
    auto made = Server::create(*node.loop, node.supervisor, node.context(), path, limits);
    ASSERT_TRUE(made) << made.error().message();
    server = std::move(*made);
  }
  /// Turns the loop until something has come true.
  template <class Condition>
  bool until(Condition condition) {
    const TimePoint deadline = BootClock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (BootClock::now() > deadline) return false;
      if (!node.loop->run_once(milliseconds(10))) return false;
    }
    return true;
  }
  json answer(Client& client) {
    EXPECT_TRUE(until([&] {
      client.receive();
      return client.has_line();
    }));
    return client.take();
  }
  json ask(Client& client, const std::string& request) {
    EXPECT_EQ(client.send(request + "\n"), request.size() + 1);
    return answer(client);
  }
  bool dropped(Client& client) {
    return until([&] {
      client.receive();
      return client.ended();
    });
  }
  void turn() {
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(node.loop->run_once(milliseconds(0)));
  }

  test::TestNode node;
  std::string path = node.tree.path("run/control");
  std::unique_ptr<Server> server;
};

TEST_F(ServerTest, SocketIsForItsOwnerAloneAndGoesWithTheServer) {
  serve();
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
  server.reset();
  EXPECT_NE(stat(path.c_str(), &status), 0);
}

TEST_F(ServerTest, TakesThePlaceOfASocketThatWasLeftBehind) {
  node.tree.write("run/control", "old");
  serve();
  Client client(path);
  EXPECT_EQ(ask(client, R"({"verb":"status"})")["ok"], true);
}

TEST_F(ServerTest, AnswersSeveralRequestsOnOneConnectionInOrder) {
  serve();
  Client client(path);
  std::string requests;
  for (int i = 0; i < 30; ++i)
    requests += R"({"verb":"status","name":"web"})"
                "\n"
                R"({"verb":"nonsense"})"
                "\n";
  ASSERT_EQ(client.send(requests), requests.size());
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(answer(client)["unit"]["name"], "web");
    EXPECT_EQ(answer(client)["code"], 2);
  }
}

TEST_F(ServerTest, TakesARequestInPieces) {
  serve();
  Client client(path);
  for (const char c : std::string(R"({"verb":"status","name":"web"})")) {
    client.send({&c, 1});
    turn();
  }
  client.receive();
  EXPECT_FALSE(client.has_line());
  client.send("\n");
  EXPECT_EQ(answer(client)["unit"]["name"], "web");
}

TEST_F(ServerTest, TakesALastRequestWithoutALineEnd) {
  serve();
  Client client(path);
  client.send(R"({"verb":"status","name":"web"})");
  client.finish_sending();
  EXPECT_EQ(answer(client)["unit"]["name"], "web");
  EXPECT_TRUE(dropped(client));
  EXPECT_EQ(server->clients(), 0u);
}

TEST_F(ServerTest, DoesWhatWasAskedByOneWhoDidNotStay) {
  serve();
  Client client(path);
  client.send(R"({"verb":"stop","name":"web"})"
              "\n");
  client.close();
  EXPECT_TRUE(until([&] { return node.state("web") == "stopped"; }));
  EXPECT_TRUE(until([&] { return server->clients() == 0; }));
}

TEST_F(ServerTest, ALineThatIsTooLongEndsTheConnection) {
  serve();
  Client client(path);
  const std::string flood(200'000, 'x');
  std::size_t sent = 0;
  EXPECT_TRUE(until([&] {
    sent += client.send(std::string_view(flood).substr(sent));
    client.receive();
    return client.ended();
  }));
  const json refused = client.take();
  EXPECT_EQ(refused["code"], 2);
  EXPECT_EQ(refused["error"], "a request is one line of at most 64 KiB");
  EXPECT_EQ(server->clients(), 0u);
}

TEST_F(ServerTest, AStartIsAnsweredWhenTheUnitRuns) {
  serve();
  Client client(path);
  client.send(R"({"verb":"start","name":"boinc","wait":true})"
              "\n");
  turn();
  client.receive();
  EXPECT_FALSE(client.has_line());
  Client other(path);
  EXPECT_EQ(ask(other, R"({"verb":"condition","name":"storage","set":true})")["ok"], true);
  EXPECT_EQ(answer(client)["state"], "running");
}

TEST_F(ServerTest, AStartThatTakesTooLongIsAnsweredAtItsTimeout) {
  serve({.clients = 16, .idle = milliseconds(1)});
  Client client(path);
  client.send(R"({"verb":"start","name":"boinc","wait":true,"timeout":0.05})"
              "\n");
  const json given_up = answer(client);
  EXPECT_EQ(given_up["code"], 1);
  EXPECT_EQ(given_up["state"], "waiting");
}

TEST_F(ServerTest, RequestsBehindOneThatWaitsAreAnsweredAfterIt) {
  serve();
  Client client(path);
  client.send(R"({"verb":"start","name":"boinc","wait":true})"
              "\n"
              R"({"verb":"status","name":"web"})"
              "\n");
  turn();
  node.supervisor.set_condition("storage", "x", "");
  EXPECT_EQ(answer(client)["name"], "boinc");
  EXPECT_EQ(answer(client)["unit"]["name"], "web");
}

TEST_F(ServerTest, AClientThatGoesWhileItsRequestWaitsIsForgotten) {
  serve();
  Client client(path);
  client.send(R"({"verb":"start","name":"boinc","wait":true})"
              "\n");
  turn();
  EXPECT_EQ(server->clients(), 1u);
  client.close();
  EXPECT_TRUE(until([&] { return server->clients() == 0; }));
  node.supervisor.set_condition("storage", "x", "");
  turn();
}

TEST_F(ServerTest, ASilentClientIsDropped) {
  serve({.clients = 16, .idle = milliseconds(30)});
  Client client(path);
  EXPECT_TRUE(dropped(client));
  EXPECT_EQ(server->clients(), 0u);
}

TEST_F(ServerTest, AClientThatSendsALineForeverIsDropped) {
  serve({.clients = 16, .idle = milliseconds(30)});
  Client client(path);
  EXPECT_TRUE(until([&] {
    client.send("x");
    client.receive();
    return client.ended();
  }));
}

TEST_F(ServerTest, AClientThatTakesNoAnswersIsDroppedAndNotReadFurther) {
  serve({.clients = 16, .idle = milliseconds(100)});
  Client client(path);
  const std::string request = R"({"verb":"status"})"
                              "\n";
  std::size_t taken = 0;
  EXPECT_TRUE(until([&] {
    taken += client.send(request);
    return server->clients() == 0 && taken > 0;
  }));
  EXPECT_LT(taken, 1u << 20);  // the socket's own buffer, and one line of ours
}

TEST_F(ServerTest, AWaitOutlivesTheIdleLimit) {
  serve({.clients = 16, .idle = milliseconds(20)});
  Client client(path);
  client.send(R"({"verb":"start","name":"boinc","wait":true})"
              "\n");
  const TimePoint later = BootClock::now() + milliseconds(60);
  EXPECT_TRUE(until([&] { return BootClock::now() > later; }));
  EXPECT_EQ(server->clients(), 1u);
  node.supervisor.set_condition("storage", "x", "");
  EXPECT_EQ(answer(client)["state"], "running");
}

TEST_F(ServerTest, OneClientTooManyIsToldSo) {
  serve();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 16; ++i) {
    clients.push_back(std::make_unique<Client>(path));
    EXPECT_EQ(ask(*clients.back(), R"({"verb":"status"})")["ok"], true);
  }
  Client last(path);
  last.send(R"({"verb":"status"})"
            "\n");
  const json refused = answer(last);
  EXPECT_EQ(refused["code"], 1);
  EXPECT_EQ(refused["error"], "16 clients are connected already; try again");
  EXPECT_TRUE(dropped(last));
  clients.pop_back();
  EXPECT_TRUE(until([&] { return server->clients() == 15; }));
  Client next(path);
  EXPECT_EQ(ask(next, R"({"verb":"status"})")["ok"], true);
}

TEST_F(ServerTest, OthersAreTurnedAway) {
  ServerContext context = node.context();
  context.admitted = geteuid() + 1;
  auto made = Server::create(*node.loop, node.supervisor, std::move(context), path);
  ASSERT_TRUE(made);
  Client client(path);
  client.send(R"({"verb":"stop","name":"web"})"
              "\n");
  const json refused = answer(client);
  EXPECT_EQ(refused["code"], 1);
  EXPECT_TRUE(dropped(client));
  EXPECT_EQ(node.state("web"), "running");
}

TEST(Refusal, NamesWhoIsAdmittedAndWhoAsks) {
  EXPECT_EQ(refusal(0, 0, 0, 16), "");
  EXPECT_EQ(refusal(100, 0, 0, 16), "the control socket is for uid 0 alone, and you are uid 100");
  EXPECT_EQ(refusal(0, 0, 16, 16), "16 clients are connected already; try again");
}

TEST_F(ServerTest, AnswersAShutdownBeforeItBegins) {
  serve();
  Client client(path);
  client.send(R"({"verb":"reboot"})"
              "\n");
  EXPECT_EQ(answer(client)["ok"], true);
  EXPECT_TRUE(until([&] { return !node.shutdowns.empty(); }));
  EXPECT_EQ(node.shutdowns.front(), ShutdownKind::Reboot);
}

TEST_F(ServerTest, MayGoWhileClientsWait) {
  serve();
  Client client(path);
  client.send(R"({"verb":"start","name":"boinc","wait":true})"
              "\n");
  turn();
  server.reset();
  node.supervisor.set_condition("storage", "x", "");
  turn();
  EXPECT_TRUE(dropped(client));
}

TEST_F(ServerTest, APathThatIsTooLongIsAnError) {
  const auto made = Server::create(*node.loop, node.supervisor, node.context(), node.tree.path(std::string(120, 'x')));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ENAMETOOLONG);
}

}  // namespace
}  // namespace uebo::control
