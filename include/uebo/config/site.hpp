// What the site built into its image: /etc/uebo/site.json and /etc/uebo-release. Neither holds a secret.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::config {

struct Site {
  std::vector<std::string> ntp;      // time servers, names or addresses
  std::vector<std::string> modules;  // loaded beside those that the devices ask for
  bool password_login = false;       // the site has set a password hash, so ssh may ask for it
};

struct Release {
  std::string version;
  std::string architecture;
  std::string kernel;
  std::string suite;                                 // of Debian, that the packages came from
  std::chrono::system_clock::time_point build_time;  // the earliest that it can be
};

/// A missing file gives the defaults. A bad value is an error that says where it is.
[[nodiscard]] Result<Site> load_site(const std::string& path = "/etc/uebo/site.json");
[[nodiscard]] Result<Release> load_release(const std::string& path = "/etc/uebo-release");

}  // namespace uebo::config
