// The way to where a program was interrupted, from a signal handler: nothing is allocated, locked or read that may not
// be there.
#pragma once

#include <cstdint>
#include <span>

namespace uebo::init {

/// Where the main program lies and where its stack begins; to be taken while all is well.
struct Layout {
  std::uintptr_t text_begin = 0;
  std::uintptr_t text_end = 0;
  std::uintptr_t bias = 0;  // between addresses in memory and those in the file
  std::uintptr_t stack_end = 0;
};
[[nodiscard]] Layout own_layout();

/// As the file has it: what addr2line(1) wants. What is no code of ours stays as it is.
[[nodiscard]] std::uintptr_t address_in_file(const Layout& layout, std::uintptr_t address);

struct Interrupted {
  std::uintptr_t instruction = 0;
  std::uintptr_t link = 0;  // the return address of a function that has no frame; 0: this CPU has none
  std::uintptr_t frame = 0;
  std::uintptr_t stack = 0;
};
/// From a handler's third argument (a ucontext_t).
[[nodiscard]] Interrupted interrupted_at(const void* context);

/// Whether frame pointers tell the way. On 32-bit ARM they don't: every word of the stack that may be a return address
/// is taken there, stale ones among them.
#if defined(__aarch64__) || defined(__x86_64__)
inline constexpr bool kHasFrames = true;
#else
inline constexpr bool kHasFrames = false;
#endif

/// Fills in the addresses, the interrupted one first. Returns how many.
[[nodiscard]] std::size_t trace_stack(const Layout& layout, const Interrupted& at, std::span<std::uintptr_t> addresses);

}  // namespace uebo::init
