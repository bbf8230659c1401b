// A task of the tests: steps a linear congruential generator, so that whoever knows the number of steps knows the
// result without taking them. Tells how far it is, checkpoints when the client wants it to, and goes on from its
// checkpoint.
//   crunch --steps N [--no-checkpoint] [--hog]
// Reads the file "in" (the first value), writes "out": the last value, the step it began at in its last run, and how
// often it was started. --hog: takes memory until something stops it. Needs nothing of libstdc++ or libc that older
// releases lack: images of several releases run it.
#include <boinc/boinc_api.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr std::uint64_t kFactor = 6364136223846793005;  // Knuth's MMIX
constexpr std::uint64_t kAddend = 1442695040888963407;
constexpr std::uint64_t kTurn = 1 << 20;  // steps between two looks at the clock
constexpr const char* kCheckpoint = "checkpoint";

struct State {
  std::uint64_t step = 0;
  std::uint64_t value = 0;
  std::uint64_t starts = 0;
};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  boinc_finish(1);
  std::abort();
}

void resolve(const char* name, char* path, int room) {
  if (boinc_resolve_filename(name, path, room) != 0) fail(name);
}

std::uint64_t read_seed() {
  char path[512];
  resolve("in", path, sizeof(path));
  char text[64] = {};
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0 || read(file, text, sizeof(text) - 1) <= 0) fail("in");
  close(file);
  std::uint64_t seed = 0;
  std::from_chars(text, text + std::strlen(text), seed);
  return seed;
}

/// Whole or not at all: a power cut leaves the last one.
void write_checkpoint(const State& state) {
  const int file = open("checkpoint.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0 || write(file, &state, sizeof(state)) != sizeof(state) || fsync(file) != 0) fail(kCheckpoint);
  close(file);
  if (rename("checkpoint.new", kCheckpoint) != 0) fail(kCheckpoint);
}

State read_checkpoint(std::uint64_t seed) {
  State state;
  const int file = open(kCheckpoint, O_RDONLY | O_CLOEXEC);
  if (file < 0) return {.value = seed};
  const bool whole = read(file, &state, sizeof(state)) == sizeof(state);
  close(file);
  if (!whole) fail(kCheckpoint);
  return state;
}

void take_memory() {
  constexpr std::size_t kPiece = std::size_t{8} << 20;
  while (true) {
    void* piece = mmap(nullptr, kPiece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (piece == MAP_FAILED) fail("mmap");
    std::memset(piece, 1, kPiece);
  }
}

void write_result(const State& state, std::uint64_t began) {
  char path[512];
  resolve("out", path, sizeof(path));
  const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0 || dprintf(file, "value %llu\nbegan %llu\nstarts %llu\n", static_cast<unsigned long long>(state.value),
                          static_cast<unsigned long long>(began), static_cast<unsigned long long>(state.starts)) < 0)
    fail("out");
  close(file);
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t steps = 0;
  bool checkpoints = true, hog = false;
  for (int word = 1; word < argc; ++word) {
    if (std::strcmp(argv[word], "--steps") == 0 && word + 1 < argc) {
      ++word;
      std::from_chars(argv[word], argv[word] + std::strlen(argv[word]), steps);
    }
    checkpoints = checkpoints && std::strcmp(argv[word], "--no-checkpoint") != 0;
    hog = hog || std::strcmp(argv[word], "--hog") == 0;
  }
  if (boinc_init() != 0) return 1;
  if (steps == 0) fail("--steps");
  if (hog) take_memory();
  State state = read_checkpoint(read_seed());
  const std::uint64_t began = state.step;
  ++state.starts;
  while (state.step < steps) {
    const std::uint64_t end = steps - state.step < kTurn ? steps : state.step + kTurn;
    std::uint64_t value = state.value;
    for (; state.step < end; ++state.step) value = value * kFactor + kAddend;
    state.value = value;
    boinc_fraction_done(static_cast<double>(state.step) / static_cast<double>(steps));
    if (checkpoints && boinc_time_to_checkpoint()) {
      write_checkpoint(state);
      boinc_checkpoint_completed();
    }
  }
  write_result(state, began);
  boinc_finish(0);
}
