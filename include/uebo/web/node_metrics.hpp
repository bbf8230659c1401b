// What PID 1 knows of the node and of its services, as metrics. Pure: it turns answers of the control socket
// (uebo/control/server.hpp) and a few facts into samples. What an answer does not have, or has of a wrong type, is left
// out.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "uebo/control/json.hpp"
#include "uebo/metrics/families.hpp"

namespace uebo::web {

/// What no answer tells.
struct NodeFacts {
  std::string version;
  std::string architecture;
  std::string kernel;
  std::string suite;  // of the image's Debian packages
  std::optional<std::chrono::system_clock::time_point> image_built;
  std::string host_name;
  std::string id;   // by which Consul knows the board; empty with the MAC
  std::string mac;  // empty: no Ethernet
  struct Storage {
    std::string source;
    std::string type;
    bool read_only = false;
  };
  std::optional<Storage> storage;  // none: nothing is mounted there
};

void add_facts(metrics::Families& families, const NodeFacts& facts);
/// {"verb":"boot"}: the kernel's part of the boot, and the phases that PID 1 did in line. They stay as they are.
void add_boot(metrics::Families& families, const control::Json& boot);
/// {"verb":"status"}: services, when each of them was first up, conditions, and PID 1 itself.
void add_status(metrics::Families& families, const control::Json& status);

}  // namespace uebo::web
