// What the fuzzers begin with and what they have found, run once more with everything else: tests/fuzz.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "../../fuzz/target.hpp"

namespace uebo::fuzz {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(UEBO_SOURCE_DIR) / "tests/fuzz";

std::map<std::string, Run> all_targets() {
  std::map<std::string, Run> all;
  for (const Target* target = targets(); target; target = target->next) all.emplace(target->name, target->run);
  return all;
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto& [name, run] : all_targets()) names.push_back(name);
  return names;
}

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class KeptInputs : public testing::TestWithParam<std::string> {};

TEST_P(KeptInputs, AreSurvived) {
  const fuzz::Run run = all_targets().at(GetParam());
  std::size_t seeds = 0;
  for (const char* kind : {"seeds", "found"}) {
    if (!fs::exists(kFolder / kind / GetParam())) continue;
    for (const auto& entry : fs::directory_iterator(kFolder / kind / GetParam())) {
      SCOPED_TRACE(entry.path().string());
      const std::string input = content(entry.path());
      run(std::as_bytes(std::span(input)));
      ++seeds;
    }
  }
  EXPECT_GT(seeds, 0u) << "tests/fuzz/seeds/" << GetParam() << " is empty";
  run({});
}

INSTANTIATE_TEST_SUITE_P(Fuzz, KeptInputs, testing::ValuesIn(names()), [](const auto& each) { return each.param; });

TEST(FuzzTargets, AreNamedAsTheirFiles) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(kFolder))
    if (entry.path().extension() == ".cpp") files.push_back(entry.path().stem());
  std::ranges::sort(files);
  EXPECT_EQ(files, names());
}

}  // namespace
}  // namespace uebo::fuzz
