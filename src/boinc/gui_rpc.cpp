#include "uebo/boinc/gui_rpc.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <md5.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <pugixml.hpp>

#include "element_cutter.hpp"
#include "uebo/boinc/settings_file.hpp"

namespace uebo::boinc {
namespace {

constexpr const char* kObject = "the BOINC client's GUI RPC";
constexpr std::string_view kReplyBegins = "<boinc_gui_rpc_reply>";
constexpr std::string_view kReplyEnds = "</boinc_gui_rpc_reply>";

/// What a reply is checked for as a whole while it passes by: how it begins and how it ends.
class Envelope {
 public:
  void pass(std::string_view text) {
    length_ += text.size();
    first_ += text.substr(0, kReplyBegins.size() - std::min(first_.size(), kReplyBegins.size()));
    last_ += text.substr(text.size() - std::min(text.size(), kTail));
    if (last_.size() > kTail) last_.erase(0, last_.size() - kTail);
  }
  [[nodiscard]] std::size_t length() const { return length_; }
  [[nodiscard]] bool begins_well() const { return kReplyBegins.starts_with(first_); }
  [[nodiscard]] bool is_whole() const {
    const auto end = last_.find_last_not_of(" \r\n");
    return first_ == kReplyBegins && std::string_view(last_).substr(0, end + 1).ends_with(kReplyEnds);
  }

 private:
  static constexpr std::size_t kTail = kReplyEnds.size() + 8;
  std::size_t length_ = 0;
  std::string first_;
  std::string last_;
};

int milliseconds_until(TimePoint deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - BootClock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 60'000));
}

}  // namespace

Result<GuiRpc> GuiRpc::connect(TimePoint deadline, std::uint16_t port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error("connect to", kObject);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (!connected && errno != EINPROGRESS) return errno_error("connect to", kObject);
  GuiRpc rpc(std::move(fd), deadline);
  if (connected) return rpc;
  UEBO_TRY(rpc.wait_for(POLLOUT));
  int code = 0;
  socklen_t size = sizeof code;
  if (getsockopt(rpc.fd_.get(), SOL_SOCKET, SO_ERROR, &code, &size) != 0) return errno_error("connect to", kObject);
  if (code != 0) return fail(code, "connect to", kObject);
  return rpc;
}

Result<> GuiRpc::wait_for(short events) const {
  while (true) {
    const int left = milliseconds_until(deadline_);
    pollfd wanted{.fd = fd_.get(), .events = events, .revents = 0};
    const int count = left == 0 ? 0 : poll(&wanted, 1, left);
    if (count > 0) return {};
    if (count == 0 && milliseconds_until(deadline_) == 0) return fail(ETIMEDOUT, "wait for", kObject);
    if (count < 0 && errno != EINTR) return errno_error("wait for", kObject);
  }
}

Result<> GuiRpc::send(std::string_view message) const {
  while (!message.empty()) {
    UEBO_TRY(wait_for(POLLOUT));
    const ssize_t count = ::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EPIPE) return fail(ECONNRESET, "write to", kObject);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return errno_error("write to", kObject);
    if (count > 0) message.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

/// At least one byte. The deadline holds for a peer that never stops, too.
Result<std::span<char>> GuiRpc::receive(std::span<char> room) const {
  while (true) {
    UEBO_TRY(wait_for(POLLIN));
    const ssize_t count = recv(fd_.get(), room.data(), room.size(), 0);
    if (count > 0) return room.first(static_cast<std::size_t>(count));
    if (count == 0) return fail(ECONNRESET, "read from", kObject);
    if (errno != EAGAIN && errno != EINTR) return errno_error("read from", kObject);
  }
}

Result<> GuiRpc::ask(std::string_view request, std::span<const std::string_view> elements, const Take& take) {
  UEBO_TRY(send("<boinc_gui_rpc_request>\n" + std::string(request) + "\n</boinc_gui_rpc_request>\n" + kEndOfMessage));
  const ElementCutter cutter(elements);
  Envelope envelope;
  std::size_t kept = 0;  // at the beginning of the buffer: what is not whole yet
  while (true) {
    if (kept == buffer_.size()) return fail(EMSGSIZE, "read from", kObject, "an element of the reply is too long");
    auto news = UEBO_TRY(receive(std::span(buffer_).subspan(kept)));
    const std::size_t end = std::string_view(news.data(), news.size()).find(kEndOfMessage);
    const bool last = end != std::string_view::npos;
    if (last) news = news.first(end);
    envelope.pass({news.data(), news.size()});
    if (!envelope.begins_well()) return fail(EBADMSG, "read from", kObject, "this is no reply of a BOINC client");
    if (envelope.length() > kLongestReply) return fail(EMSGSIZE, "read from", kObject, "the reply is too long");
    const auto text = std::span(buffer_).first(kept + news.size());
    const std::size_t done = UEBO_TRY(cutter.cut(text, take));
    kept = text.size() - done;
    std::memmove(buffer_.data(), text.data() + done, kept);
    if (last && !envelope.is_whole()) return fail(EBADMSG, "read from", kObject, "the reply is cut short");
    if (last) return {};
  }
}

Result<std::string> GuiRpc::call(std::string_view request) {
  static constexpr std::array<std::string_view, 1> kWhole{"boinc_gui_rpc_reply"};
  std::string content;
  UEBO_TRY(ask(request, kWhole, [&](std::string_view, std::span<char> text) -> Result<> {
    content.assign(text.begin() + kReplyBegins.size(), text.end() - kReplyEnds.size());
    return {};
  }));
  if (content.find("<unauthorized/>") != std::string::npos) return fail(EACCES, "use", kObject);
  if (const std::string error = content_of(content, "error"); !error.empty())
    return fail(EPROTO, "use", kObject, error);
  return content;
}

/// client/gui_rpc_server_ops.cpp, handle_auth1() and handle_auth2(): the MD5 of a nonce and the password.
Result<> GuiRpc::authorize(const std::string& password) {
  const std::string secret = content_of(UEBO_TRY(call("<auth1/>")), "nonce") + password;
  std::array<char, MD5_DIGEST_STRING_LENGTH> proof{};
  MD5Data(reinterpret_cast<const std::uint8_t*>(secret.data()), secret.size(), proof.data());
  UEBO_TRY(call("<auth2>\n<nonce_hash>" + std::string(proof.data()) + "</nonce_hash>\n</auth2>"));
  return {};
}

std::string content_of(std::string_view text, std::string_view element) {
  const std::string opening = '<' + std::string(element) + '>';
  const std::string closing = "</" + std::string(element) + '>';
  const auto begin = text.find(opening);
  const auto end = begin == std::string_view::npos ? begin : text.find(closing, begin);
  if (end == std::string_view::npos) return {};
  const auto inner = text.substr(begin + opening.size(), end - begin - opening.size());
  // The client does not escape everything: what is no XML is taken as it stands.
  pugi::xml_document document;
  const auto whole = text.substr(begin, end + closing.size() - begin);
  const bool parsed = static_cast<bool>(document.load_buffer(whole.data(), whole.size(), pugi::parse_default));
  return std::string(trim(parsed ? std::string_view(document.first_child().child_value()) : inner));
}

double number_in(std::string_view text, std::string_view element) {
  const std::string content = content_of(text, element);
  double number = 0;
  std::from_chars(content.data(), content.data() + content.size(), number);
  return number;
}

Result<bool> answers(std::uint16_t port, std::chrono::milliseconds patience) {
  static constexpr std::array<std::string_view, 1> kNonce{"nonce"};
  auto rpc = UEBO_TRY(GuiRpc::connect(BootClock::now() + patience, port));
  bool answered = false;
  UEBO_TRY(rpc.ask("<auth1/>", kNonce, [&](std::string_view, std::span<char>) -> Result<> {
    answered = true;
    return {};
  }));
  return answered;
}

}  // namespace uebo::boinc
