#include "uebo/kernel/affinity.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <latch>
#include <thread>

#include "test_tree.hpp"

namespace uebo::kernel {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::UnorderedElementsAre;

std::vector<int> allowed(pid_t thread) {
  cpu_set_t set;
  EXPECT_EQ(sched_getaffinity(thread, sizeof set, &set), 0);
  std::vector<int> cores;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  return cores;
}

/// Tells its pid and those of its threads or children, and waits to be killed.
class Child {
 public:
  explicit Child(void (*body)(int pipe)) {
    std::array<int, 2> pipe{};
    EXPECT_EQ(::pipe(pipe.data()), 0);
    pid_ = fork();
    if (pid_ == 0) {
      body(pipe[1]);
      while (true) pause();
    }
    close(pipe[1]);
    pid_t other = 0;
    while (others_.size() < 2 && read(pipe[0], &other, sizeof other) == sizeof other) others_.push_back(other);
    close(pipe[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    for (const pid_t other : others_) kill(other, SIGKILL);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::vector<pid_t>& others() const { return others_; }

 private:
  pid_t pid_ = -1;
  std::vector<pid_t> others_;
};

void tell(int pipe, pid_t number) {
  if (write(pipe, &number, sizeof number) != sizeof number) _exit(1);
}

TEST(Affinity, IsThatOfAllThreads) {
  const int core = allowed(0).front();
  const Child child([](int pipe) {
    for (int thread = 0; thread < 2; ++thread)
      std::thread([pipe] {
        tell(pipe, gettid());
        while (true) pause();
      }).detach();
  });
  ASSERT_TRUE(set_affinity(child.pid(), std::array{core}));
  EXPECT_THAT(allowed(child.pid()), ElementsAre(core));
  for (const pid_t thread : child.others()) EXPECT_THAT(allowed(thread), ElementsAre(core));
}

TEST(Affinity, OfNobodyIsAnError) {
  pid_t gone = fork();
  if (gone == 0) _exit(0);
  waitpid(gone, nullptr, 0);
  EXPECT_EQ(set_affinity(gone, std::array{0}).error().code, ESRCH);
}

TEST(Affinity, FamiliesAreAProcessAndItsDescendants) {
  const Child child([](int pipe) {
    if (fork() == 0) {
      tell(pipe, getpid());
      if (fork() == 0) tell(pipe, getpid());
      while (true) pause();
    }
  });
  ASSERT_EQ(child.others().size(), 2u);
  const std::array candidates{getpid(), child.others()[1], child.others()[0], child.pid()};
  EXPECT_THAT(family_of(child.pid(), candidates),
              UnorderedElementsAre(child.pid(), child.others()[0], child.others()[1]));
  EXPECT_THAT(family_of(child.others()[0], candidates), Not(Contains(child.pid())));
}

TEST(Affinity, CoresHaveTheCapacityThatTheKernelTells) {
  const test::TestTree sysfs;
  const auto mine = allowed(0);
  sysfs.write("cpu" + std::to_string(mine.front()) + "/cpu_capacity", "485\n");
  const auto cores = usable_cores(sysfs.path()).value();
  ASSERT_EQ(cores.size(), mine.size());
  EXPECT_EQ(cores.front(), (Core{.number = mine.front(), .capacity = 485}));
  for (std::size_t index = 1; index < cores.size(); ++index)
    EXPECT_EQ(cores[index], (Core{.number = mine[index], .capacity = 1024}));
}

}  // namespace
}  // namespace uebo::kernel
