// Ends with 0 where the programs of its architecture run: the kernel starts it, the loader finds the libraries that it
// is linked to, and each of them does a piece of work. Run by `uebo boinc-configure` (src/boinc/arm_platform.cpp). It
// uses nothing newer than what the oldest suite of the image has: no strtol() of glibc 2.38, for one.
#include <dlfcn.h>

#include <atomic>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

// What programs name that were linked before glibc 2.34 made these a part of libc.
constexpr const char* kOlderNames[] = {"libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1"};
// ld.so's own exit code for a library that is missing.
constexpr int kNoLibrary = 127;

/// Larger than any processor's word: libatomic does it.
struct Wide {
  long long first, second, third;
};
std::atomic<Wide> shared;

bool throws_and_catches() {
  try {
    return std::string("short").at(sizeof(Wide)) == 0;
  } catch (const std::out_of_range&) {
    return true;
  }
}

bool runs_threads() {
  std::thread writer([] { shared.store({1, 2, 3}); });
  writer.join();
  return shared.load().third == 3;
}

bool computes() {
  volatile double angle = 0.5;
  return std::abs(std::pow(std::sin(angle), 2) + std::pow(std::cos(angle), 2) - 1) < 1e-12;
}

}  // namespace

int main() {
  for (const char* name : kOlderNames) {
    if (dlopen(name, RTLD_NOW) == nullptr) {
      std::fprintf(stderr, "%s\n", dlerror());
      return kNoLibrary;
    }
  }
  return throws_and_catches() && runs_threads() && computes() ? 0 : 1;
}
