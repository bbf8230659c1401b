// What Consul, or whoever answers in its place, says; and the metrics of a node that may be another.
#include "target.hpp"
#include "uebo/consul/api.hpp"

using namespace uebo;

UEBO_FUZZ_TARGET(consul_answers) {
  const auto text = fuzz::text_of(input);
  for (const auto mode : {consul::Mode::Catalog, consul::Mode::Agent}) {
    const auto node = consul::parse_node(mode, text);
    if (!node) fuzz::require(!node.error().message().empty());
    if (node && *node) (void)(*node)->mac();
  }
  (void)consul::node_id_in_metrics(text);
}
