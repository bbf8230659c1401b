// Over HTTP, from a client as a browser is one.
#include "uebo/web/page_server.hpp"

#include <gmock/gmock.h>
#include <httplib.h>

#include <thread>

#include "../kernel/test_tree.hpp"
#include "uebo/web/page.hpp"
#include "uebo/web/status_document.hpp"

namespace uebo::web {
namespace {

using control::Json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ServedPage : public testing::Test {
 protected:
  ServedPage() {
    serve_page(server, source);
    port = server.bind_to_any_port("127.0.0.1");
    thread = std::thread([this] { server.listen_after_bind(); });
    while (!server.is_running()) std::this_thread::yield();
  }
  ~ServedPage() override {
    server.stop();
    thread.join();
  }
  httplib::Client client() const {
    httplib::Client client("127.0.0.1", port);
    client.set_read_timeout(20);
    return client;
  }
  httplib::Result change(const std::string& body, httplib::Headers headers = {{"Authorization", "Bearer t0k"}},
                         const std::string& type = "application/json") {
    return client().Post("/change", headers, body, type);
  }

  kernel::test::TestTree logs;
  std::vector<Json> asked;
  PageSource source{.document =
                        [](const std::string& log_of) {
                          PageFacts facts;
                          facts.node.host_name = "node-7";
                          facts.log_of = log_of;
                          return status_document(facts, std::nullopt, fail(ECONNREFUSED, "connect to", "it"));
                        },
                    .ask = [this](const Json& request) -> std::optional<Json> {
                      asked.push_back(request);
                      if (request["verb"] == "boot") return Json{{"ok", true}, {"kernel", 1.5}};
                      if (request["token"] != "t0k") return Json{{"ok", false}, {"error", "the token is wrong"}};
                      return Json{{"ok", true}, {"state", "running"}};
                    },
                    .logs = logs.path(),
                    .resolv_conf = "/nowhere"};
  httplib::Server server;
  int port = 0;
  std::thread thread;
};

TEST_F(ServedPage, IsAPageOrADocumentAsItIsAskedFor) {
  const auto page = client().Get("/?log=dropbear", {{"Accept", "text/html"}});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->get_header_value("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page->body, StartsWith("<!doctype html>"));
  EXPECT_EQ(page->get_header_value("Content-Security-Policy"), kPagePolicy);
  const auto document = client().Get("/?log=../../etc", {{"Accept", "application/json"}});
  ASSERT_TRUE(document);
  const auto json = control::parse_object(document->body);
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["node"]["hostname"], "node-7");
  EXPECT_EQ((*json)["log"]["service"], "boinc") << "what is no name of a log";
}

TEST_F(ServedPage, BringsItsStyleItsScriptAndThePictureOfTheBoot) {
  EXPECT_EQ(client().Get("/page.css")->body, page_style());
  EXPECT_EQ(client().Get("/page.js")->body, page_script());
  EXPECT_THAT(client().Get("/boot.svg")->body, HasSubstr("<svg"));
}

TEST_F(ServedPage, AnswersNobodyUnderAnotherName) {
  for (const auto* path : {"/", "/log?service=boinc", "/boot.svg"})
    EXPECT_EQ(client().Get(path, {{"Host", "evil.example"}})->status, 421) << path;
  EXPECT_EQ(change("{}", {{"Host", "evil.example"}, {"Authorization", "Bearer t0k"}})->status, 421);
  EXPECT_TRUE(asked.empty());
}

TEST_F(ServedPage, APageFromElsewhereChangesNothing) {
  const std::string wish = R"({"verb":"restart","name":"boinc"})";
  EXPECT_EQ(change(wish, {{"Origin", "http://evil.example"}, {"Authorization", "Bearer t0k"}})->status, 403);
  EXPECT_EQ(change(wish, {{"Sec-Fetch-Site", "cross-site"}, {"Authorization", "Bearer t0k"}})->status, 403);
  EXPECT_EQ(change(wish, {{"Authorization", "Bearer t0k"}}, "text/plain")->status, 415) << "what a form could send";
  EXPECT_EQ(change("verb=restart&name=boinc", {}, "application/x-www-form-urlencoded")->status, 415);
  EXPECT_EQ(change(wish, {})->status, 401);
  EXPECT_EQ(client().Get("/change")->status, 404);
  EXPECT_TRUE(asked.empty());
}

TEST_F(ServedPage, WhoKnowsTheTokenMayStartStopAndRestart) {
  const auto done = change(R"({"verb":"restart","name":"boinc"})");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, 200);
  EXPECT_EQ(asked.back(), (Json{{"verb", "restart"}, {"name", "boinc"}, {"token", "t0k"}}));
  const auto refused = change(R"({"verb":"restart","name":"boinc"})", {{"Authorization", "Bearer wrong"}});
  EXPECT_EQ(refused->status, 403);
  EXPECT_THAT(refused->body, HasSubstr("the token is wrong"));
  asked.clear();
  EXPECT_EQ(change(R"({"verb":"poweroff","name":"boinc"})")->status, 400);
  EXPECT_EQ(change(R"({"verb":"start"})")->status, 400);
  EXPECT_EQ(change("no JSON")->status, 400);
  EXPECT_TRUE(asked.empty());
}

TEST_F(ServedPage, ALogIsFollowedLineByLine) {
  logs.write("boinc/current", "2026-11-30T20:00:00.000Z the first\n2026-11-30T20:00:01.000Z and <the> second\r\n");
  std::string got;
  auto follower = client();
  const auto answer = follower.Get("/log?service=boinc", [&](const char* data, std::size_t size) {
    got.append(data, size);
    if (got.find("second") != std::string::npos && got.find("third") == std::string::npos)
      logs.write("boinc/current",
                 "2026-11-30T20:00:00.000Z the first\n2026-11-30T20:00:01.000Z and <the> "
                 "second\r\n2026-11-30T20:00:02.000Z a third\n");
    return got.find("third") == std::string::npos;
  });
  EXPECT_THAT(
      got,
      StartsWith("data: 2026-11-30T20:00:00.000Z the first\n\ndata: 2026-11-30T20:00:01.000Z and <the> second \n\n"));
  EXPECT_THAT(got, HasSubstr("data: 2026-11-30T20:00:02.000Z a third\n\n"));
}

TEST_F(ServedPage, OfWhatIsNoLogNothingIsShown) {
  for (const auto* name : {"", "..", "../etc", "a/b", "%2e%2e", "A b"})
    EXPECT_EQ(client().Get(std::string("/log?service=") + name)->status, 404) << name;
}

}  // namespace
}  // namespace uebo::web
