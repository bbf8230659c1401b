// What PID 1 keeps back for when memory or descriptors have run out: enough to end in order.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::init {

class Reserve {
 public:
  static constexpr std::size_t kMemory = 128 * 1024;
  /// The job that unmounts the storage, the monitor of the shutdown and a client that asks what takes so long.
  static constexpr std::size_t kDescriptors = 24;

  /// Takes it. While it is held, an allocation that fails (std::bad_alloc would be next) is given the memory instead.
  Reserve();
  Reserve(const Reserve&) = delete;
  Reserve& operator=(const Reserve&) = delete;
  ~Reserve();

  /// Gives all of it up, for good. Nothing is allocated by that.
  void release() noexcept;
  void release_memory() noexcept;
  [[nodiscard]] bool has_memory() const { return !memory_.empty(); }
  [[nodiscard]] std::size_t descriptors() const { return descriptors_.size(); }

 private:
  std::span<std::byte> memory_;
  std::vector<UniqueFd> descriptors_;
};

/// As many descriptors as the kernel lets this process have (RLIMIT_NOFILE): init starts with 1024 of 4096.
[[nodiscard]] Result<> raise_descriptor_limit();

}  // namespace uebo::init
