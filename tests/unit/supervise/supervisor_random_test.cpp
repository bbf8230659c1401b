// Random graphs of units with needs and wants, random things that happen to them, and what must hold all the same.
#include <random>

#include "timed_supervision.hpp"

namespace uebo::supervise::test {
namespace {

class RandomNode : public TimedNode {
 public:
  explicit RandomNode(unsigned seed) : random_(seed) {
    host.auto_launch = below(3) != 0;
    host.auto_stop = below(3) != 0;
    const unsigned count = 3 + below(8);
    for (unsigned i = 0; i < count; ++i) names_.push_back("unit" + std::to_string(i));
    for (unsigned i = 0; i < count; ++i) make(i);
  }

  void step() {
    const std::string& name = names_[below(static_cast<unsigned>(names_.size()))];
    switch (below(15)) {
      case 0:
        return pass(milliseconds(below(3000)));
      case 1:
        return pass(std::chrono::seconds(below(60)));
      case 2:
        return host.end(name, static_cast<int>(below(2)));
      case 3:
        if (host.alive.contains(name)) host.lose(name);
        return host.tell(name, CgroupEmpty{});
      case 4:
        if (!host.auto_launch && host.alive.contains(name)) host.tell(name, Launched{});
        return;
      case 5:
        if (host.alive.contains(name)) host.tell(name, Notified{{.ready = true}});
        return;
      case 6:
        if (host.alive.contains(name)) host.tell(name, Notified{{.stopping = true}});
        return;
      case 7:
        return supervisor.set_condition("storage", "disk", "");
      case 8:
        return supervisor.clear_condition("storage", "disk");
      case 9:
        return supervisor.set_condition("net", names_[0], "");
      case 10:
        return supervisor.clear_condition("net", names_[0]);
      case 11:
        return (void)supervisor.start(name);
      case 12:
        return (void)supervisor.stop(name);
      case 13:
        return (void)supervisor.restart(name);
      default:
        return supervisor.trigger("uevent:block");
    }
  }

  /// What must not be, in words; empty: all is well.
  [[nodiscard]] std::string wrong() const {
    if (!host.doubled.empty()) return "two main processes of " + *host.doubled.begin();
    const auto all = supervisor.status();
    // Who loses a need goes after those who need it in turn: while these stop, it still runs.
    const bool something_stops = std::ranges::any_of(all, [](const auto& unit) {
      return unit.state == "stopping" && !unit.detail.value_or("").starts_with("stuck");
    });
    for (const auto& unit : all) {
      const auto& spec = specs_.at(unit.name);
      const bool daemon = spec.type == config::ServiceType::Daemon;
      const bool active = unit.state == "starting" || unit.state == "running" || unit.state == "ready";
      if (!active && unit.state != "stopping" && host.alive.contains(unit.name)) return unit.name + " is left behind";
      for (const std::string& need : spec.needs)
        if (active && daemon && !something_stops && !is_up(need)) return unit.name + " runs without " + need;
    }
    return {};
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  [[nodiscard]] bool is_up(const std::string& need) const {
    const auto unit = supervisor.status(need);
    return unit ? unit->up : supervisor.conditions().is_set(need);
  }

  void make(unsigned index) {
    const bool is_job = below(4) == 0;
    auto spec = daemon(names_[index]);
    // Needs point back, so that they make no ring; wants may.
    for (unsigned i = 0; i < index; ++i)
      if (below(4) == 0) spec.needs.push_back(names_[i]);
    for (const std::string& other : names_)
      if (below(6) == 0 && other != spec.name) spec.wants.push_back(other);
    if (below(4) == 0) spec.needs.emplace_back(below(2) == 0 ? "storage" : "net");
    if (below(4) == 0) spec.wants.emplace_back("clock");
    if (below(5) == 0) spec.provides = {"clock"};
    if (below(3) == 0) spec.stop.command = {"/bin/stop"};
    spec.stop.timeout = std::chrono::seconds(1 + below(5));
    spec.stop.first = below(8) == 0;
    spec.enabled = below(6) != 0;
    if (is_job) {
      spec.type = config::ServiceType::Job;
      spec.triggers = {"uevent:block"};
      if (below(2) == 0) host.auto_exit[spec.name] = static_cast<int>(below(2));
      if (below(2) == 0) spec.restart = config::RestartPolicy::Never;
    } else if (below(3) == 0) {
      spec.ready = config::ReadyNotify{};
      spec.watchdog = 20s;
    }
    if (below(5) == 0) host.stubborn.insert(spec.name);
    if (below(12) == 0) host.undying.insert(spec.name);
    specs_.emplace(spec.name, spec);
    ASSERT_TRUE(supervisor.add(std::move(spec)));
  }

  std::mt19937 random_;
  std::vector<std::string> names_;
  std::map<std::string, config::ServiceSpec> specs_;
};

class RandomNodes : public TimedSupervision, public testing::WithParamInterface<unsigned> {};

TEST_P(RandomNodes, RunNothingWithoutItsNeedsAndAlwaysComeDown) {
  constexpr unsigned kSeedsEach = 10;
  for (unsigned seed = GetParam() * kSeedsEach; seed < (GetParam() + 1) * kSeedsEach; ++seed) {
    RandomNode node(seed);
    for (int i = 0; i < 300; ++i) {
      node.step();
      ASSERT_EQ(node.wrong(), "") << "seed " << seed << " step " << i;
    }
    // Stop command, signal and kill cost at most 5 + 5 + 10 s each, and no unit waits for more than all others.
    const Duration enough = std::chrono::seconds(25) * node.names().size();
    node.shut_down(enough + 10s);
    for (int i = 0; i < 100 && !node.left; ++i) {
      node.step();
      ASSERT_EQ(node.wrong(), "") << "seed " << seed << " step " << i << " of the shutdown";
    }
    node.pass(enough);
    ASSERT_TRUE(node.left) << "seed " << seed << ": the shutdown does not end";
    for (const std::string& name : *node.left)
      ASSERT_TRUE(node.host.undying.contains(name)) << "seed " << seed << ": " << name << " is left";
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomNodes, testing::Range(0U, 8U));

}  // namespace
}  // namespace uebo::supervise::test
