#include "uebo/init/reserve.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <new>

namespace uebo::init {
namespace {

Reserve* held = nullptr;

/// Called by operator new before it gives up, and again after each return.
void out_of_memory() {
  if (held == nullptr || !held->has_memory()) throw std::bad_alloc();
  held->release_memory();
}

}  // namespace

Reserve::Reserve() {
  // cppcheck-suppress invalidFunctionArg ; no file is what an anonymous mapping has
  void* memory = mmap(nullptr, kMemory, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory != MAP_FAILED) {
    memory_ = {static_cast<std::byte*>(memory), kMemory};
    std::ranges::fill(memory_, std::byte{1});  // only what was written to is there
  }
  descriptors_.reserve(kDescriptors);
  for (std::size_t i = 0; i < kDescriptors; ++i) {
    UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (fd) descriptors_.push_back(std::move(fd));
  }
  held = this;
  std::set_new_handler(out_of_memory);
}

Reserve::~Reserve() {
  std::set_new_handler(nullptr);
  held = nullptr;
  release();
}

void Reserve::release() noexcept {
  descriptors_.clear();
  release_memory();
}

void Reserve::release_memory() noexcept {
  if (memory_.empty()) return;
  munmap(memory_.data(), memory_.size());
  memory_ = {};
}

Result<> raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return errno_error("getrlimit", "RLIMIT_NOFILE");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return errno_error("setrlimit", "RLIMIT_NOFILE");
  return {};
}

}  // namespace uebo::init
