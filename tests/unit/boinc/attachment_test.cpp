// Against a client of a table: what it is asked is noted, and what it answers is the test's.
#include "uebo/boinc/attachment.hpp"

#include <gmock/gmock.h>

#include <map>
#include <mutex>

#include "fake_client.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const config::ProjectAccount kAccount{.url = "https://crunch.test/", .authenticator = "k<y"};
const config::ManagerAccount kManager{.url = "https://manager.test/", .login = "desk", .password_hash = "abc"};

class Attaching : public testing::Test {
 protected:
  /// One step of it; the requests that it made, by the first element of each.
  std::optional<Told> step(Attachment& attachment, Duration after = 0s) {
    now += after;
    asked.clear();
    auto rpc = GuiRpc::connect(BootClock::now() + 20s, client.port());
    EXPECT_TRUE(rpc);
    auto told = attachment.step(*rpc, now);
    EXPECT_TRUE(told) << told.error().message();
    return told.value_or(std::nullopt);
  }

  static std::string project(const std::string& host) {
    return "<projects><project><master_url>https://crunch.test/</master_url><project_name>Crunch</"
           "project_name><hostid>" +
           host + "</hostid></project></projects>";
  }
  static std::string poll(const std::string& error) {
    return "<project_config>\n    <error_num>" + error + "</error_num>\n</project_config>";
  }

  std::map<std::string, std::string> answers{
      {"get_project_status", "<projects>\n</projects>"},
      {"get_message_count", "<seqno>7</seqno>"},
      {"get_project_config", "<success/>"},
      {"get_project_config_poll", poll("-204")},
      {"project_attach", "<success/>"},
      {"project_detach", "<success/>"},
      {"project_attach_poll", "<error_num>0</error_num>"},
      {"get_messages", "<msgs></msgs>"},
      {"acct_mgr_info", "<acct_mgr_info><acct_mgr_url></acct_mgr_url></acct_mgr_info>"},
      {"acct_mgr_rpc", "<success/>"},
      {"acct_mgr_rpc_poll", "<error_num>-204</error_num>"}};
  std::vector<std::string> asked;
  std::string last_request;
  FakeClient client{[this](int socket, const std::string& request) {
    const auto begin = request.find('<', 1) + 1;
    const std::string name = request.substr(begin, request.find_first_of("/>", begin) - begin);
    asked.push_back(name);
    last_request = request;
    return FakeClient::send_all(socket, reply(answers.at(name)));
  }};
  TimePoint now{1000s};
};

TEST_F(Attaching, WhatIsAttachedIsLeftAlone) {
  answers["get_project_status"] = project("12");
  Attachment attachment(kAccount);
  EXPECT_EQ(step(attachment), std::nullopt);
  EXPECT_TRUE(attachment.is_done());
  EXPECT_THAT(asked, ElementsAre("get_project_status"));
}

TEST_F(Attaching, AttachesOnceTheProjectHasAnswered) {
  Attachment attachment(kAccount);
  EXPECT_EQ(step(attachment), std::nullopt);
  EXPECT_THAT(asked, ElementsAre("get_project_status", "get_message_count", "get_project_config"));
  EXPECT_TRUE(attachment.keeps_connection());
  EXPECT_EQ(step(attachment, 1s), std::nullopt);
  answers["get_project_config_poll"] = "<project_config><name>A &amp; B</name></project_config>";
  answers["project_attach_poll"] = "<error_num>0</error_num>";
  EXPECT_EQ(step(attachment, 1s), std::nullopt);
  EXPECT_THAT(asked, ElementsAre("get_project_config_poll", "project_attach", "project_attach_poll"));
  EXPECT_FALSE(attachment.keeps_connection());
  answers["get_project_status"] = project("0");
  EXPECT_EQ(step(attachment, 1s), std::nullopt);
  answers["get_project_status"] = project("12");
  const auto told = step(attachment, 3s);
  ASSERT_TRUE(told);
  EXPECT_TRUE(told->good);
  EXPECT_EQ(told->text, "attached to Crunch (https://crunch.test/), as its host 12");
  EXPECT_TRUE(attachment.is_done());
}

TEST_F(Attaching, AFailureIsToldOnceAndTriedEverLessOften) {
  Attachment attachment(kAccount);
  answers["get_project_config_poll"] = poll("-107");
  step(attachment);
  const auto told = step(attachment, 1s);
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->good);
  EXPECT_EQ(told->text, "can't attach to https://crunch.test/, and tries again. BOINC says: connect() failed (-107)");
  Duration last{};
  for (int tries = 0; tries < 8; ++tries) {
    const Duration delay = attachment.due() - now;
    EXPECT_GE(delay, std::min<Duration>(10s * (1 << tries), 5min));
    EXPECT_LE(delay, 6min);
    EXPECT_GE(delay, last * 5 / 6);
    last = delay;
    now = attachment.due();
    EXPECT_EQ(step(attachment), std::nullopt);
    EXPECT_EQ(step(attachment, 1s), std::nullopt) << "the same trouble";
  }
  answers["get_project_config_poll"] = poll("-113");
  step(attachment);
  const auto another = step(attachment, 1s);
  ASSERT_TRUE(another);
  EXPECT_THAT(another->text, HasSubstr("can't resolve hostname"));
}

TEST_F(Attaching, WhatTheClientRefusesIsToldInItsWords) {
  Attachment attachment(kAccount);
  answers["get_project_config_poll"] = "<project_config><name>Crunch</name></project_config>";
  step(attachment);
  answers["project_attach"] = "<error>Already attached to project</error>";
  auto told = step(attachment, 1s);
  ASSERT_TRUE(told);
  EXPECT_THAT(told->text, HasSubstr("BOINC says: Already attached to project"));
  answers["project_attach"] = "<success/>";
  answers["project_attach_poll"] = "<error_num>-999</error_num>";
  step(attachment, 20s);
  told = step(attachment, 1s);
  ASSERT_TRUE(told);
  EXPECT_THAT(told->text, HasSubstr("BOINC says: error -999"));
}

TEST_F(Attaching, ADescriptionOfNothingIsAFailure) {
  Attachment attachment(kAccount);
  answers["get_project_config_poll"] = "<project_config/>";
  step(attachment);
  const auto told = step(attachment, 1s);
  ASSERT_TRUE(told);
  EXPECT_THAT(told->text, HasSubstr("BOINC says: there is no description of a project"));
  EXPECT_THAT(asked, ElementsAre("get_project_config_poll"));
}

TEST_F(Attaching, WhatWasAskedOverALostConnectionIsAskedAgain) {
  for (Attachment attachment : {Attachment(kAccount), Attachment(kManager)}) {
    step(attachment);
    const auto first = asked;
    EXPECT_TRUE(attachment.keeps_connection());
    attachment.connection_lost();
    EXPECT_FALSE(attachment.keeps_connection());
    step(attachment, 1s);
    EXPECT_EQ(asked, first);
  }
}

TEST_F(Attaching, OneThatHasNeverAnsweredComesBackWithTodaysKey) {
  answers["get_project_status"] = project("0");
  Attachment attachment(kAccount);
  step(attachment);
  EXPECT_THAT(asked, ElementsAre("get_project_status", "get_message_count", "project_detach", "get_project_config"));
}

TEST_F(Attaching, AnAlertOfTheProjectIsTold) {
  Attachment attachment(kAccount);
  answers["get_project_config_poll"] = "<project_config><name>Crunch</name></project_config>";
  step(attachment);
  step(attachment, 1s);
  answers["get_project_status"] = project("0");
  const auto message = [](const std::string& project, const std::string& priority, const std::string& text) {
    return "<msg>\n<project>" + project + "</project>\n<pri>" + priority +
           "</pri>\n<seqno>9</seqno>\n<body><![CDATA[\n" + text + "\n]]></body>\n</msg>\n";
  };
  answers["get_messages"] = "<msgs>" + message("Crunch", "1", "Fetching") + message("", "3", "of nobody") +
                            message("Other", "3", "another's") + message("Crunch", "4", "Invalid account key") +
                            "</msgs>";
  auto told = step(attachment, 1s);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->text,
            "attached to https://crunch.test/, but no work comes from there yet. BOINC says: Invalid account key");
  EXPECT_THAT(last_request, HasSubstr("<seqno>7</seqno>"));
  // What is no alert is told when it takes too long.
  answers["get_messages"] = "<msgs>" + message("https://crunch.test/", "1", "Scheduler request failed") + "</msgs>";
  EXPECT_EQ(step(attachment, 30s), std::nullopt);
  told = step(attachment, 31s);
  ASSERT_TRUE(told);
  EXPECT_THAT(told->text, HasSubstr("BOINC says: Scheduler request failed"));
  EXPECT_EQ(attachment.due() - now, 30s) << "it may stay so for days";
}

TEST_F(Attaching, WhatTheClientGetsIsEscaped) {
  Attachment attachment(kAccount);
  answers["get_project_config_poll"] = "<project_config><name>A &lt; B</name></project_config>";
  std::string attach;
  step(attachment);
  answers["project_attach_poll"] = "<error_num>-155</error_num>";
  answers["project_attach"] = "<error>no</error>";
  step(attachment, 1s);
  EXPECT_THAT(last_request, HasSubstr("<authenticator>k&lt;y</authenticator>\n<project_name>A &lt; B</project_name>"));
}

TEST_F(Attaching, AManagerIsAskedByTheHash) {
  Attachment attachment(kManager);
  EXPECT_EQ(step(attachment), std::nullopt);
  EXPECT_THAT(last_request, HasSubstr("<name>desk</name>\n<password>hash:abc</password>"));
  EXPECT_EQ(step(attachment, 1s), std::nullopt);
  answers["acct_mgr_rpc_poll"] = "<error_num>0</error_num>";
  const auto told = step(attachment, 1s);
  ASSERT_TRUE(told);
  EXPECT_TRUE(told->good);
  EXPECT_TRUE(attachment.is_done());
}

TEST_F(Attaching, AManagerThatNeverAnswersIsATimeout) {
  Attachment attachment(kManager);
  step(attachment);
  EXPECT_EQ(step(attachment, 59s), std::nullopt);
  const auto told = step(attachment, 2s);
  ASSERT_TRUE(told);
  EXPECT_THAT(told->text, HasSubstr("BOINC says: timeout (-182)"));
}

TEST_F(Attaching, AnotherManagerStays) {
  answers["acct_mgr_info"] = "<acct_mgr_info><acct_mgr_url>https://else.test/</acct_mgr_url></acct_mgr_info>";
  Attachment attachment(kManager);
  const auto told = step(attachment);
  ASSERT_TRUE(told);
  EXPECT_FALSE(told->good);
  EXPECT_THAT(told->text, HasSubstr("https://else.test/ already"));
  EXPECT_TRUE(attachment.is_done());
  EXPECT_THAT(asked, ElementsAre("acct_mgr_info"));
}

TEST_F(Attaching, TheSameManagerIsLeftAlone) {
  answers["acct_mgr_info"] = "<acct_mgr_info><acct_mgr_url>https://manager.test/</acct_mgr_url></acct_mgr_info>";
  Attachment attachment(kManager);
  EXPECT_EQ(step(attachment), std::nullopt);
  EXPECT_TRUE(attachment.is_done());
}

}  // namespace
}  // namespace uebo::boinc
