// Users and groups, as /etc/passwd and /etc/group have them: read by fgetpwent(3) and fgetgrent(3), so that no name
// service is asked.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "uebo/base/result.hpp"

namespace uebo::kernel {

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups{0};  // for setgroups(2): the gid, and those that list the user as a member
  std::string name = "root";
  std::string home = "/root";
};

/// `group` empty: the user's own.
[[nodiscard]] Result<Account> find_account(const std::string& user, const std::string& group = {});

}  // namespace uebo::kernel
