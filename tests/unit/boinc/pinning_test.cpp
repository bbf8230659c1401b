#include "uebo/boinc/pinning.hpp"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace uebo::boinc {
namespace {

using kernel::Core;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

const std::vector<Core> kAlike{{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
/// As an RK3399 has them: the big ones come last.
const std::vector<Core> kBigLittle{{0, 485}, {1, 485}, {2, 485}, {3, 485}, {4, 1024}, {5, 1024}};

TEST(Pinning, EachTaskGetsAsManyProcessorsAsItUses) {
  const std::vector<PinnedTask> tasks{{.pid = 10}, {.pid = 11, .cores = 2}, {.pid = 12}};
  EXPECT_THAT(place(kAlike, tasks, {}),
              UnorderedElementsAre(Pair(10, ElementsAre(2)), Pair(11, ElementsAre(0, 1)), Pair(12, ElementsAre(3))));
}

TEST(Pinning, BigCoresComeFirst) {
  const std::vector<PinnedTask> tasks{{.pid = 10}, {.pid = 11}, {.pid = 12}};
  EXPECT_THAT(place(kBigLittle, tasks, {}),
              UnorderedElementsAre(Pair(10, ElementsAre(4)), Pair(11, ElementsAre(5)), Pair(12, ElementsAre(0))));
}

TEST(Pinning, NobodyMovesWhoHasNoBetterPlaceToGo) {
  const Placement before{{10, {4}}, {11, {5}}, {12, {0}}};
  const std::vector<PinnedTask> with_a_fourth{{.pid = 13}, {.pid = 12}, {.pid = 11}, {.pid = 10}};
  auto after = before;
  after[13] = {1};
  EXPECT_EQ(place(kBigLittle, with_a_fourth, before), after);
}

TEST(Pinning, ATaskMovesToABigCoreThatIsFree) {
  const std::vector<PinnedTask> tasks{{.pid = 11}, {.pid = 12}};
  EXPECT_EQ(place(kBigLittle, tasks, {{10, {4}}, {11, {5}}, {12, {0}}}), (Placement{{11, {5}}, {12, {4}}}));
}

TEST(Pinning, NobodyIsPinnedWhenTasksOutnumberTheProcessors) {
  const std::vector<PinnedTask> tasks{{.pid = 10, .cores = 3}, {.pid = 11}, {.pid = 12}};
  EXPECT_THAT(place(kAlike, tasks, {{10, {0, 1, 2}}, {11, {3}}}), IsEmpty());
}

TEST(Pinning, AProcessorThatWentAwayIsNotGivenAgain) {
  const std::vector<PinnedTask> tasks{{.pid = 10}, {.pid = 11}};
  EXPECT_EQ(place(std::vector<Core>{{.number = 0}, {.number = 2}}, tasks, {{10, {1}}, {11, {0}}}),
            (Placement{{10, {2}}, {11, {0}}}));
}

TEST(Pinning, NoProcessorIsGivenTwiceWhateverComesAndGoes) {
  std::minstd_rand random(2011);
  Placement placement;
  for (int turn = 0; turn < 2000; ++turn) {
    std::vector<PinnedTask> tasks;
    for (pid_t pid = 1; pid <= 6; ++pid)
      if (random() % 2 == 0) tasks.push_back({.pid = pid, .cores = 1 + random() % 2});
    placement = place(kBigLittle, tasks, placement);
    if (placement.empty()) continue;
    std::set<int> given;
    std::size_t sum = 0;
    for (const PinnedTask& task : tasks) {
      ASSERT_EQ(placement.at(task.pid).size(), task.cores);
      given.insert(placement.at(task.pid).begin(), placement.at(task.pid).end());
      sum += task.cores;
    }
    ASSERT_EQ(given.size(), sum);
    // The big ones are in use before any little one.
    ASSERT_TRUE(sum < 2 || (given.contains(4) && given.contains(5)));
  }
}

}  // namespace
}  // namespace uebo::boinc
