// BOINC's GUI RPC (lib/gui_rpc_client.cpp): requests and replies of XML, each ended by a byte 0x03, on port 31416.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/base/result.hpp"
#include "uebo/base/unique_fd.hpp"

namespace uebo::boinc {

inline constexpr std::uint16_t kGuiRpcPort = 31416;
inline constexpr char kEndOfMessage = '\003';

/// One connection to the client on this host. Without a password it is enough for whatever only asks. All that is done
/// over it is done by one deadline, until it is given another. A reply is never held as a whole: it is cut into its
/// elements while it comes in.
class GuiRpc {
 public:
  /// Gets the name of an element and all of its text, tags included, which it may write into: it is valid for this
  /// call alone. An error ends the request.
  using Take = std::function<Result<>(std::string_view name, std::span<char> text)>;

  /// The longest element that is cut out, and the longest reply.
  static constexpr std::size_t kLongestElement = std::size_t{64} * 1024;
  static constexpr std::size_t kLongestReply = std::size_t{16} * 1024 * 1024;

  [[nodiscard]] static Result<GuiRpc> connect(TimePoint deadline, std::uint16_t port = kGuiRpcPort);

  void set_deadline(TimePoint deadline) { deadline_ = deadline; }

  /// Sends a request ("<get_results/>") and hands out the outermost elements of these names (without attributes, as
  /// all of BOINC's are). After an error the connection is of no more use. Errors: ETIMEDOUT, what the socket reports,
  /// ECONNRESET when the client hung up, EBADMSG for what is no whole reply, EMSGSIZE for one that is too long, and
  /// those of `take`.
  [[nodiscard]] Result<> ask(std::string_view request, std::span<const std::string_view> elements, const Take& take);

  /// For requests that change something. Errors: those of ask(), and EACCES for a password that is not the client's.
  [[nodiscard]] Result<> authorize(const std::string& password);

  /// Sends a request whose reply is short (kLongestElement), and returns what is in the reply. What the client says in
  /// an <error>, or <unauthorized/>, is an error: EPROTO with its words, and EACCES.
  [[nodiscard]] Result<std::string> call(std::string_view request);

 private:
  GuiRpc(UniqueFd fd, TimePoint deadline) : fd_(std::move(fd)), deadline_(deadline) {}
  [[nodiscard]] Result<> wait_for(short events) const;
  [[nodiscard]] Result<> send(std::string_view message) const;
  [[nodiscard]] Result<std::span<char>> receive(std::span<char> room) const;

  UniqueFd fd_;
  TimePoint deadline_;
  std::vector<char> buffer_ = std::vector<char>(kLongestElement);
};

/// What the first element of that name holds, without the blanks at its ends, CDATA and entities resolved; empty where
/// there is none.
[[nodiscard]] std::string content_of(std::string_view text, std::string_view element);

/// The number in the first element of that name; 0 where there is none.
[[nodiscard]] double number_in(std::string_view text, std::string_view element);

/// True when the client on this host answers <auth1/> with a nonce: it is up, and has read its password.
[[nodiscard]] Result<bool> answers(std::uint16_t port = kGuiRpcPort,
                                   std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace uebo::boinc
