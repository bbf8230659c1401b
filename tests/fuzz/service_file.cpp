// A service's file: of the image, or of /storage, where a broken disk or a hand may have left anything.
#include "target.hpp"
#include "uebo/config/service_spec.hpp"
#include "uebo/supervise/unit.hpp"

using namespace uebo;

UEBO_FUZZ_TARGET(service_file) {
  const auto text = fuzz::text_of(input);
  for (const char* name : {"web", "getty@"}) {
    auto parsed = config::parse_service(text, name, "/services/x.json");
    for (const auto& problem : parsed.problems) fuzz::require(!problem.message().empty());
    if (!parsed.problems.empty()) continue;
    fuzz::require(!parsed.spec.command.empty() && parsed.spec.command.front().starts_with('/'));
    auto spec = config::is_template(name) ? config::instantiate(parsed.spec, "ttyS0") : parsed.spec;
    config::expand_environment(spec, config::KernelArgs::parse("uebo.hostname=a"));
    (void)supervise::policy_of(spec);
  }
}
