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
  /// This process is not the owner.
  void serve_readers(std::vector<uid_t> readers) {
    ServerContext context = node.context();
    context.admission = {.owner = geteuid() + 1, .readers = std::move(readers), .group = std::nullopt, .token = "t0k"};
    auto made = Server::create(*node.loop, node.supervisor, std::move(context), path);
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
  serve({.clients = 16, .reading_clients = 4, .idle = milliseconds(1)});
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
  serve({.clients = 16, .reading_clients = 4, .idle = milliseconds(30)});
  Client client(path);
  EXPECT_TRUE(dropped(client));
  EXPECT_EQ(server->clients(), 0u);
}

TEST_F(ServerTest, AClientThatSendsALineForeverIsDropped) {
  serve({.clients = 16, .reading_clients = 4, .idle = milliseconds(30)});
  Client client(path);
  EXPECT_TRUE(until([&] {
    client.send("x");
    client.receive();
    return client.ended();
  }));
}

TEST_F(ServerTest, AClientThatTakesNoAnswersIsDroppedAndNotReadFurther) {
  serve({.clients = 16, .reading_clients = 4, .idle = milliseconds(100)});
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
  serve({.clients = 16, .reading_clients = 4, .idle = milliseconds(20)});
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
  EXPECT_EQ(refused["error"], "16 clients of uid " + std::to_string(geteuid()) + " are connected already; try again");
  EXPECT_TRUE(dropped(last));
  clients.pop_back();
  EXPECT_TRUE(until([&] { return server->clients() == 15; }));
  Client next(path);
  EXPECT_EQ(ask(next, R"({"verb":"status"})")["ok"], true);
}

TEST_F(ServerTest, StrangersAreTurnedAway) {
  serve_readers({});
  Client client(path);
  client.send(R"({"verb":"status"})"
              "\n");
  const json refused = answer(client);
  EXPECT_EQ(refused["code"], 1);
  EXPECT_EQ(refused["error"], "the control socket is not for you (uid " + std::to_string(geteuid()) + ")");
  EXPECT_TRUE(dropped(client));
}

TEST_F(ServerTest, AReaderLooksAndChangesNothing) {
  serve_readers({geteuid()});
  Client client(path);
  EXPECT_EQ(ask(client, R"({"verb":"status"})")["ok"], true);
  const json refused = ask(client, R"({"verb":"stop","name":"web"})");
  EXPECT_EQ(refused["code"], 1);
  EXPECT_EQ(refused["error"], "stop: not for you (uid " + std::to_string(geteuid()) + "), who may only look");
  EXPECT_EQ(node.state("web"), "running");
  EXPECT_EQ(ask(client, R"({"verb":"boot"})")["ok"], true);
}

TEST_F(ServerTest, AReaderWithTheTokenStartsStopsAndRestarts) {
  serve_readers({geteuid()});
  Client client(path);
  EXPECT_TRUE(ask(client, R"({"verb":"restart","name":"web","token":"t0k"})")["ok"]);
  const json refused = ask(client, R"({"verb":"start","name":"web","token":"t0K"})");
  EXPECT_FALSE(refused["ok"]);
  EXPECT_EQ(refused["error"], "start: the token is wrong");
  EXPECT_FALSE(ask(client, R"({"verb":"poweroff","token":"t0k"})")["ok"]) << "no more than that";
  EXPECT_FALSE(ask(client, R"({"verb":"reload","token":"t0k"})")["ok"]);
}

TEST(Token, OneThatIsEmptyOrInPartIsWrong) {
  const Admission admission{.owner = 0, .readers = {}, .group = std::nullopt, .token = "secret"};
  EXPECT_TRUE(is_token(admission, "secret"));
  for (const auto* given : {"", "secre", "secrets", "secretsecret", "Secret"})
    EXPECT_FALSE(is_token(admission, given)) << given;
  const Admission none{.owner = 0, .readers = {}, .group = std::nullopt, .token = ""};
  EXPECT_FALSE(is_token(none, ""));
  EXPECT_FALSE(is_token(none, "a"));
}

TEST_F(ServerTest, AReaderHasFourPlaces) {
  serve_readers({geteuid()});
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Client>(path));
    EXPECT_EQ(ask(*clients.back(), R"({"verb":"status"})")["ok"], true);
  }
  Client last(path);
  EXPECT_EQ(answer(last)["error"],
            "4 clients of uid " + std::to_string(geteuid()) + " are connected already; try again");
  EXPECT_TRUE(dropped(last));
}

TEST_F(ServerTest, TheGroupMayConnect) {
  ServerContext context = node.context();
  context.admission.group = getegid();
  const auto made = Server::create(*node.loop, node.supervisor, std::move(context), path);
  ASSERT_TRUE(made);
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0660u);
  EXPECT_EQ(status.st_gid, getegid());
}

TEST(Refusal, EachUserHasPlacesOfItsOwn) {
  const ServerLimits limits{.clients = 16, .reading_clients = 4, .idle = {}};
  EXPECT_EQ(refusal(0, Access::Change, 15, limits), "");
  EXPECT_EQ(refusal(0, Access::Change, 16, limits), "16 clients of uid 0 are connected already; try again");
  EXPECT_EQ(refusal(101, Access::Read, 3, limits), "");
  EXPECT_EQ(refusal(101, Access::Read, 4, limits), "4 clients of uid 101 are connected already; try again");
  EXPECT_EQ(refusal(100, std::nullopt, 0, limits), "the control socket is not for you (uid 100)");
}

TEST(AccessOf, TheOwnerChangesAndReadersLook) {
  const Admission admission{.owner = 0, .readers = {101, 102}, .group = 101, .token = {}};
  EXPECT_EQ(access_of(admission, 0), Access::Change);
  EXPECT_EQ(access_of(admission, 102), Access::Read);
  EXPECT_EQ(access_of(admission, 100), std::nullopt);
  EXPECT_EQ(access_of(admission, static_cast<uid_t>(-1)), std::nullopt);
}

TEST_F(ServerTest, ChangesAreToldWhenTheyCome) {
  serve();
  Client client(path);
  const auto generation = ask(client, R"({"verb":"status"})")["generation"].get<std::uint64_t>();
  const std::string request = R"({"verb":"changes","since":)" + std::to_string(generation) + "}\n";
  client.send(request);
  turn();
  client.receive();
  EXPECT_FALSE(client.has_line());
  node.supervisor.set_condition("net", "eth0", "10.0.2.15/24");
  EXPECT_EQ(answer(client)["generation"], generation + 1);
}

TEST_F(ServerTest, ChangesThatDoNotComeAreAnsweredAtTheTimeout) {
  serve({.clients = 16, .reading_clients = 4, .idle = milliseconds(1)});
  Client client(path);
  const auto generation = node.supervisor.generation();
  client.send(R"({"verb":"changes","timeout":0.05,"since":)" + std::to_string(generation) + "}\n");
  EXPECT_EQ(answer(client), json({{"ok", true}, {"generation", generation}}));
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
