#include "uebo/kernel/netlink_dump.hpp"

#include "netlink.hpp"

namespace uebo::kernel {

std::uint32_t NetlinkDump::begin() {
  awaited_ = true;
  begun_ = refused_ = false;
  return ++number_;
}

NetlinkDump::Place NetlinkDump::place_of(const nlmsghdr& header, std::span<const std::byte> payload) {
  if (!awaited_) return Place::Outside;
  const bool ends = header.nlmsg_type == NLMSG_DONE;
  if (header.nlmsg_seq == number_ && (header.nlmsg_flags & NLM_F_MULTI) != 0) {
    begun_ = true;
    awaited_ = !ends;
    return ends ? Place::End : Place::Within;
  }
  if (header.nlmsg_seq == number_ && header.nlmsg_type == NLMSG_ERROR)
    refused_ = refused_ || netlink::take<int>(payload) == -EBUSY;
  if (ends && refused_) return Place::EndOfAnother;
  return begun_ ? Place::Within : Place::Outside;
}

}  // namespace uebo::kernel
