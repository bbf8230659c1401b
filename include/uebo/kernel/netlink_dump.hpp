// The latest dump on a netlink(7) socket that news arrive on as well. News that were queued before it are older than
// what it says, so each dump has a number of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

struct nlmsghdr;

namespace uebo::kernel {

class NetlinkDump {
 public:
  enum class Place { Outside, Within, End, EndOfAnother };

  /// The number for the request that is about to be sent.
  [[nodiscard]] std::uint32_t begin();
  /// To be asked of every message that arrives, in their order. Within: it is of the dump, or news that came while it
  /// went on. EndOfAnother: the kernel has refused this dump (EBUSY) for the one that has ended now; ask again.
  [[nodiscard]] Place place_of(const nlmsghdr& header, std::span<const std::byte> payload);

 private:
  std::uint32_t number_ = 0;
  bool awaited_ = false;
  bool begun_ = false;
  bool refused_ = false;
};

}  // namespace uebo::kernel
