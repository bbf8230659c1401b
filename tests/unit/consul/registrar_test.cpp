#include "uebo/consul/registrar.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../../../src/consul/status_text.hpp"

namespace uebo::consul {
namespace {

using namespace std::chrono_literals;
using config::ConsulService;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const ConsulService kNodeExporter{
    .name = "node_exporter", .port = 9100, .tags = {"node_exporter", "prometheus"}, .meta = {}, .health = "/metrics"};
const ConsulService kBoincExporter{
    .name = "boinc_exporter", .port = 9109, .tags = {"boinc_exporter", "prometheus"}, .meta = {}, .health = {}};

/// A registrar, and a Consul that is as quick as it is obedient. Time passes when the test says so.
class Registration : public testing::Test {
 protected:
  explicit Registration(Mode mode = Mode::Catalog) : mode_(mode), registrar(make()) {}

  Registrar make() { return {self, mode_, "http://consul:8500", Timing::for_mode(mode_)}; }
  [[nodiscard]] Moment moment() const { return {.now = now, .chance = 0.5}; }

  /// Does all that is due, as Consul would, and returns what was done: "GET", "PUT /v1/catalog/register node_exporter".
  std::vector<std::string> work() {
    std::vector<std::string> done;
    while (const auto step = registrar.next(moment())) {
      done.push_back(text_of(*step));
      registrar.ended(answer(*step), moment());
    }
    return done;
  }
  /// The same at the time at which something is due.
  std::vector<std::string> work_later() {
    const auto due = registrar.due();
    if (!due) return {"nothing is due"};
    now = std::max(now, *due);
    return work();
  }
  [[nodiscard]] Duration pause() const { return *registrar.due() - now; }

  Outcome answer(const Step& step) {
    if (std::holds_alternative<AskOther>(step)) return OtherSaid{other_says};
    if (std::holds_alternative<Knock>(step)) return Knocked{open_port};
    if (down) return Failed{.why = "GET http://consul:8500: connection refused"};
    if (std::holds_alternative<Inspect>(step)) return Inspected{.node = node, .index = 7, .address = address};
    const HttpRequest& request = std::get<Send>(step).request;
    if (request.body.find(forbidden) != std::string::npos)
      return Failed{.why = "PUT: 403 Permission denied", .answered = true};
    apply(request);
    return Sent{};
  }
  void apply(const HttpRequest& request) {
    if (request.body.empty()) return;
    const json body = json::parse(request.body);
    if (request.path == "/v1/catalog/deregister") {
      if (body.contains("ServiceID") && node) node->services.erase(body["ServiceID"].get<std::string>());
      if (!body.contains("ServiceID") && body["Node"] == self.name) node.reset();
    } else if (request.path == "/v1/catalog/register") {
      if (!node) node.emplace();
      const auto whole = wanted_node(mode_, self, body["Address"], {kNodeExporter, kBoincExporter});
      node->id = body["ID"];
      node->address = body["Address"];
      node->meta = body["NodeMeta"];
      if (body.contains("Service")) node->services[body["Service"]["ID"]] = whole.services.at(body["Service"]["ID"]);
    } else if (request.path == "/v1/agent/service/register") {
      if (!node) node = SeenNode{.id = self.id, .address = body["Address"], .meta = body["Meta"], .services = {}};
      node->services[body["ID"]] = wanted_node(mode_, self, body["Address"], {kNodeExporter}).services.begin()->second;
    }
  }

  static std::string text_of(const Step& step) {
    if (std::holds_alternative<Inspect>(step)) return "look";
    if (const auto* ask = std::get_if<AskOther>(&step)) return "ask " + ask->address;
    if (const auto* knock = std::get_if<Knock>(&step))
      return fmt::format("knock {} {}", knock->address, fmt::join(knock->ports, " "));
    const HttpRequest& request = std::get<Send>(step).request;
    std::string text = request.path.substr(4);
    if (request.body.empty()) return text;
    const json body = json::parse(request.body);
    if (body.contains("Node")) text += " " + body["Node"].get<std::string>();
    if (body.contains("Service")) text += " " + body["Service"]["ID"].get<std::string>();
    if (body.contains("ServiceID")) text += " " + body["ServiceID"].get<std::string>();
    if (body.contains("Checks")) text += " +check";
    if (body.contains("Name")) text += " " + body["ID"].get<std::string>();
    return text;
  }
  std::vector<std::string> lines() {
    std::vector<std::string> texts;
    for (const Line& line : registrar.take_lines()) texts.push_back(line.text);
    return texts;
  }
  SeenNode other_board() {
    const Self other{.name = self.name, .id = "other", .mac = "02:00:00:00:00:02", .version = "1", .architecture = "a"};
    return wanted_node(mode_, other, "10.0.0.2", {kNodeExporter});
  }
  void register_both() {
    registrar.want({kNodeExporter, kBoincExporter}, moment());
    work();
    lines();
  }

  Mode mode_;
  Self self{.name = "pine", .id = "mine", .mac = "02:00:00:00:00:01", .version = "1", .architecture = "aarch64"};
  TimePoint now{1000s};
  Registrar registrar;
  std::optional<SeenNode> node;
  std::optional<IpAddress> address = IpAddress::parse("10.0.0.1");
  std::optional<std::string> other_says;
  std::optional<std::uint16_t> open_port;
  std::string forbidden = "nothing is";
  bool down = false;
};

class AgentRegistration : public Registration {
 protected:
  AgentRegistration() : Registration(Mode::Agent) {}
};

// --- rounds

TEST_F(Registration, FirstLooksThenRegistersEachServiceWithTheWholeNode) {
  registrar.want({kNodeExporter, kBoincExporter}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "catalog/register pine boinc_exporter +check",
                                  "catalog/register pine node_exporter +check"));
  EXPECT_THAT(lines(),
              ElementsAre("pine (10.0.0.1) is registered at http://consul:8500: boinc_exporter, node_exporter"));
}

TEST_F(Registration, WaitsForTheServicesToBeKnownAndFindsOutItsAddressMeanwhile) {
  EXPECT_THAT(work(), ElementsAre("look"));
  EXPECT_EQ(registrar.address(), IpAddress::parse("10.0.0.1"));
  registrar.want({kNodeExporter}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "catalog/register pine node_exporter +check"));
}

TEST_F(Registration, ANodeWithoutServicesIsRegisteredAllTheSame) {
  registrar.want({}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "catalog/register pine"));
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("no service yet")));
}

TEST_F(Registration, IsRefreshedAfterThirtyToSixtySecondsWithoutTouchingTheStateOfChecks) {
  register_both();
  EXPECT_EQ(pause(), 45s) << "half way between, by half a chance";
  EXPECT_THAT(work_later(),
              ElementsAre("look", "catalog/register pine boinc_exporter", "catalog/register pine node_exporter"));
  EXPECT_THAT(lines(), IsEmpty());
  EXPECT_THAT(work(), IsEmpty());
}

TEST_F(Registration, AServiceThatComesOrGoesIsToldAtOnce) {
  register_both();
  registrar.want({kNodeExporter}, moment());
  EXPECT_THAT(work(),
              ElementsAre("look", "catalog/deregister pine boinc_exporter", "catalog/register pine node_exporter"));
  EXPECT_THAT(lines(), ElementsAre("pine (10.0.0.1) is registered at http://consul:8500: node_exporter"));
  registrar.want({kNodeExporter, kBoincExporter}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "catalog/register pine boinc_exporter +check",
                                  "catalog/register pine node_exporter"));
}

TEST_F(Registration, TheSameServicesInAnotherOrderAreNoChange) {
  register_both();
  registrar.want({kBoincExporter, kNodeExporter}, moment());
  EXPECT_THAT(work(), IsEmpty());
}

TEST_F(Registration, AChangeDuringARoundIsFollowedByAnotherOne) {
  registrar.want({kNodeExporter}, moment());
  ASSERT_TRUE(registrar.next(moment()));
  registrar.want({kNodeExporter, kBoincExporter}, moment());
  registrar.ended(Inspected{.node = std::nullopt, .index = 1, .address = address}, moment());
  work();
  registrar.want({kBoincExporter}, moment());
  EXPECT_THAT(work_later(), testing::Contains("catalog/deregister pine node_exporter"));
}

TEST_F(Registration, OneStepIsUnderWayAtATime) {
  registrar.want({kNodeExporter}, moment());
  ASSERT_TRUE(registrar.next(moment()));
  EXPECT_FALSE(registrar.next(moment()));
  EXPECT_EQ(registrar.due(), std::nullopt);
}

TEST_F(Registration, ServicesThatSomebodyElseHasPutOnTheNodeStay) {
  register_both();
  node->services["hand-made"] = SeenService{.name = "hand-made", .address = {}, .tags = {}, .meta = {}};
  node->services["old_exporter"] =
      SeenService{.name = "old_exporter", .address = {}, .tags = {}, .meta = {{"node", "pine"}}};
  EXPECT_THAT(work_later(), ElementsAre("look", "catalog/deregister pine old_exporter",
                                        "catalog/register pine boinc_exporter", "catalog/register pine node_exporter"));
}

// --- addresses and names

TEST_F(Registration, ANewAddressIsToldAtOnceWithNewChecks) {
  register_both();
  address = IpAddress::parse("10.0.0.77");
  registrar.network_changed(moment());
  EXPECT_EQ(pause(), 200ms) << "several messages make one round";
  EXPECT_THAT(work_later(), ElementsAre("look", "catalog/register pine boinc_exporter +check",
                                        "catalog/register pine node_exporter +check"));
  EXPECT_EQ(node->address, "10.0.0.77");
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("pine (10.0.0.77) is registered")));
}

TEST_F(Registration, WithoutAnAddressOfItsOwnNothingIsRegistered) {
  address.reset();
  registrar.want({kNodeExporter}, moment());
  EXPECT_THAT(work(), ElementsAre("look"));
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("no address of its own")));
  EXPECT_EQ(node, std::nullopt);
}

TEST_F(Registration, ANewNameTakesBackTheOldOneFirst) {
  register_both();
  self.name = "oak";
  registrar.rename(self, moment());
  registrar.rename(self, moment());
  down = true;
  EXPECT_THAT(work(), ElementsAre("catalog/deregister pine"));
  down = false;
  EXPECT_THAT(work_later(), ElementsAre("catalog/deregister pine", "look", "catalog/register oak boinc_exporter +check",
                                        "catalog/register oak node_exporter +check"));
}

TEST_F(Registration, AnOldNameThatMayNotBeTakenBackDoesNotKeepTheNewOneOut) {
  register_both();
  self.name = "oak";
  forbidden = R"("Node":"pine")";
  registrar.rename(self, moment());
  node.reset();
  EXPECT_THAT(work(), ElementsAre("catalog/deregister pine", "look", "catalog/register oak boinc_exporter +check",
                                  "catalog/register oak node_exporter +check"));
  EXPECT_THAT(lines(), testing::Contains("PUT: 403 Permission denied"));
  EXPECT_THAT(work_later(),
              ElementsAre("look", "catalog/register oak boinc_exporter", "catalog/register oak node_exporter"));
}

TEST_F(Registration, ANameThatWasRefusedLeavesNothingToTakeBack) {
  forbidden = "pine";
  registrar.want({kNodeExporter}, moment());
  EXPECT_THAT(work(), SizeIs(2));
  self.name = "oak";
  registrar.rename(self, moment());
  EXPECT_THAT(work(), ElementsAre("look", "catalog/register oak node_exporter +check"));
}

TEST_F(Registration, ANewNameInTheMiddleOfARoundEndsIt) {
  registrar.want({kNodeExporter, kBoincExporter}, moment());
  auto step = registrar.next(moment());
  registrar.ended(answer(*step), moment());
  step = registrar.next(moment());
  self.name = "oak";
  registrar.rename(self, moment());
  registrar.ended(Sent{}, moment());
  node.reset();
  EXPECT_THAT(work(), ElementsAre("catalog/deregister pine", "look", "catalog/register oak boinc_exporter +check",
                                  "catalog/register oak node_exporter +check"));
}

// --- Consul does not do as it is told

TEST_F(Registration, TriesAgainAfterOneSecondDoubledUpToThirtyAndSaysSoOnce) {
  down = true;
  registrar.want({kNodeExporter}, moment());
  work();
  std::vector<double> pauses;
  for (int i = 0; i < 8; ++i) {
    pauses.push_back(std::chrono::duration<double>(pause()).count());
    EXPECT_THAT(work_later(), ElementsAre("look"));
  }
  EXPECT_THAT(pauses, ElementsAre(0.75, 1.5, 3, 6, 12, 22.5, 22.5, 22.5));
  EXPECT_THAT(lines(), ElementsAre("GET http://consul:8500: connection refused"));
  EXPECT_EQ(registrar.failures(), 9U);
  down = false;
  EXPECT_THAT(work_later(), SizeIs(2));
  EXPECT_THAT(lines(),
              ElementsAre("all is well with http://consul:8500 again, after 9 failures", HasSubstr("registered")));
  EXPECT_EQ(registrar.failures(), 0U);
}

TEST_F(Registration, ChanceSpreadsTheTriesOfARack) {
  down = true;
  registrar.want({}, moment());
  const auto step = registrar.next(moment());
  registrar.ended(answer(*step), {.now = now, .chance = 0});
  EXPECT_EQ(pause(), 500ms);
}

TEST_F(Registration, ServicesThatChangeMeanwhileDoNotHurryWhoDoesNotAnswer) {
  down = true;
  registrar.want({kNodeExporter}, moment());
  work();
  registrar.want({}, moment());
  EXPECT_THAT(work(), IsEmpty());
}

TEST_F(Registration, ANewTokenOrNetworkIsTriedAtOnce) {
  down = true;
  registrar.want({kNodeExporter}, moment());
  for (int i = 0; i < 6; ++i) work_later();
  registrar.credentials_changed(moment());
  EXPECT_THAT(work(), ElementsAre("look"));
  registrar.network_changed(moment());
  EXPECT_EQ(pause(), 200ms);
}

TEST_F(Registration, OneServiceThatIsRefusedCostsTheOthersNothing) {
  forbidden = "boinc_exporter";
  registrar.want({kNodeExporter, kBoincExporter}, moment());
  EXPECT_THAT(work(), SizeIs(3));
  EXPECT_THAT(node->services, ElementsAre(testing::Key("node_exporter")));
  EXPECT_THAT(lines(), ElementsAre("PUT: 403 Permission denied"));
  EXPECT_EQ(pause(), 750ms);
}

// --- the catalog is watched

TEST_F(Registration, IsWatchedOnceItIsRegistered) {
  EXPECT_EQ(registrar.watch_from(now), std::nullopt);
  register_both();
  EXPECT_EQ(registrar.watch_from(now), 7U);
  registrar.leave(moment());
  EXPECT_EQ(registrar.watch_from(now), std::nullopt);
}

TEST_F(Registration, WhatIsMissingInTheCatalogComesBackAtOnce) {
  register_both();
  now += 10s;
  node.reset();
  registrar.seen(node, 9, moment());
  EXPECT_THAT(work(), SizeIs(3));
  EXPECT_THAT(node->services, SizeIs(2));
}

TEST_F(Registration, ItsOwnChangesAndThoseOfOthersThatDoNotMatterCauseNothing) {
  register_both();
  node->services["hand-made"] = SeenService{.name = "hand-made", .address = {}, .tags = {}, .meta = {}};
  registrar.seen(node, 9, moment());
  EXPECT_THAT(work(), IsEmpty());
  EXPECT_EQ(registrar.watch_from(now + 1s), 9U);
}

TEST_F(Registration, WhatTheWatchSeesDuringARoundIsSeenAgainAfterIt) {
  register_both();
  now = *registrar.due();
  const auto look = registrar.next(moment());
  registrar.ended(answer(*look), moment());
  registrar.seen(std::nullopt, 9, moment());
  work();
  EXPECT_EQ(registrar.watch_from(now + 1s), 7U) << "where the round has looked";
}

TEST_F(Registration, AnIndexThatGoesBackBeginsAnew) {
  register_both();
  registrar.seen(node, 3, moment());
  EXPECT_EQ(registrar.watch_from(now + 1s), 0U);
}

TEST_F(Registration, TheCatalogCausesNoMoreThanARoundASecond) {
  register_both();
  registrar.seen(std::nullopt, 9, moment());
  EXPECT_EQ(pause(), 1s);
}

TEST_F(Registration, AWatchThatBreaksOffIsLookedIntoWithinTwoSeconds) {
  register_both();
  registrar.watch_failed(moment());
  EXPECT_EQ(pause(), 1s);
  EXPECT_EQ(registrar.watch_from(now), std::nullopt);
  node.reset();
  EXPECT_THAT(work_later(), SizeIs(3));
  EXPECT_TRUE(registrar.watch_from(now));
}

TEST_F(Registration, AnswersWithoutAnIndexAreNotWatchedInATightLoop) {
  register_both();
  for (int i = 0; i < 4; ++i) {
    registrar.seen(node, 0, moment());
    work_later();
  }
  EXPECT_EQ(registrar.watch_from(now), std::nullopt);
  EXPECT_EQ(registrar.watch_from(now + 4s), std::nullopt);
  EXPECT_TRUE(registrar.watch_from(now + 8s));
}

// --- whose the name is

TEST_F(Registration, ANodeThatIsNotOursIsLeftAloneAndToldOnce) {
  node = SeenNode{.id = "agent", .address = "10.0.0.9", .meta = {{"consul-network-segment", ""}}, .services = {}};
  registrar.want({kNodeExporter}, moment());
  EXPECT_THAT(work(), ElementsAre("look"));
  EXPECT_THAT(lines(), ElementsAre(AllOf(HasSubstr("the node pine at 10.0.0.9"), HasSubstr("none of UEBO's"))));
  EXPECT_EQ(pause(), 45s) << "slowly";
  EXPECT_THAT(work_later(), ElementsAre("look"));
  EXPECT_THAT(lines(), IsEmpty());
  registrar.leave(moment());
  EXPECT_THAT(work(), IsEmpty()) << "nothing of it is ours to be taken back";
  EXPECT_TRUE(registrar.gone());
}

TEST_F(Registration, ANodeOfOursWhoseMetaSomebodyHasBlankedIsMadeWholeAgain) {
  register_both();
  node->meta.clear();
  EXPECT_THAT(work_later(), SizeIs(3));
  EXPECT_TRUE(node->is_ours());
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(Registration, AForeignNodeThatGoesMakesRoom) {
  node = SeenNode{.id = "agent", .address = "10.0.0.9", .meta = {}, .services = {}};
  registrar.want({kNodeExporter}, moment());
  work();
  now += 10s;
  registrar.seen(node, 8, moment());
  EXPECT_THAT(work(), IsEmpty());
  node.reset();
  registrar.seen(node, 9, moment());
  EXPECT_THAT(work(), ElementsAre("look", "catalog/register pine node_exporter +check"));
}

TEST_F(Registration, ABoardOfTheSameNameThatAnswersKeepsIt) {
  node = other_board();
  other_says = "other";
  registrar.want({kNodeExporter}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "ask 10.0.0.2"));
  EXPECT_THAT(lines(), ElementsAre(AllOf(HasSubstr("another board is pine"), HasSubstr("10.0.0.2"),
                                         HasSubstr("02:00:00:00:00:02"), HasSubstr("02:00:00:00:00:01"))));
  EXPECT_THAT(work_later(), ElementsAre("look", "ask 10.0.0.2"));
  EXPECT_THAT(lines(), IsEmpty());
  EXPECT_EQ(node->id, "other");
}

TEST_F(Registration, ABoardThatDoesNotAnswerForHalfAMinuteLosesItsName) {
  node = other_board();
  registrar.want({kNodeExporter}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "ask 10.0.0.2"));
  const TimePoint asked = now;
  for (int i = 0; i < 3; ++i) EXPECT_THAT(work_later(), ElementsAre("ask 10.0.0.2"));
  EXPECT_THAT(work_later(), ElementsAre("ask 10.0.0.2", "knock 10.0.0.2 9100", "catalog/deregister pine",
                                        "catalog/register pine node_exporter +check"));
  EXPECT_EQ(now - asked, 24s);
  EXPECT_THAT(lines(), ElementsAre(AllOf(HasSubstr("taking over the name pine"), HasSubstr("10.0.0.2")),
                                   HasSubstr("is registered")));
  EXPECT_EQ(node->id, "mine");
}

TEST_F(Registration, ABoardWhoseMetricsDoNotAnswerKeepsItsNameWhileAnythingElseDoes) {
  node = other_board();
  open_port = 9100;
  registrar.want({kNodeExporter}, moment());
  work();
  for (int i = 0; i < 3; ++i) work_later();
  EXPECT_THAT(work_later(), ElementsAre("ask 10.0.0.2", "knock 10.0.0.2 9100"));
  EXPECT_THAT(lines(), ElementsAre(AllOf(HasSubstr("another board is pine"),
                                         HasSubstr("answers on 9100, but not with its ID"))));
  EXPECT_EQ(node->id, "other");
  open_port.reset();
  for (int i = 0; i < 5; ++i) work_later();
  EXPECT_EQ(node->id, "mine") << "it has gone";
}

TEST_F(Registration, MetricsWithoutAnIdAreNoAnswer) {
  node = other_board();
  registrar.want({kNodeExporter}, moment());
  other_says = "";
  EXPECT_THAT(work(), ElementsAre("look", "ask 10.0.0.2"));
  EXPECT_EQ(pause(), 6s);
  other_says = "other";
  EXPECT_THAT(work_later(), ElementsAre("ask 10.0.0.2"));
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("another board is pine and answers")));
}

TEST_F(Registration, QuestionsThatAreWaitedForCountAsPauses) {
  node = other_board();
  registrar.want({kNodeExporter}, moment());
  const auto look = registrar.next(moment());
  registrar.ended(answer(*look), moment());
  ASSERT_TRUE(registrar.next(moment()));
  now += 4s;
  registrar.ended(OtherSaid{}, moment());
  EXPECT_EQ(pause(), 2s);
}

TEST_F(Registration, ABoardThatHasTheAddressOfTheOtherByNowDoesNotKnockAtItsOwnDoor) {
  node = other_board();
  node->address = "10.0.0.1";
  open_port = 9100;
  registrar.want({kNodeExporter}, moment());
  work();
  for (int i = 0; i < 4; ++i) work_later();
  EXPECT_EQ(node->id, "mine");
}

TEST_F(Registration, ABoardThatCameBackMeanwhileKeepsItsName) {
  node = other_board();
  registrar.want({kNodeExporter}, moment());
  work();
  other_says = "other";
  EXPECT_THAT(work_later(), ElementsAre("ask 10.0.0.2"));
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("another board is pine")));
}

TEST_F(Registration, AnAddressThatSomebodyElseHasByNowSpeaksForNobody) {
  node = other_board();
  other_says = "a third one";
  registrar.want({kNodeExporter}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "ask 10.0.0.2", "catalog/deregister pine",
                                  "catalog/register pine node_exporter +check"));
}

TEST_F(Registration, WhoseNameWasTakenLeavesItToTheOther) {
  register_both();
  now += 10s;
  node = other_board();
  other_says = "other";
  registrar.seen(node, 9, moment());
  EXPECT_THAT(work(), ElementsAre("look", "ask 10.0.0.2"));
  registrar.leave(moment());
  EXPECT_THAT(work(), IsEmpty());
  EXPECT_EQ(node->id, "other");
}

TEST_F(Registration, ABoardWithoutAMacTakesPartWithoutAnId) {
  self.id.clear();
  registrar = make();
  node = wanted_node(Mode::Catalog, self, "10.0.0.1", {kNodeExporter});
  node->id = "whatever Consul has made";
  registrar.want({kNodeExporter}, moment());
  const auto look = registrar.next(moment());
  registrar.ended(answer(*look), moment());
  const auto step = registrar.next(moment());
  ASSERT_TRUE(step);
  EXPECT_EQ(text_of(*step), "catalog/register pine node_exporter");
  EXPECT_FALSE(json::parse(std::get<Send>(*step).request.body).contains("ID"));
}

// --- leaving

TEST_F(Registration, LeavesWithTheWholeNode) {
  register_both();
  registrar.leave(moment());
  EXPECT_FALSE(registrar.gone());
  EXPECT_THAT(work(), ElementsAre("catalog/deregister pine"));
  EXPECT_TRUE(registrar.gone());
  EXPECT_EQ(registrar.due(), std::nullopt);
  EXPECT_THAT(lines(), ElementsAre("pine is gone from http://consul:8500"));
}

TEST_F(Registration, LeavingWaitsForWhatIsUnderWayAndThenTakesItBack) {
  registrar.want({kNodeExporter, kBoincExporter}, moment());
  const auto look = registrar.next(moment());
  registrar.ended(answer(*look), moment());
  const auto first = registrar.next(moment());
  registrar.leave(moment());
  EXPECT_FALSE(registrar.next(moment()));
  registrar.ended(answer(*first), moment());
  EXPECT_THAT(work(), ElementsAre("catalog/deregister pine"));
  EXPECT_TRUE(registrar.gone());
}

TEST_F(Registration, LeavingIsTriedAgainUntilSomebodyEndsIt) {
  register_both();
  registrar.leave(moment());
  down = true;
  EXPECT_THAT(work(), ElementsAre("catalog/deregister pine"));
  EXPECT_EQ(pause(), 500ms);
  EXPECT_THAT(work_later(), ElementsAre("catalog/deregister pine"));
  down = false;
  EXPECT_THAT(work_later(), ElementsAre("catalog/deregister pine"));
  EXPECT_TRUE(registrar.gone());
}

TEST_F(Registration, LeavingIsTriedAgainWhenConsulHasTooMuchToDo) {
  register_both();
  registrar.leave(moment());
  const auto step = registrar.next(moment());
  ASSERT_TRUE(step);
  HttpReply busy;
  busy.status = 429;
  registrar.ended(accepted({}, busy).error(), moment());
  EXPECT_FALSE(registrar.gone());
  EXPECT_THAT(work_later(), ElementsAre("catalog/deregister pine"));
  EXPECT_TRUE(registrar.gone());
}

TEST_F(Registration, WhoMayNotLeaveDoesNotWaitForIt) {
  register_both();
  forbidden = "pine";
  registrar.leave(moment());
  EXPECT_THAT(work(), ElementsAre("catalog/deregister pine"));
  EXPECT_TRUE(registrar.gone());
  EXPECT_THAT(lines(), ElementsAre("PUT: 403 Permission denied"));
}

TEST_F(Registration, WhoWasNeverRegisteredIsGoneAtOnce) {
  registrar.leave(moment());
  EXPECT_TRUE(registrar.gone());
}

TEST_F(Registration, WhoMayBeRegisteredByABootBeforeThisOneLeavesThatAlone) {
  down = true;
  registrar.want({kNodeExporter}, moment());
  work();
  registrar.leave(moment());
  EXPECT_TRUE(registrar.gone()) << "Consul has not answered since the start";
}

// --- an agent

TEST_F(AgentRegistration, RegistersThenPassesTheCheckMoreOftenThanItsTtl) {
  registrar.want({kNodeExporter}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "agent/service/register node_exporter-pine"));
  EXPECT_GE(pause(), 12s);
  EXPECT_LE(pause(), 15s);
  EXPECT_THAT(work_later(), ElementsAre("look", "agent/check/pass/service%3Anode_exporter-pine"));
  node.reset();
  EXPECT_THAT(work_later(), ElementsAre("look", "agent/service/register node_exporter-pine"));
  EXPECT_EQ(registrar.watch_from(now), std::nullopt) << "an agent can't be watched";
}

TEST_F(AgentRegistration, TakesBackEachService) {
  registrar.want({kNodeExporter}, moment());
  work();
  registrar.want({}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "agent/service/deregister/node_exporter-pine"));
  node.reset();
  registrar.want({kNodeExporter}, moment());
  work();
  registrar.leave(moment());
  EXPECT_THAT(work(), ElementsAre("agent/service/deregister/node_exporter-pine"));
  EXPECT_TRUE(registrar.gone());
}

TEST_F(AgentRegistration, AServiceThatTheAgentDoesNotKnowAnyMoreDoesNotKeepTheNewNameOut) {
  registrar.want({kNodeExporter}, moment());
  work();
  self.name = "oak";
  registrar.rename(self, moment());
  node.reset();
  const auto leftover = registrar.next(moment());
  ASSERT_TRUE(leftover);
  EXPECT_EQ(text_of(*leftover), "agent/service/deregister/node_exporter-pine");
  registrar.ended(Failed{.why = "PUT: 500 Unknown service", .answered = true}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "agent/service/register node_exporter-oak"));
}

TEST_F(AgentRegistration, ABoardOfTheSameNameKeepsItHereToo) {
  node = other_board();
  other_says = "other";
  registrar.want({kNodeExporter}, moment());
  EXPECT_THAT(work(), ElementsAre("look", "ask 10.0.0.2"));
  EXPECT_THAT(lines(), ElementsAre(HasSubstr("another board is pine")));
}

}  // namespace
}  // namespace uebo::consul
