#include "uebo/consul/roles.hpp"

#include <array>

namespace uebo::consul {

std::span<const Role> roles() {
  static constexpr std::array<Role, 2> all{
      Role{.name = "registrar",
           .synopsis = "[--refresh S] [--retry S] [--ask S] [--watch S] [--control PATH] [--secrets DIR]",
           .meaning = "register the node and its services in Consul",
           .run = registrar_role},
      Role{.name = "consul-secrets",
           .synopsis = "",
           .meaning = "fetch the token and the authority for Consul from arguments and /storage",
           .run = secrets_role},
  };
  return all;
}

}  // namespace uebo::consul
