#include "uebo/consul/http_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace uebo::consul {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kConnectTimeout{4'000};
constexpr std::string_view kIndexHeader = "x-consul-index:";

using Headers = std::unique_ptr<curl_slist, decltype([](curl_slist* list) { curl_slist_free_all(list); })>;
using Easy = std::unique_ptr<CURL, decltype([](CURL* easy) { curl_easy_cleanup(easy); })>;

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  // A wrong option is a mistake of ours, and lack of memory ends the transfer in its own way.
  static_cast<void>(curl_easy_setopt(easy, option, value));
}

Headers headers_of(const HttpCall& call) {
  curl_slist* headers = nullptr;
  const auto add = [&headers](const std::string& line) {
    if (curl_slist* longer = curl_slist_append(headers, line.c_str())) headers = longer;
  };
  if (call.put) add("Content-Type: application/json");
  if (!call.token.empty()) add("X-Consul-Token: " + call.token);
  add("Expect:");  // no pause before a body
  return Headers(headers);
}

std::uint64_t index_in(std::string_view line) {
  if (line.size() < kIndexHeader.size()) return 0;
  const bool named = std::ranges::equal(line.substr(0, kIndexHeader.size()), kIndexHeader,
                                        [](char a, char b) { return a == b || (a | 0x20) == b; });
  if (!named) return 0;
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ', kIndexHeader.size())));
  std::uint64_t index = 0;
  std::from_chars(line.data(), line.data() + line.size(), index);
  return index;
}

}  // namespace

struct HttpClient::Multi {
  CURLM* handle = curl_multi_init();
  ~Multi() { curl_multi_cleanup(handle); }
  Multi() = default;
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;
};

struct HttpClient::Call {
  CallId id{};
  HttpCall what;
  Done done;
  HttpReply reply;
  bool too_long = false;
  Headers headers;
  Easy easy;

  [[nodiscard]] std::string operation() const { return what.put ? "PUT" : "GET"; }

  // noexcept: src/static.ld
  static std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) noexcept {
    auto& call = *static_cast<Call*>(user);
    call.too_long = call.reply.body.size() + size > call.what.longest_reply;
    if (call.too_long) return 0;
    call.reply.body.append(data, size);
    return size;
  }
  static std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) noexcept {
    if (const std::uint64_t index = index_in({data, size}); index > 0) static_cast<Call*>(user)->reply.index = index;
    return size;
  }
  void prepare(const std::string& ca_file);
  [[nodiscard]] Result<HttpReply> result(CURLcode code);
};

void HttpClient::Call::prepare(const std::string& ca_file) {
  headers = headers_of(what);
  easy.reset(curl_easy_init());
  CURL* handle = easy.get();
  set(handle, CURLOPT_PRIVATE, this);
  set(handle, CURLOPT_URL, what.url.c_str());
  set(handle, CURLOPT_NOSIGNAL, 1L);
  set(handle, CURLOPT_QUICK_EXIT, 1L);  // nobody waits for a name server that hangs
  set(handle, CURLOPT_PROXY, "");
  set(handle, CURLOPT_FOLLOWLOCATION, 0L);
  set(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnectTimeout.count()));
  set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(what.timeout.count()));
  set(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  set(handle, CURLOPT_TCP_KEEPIDLE, 15L);
  set(handle, CURLOPT_TCP_KEEPINTVL, 5L);
  set(handle, CURLOPT_FRESH_CONNECT, what.new_connection ? 1L : 0L);
  set(handle, CURLOPT_HTTPHEADER, headers.get());
  set(handle, CURLOPT_WRITEFUNCTION, &take_body);
  set(handle, CURLOPT_WRITEDATA, this);
  set(handle, CURLOPT_HEADERFUNCTION, &take_header);
  set(handle, CURLOPT_HEADERDATA, this);
  if (!ca_file.empty()) set(handle, CURLOPT_CAINFO, ca_file.c_str());
  if (!what.put) return;
  set(handle, CURLOPT_POSTFIELDS, what.body.c_str());
  set(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(what.body.size()));
  set(handle, CURLOPT_CUSTOMREQUEST, "PUT");
}

/// Not libcurl's own words about this one time, which hold times and counts: the same trouble is to be told once.
Result<HttpReply> HttpClient::Call::result(CURLcode code) {
  if (too_long) return fail(EFBIG, operation(), what.url, fmt::format("expected at most {} bytes", what.longest_reply));
  if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
    return fail(0, operation(), what.url,
                std::string(curl_easy_strerror(code)) +
                    ": expected a certificate that the image's authorities or "
                    "/storage/consul/ca.pem vouch for");
  if (code != CURLE_OK) return fail(0, operation(), what.url, curl_easy_strerror(code));
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &reply.status);
  const char* local = nullptr;
  if (curl_easy_getinfo(easy.get(), CURLINFO_LOCAL_IP, &local) == CURLE_OK && local) {
    const std::string_view text(local);
    reply.local = IpAddress::parse(text.substr(0, text.find('%')));
  }
  return std::move(reply);
}

HttpClient::HttpClient() : multi_(std::make_unique<Multi>()) {}

HttpClient::~HttpClient() {
  for (const auto& call : calls_) curl_multi_remove_handle(multi_->handle, call->easy.get());
}

HttpClient::CallId HttpClient::start(const HttpCall& what, Done done) {
  auto call = std::make_unique<Call>();
  call->id = CallId{next_id_++};
  call->what = what;
  call->done = std::move(done);
  call->prepare(ca_file_);
  curl_multi_add_handle(multi_->handle, call->easy.get());
  return calls_.emplace_back(std::move(call))->id;
}

void HttpClient::cancel(CallId id) {
  const auto found = std::ranges::find(calls_, id, [](const auto& call) { return call->id; });
  if (found == calls_.end()) return;
  curl_multi_remove_handle(multi_->handle, (*found)->easy.get());
  calls_.erase(found);
}

void HttpClient::forget_connections() {
  for (const auto& call : calls_) curl_multi_remove_handle(multi_->handle, call->easy.get());
  multi_ = std::make_unique<Multi>();
  for (const auto& call : calls_) {
    call->reply = {};
    curl_multi_add_handle(multi_->handle, call->easy.get());
  }
}

void HttpClient::turn(const std::vector<int>& descriptors, milliseconds limit) {
  std::vector<curl_waitfd> extra;
  for (const int fd : descriptors) extra.push_back({.fd = fd, .events = CURL_WAIT_POLLIN, .revents = 0});
  int running = 0;
  curl_multi_perform(multi_->handle, &running);
  if (finish_calls()) return;  // what follows from that may be due before anything else happens
  const auto bounded = std::clamp<milliseconds::rep>(limit.count(), 0, 60'000);
  curl_multi_poll(multi_->handle, extra.data(), static_cast<unsigned>(extra.size()), static_cast<int>(bounded),
                  nullptr);
  curl_multi_perform(multi_->handle, &running);
  static_cast<void>(finish_calls());
}

bool HttpClient::finish_calls() {
  int left = 0;
  bool any = false;
  while (const CURLMsg* message = curl_multi_info_read(multi_->handle, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* easy = message->easy_handle;
    const CURLcode code = message->data.result;
    const auto found = std::ranges::find(calls_, easy, [](const auto& call) { return call->easy.get(); });
    if (found == calls_.end()) continue;
    const auto call = std::move(*found);
    calls_.erase(found);
    curl_multi_remove_handle(multi_->handle, easy);
    call->done(call->result(code));  // may start others
    any = true;
  }
  return any;
}

}  // namespace uebo::consul
