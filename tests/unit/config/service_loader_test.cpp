#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "uebo/base/file.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class LoadServices : public testing::Test {
 protected:
  LoadServices() {
    std::string path = testing::TempDir() + "uebo-services-XXXXXX";
    directory_ = mkdtemp(path.data());
  }
  ~LoadServices() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& file, const std::string& content) {
    ASSERT_TRUE(replace_file(directory_ + "/" + file, content, 0644));
  }
  void service(const std::string& name, const std::string& more = "") {
    write(name + ".json", R"({"description": "d", "command": ["/bin/true"])" + (more.empty() ? "" : ", " + more) + "}");
  }
  void needing(const std::string& name, const std::string& needs) { service(name, "\"needs\": [" + needs + "]"); }

  std::vector<std::string> loaded(const std::vector<ServiceSpec>& known = {}) {
    problems_.clear();
    auto result = load_services(directory_, known);
    for (const Problem& problem : result.problems) problems_.push_back(problem.message());
    std::vector<std::string> names;
    for (const ServiceSpec& spec : result.services) names.push_back(spec.name);
    return names;
  }

  std::string directory_;
  std::vector<std::string> problems_;
};

ServiceSpec job(const std::string& name) {
  ServiceSpec spec;
  spec.name = name;
  spec.type = ServiceType::Job;
  return spec;
}

TEST_F(LoadServices, TakesJsonFilesInTheOrderOfTheirNames) {
  service("b");
  service("a");
  service("getty@");
  write("schema.json", "{}");
  write("README.md", "x");
  write(".hidden.json", "x");
  write("old.json.new", "x");
  EXPECT_THAT(loaded(), ElementsAre("a", "b", "getty@"));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(LoadServices, NotesTheFileThatAServiceCameFrom) {
  service("a");
  EXPECT_EQ(load_services(directory_).services.front().origins, std::vector{directory_ + "/a.json"});
}

TEST_F(LoadServices, ABadFileCostsThatServiceAlone) {
  service("a");
  write("b.json", "{\n\"nice\": 42\n}");
  service("c");
  EXPECT_THAT(loaded(), ElementsAre("a", "c"));
  EXPECT_THAT(problems_, SizeIs(3));
  for (const std::string& problem : problems_) EXPECT_THAT(problem, HasSubstr("/b.json:"));
}

TEST_F(LoadServices, AMissingDirectoryIsAProblem) {
  const auto result = load_services(directory_ + "/none");
  EXPECT_THAT(result.services, IsEmpty());
  ASSERT_THAT(result.problems, SizeIs(1));
  EXPECT_THAT(result.problems.front().message(), HasSubstr("No such file"));
}

TEST_F(LoadServices, AHugeFileIsAProblem) {
  write("a.json", std::string(100'000, ' '));
  EXPECT_THAT(loaded(), IsEmpty());
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("File too large")));
}

TEST_F(LoadServices, NeedsMayBeServicesJobsTemplatesInstancesAndConditions) {
  needing("a", R"("b", "storage", "link:eth0", "modules", "getty@ttyS0")");
  service("b");
  service("getty@");
  EXPECT_THAT(loaded({job("modules")}), ElementsAre("a", "b", "getty@"));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(LoadServices, AnUnknownNeedIsAProblemWithTheNearestKnownName) {
  needing("a", R"("storag")");
  needing("b", R"("getty@ttyS0")");
  service("c");
  EXPECT_THAT(loaded(), ElementsAre("c"));
  EXPECT_THAT(
      problems_,
      ElementsAre(
          EndsWith("/a.json:1: needs: there is neither a service nor a condition storag (did you mean storage?)"),
          EndsWith("/b.json:1: needs: there is neither a service nor a condition getty@ttyS0")));
}

TEST_F(LoadServices, AnUnknownWantIsAProblemAndCostsThatWantAlone) {
  service("a", R"("wants": ["storag", "clock"])");
  const auto result = load_services(directory_);
  ASSERT_EQ(result.services.size(), 1U);
  EXPECT_THAT(result.services.front().wants, ElementsAre("clock"));
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_THAT(result.problems.front().message(),
              EndsWith("/a.json:1: wants: there is neither a service nor a condition storag (did you mean storage?)"));
}

TEST_F(LoadServices, WhoNeedsABadServiceStaysAndWaitsForIt) {
  needing("a", R"("b")");
  write("b.json", "{");
  EXPECT_THAT(loaded(), ElementsAre("a"));
  EXPECT_THAT(problems_, SizeIs(1));
}

TEST_F(LoadServices, ANameThatIsTakenIsAProblem) {
  service("modules");
  EXPECT_THAT(loaded({job("modules")}), IsEmpty());
  EXPECT_THAT(problems_, ElementsAre(EndsWith("there is a modules already")));
}

TEST_F(LoadServices, ACircleIsNamedAndCostsItsMembersAlone) {
  needing("a", R"("b")");
  needing("b", R"("c")");
  needing("c", R"("a")");
  needing("d", R"("a")");
  service("e");
  EXPECT_THAT(loaded(), ElementsAre("d", "e"));
  EXPECT_THAT(problems_,
              ElementsAre(AllOf(HasSubstr("/a.json:1: needs: "), HasSubstr("circle"), EndsWith("a -> b -> c -> a"))));
}

TEST_F(LoadServices, ACircleIsNamedWithoutTheWayToIt) {
  needing("a", R"("b")");
  needing("b", R"("c")");
  needing("c", R"("b")");
  EXPECT_THAT(loaded(), ElementsAre("a"));
  EXPECT_THAT(problems_, ElementsAre(EndsWith(": b -> c -> b")));
}

TEST_F(LoadServices, WhoNeedsItselfIsACircle) {
  needing("a", R"("a")");
  EXPECT_THAT(loaded(), IsEmpty());
  EXPECT_THAT(problems_, ElementsAre(EndsWith(": a -> a")));
}

TEST_F(LoadServices, EachCircleIsReported) {
  needing("a", R"("b")");
  needing("b", R"("a")");
  needing("x", R"("y")");
  needing("y", R"("x")");
  EXPECT_THAT(loaded(), IsEmpty());
  EXPECT_THAT(problems_, ElementsAre(EndsWith("a -> b -> a"), EndsWith("x -> y -> x")));
}

TEST_F(LoadServices, ACircleMayGoThroughAConditionThatOneServiceProvides) {
  service("a", R"("needs": ["clock"])");
  service("b", R"("needs": ["a"], "provides": ["clock"])");
  EXPECT_THAT(loaded(), IsEmpty());
  EXPECT_THAT(problems_, ElementsAre(EndsWith("a -> b -> a")));
}

TEST_F(LoadServices, NoCircleIsWhereAConditionHasAnotherProvider) {
  service("a", R"("needs": ["clock"])");
  service("b", R"("needs": ["a"], "provides": ["clock"])");
  service("c", R"("provides": ["clock"])");
  EXPECT_THAT(loaded(), ElementsAre("a", "b", "c"));
}

TEST_F(LoadServices, ADiamondIsNoCircle) {
  needing("a", R"("b", "c")");
  needing("b", R"("d")");
  needing("c", R"("d")");
  service("d");
  EXPECT_THAT(loaded(), SizeIs(4));
  EXPECT_THAT(problems_, IsEmpty());
}

TEST_F(LoadServices, ReadServiceFindsTheFileOfAServiceAndOfAnInstance) {
  service("a");
  service("getty@", R"("terminal": "/dev/%i")");
  EXPECT_EQ(read_service("a", {directory_ + "/a.json"})->name, "a");
  const auto instance = read_service("getty@ttyS0", {directory_ + "/getty@.json"});
  ASSERT_TRUE(instance);
  EXPECT_EQ(instance->name, "getty@ttyS0");
  EXPECT_EQ(instance->terminal, "/dev/ttyS0");
}

TEST_F(LoadServices, ReadServiceRefusesABadFileAndTheWrongOne) {
  service("a");
  write("b.json", "{\n\"nice\": 42\n}");
  EXPECT_THAT(read_service("b", {directory_ + "/b.json"}).error().message(), HasSubstr("/b.json:"));
  EXPECT_THAT(read_service("c", {directory_ + "/a.json"}).error().message(), HasSubstr("is not described by"));
  EXPECT_THAT(read_service("a", {directory_ + "/none.json"}).error().message(), HasSubstr("No such file"));
}

}  // namespace
}  // namespace uebo::config
