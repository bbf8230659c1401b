// Files that lie over those of the image.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "../../../src/config/json_value.hpp"
#include "../kernel/test_tree.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::config {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

// --- the patch itself

std::string rendered(const Value& value) {
  if (const auto* object = value.get<Value::Object>()) {
    std::string text = "{";
    for (const Member& member : *object)
      text += (text.size() > 1 ? "," : "") + member.key + ":" + rendered(member.value);
    return text + "}";
  }
  if (const auto* list = value.get<Value::List>()) {
    std::string text = "[";
    for (const Value& item : *list) text += (text.size() > 1 ? "," : "") + rendered(item);
    return text + "]";
  }
  return shown(value);
}

std::string patched(std::string_view target, std::string_view patch) {
  Value value = std::get<Value>(parse_json(target));
  merge_patch(value, std::get<Value>(parse_json(patch, 1)));
  return rendered(value);
}

TEST(MergePatch, DoesWhatTheExamplesOfRfc7386Show) {
  EXPECT_EQ(patched(R"({"a":"b"})", R"({"a":"c"})"), R"({a:"c"})");
  EXPECT_EQ(patched(R"({"a":"b"})", R"({"b":"c"})"), R"({a:"b",b:"c"})");
  EXPECT_EQ(patched(R"({"a":"b"})", R"({"a":null})"), "{}");
  EXPECT_EQ(patched(R"({"a":"b","b":"c"})", R"({"a":null})"), R"({b:"c"})");
  EXPECT_EQ(patched(R"({"a":["b"]})", R"({"a":"c"})"), R"({a:"c"})");
  EXPECT_EQ(patched(R"({"a":"c"})", R"({"a":["b"]})"), R"({a:["b"]})");
  EXPECT_EQ(patched(R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})"), R"({a:{b:"d"}})");
  EXPECT_EQ(patched(R"({"a":[{"b":"c"}]})", R"({"a":[1]})"), "{a:[1]}");
  EXPECT_EQ(patched(R"(["a","b"])", R"(["c","d"])"), R"(["c","d"])");
  EXPECT_EQ(patched(R"({"a":"b"})", R"(["c"])"), R"(["c"])");
  EXPECT_EQ(patched(R"({"a":"foo"})", "null"), "null");
  EXPECT_EQ(patched(R"({"e":null})", R"({"a":1})"), "{e:null,a:1}");
  EXPECT_EQ(patched("[1,2]", R"({"a":"b","c":null})"), R"({a:"b"})");
  EXPECT_EQ(patched("{}", R"({"a":{"bb":{"ccc":null}}})"), "{a:{bb:{}}}");
}

TEST(MergePatch, EachValueKeepsItsLineAndFile) {
  Value value = std::get<Value>(parse_json("{\n\"a\": 1,\n\"b\": {\"c\": 2}\n}"));
  merge_patch(value, std::get<Value>(parse_json("{\n\n\n\"b\": {\n\"d\": 3}}", 1)));
  const auto& members = *value.get<Value::Object>();
  EXPECT_EQ(members[0].line, (Line{.number = 2, .layer = 0}));
  EXPECT_EQ(members[1].line, (Line{.number = 4, .layer = 1}));
  const auto& inner = *members[1].value.get<Value::Object>();
  EXPECT_EQ(inner[0].line, (Line{.number = 3, .layer = 0}));
  EXPECT_EQ(inner[1].line, (Line{.number = 5, .layer = 1}));
}

// --- whole directories

class Overlays : public testing::Test {
 protected:
  void image(const std::string& name, const std::string& more = "") const {
    tree.write("image/" + name + ".json",
               "{\n\"description\": \"d\",\n\"command\": [\"/bin/true\"]" + (more.empty() ? "" : ",\n" + more) + "\n}");
  }
  void overlay(const std::string& name, const std::string& text) const { tree.write("over/" + name + ".json", text); }

  /// Loads, and returns the names.
  std::vector<std::string> load(const std::vector<ServiceSpec>& known = {}) {
    loaded = load_services({{.path = tree.directory("image")}, {.path = tree.path("over"), .shown_as = "/storage/s"}},
                           known);
    std::vector<std::string> names;
    for (const ServiceSpec& spec : loaded.services) names.push_back(spec.name);
    return names;
  }
  std::vector<std::string> problems() const {
    std::vector<std::string> messages;
    for (const Problem& problem : loaded.problems) messages.push_back(problem.message());
    return messages;
  }
  const ServiceSpec& spec(const std::string& name) const {
    static const ServiceSpec none;
    for (const ServiceSpec& found : loaded.services)
      if (found.name == name) return found;
    ADD_FAILURE() << "no " << name;
    return none;
  }

  kernel::test::TestTree tree;
  LoadedServices loaded;
};

TEST_F(Overlays, NeedNotBeThere) {
  image("a");
  EXPECT_THAT(load(), ElementsAre("a"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(Overlays, ChangeWhatTheySayAndNothingElse) {
  image("a", R"("environment": {"ONE": "1", "TWO": "2"}, "nice": 5)");
  overlay("a", R"({"environment": {"TWO": null, "THREE": "3"}, "nice": null})");
  load();
  EXPECT_THAT(spec("a").environment, ElementsAre(Pair("ONE", "1"), Pair("THREE", "3")));
  EXPECT_EQ(spec("a").nice, 0);
  EXPECT_THAT(spec("a").command, ElementsAre("/bin/true"));
  EXPECT_THAT(spec("a").origins, ElementsAre(tree.path("image/a.json"), tree.path("over/a.json")));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(Overlays, OneThatOnlySaysSoDisables) {
  image("a");
  overlay("a", R"({"enabled": false})");
  load();
  EXPECT_FALSE(spec("a").enabled);
}

TEST_F(Overlays, MayBeAWholeServiceOfTheirOwn) {
  overlay("mine", R"({"description": "mine", "command": ["/storage/mine"]})");
  EXPECT_THAT(load(), ElementsAre("mine"));
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(Overlays, ABadOneCostsOnlyItselfAndItsLineIsTold) {
  image("a", R"("nice": 3)");
  overlay("a", "{\n\"description\": \"other\",\n\"nice\": 42\n}");
  EXPECT_THAT(load(), ElementsAre("a"));
  EXPECT_EQ(spec("a").nice, 3);
  EXPECT_EQ(spec("a").description, "d");
  EXPECT_THAT(spec("a").origins, ElementsAre(tree.path("image/a.json")));
  EXPECT_THAT(problems(), ElementsAre("/storage/s/a.json:3: nice: 42: expected a whole number from -20 to 19"));
  EXPECT_THAT(loaded.troubled, ElementsAre("a"));
}

TEST_F(Overlays, AllThatIsWrongIsToldWithItsLine) {
  image("a");
  overlay("a", "{\n\"nice\": 1,\n\"nice\": 2,\n\"nicer\": 1,\n\"comand\": null,\n\"stop\": {\"signal\": \"X\"}\n}");
  load();
  EXPECT_THAT(problems(), ElementsAre("/storage/s/a.json:3: nice is given twice",
                                      AllOf(HasSubstr("/storage/s/a.json:4: unknown key nicer"), HasSubstr("nice")),
                                      HasSubstr("/storage/s/a.json:5: unknown key comand"),
                                      HasSubstr("/storage/s/a.json:6: stop.signal: \"X\": expected")));
}

TEST_F(Overlays, WhatTheyTakeAwayIsMissing) {
  image("a");
  overlay("a", "\n{\"command\": null}");
  EXPECT_THAT(load(), ElementsAre("a"));
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("/storage/s/a.json:2: command is missing")));
}

TEST_F(Overlays, NoJsonIsAProblemOfThatFile) {
  image("a");
  overlay("a", "{\n\"nice\": ");
  EXPECT_THAT(load(), ElementsAre("a"));
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("/storage/s/a.json:2: syntax error")));
}

TEST_F(Overlays, OneForAServiceThatThereIsNotNamesTheNearest) {
  image("boinc");
  overlay("boinx", R"({"enabled": false})");
  EXPECT_THAT(load(), ElementsAre("boinc"));
  EXPECT_THAT(problems(), ElementsAre("/storage/s/boinx.json: there is no service boinx (did you mean boinc?)"));
}

TEST_F(Overlays, ANeedThatNobodyMeetsIsTheOverlaysFault) {
  image("a");
  overlay("a", "{\n\"needs\": [\"storag\"]}");
  EXPECT_THAT(load(), ElementsAre("a"));
  EXPECT_THAT(spec("a").needs, IsEmpty());
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("/storage/s/a.json:2: needs: there is neither")));
}

TEST_F(Overlays, ACircleIsTheFaultOfTheOverlayThatMakesIt) {
  image("a");
  image("b", R"("needs": ["a"])");
  overlay("a", R"({"needs": ["b"]})");
  EXPECT_THAT(load(), ElementsAre("a", "b"));
  EXPECT_THAT(spec("a").needs, IsEmpty());
  EXPECT_THAT(problems(), ElementsAre(AllOf(HasSubstr("/storage/s/a.json:1: needs: "), EndsWith("a -> b -> a"))));
}

TEST_F(Overlays, OfATemplateHoldForItsInstances) {
  image("getty@", R"("environment": {"ON": "%i"})");
  overlay("getty@", R"({"nice": 4})");
  overlay("getty@ttyS0", R"({"environment": {"SPEED": "9600 on %i"}})");
  EXPECT_THAT(load(), ElementsAre("getty@", "getty@ttyS0"));
  EXPECT_EQ(spec("getty@").nice, 4);
  const ServiceSpec& instance = spec("getty@ttyS0");
  EXPECT_EQ(instance.nice, 4);
  EXPECT_THAT(instance.environment, ElementsAre(Pair("ON", "ttyS0"), Pair("SPEED", "9600 on ttyS0")));
  EXPECT_TRUE(instance.on_demand) << "a file alone does not start it";
  EXPECT_THAT(instance.origins, ElementsAre(tree.path("image/getty@.json"), tree.path("over/getty@.json"),
                                            tree.path("over/getty@ttyS0.json")));
  const auto again = read_service("getty@ttyS0", instance.origins);
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(again->environment, instance.environment);
  EXPECT_EQ(again->nice, 4);
}

TEST_F(Overlays, AnInstanceThatIsEnabledByNameIsStartedAtBoot) {
  image("getty@", R"("enabled": false)");
  overlay("getty@ttyS1", R"({"enabled": true})");
  overlay("getty@ttyS2", R"({"enabled": false})");
  load();
  EXPECT_TRUE(spec("getty@ttyS1").enabled);
  EXPECT_FALSE(spec("getty@ttyS1").on_demand);
  EXPECT_FALSE(spec("getty@ttyS2").enabled);
  EXPECT_FALSE(spec("getty@ttyS2").on_demand);
}

TEST_F(Overlays, CanOnlyDisableWhatIsBuiltIn) {
  ServiceSpec known;
  known.name = "storage";
  ServiceSpec other = known;
  other.name = "network";
  overlay("storage", R"({"nice": 3})");
  overlay("network", R"({"enabled": false})");
  EXPECT_THAT(load({known, other}), IsEmpty());
  EXPECT_THAT(loaded.of_built_in, ElementsAre(Pair("network", false)));
  EXPECT_THAT(problems(), ElementsAre(HasSubstr("/storage/s/storage.json: storage is built in")));
}

TEST_F(Overlays, MayLieOverEachOther) {
  image("a", R"("nice": 1)");
  overlay("a", R"({"nice": 2, "description": "two"})");
  tree.write("top/a.json", R"({"nice": 3})");
  loaded = load_services({{.path = tree.path("image")}, {.path = tree.path("over")}, {.path = tree.path("top")}});
  EXPECT_EQ(spec("a").nice, 3);
  EXPECT_EQ(spec("a").description, "two");
  EXPECT_THAT(spec("a").origins, SizeIs(3));
}

TEST_F(Overlays, MayBeSingleFiles) {
  image("a", R"("nice": 1)");
  image("b");
  overlay("a", R"({"nice": 2})");
  loaded = load_services({{.path = tree.path("image")}, {.path = tree.path("over/a.json")}});
  EXPECT_EQ(spec("a").nice, 2);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST(NothingButEnabled, IsSaidByFilesThatDisableOrEnable) {
  EXPECT_EQ(nothing_but_enabled(R"({"enabled": false})"), false);
  EXPECT_EQ(nothing_but_enabled(R"({"remarks": ["too hot"], "enabled": true})"), true);
  for (const char* other : {"{}", R"({"enabled": 1})", R"({"enabled": true, "command": ["/x"]})", "[false]", "{",
                            R"({"enabled": false, "enabled": true})", R"({"remarks": []})"})
    EXPECT_EQ(nothing_but_enabled(other), std::nullopt) << other;
}

}  // namespace
}  // namespace uebo::config
