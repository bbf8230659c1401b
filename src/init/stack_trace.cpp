#include "stack_trace.hpp"

#include <link.h>
#include <ucontext.h>

#include <cstring>

// Made by the linker, ld(1); the start of the stack is the C library's.
extern "C" {
extern const char __executable_start;  // NOLINT(bugprone-reserved-identifier)
extern const char etext;
extern void* __libc_stack_end;  // NOLINT(bugprone-reserved-identifier)
}

namespace uebo::init {
namespace {

std::uintptr_t word_at(std::uintptr_t address) {
  std::uintptr_t word = 0;
  memcpy(&word, reinterpret_cast<const void*>(address), sizeof word);
  return word;
}

class Collector {
 public:
  explicit Collector(std::span<std::uintptr_t> addresses) : addresses_(addresses) {}
  bool add(std::uintptr_t address) {
    if (count_ == addresses_.size()) return false;
    addresses_[count_++] = address;
    return true;
  }
  [[nodiscard]] std::size_t count() const { return count_; }

 private:
  std::span<std::uintptr_t> addresses_;
  std::size_t count_ = 0;
};

bool is_text(const Layout& layout, std::uintptr_t address) {
  return address >= layout.text_begin && address < layout.text_end;
}

/// A frame record is the frame pointer of the caller and the return address behind it: AAPCS64 ("The Frame Pointer"),
/// System V ABI for x86-64 (3.2.2). What leads out of the stack that is there, or downwards, is none.
void follow_frames(const Layout& layout, const Interrupted& at, Collector& found) {
  std::uintptr_t lowest = at.stack;
  std::uintptr_t frame = at.frame;
  while (frame >= lowest && frame % sizeof(void*) == 0 && frame <= layout.stack_end - 2 * sizeof(void*)) {
    const std::uintptr_t address = word_at(frame + sizeof(void*));
    if (address == 0 || !found.add(address)) return;
    lowest = frame + 2 * sizeof(void*);
    frame = word_at(frame);
  }
}

void scan_stack(const Layout& layout, const Interrupted& at, Collector& found) {
  std::uintptr_t place = at.stack & ~(sizeof(void*) - 1);
  for (; place >= at.stack && place < layout.stack_end; place += sizeof(void*))
    if (is_text(layout, word_at(place)) && !found.add(word_at(place))) return;
}

}  // namespace

Layout own_layout() {
  Layout layout{.text_begin = reinterpret_cast<std::uintptr_t>(&__executable_start),
                .text_end = reinterpret_cast<std::uintptr_t>(&etext),
                .stack_end = reinterpret_cast<std::uintptr_t>(__libc_stack_end)};
  // The first is the program itself: dl_iterate_phdr(3).
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        static_cast<Layout*>(data)->bias = info->dlpi_addr;
        return 1;
      },
      &layout);
  return layout;
}

std::uintptr_t address_in_file(const Layout& layout, std::uintptr_t address) {
  return is_text(layout, address) ? address - layout.bias : address;
}

Interrupted interrupted_at(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__aarch64__)
  return {.instruction = machine.pc, .link = machine.regs[30], .frame = machine.regs[29], .stack = machine.sp};
#elif defined(__arm__)
  return {.instruction = machine.arm_pc, .link = machine.arm_lr, .frame = machine.arm_fp, .stack = machine.arm_sp};
#elif defined(__x86_64__)
  return {.instruction = static_cast<std::uintptr_t>(machine.gregs[REG_RIP]),
          .link = 0,
          .frame = static_cast<std::uintptr_t>(machine.gregs[REG_RBP]),
          .stack = static_cast<std::uintptr_t>(machine.gregs[REG_RSP])};
#else
#error "where is a machine of this kind interrupted?"
#endif
}

std::size_t trace_stack(const Layout& layout, const Interrupted& at, std::span<std::uintptr_t> addresses) {
  Collector found(addresses);
  found.add(at.instruction);
  if (at.link != 0) found.add(at.link);
  if (at.stack >= layout.stack_end) return found.count();  // no stack that we know
  if constexpr (kHasFrames)
    follow_frames(layout, at, found);
  else
    scan_stack(layout, at, found);
  return found.count();
}

}  // namespace uebo::init
