#include "uebo/init/crash.hpp"

#include <link.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <span>
#include <string_view>

#include "crash_line.hpp"
#include "stack_trace.hpp"

namespace uebo::init {
namespace {

struct CrashSignal {
  int number;
  std::string_view name;
};
constexpr std::array kSignals{CrashSignal{SIGSEGV, "SIGSEGV"}, CrashSignal{SIGBUS, "SIGBUS"},
                              CrashSignal{SIGABRT, "SIGABRT"}, CrashSignal{SIGILL, "SIGILL"},
                              CrashSignal{SIGFPE, "SIGFPE"}};
constexpr std::size_t kFramesInALine = 8;

/// All that the handler needs, made ready before: it allocates nothing.
struct Prepared {
  CrashActions actions;
  Layout layout;
  pid_t owner = 0;
  const char* build = "";
  std::array<char, 160> exception{};  // what() of the one that nobody caught
  std::array<std::uintptr_t, 48> frames{};
  pid_t writer = -1;
};
Prepared prepared;

enum Stage : sig_atomic_t { kWell, kReporting, kEnding };
volatile sig_atomic_t stage = kWell;

// Also for an overflow of the usual stack. Untouched, it takes no memory.
alignas(16) std::array<char, 64 * 1024> signal_stack;

std::string_view name_of(int signal) {
  const auto* found = std::ranges::find(kSignals, signal, &CrashSignal::number);
  return found == kSignals.end() ? "a signal" : found->name;
}

void say_cause(int signal, const siginfo_t& info) {
  CrashLine line;
  line << "PID 1 has crashed: " << name_of(signal);
  if (prepared.exception.front() != '\0')
    line << ", an exception that nobody caught: " << prepared.exception.data();
  else if (info.si_code > 0)  // the kernel's own: sigaction(2)
    (line << " at address ").hex(reinterpret_cast<std::uintptr_t>(info.si_addr));
  else if (info.si_pid != prepared.owner)
    (line << ", sent by process ").number(info.si_pid);
  line.send(prepared.actions.report);
}

void say_way(const void* context) {
  const std::size_t count = trace_stack(prepared.layout, interrupted_at(context), prepared.frames);
  for (std::size_t first = 0; first < count; first += kFramesInALine) {
    CrashLine line;
    line << "backtrace of " << prepared.build << ":";
    for (std::size_t i = first; i < std::min(count, first + kFramesInALine); ++i)
      (line << " ").hex(address_in_file(prepared.layout, prepared.frames[i]));
    line.send(prepared.actions.report);
  }
}

/// In a child of its own from the start, so that it has its time while the report is written.
void begin_to_write_out() {
  prepared.writer = _Fork();  // without handlers of libraries, and async-signal-safe
  if (prepared.writer != 0) return;
  prepared.actions.write_out();
  _exit(0);
}

void await_writer() {
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = 20'000'000};
  bool over = prepared.writer < 0;
  for (std::chrono::milliseconds waited{}; !over && waited < prepared.actions.patience;
       waited += std::chrono::milliseconds(20)) {
    over = waitpid(prepared.writer, nullptr, WNOHANG) != 0;
    if (!over) nanosleep(&pause, nullptr);
  }
  CrashLine line;
  line << (prepared.writer < 0 ? "what is not on disks is lost: no process to write it out"
           : over              ? "what was to be written to disks is written"
                               : "writing to disks takes too long: it is left")
       << "; rebooting";
  line.send(prepared.actions.report);
}

[[noreturn]] void end_as_usual(int signal) {
  ::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  raise(signal);
  _exit(128 + signal);
}

/// Entered anew by a crash within itself, which goes on with the stage behind the one that crashed.
[[noreturn]] void crashed(int signal, siginfo_t* info, void* context) {
  if (getpid() != prepared.owner) end_as_usual(signal);
  if (stage == kWell) {
    stage = kReporting;
    say_cause(signal, *info);
    begin_to_write_out();
    say_way(context);
  }
  if (stage == kReporting) {
    stage = kEnding;
    await_writer();
  }
  prepared.actions.reboot();
  _exit(1);  // PID 1 that exits is a panic, which reboots as well: kernel.panic
}

/// what() of the exception that is on its way, cut to `text`; a string of C.
void copy_reason(std::span<char> text) {
  const auto copy = [&](const char* reason) { strncpy(text.data(), reason, text.size() - 1); };
  try {
    if (const auto exception = std::current_exception()) std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    copy(error.what());
  } catch (...) {
    copy("of an unknown type");
  }
}

[[noreturn]] void nobody_caught() {
  copy_reason(prepared.exception);
  abort();
}

/// NT_GNU_BUILD_ID in the program's notes, elf(5).
void find_build_id(const dl_phdr_info& info, std::array<char, 2 * 20 + 1>& text) {
  for (const auto& header : std::span(info.dlpi_phdr, info.dlpi_phnum)) {
    if (header.p_type != PT_NOTE) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): dl_iterate_phdr(3) gives numbers
    const auto* place = reinterpret_cast<const char*>(info.dlpi_addr + header.p_vaddr);
    const auto* const end = place + header.p_memsz;
    while (place + sizeof(ElfW(Nhdr)) <= end) {
      const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(place);
      const char* name = place + sizeof *note;
      const char* content = name + (note->n_namesz + 3) / 4 * 4;
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0) {
        const std::string_view digits = "0123456789abcdef";
        for (std::size_t i = 0; i < std::min<std::size_t>(note->n_descsz, text.size() / 2); ++i) {
          const auto byte = static_cast<unsigned char>(content[i]);
          text[2 * i] = digits[byte >> 4];
          text[2 * i + 1] = digits[byte & 0xf];
        }
        return;
      }
      place = content + (note->n_descsz + 3) / 4 * 4;
    }
  }
}

}  // namespace

const char* build_id() {
  static const auto text = [] {
    std::array<char, 2 * 20 + 1> found{};
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* data) {
          find_build_id(*info, *static_cast<std::array<char, 2 * 20 + 1>*>(data));
          return 1;  // the first is the program itself
        },
        &found);
    return found;
  }();
  return text.data();
}

Result<> handle_crashes(const CrashActions& actions) {
  prepared.actions = actions;
  prepared.layout = own_layout();
  prepared.owner = getpid();
  prepared.build = *build_id() == '\0' ? "this build" : build_id();
  const stack_t stack{.ss_sp = signal_stack.data(), .ss_flags = 0, .ss_size = signal_stack.size()};
  if (sigaltstack(&stack, nullptr) != 0) return errno_error("sigaltstack", "");
  struct sigaction action{};
  action.sa_sigaction = crashed;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigfillset(&action.sa_mask);
  // A crash within the handler must come to the handler: one that is blocked would be the end.
  for (const CrashSignal& signal : kSignals) sigdelset(&action.sa_mask, signal.number);
  for (const CrashSignal& signal : kSignals)
    if (sigaction(signal.number, &action, nullptr) != 0) return errno_error("sigaction", name_of(signal.number));
  std::set_terminate(nobody_caught);
  return {};
}

CrashActions usual_crash_actions(int report) {
  return {.report = report, .write_out = [] { sync(); }, .reboot = [] { ::reboot(RB_AUTOBOOT); }};
}

}  // namespace uebo::init

/// What the program says of an exception that nobody catches where crashes are not handled: in a command, or a role.
/// libstdc++'s own would bring a demangler for the type's name along, 60 kB of it.
// NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): its name is libstdc++'s
void __gnu_cxx::__verbose_terminate_handler() {
  std::array<char, 160> reason{};
  uebo::init::copy_reason(reason);
  std::fprintf(stderr, "uebo: an exception that nobody caught: %s\n", reason.data());
  abort();
}
