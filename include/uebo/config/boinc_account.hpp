// The accounts that BOINC works for, as kernel arguments name them.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace uebo::config {

/// `authenticator` is the account key, which the project's page shows its owner.
struct ProjectAccount {
  std::string url;  // canonical
  std::string authenticator;
  bool operator==(const ProjectAccount&) const = default;
};

/// `password_hash` is the MD5 of the password with the login in small letters behind it (client/acct_mgr.cpp).
struct ManagerAccount {
  std::string url;  // canonical
  std::string login;
  std::string password_hash;
  bool operator==(const ManagerAccount&) const = default;
};

/// "URL,AUTHENTICATOR", else what is wrong with it, without its words: they are secret.
[[nodiscard]] std::expected<ProjectAccount, std::string> parse_project_account(std::string_view text);
/// "URL,LOGIN,HASH".
[[nodiscard]] std::expected<ManagerAccount, std::string> parse_manager_account(std::string_view text);

/// As canonicalize_master_url() of lib/url.cpp makes it: scheme and host in small letters, no slash twice, one at the
/// end. Empty where it is none that the client takes: http:// or https://, and a dot in the host's name.
[[nodiscard]] std::string canonical_project_url(std::string_view url);

}  // namespace uebo::config
