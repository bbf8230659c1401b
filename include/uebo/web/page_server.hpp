// The status page over HTTP, beside the metrics on port 9101:
//
//   GET /              the page; the document of status_document.hpp where Accept asks for application/json.
//   ?log=SERVICE
//                      chooses whose last lines stand in it.
//   GET /log?service=  a log as it grows: server-sent events (HTML Living Standard, 9.2), a line each, the last 50
//   first GET /boot.svg      the picture of the boot POST /change {"verb":"start"|"stop"|"restart","name":SERVICE} with
//   "Authorization: Bearer TOKEN", answered by
//                      PID 1's own answer: it knows the token, and this process does not.
//
// Requests under another's name or from another's page are refused (guard.hpp).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "uebo/control/json.hpp"

namespace httplib {
class Server;
}

namespace uebo::web {

struct PageSource {
  /// The document with the last lines of that service's log.
  std::function<control::Json(const std::string& log_of)> document;
  /// PID 1's answer to a request; none when it does not answer.
  std::function<std::optional<control::Json>(const control::Json& request)> ask;
  std::string logs = "/var/log";
  std::string resolv_conf = "/etc/resolv.conf";
};

/// What it adds borrows `source`.
void serve_page(httplib::Server& server, const PageSource& source);

}  // namespace uebo::web
