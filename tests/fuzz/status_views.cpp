// PID 1's answers as the command, the metrics and the registrar read them; and `uebo boot --from FILE`.
#include "../../src/control/view_json.hpp"
#include "target.hpp"
#include "uebo/control/boot_report.hpp"

using namespace uebo;

namespace {

bool can_command_a_terminal(const std::string& text) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) return true;
  return false;
}

}  // namespace

UEBO_FUZZ_TARGET(status_views) {
  const auto answer = control::parse_object(fuzz::text_of(input));
  if (!answer) return;
  control::NodeView node;
  for (const auto& unit : control::field(*answer, "units")) node.units.push_back(control::unit_view(unit));
  node.conditions = control::condition_views(control::field(*answer, "conditions"));
  for (const auto& unit : node.units) fuzz::require(!can_command_a_terminal(control::unit_text(unit)));
  fuzz::require(!can_command_a_terminal(control::status_text(node, 80)));
  const auto report = control::boot_report(*answer);
  fuzz::require(!can_command_a_terminal(control::boot_text(report, 80)));
  fuzz::require(!can_command_a_terminal(control::boot_svg(report)));
}
