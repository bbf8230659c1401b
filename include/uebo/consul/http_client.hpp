// HTTP towards Consul, by libcurl: several requests at once, none of which blocks. Bounded in time and size; no proxy,
// no redirection, no cookies: what answers is where uebo.consul says, or it is an error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "uebo/base/clock.hpp"
#include "uebo/base/ip_address.hpp"
#include "uebo/base/result.hpp"

namespace uebo::consul {

struct HttpCall {
  std::string url;
  bool put = false;
  std::string body;                          // JSON, of a PUT
  std::string token;                         // empty: none is sent
  std::chrono::milliseconds timeout{5'000};  // for all of it
  std::size_t longest_reply = 128 * 1024;    // a node is some KiB, and what is made of it in memory many times that
  bool new_connection = false;               // one from before would keep the address that it was made with
};

struct HttpReply {
  long status = 0;
  std::string body;
  std::uint64_t index = 0;         // X-Consul-Index; 0: there is none
  std::optional<IpAddress> local;  // the address that the connection was made from
};

class HttpClient {
 public:
  using Done = std::function<void(Result<HttpReply>)>;
  enum class CallId : std::uint64_t {};

  HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  ~HttpClient();

  /// Authorities for https; a file that is not there is an error of the calls. It is read with each connection.
  void trust(const std::string& ca_file) { ca_file_ = ca_file; }

  /// `done` is called once, from turn(): with the reply, whatever its status, or with what stopped it. Its error names
  /// method and URL, and says the same each time that the same happens.
  CallId start(const HttpCall& call, Done done);
  /// Its `done` is not called any more.
  void cancel(CallId id);
  /// Closes all connections: those of before keep an address that the node may not have any more. Calls that are under
  /// way begin anew.
  void forget_connections();

  /// Waits until something of a call or one of `descriptors` (readable) has something, or for `limit`; then does what
  /// there is to be done about the calls.
  void turn(const std::vector<int>& descriptors, std::chrono::milliseconds limit);

 private:
  struct Call;
  [[nodiscard]] bool finish_calls();  // false: there was none

  struct Multi;
  std::unique_ptr<Multi> multi_;
  std::vector<std::unique_ptr<Call>> calls_;
  std::uint64_t next_id_ = 1;
  std::string ca_file_;
};

}  // namespace uebo::consul
