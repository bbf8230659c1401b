// What rtnetlink(7) needs, whatever it is asked for: a request is put together, sent and answered; messages and their
// attributes are cut off what came. Everything is copied out of the buffer: nothing is believed about its alignment.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::kernel::netlink {

using Bytes = std::span<const std::byte>;

class Request {
 public:
  /// `body` is the struct that the type asks for: ifinfomsg, ifaddrmsg, rtmsg.
  template <class Body>
  Request(std::uint16_t type, std::uint16_t flags, const Body& body, std::uint32_t number = 1) {
    append(nlmsghdr{.nlmsg_len = 0, .nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = number, .nlmsg_pid = 0});
    append(body);
    finish();
  }
  template <class Value>
  void add(std::uint16_t attribute, const Value& value) {
    append(rtattr{.rta_len = sizeof(rtattr) + sizeof value, .rta_type = attribute});
    append(value);
    finish();
  }
  /// Bytes of any length; with NLA_F_NESTED in `attribute` and the bytes of attributes: nested ones.
  void add_bytes(std::uint16_t attribute, Bytes value) {
    append(rtattr{.rta_len = static_cast<unsigned short>(sizeof(rtattr) + value.size()), .rta_type = attribute});
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
    finish();
  }
  void add_text(std::uint16_t attribute, std::string_view text) {
    const std::string ended(text);
    add_bytes(attribute, std::as_bytes(std::span(ended.c_str(), ended.size() + 1)));
  }
  [[nodiscard]] Bytes bytes() const { return bytes_; }

 private:
  template <class Value>
  void append(const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    const auto* data = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), data, data + sizeof value);
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }
  void finish() {
    const auto length = static_cast<std::uint32_t>(bytes_.size());
    memcpy(bytes_.data(), &length, sizeof length);
  }

  std::vector<std::byte> bytes_;
};

/// Cuts a struct, with the padding behind it, off the front. None when there is less than that.
template <class Value>
std::optional<Value> take(Bytes& rest) {
  static_assert(std::is_trivially_copyable_v<Value>);
  if (rest.size() < sizeof(Value)) return std::nullopt;
  Value value;
  memcpy(&value, rest.data(), sizeof value);
  rest = rest.subspan(std::min<std::size_t>(rest.size(), NLMSG_ALIGN(sizeof value)));
  return value;
}

/// One attribute, to be nested in another.
[[nodiscard]] std::vector<std::byte> attribute(std::uint16_t type, Bytes value);

struct Message {
  nlmsghdr header;
  Bytes payload;
};
/// None when what is left is no whole message.
[[nodiscard]] std::optional<Message> next_message(Bytes& rest);

struct Attribute {
  std::uint16_t type;
  Bytes value;
  [[nodiscard]] std::string_view text() const;  // up to the first NUL
};
/// None when what is left is no whole attribute.
[[nodiscard]] std::optional<Attribute> next_attribute(Bytes& rest);

/// The first failure that the messages report: NLMSG_ERROR, or NLMSG_DONE with an error of the dump. 0: none.
struct Failure {
  int code = 0;
  std::string words;  // the kernel's own, from NLMSGERR_ATTR_MSG
};
[[nodiscard]] Failure failure_in(Bytes messages);

/// A NETLINK_ROUTE socket that follows `groups` (RTMGRP_LINK, ...).
[[nodiscard]] Result<UniqueFd> open_socket(unsigned groups, int flags);
[[nodiscard]] Result<> send(int fd, const Request& request);
/// The next datagram from the kernel, into `buffer`. Errors carry errno: EAGAIN, ENOBUFS, ...
[[nodiscard]] Result<Bytes> receive(int fd, std::span<std::byte> buffer);
/// Sends a request on a socket of its own and collects the answer: of a dump all messages, else the acknowledgement.
/// `operation` and `object` name what is done in the error.
[[nodiscard]] Result<std::vector<std::byte>> exchange(const Request& request, std::string_view operation,
                                                      std::string_view object);

/// The kernel fills larger buffers with a dump, never more than this (NLMSG_GOODSIZE up to SKB_WITH_OVERHEAD(32768)).
inline constexpr std::size_t datagram_size = 32768;
inline constexpr int datagrams_per_turn = 128;  // more than fit into a receive buffer of the usual size

}  // namespace uebo::kernel::netlink
