// What Consul's answers mean, by their status.
#pragma once

#include "uebo/consul/http_client.hpp"
#include "uebo/consul/registrar.hpp"

namespace uebo::consul {

/// The reply, where it is a good one; else what is to be told of it.
[[nodiscard]] std::expected<HttpReply, Failed> accepted(const HttpCall& call, Result<HttpReply> reply);

}  // namespace uebo::consul
