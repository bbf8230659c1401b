#include "uebo/kernel/account.hpp"

#include <grp.h>
#include <pwd.h>

#include <cstdio>
#include <memory>

namespace uebo::kernel {
namespace {

using AccountFile = std::unique_ptr<FILE, decltype([](FILE* file) { fclose(file); })>;

Result<gid_t> find_group(const std::string& name) {
  const AccountFile file(fopen("/etc/group", "re"));
  if (!file) return errno_error("read", "/etc/group");
  while (const group* entry = fgetgrent(file.get()))
    if (name == entry->gr_name) return entry->gr_gid;
  return fail(0, "group", name, "is not in /etc/group");
}

Result<std::vector<gid_t>> groups_of(const std::string& user, gid_t own) {
  std::vector<gid_t> groups{own};
  const AccountFile file(fopen("/etc/group", "re"));
  if (!file) return errno_error("read", "/etc/group");
  while (const group* entry = fgetgrent(file.get()))
    for (char** member = entry->gr_mem; *member != nullptr; ++member)
      if (user == *member && entry->gr_gid != own) groups.push_back(entry->gr_gid);
  return groups;
}

}  // namespace

Result<Account> find_account(const std::string& user, const std::string& group) {
  const AccountFile file(fopen("/etc/passwd", "re"));
  if (!file) return errno_error("read", "/etc/passwd");
  const passwd* entry = nullptr;
  do {
    entry = fgetpwent(file.get());
    if (!entry) return fail(0, "user", user, "is not in /etc/passwd");
  } while (user != entry->pw_name);
  Account account{.uid = entry->pw_uid, .gid = entry->pw_gid, .groups = {}, .name = user, .home = entry->pw_dir};
  if (!group.empty()) account.gid = UEBO_TRY(find_group(group));
  account.groups = UEBO_TRY(groups_of(user, account.gid));
  return account;
}

}  // namespace uebo::kernel
