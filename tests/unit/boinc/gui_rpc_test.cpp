#include "uebo/boinc/gui_rpc.hpp"

#include <string>
#include <vector>

#include "fake_client.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 1> kItem{"item"};

/// The elements that a peer's reply is cut into, or the error.
Result<std::vector<std::string>> items(GuiRpc& rpc) {
  std::vector<std::string> texts;
  UEBO_TRY(rpc.ask("<get_items/>", kItem, [&](std::string_view name, std::span<char> text) -> Result<> {
    EXPECT_EQ(name, "item");
    texts.emplace_back(text.begin(), text.end());
    return {};
  }));
  return texts;
}

Result<std::vector<std::string>> items_of(const FakeClient& client, std::chrono::milliseconds patience = 20s) {
  auto rpc = UEBO_TRY(GuiRpc::connect(BootClock::now() + patience, client.port()));
  return items(rpc);
}

template <class Value>
int code_of(const Result<Value>& result) {
  return result ? 0 : result.error().code;
}

TEST(GuiRpc, AnswersWithANonce) {
  const FakeClient client([](int socket, const std::string& request) {
    EXPECT_EQ(request, "<boinc_gui_rpc_request>\n<auth1/>\n</boinc_gui_rpc_request>\n\003");
    return FakeClient::send_all(socket, reply("<nonce>1398.17</nonce>"));
  });
  EXPECT_EQ(answers(client.port()), true);
}

TEST(GuiRpc, AnotherAnswerIsNone) {
  const FakeClient client(reply("<unauthorized/>"));
  EXPECT_EQ(answers(client.port()), false);
}

TEST(GuiRpc, NobodyThereIsAnError) { EXPECT_EQ(code_of(answers(1)), ECONNREFUSED); }

TEST(GuiRpc, OneConnectionServesSeveralRequests) {
  int count = 0;
  const FakeClient client([&count](int socket, const std::string&) {
    return FakeClient::send_all(socket, reply("<item>" + std::to_string(++count) + "</item>"));
  });
  auto rpc = GuiRpc::connect(BootClock::now() + 20s, client.port());
  ASSERT_TRUE(rpc);
  EXPECT_EQ(items(*rpc), std::vector<std::string>{"<item>1</item>"});
  EXPECT_EQ(items(*rpc), std::vector<std::string>{"<item>2</item>"});
}

TEST(GuiRpc, CutsTheElementsOutOfWhateverPiecesComeIn) {
  const std::string text =
      reply("<items>\n<item>a<b/></item>junk < & <item_count>3</item_count>\n<item></item></items>");
  const std::vector<std::string> expected{"<item>a<b/></item>", "<item></item>"};
  for (std::size_t size = 1; size <= text.size(); size = size * 2 + 1) {
    const FakeClient client([&](int socket, const std::string&) {
      for (std::size_t sent = 0; sent < text.size(); sent += size)
        if (!FakeClient::send_all(socket, text.substr(sent, size))) return false;
      return true;
    });
    EXPECT_EQ(items_of(client), expected) << size;
  }
}

TEST(GuiRpc, AReplyMayBeLongerThanTheBuffer) {
  std::string content;
  for (int number = 0; number < 5000; ++number) content += "<item>" + std::string(100, 'x') + "</item>\n";
  const FakeClient client(reply(content));
  const auto texts = items_of(client);
  ASSERT_TRUE(texts);
  EXPECT_EQ(texts->size(), 5000);
  EXPECT_EQ(texts->back(), "<item>" + std::string(100, 'x') + "</item>");
}

TEST(GuiRpc, AnotherServersWordsAreNoReply) {
  const FakeClient client("HTTP/1.0 400 Bad Request\r\n");
  EXPECT_EQ(code_of(items_of(client)), EBADMSG);
}

TEST(GuiRpc, AnEmptyMessageIsNoReply) {
  const FakeClient client("\003");
  EXPECT_EQ(code_of(items_of(client)), EBADMSG);
}

TEST(GuiRpc, AReplyThatIsCutShortIsNone) {
  const FakeClient client("<boinc_gui_rpc_reply>\n<item>1</item>\n<item>\003");
  EXPECT_EQ(code_of(items_of(client)), EBADMSG);
}

TEST(GuiRpc, AClientThatHangsUpInTheMiddleIsAnError) {
  const FakeClient client([](int socket, const std::string&) {
    FakeClient::send_all(socket, "<boinc_gui_rpc_reply>\n<item>1</item>\n");
    return false;
  });
  EXPECT_EQ(code_of(items_of(client)), ECONNRESET);
}

TEST(GuiRpc, AnElementThatNeverEndsIsAnError) {
  const FakeClient client(reply("<item>" + std::string(GuiRpc::kLongestElement, 'x')));
  EXPECT_EQ(code_of(items_of(client)), EMSGSIZE);
}

TEST(GuiRpc, AReplyThatNeverEndsIsAnError) {
  const FakeClient client([](int socket, const std::string&) {
    const std::string junk = std::string(GuiRpc::kLongestElement, ' ');
    FakeClient::send_all(socket, "<boinc_gui_rpc_reply>");
    while (FakeClient::send_all(socket, junk)) continue;
    return false;
  });
  EXPECT_EQ(code_of(items_of(client)), EMSGSIZE);
}

TEST(GuiRpc, AClientThatHangsCostsTheDeadlineAndNoMore) {
  const FakeClient client([](int, const std::string&) { return true; });
  const auto begin = BootClock::now();
  EXPECT_EQ(code_of(items_of(client, 50ms)), ETIMEDOUT);
  EXPECT_GE(BootClock::now() - begin, 50ms);
}

TEST(GuiRpc, APeerThatDribblesIsHeldToTheSameDeadline) {
  // A byte at a time for as long as the other side listens: no single wait is long.
  const FakeClient client([](int socket, const std::string&) {
    FakeClient::send_all(socket, "<boinc_gui_rpc_reply>");
    while (FakeClient::send_all(socket, " ")) continue;
    return false;
  });
  EXPECT_EQ(code_of(items_of(client, 50ms)), ETIMEDOUT);
}

TEST(GuiRpc, WhatTheTakerRefusesEndsTheRequest) {
  const FakeClient client(reply("<item>1</item><item>2</item>"));
  auto rpc = GuiRpc::connect(BootClock::now() + 20s, client.port());
  ASSERT_TRUE(rpc);
  int taken = 0;
  const auto result = rpc->ask("<get_items/>", kItem, [&](std::string_view, std::span<char>) -> Result<> {
    ++taken;
    return fail(E2BIG, "take", "an item");
  });
  EXPECT_EQ(code_of(result), E2BIG);
  EXPECT_EQ(taken, 1);
}

}  // namespace
}  // namespace uebo::boinc
