#include "uebo/base/clock.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace uebo {
namespace {

double uptime() {
  double seconds = 0;
  std::ifstream("/proc/uptime") >> seconds;
  return seconds;
}

TEST(BootClock, CountsFromTheKernelsStartWhateverTheWallClockSays) {
  constexpr double kDigit = 0.01;  // of /proc/uptime
  const double before = uptime();
  const double now = std::chrono::duration<double>(BootClock::now().time_since_epoch()).count();
  const double after = uptime();
  EXPECT_GE(now, before - kDigit);
  EXPECT_LE(now, after + kDigit);
}

}  // namespace
}  // namespace uebo
