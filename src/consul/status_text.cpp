#include "status_text.hpp"

#include <fmt/format.h>

namespace uebo::consul {
namespace {

constexpr long kOk = 200;
constexpr long kForbidden = 403;
constexpr long kRequestTimeout = 408;
constexpr long kTooManyRequests = 429;
constexpr std::size_t kLongestWords = 160;

/// The first line of what it says, fit for a log.
std::string words_of(const std::string& body) {
  std::string words = body.substr(0, std::min(body.find_first_of("\r\n"), kLongestWords));
  for (char& c : words)
    if (c < ' ' || c > '~') c = '?';
  return words;
}

/// Too slow or too many are answers for now.
bool is_final(long status) {
  return status >= 400 && status < 500 && status != kRequestTimeout && status != kTooManyRequests;
}

/// An agent's way of saying that it has no such thing (agent/agent.go): 500, like a trouble of its own.
bool is_unknown_there(const std::string& body) {
  return body.starts_with("Unknown service") || body.find("does not have associated TTL") != std::string::npos;
}

}  // namespace

std::expected<HttpReply, Failed> accepted(const HttpCall& call, Result<HttpReply> reply) {
  if (!reply) return std::unexpected(Failed{.why = reply.error().message()});
  if (reply->status == kOk) return *std::move(reply);
  const bool refused = is_final(reply->status) || is_unknown_there(reply->body);
  std::string why = fmt::format("{} {}: {} {} (expected 200)", call.put ? "PUT" : "GET", call.url, reply->status,
                                words_of(reply->body));
  if (reply->status == kForbidden)
    why += call.token.empty() ? "; Consul wants a token: uebo.consul.token or /storage/consul/token"
                              : "; the token of uebo.consul.token or /storage/consul/token may not do this";
  return std::unexpected(Failed{.why = std::move(why), .answered = refused});
}

}  // namespace uebo::consul
