#include "uebo/kernel/thermal.hpp"

#include <gmock/gmock.h>

#include "test_tree.hpp"

namespace uebo::kernel {
namespace {

using testing::IsEmpty;

class ThermalZones : public testing::Test {
 protected:
  void trip(const std::string& zone, int number, const std::string& type, const std::string& at) const {
    const std::string path = zone + "/trip_point_" + std::to_string(number);
    tree.write(path + "_type", type + "\n");
    tree.write(path + "_temp", at + "\n");
  }
  test::TestTree tree;
};

TEST_F(ThermalZones, ShowTheirTemperatureAndTheLowestLimit) {
  tree.write("thermal_zone0/type", "cpu-thermal\n");
  tree.write("thermal_zone0/temp", "48312\n");
  trip("thermal_zone0", 0, "passive", "75000");
  trip("thermal_zone0", 1, "critical", "110000");
  trip("thermal_zone0", 2, "hot", "90000");
  tree.write("cooling_device0/type", "cpufreq-cpu0\n");
  const auto zones = thermal_zones(tree.path());
  ASSERT_EQ(zones.size(), 1u);
  EXPECT_EQ(zones[0].type, "cpu-thermal");
  EXPECT_DOUBLE_EQ(zones[0].temperature, 48.312);
  EXPECT_EQ(zones[0].limit, 90);
}

TEST_F(ThermalZones, HaveNoLimitWhereNoneIsSetOrItIsOutOfReach) {
  tree.write("thermal_zone0/temp", "40000\n");
  trip("thermal_zone0", 0, "passive", "75000");
  trip("thermal_zone0", 1, "critical", "2147483647");
  trip("thermal_zone0", 2, "hot", "-274000");
  const auto zones = thermal_zones(tree.path());
  ASSERT_EQ(zones.size(), 1u);
  EXPECT_FALSE(zones[0].limit);
}

TEST_F(ThermalZones, ThatCanNotBeReadAreLeftOut) {
  tree.write("thermal_zone0/type", "asleep\n");
  tree.write("thermal_zone1/temp", "hot\n");
  EXPECT_THAT(thermal_zones(tree.path()), IsEmpty());
  EXPECT_THAT(thermal_zones(tree.path("none")), IsEmpty());
}

}  // namespace
}  // namespace uebo::kernel
