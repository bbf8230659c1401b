#include "../../../src/consul/status_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace uebo::consul {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

HttpCall call(const std::string& token = "") {
  HttpCall call;
  call.url = "http://c:1/v1/x";
  call.put = true;
  call.token = token;
  return call;
}

HttpReply reply(long status, const std::string& body) {
  HttpReply reply;
  reply.status = status;
  reply.body = body;
  return reply;
}

TEST(AnswerOfConsul, IsGoodWith200Alone) {
  EXPECT_TRUE(accepted(call(), reply(200, "true")));
  for (const long status : {0L, 204L, 301L, 404L, 500L}) EXPECT_FALSE(accepted(call(), reply(status, ""))) << status;
}

TEST(AnswerOfConsul, IsToldInOneLineWithWhatWasExpected) {
  const auto answer = accepted(call(), reply(500, "No cluster\x01 leader\nand more"));
  EXPECT_EQ(answer.error().why, "PUT http://c:1/v1/x: 500 No cluster? leader (expected 200)");
  EXPECT_FALSE(answer.error().answered) << "it may do it another time";
}

TEST(AnswerOfConsul, WhoMayNotIsToldAboutTheTokenWithoutShowingIt) {
  EXPECT_THAT(accepted(call(), reply(403, "Permission denied")).error().why, HasSubstr("Consul wants a token"));
  const auto refused = accepted(call("s3cret"), reply(403, "Permission denied")).error();
  EXPECT_THAT(refused.why, AllOf(EndsWith("may not do this"), Not(HasSubstr("s3cret"))));
  EXPECT_TRUE(refused.answered);
}

TEST(AnswerOfConsul, AnAgentThatDoesNotKnowAServiceHasAnswered) {
  EXPECT_TRUE(accepted(call(), reply(500, "Unknown service \"x\"")).error().answered);
}

TEST(AnswerOfConsul, TooManyOrTooSlowMayBeOtherwiseTheNextTime) {
  for (const long status : {408L, 429L}) EXPECT_FALSE(accepted(call(), reply(status, "")).error().answered) << status;
  EXPECT_TRUE(accepted(call(), reply(404, "")).error().answered);
}

TEST(AnswerOfConsul, NoneIsWhatStoppedIt) {
  EXPECT_EQ(accepted(call(), fail(0, "GET", "http://c:1", "Timeout was reached")).error().why,
            "GET http://c:1: Timeout was reached");
}

}  // namespace
}  // namespace uebo::consul
