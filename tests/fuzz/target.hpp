// One target a file: a name, and what is done with bytes that anybody may have sent. Built for libFuzzer
// (-DUEBO_FUZZER) it is that program's entry; in the unit tests all targets run what is kept in seeds/NAME and
// found/NAME.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

namespace uebo::fuzz {

using Run = void (*)(std::span<const std::byte> input);

struct Target {
  const char* name;
  Run run;
  Target* next;
};

/// Those of this program, as a list.
inline Target*& targets() {
  static Target* first = nullptr;
  return first;
}

class Registration {
 public:
  Registration(const char* name, Run run) : target_{.name = name, .run = run, .next = targets()} {
    targets() = &target_;
  }

 private:
  Target target_;
};

inline std::string_view text_of(std::span<const std::byte> input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

/// What must hold for any input. A failure ends the program, as a sanitizer's does.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace uebo::fuzz

#ifdef UEBO_FUZZER
#define UEBO_FUZZ_TARGET(name)                                                        \
  static void run_##name(std::span<const std::byte> input);                           \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    run_##name(std::as_bytes(std::span(data, size)));                                 \
    return 0;                                                                         \
  }                                                                                   \
  static void run_##name(std::span<const std::byte> input)
#else
#define UEBO_FUZZ_TARGET(name)                                                  \
  static void run_##name(std::span<const std::byte> input);                     \
  static const uebo::fuzz::Registration registration_##name(#name, run_##name); \
  static void run_##name(std::span<const std::byte> input)
#endif
