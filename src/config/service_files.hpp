// The files of one service, and what they say together.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "json_value.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::config {

struct ServiceFile {
  std::string path;
  std::string shown_as;  // in problems
  std::string text;
};

[[nodiscard]] Result<ServiceFile> read_service_file(const std::string& path, const std::string& shown_as);

/// "boinc" of "/usr/lib/uebo/services/boinc.json".
[[nodiscard]] std::string service_of(std::string_view path);

struct MergedService {
  ParsedService parsed;
  std::map<std::string, Line, std::less<>> lines;  // of the keys, in the file that has the last word
};

/// Each file is laid over those before, then the whole is read as one.
[[nodiscard]] MergedService parse_merged(const std::vector<ServiceFile>& files, const std::string& name);

}  // namespace uebo::config
