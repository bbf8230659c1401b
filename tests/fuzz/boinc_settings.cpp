// BOINC's settings: files that its tasks can write, and that its next start reads as root.
#include <array>

#include "target.hpp"
#include "uebo/boinc/settings_file.hpp"

using namespace uebo;

UEBO_FUZZ_TARGET(boinc_settings) {
  const auto text = fuzz::text_of(input);
  const std::array<boinc::Setting, 2> settings{{{"allow_remote_gui_rpc", "1"}, {"max_ncpus_pct", "50"}}};
  if (const auto added = boinc::add_missing(text, "cc_config", "options", settings)) {
    // One that is there stays as it is, though it be broken: "<max_ncpus_pct>75<".
    for (const auto& setting : settings) fuzz::require(added->find(setting.name) != std::string::npos);
    fuzz::require(boinc::add_missing(*added, "cc_config", "options", settings) == added);
    if (text.find("<allow_remote_gui_rpc") == std::string_view::npos)
      fuzz::require(boinc::value_of(*added, "allow_remote_gui_rpc") == "1");
  }
  const boinc::Setting listed{"alt_platform", "arm-unknown-linux-gnueabihf"};
  (void)boinc::with_listed(text, "cc_config", "options", listed);
  (void)boinc::without_listed(text, listed);
  (void)boinc::with_value(text, settings.front());
}
