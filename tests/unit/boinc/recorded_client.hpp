// A peer that answers as the stock client did: 7.20.5 with two projects and six tasks, two of which ran
// (tests/support/boinc_state.py made its data directory).
#pragma once

#include <map>
#include <regex>
#include <string>

#include "fake_client.hpp"
#include "uebo/base/file.hpp"

namespace uebo::boinc {

class Recorded {
 public:
  Recorded() {
    for (const auto* const name : {"exchange_versions", "get_cc_status", "get_host_info", "get_project_status",
                                   "get_disk_usage", "get_results", "get_state"})
      replies_[name] = read_file(UEBO_SOURCE_DIR "/tests/unit/boinc/replies/" + std::string(name) + ".xml").value();
  }

  /// The reply to this request, to be changed.
  std::string& operator[](const std::string& request) { return replies_.at(request); }
  /// How often it was asked for.
  [[nodiscard]] int asked(const std::string& request) const {
    const auto found = asked_.find(request);
    return found == asked_.end() ? 0 : found->second;
  }

  /// For FakeClient.
  FakeClient::Answer answer() {
    return [this](int socket, const std::string& request) {
      static const std::regex kName("<boinc_gui_rpc_request>\n<([a-z_]+)");
      std::smatch found;
      if (!std::regex_search(request, found, kName) || !replies_.contains(found[1]))
        return FakeClient::send_all(socket, reply("<unrecognized/>"));
      ++asked_[found[1]];
      return FakeClient::send_all(socket, replies_.at(found[1]) + kEndOfMessage);
    };
  }

 private:
  std::map<std::string, std::string> replies_;
  std::map<std::string, int> asked_;
};

}  // namespace uebo::boinc
