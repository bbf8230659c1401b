#include "uebo/kernel/modules.hpp"

#include <libkmod.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <memory>
#include <set>
#include <string_view>
#include <utility>

namespace uebo::kernel {
namespace {

using List = std::unique_ptr<kmod_list, decltype([](kmod_list* list) { kmod_module_unref_list(list); })>;
using Module = std::unique_ptr<kmod_module, decltype([](kmod_module* module) { kmod_module_unref(module); })>;

std::vector<Module> modules_of(const List& list) {
  std::vector<Module> modules;
  for (const kmod_list* entry = list.get(); entry != nullptr; entry = kmod_list_next(list.get(), entry))
    modules.emplace_back(kmod_module_get_module(entry));
  return modules;
}

bool in_kernel(kmod_module* module) {
  const int state = kmod_module_get_initstate(module);
  return state == KMOD_MODULE_LIVE || state == KMOD_MODULE_BUILTIN;
}

Result<List> look_up(kmod_ctx* context, const std::string& name) {
  kmod_list* found = nullptr;
  const int result = kmod_module_new_from_lookup(context, name.c_str(), &found);
  List list(found);
  if (result < 0 && result != -ENOENT) return fail(-result, "look up module", name);
  if (!list) return fail(ENOENT, "look up module", name, "no module goes by that name");
  return list;
}

/// What the insertion below was about to insert: libkmod's callback has no argument of its own to keep it in.
thread_local std::vector<std::string> attempted;

/// No shell takes part in the boot: an install command (mostly "/bin/false") keeps its module out.
int refuse_install_command(kmod_module*, const char*, void*) { return -EPERM; }

Result<unsigned> insert(kmod_ctx* context, kmod_module* module, const std::string& options) {
  attempted.clear();
  const int result = kmod_module_probe_insert_module(
      module, KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY, options.empty() ? nullptr : options.c_str(),
      refuse_install_command, nullptr,
      [](kmod_module* next, bool, const char*) { attempted.emplace_back(kmod_module_get_name(next)); });
  if (result < 0) {
    const char* hint = result == -ENOENT ? "its file is gone, or it needs a symbol that nothing offers; see dmesg" : "";
    return fail(-result, "load module", kmod_module_get_name(module), hint);
  }
  unsigned inserted = 0;  // a soft dependency that failed is none
  for (const std::string& name : attempted) {
    kmod_module* next = nullptr;
    if (kmod_module_new_from_name(context, name.c_str(), &next) != 0) continue;
    const Module owner(next);
    if (in_kernel(next)) ++inserted;
  }
  return inserted;
}

/// Adds a module's file after those of all that it needs.
void add_closure(kmod_module* module, std::set<std::string>& seen, std::vector<std::string>& files) {
  if (!seen.insert(kmod_module_get_name(module)).second) return;
  kmod_list* pre = nullptr;
  kmod_list* post = nullptr;
  kmod_module_get_softdeps(module, &pre, &post);
  const List before(pre);
  const List after(post);
  const List dependencies(kmod_module_get_dependencies(module));
  for (const List* list : {&before, &dependencies})
    for (const Module& needed : modules_of(*list)) add_closure(needed.get(), seen, files);
  if (const char* path = kmod_module_get_path(module)) files.emplace_back(path);
  for (const Module& needed : modules_of(after)) add_closure(needed.get(), seen, files);
}

}  // namespace

Result<Modules> Modules::open(const std::string& directory) {
  std::string path = directory;
  if (path.empty()) {
    utsname name{};
    uname(&name);
    path = std::string("/lib/modules/") + name.release;
  }
  for (const char* index : {"modules.dep.bin", "modules.alias.bin"})
    if (access((path + "/" + index).c_str(), R_OK) != 0)
      return errno_error("open", path + "/" + index, "modules can't be loaded without it; depmod makes it");
  Modules modules(kmod_new(path.c_str(), nullptr));
  if (modules.context_ == nullptr) return errno_error("open modules in", path);
  kmod_set_log_fn(modules.context_, [](void*, int, const char*, int, const char*, const char*, va_list) {}, nullptr);
  const int result = kmod_load_resources(modules.context_);
  if (result < 0) return fail(-result, "open modules in", path, "an index is missing or damaged; run depmod");
  return modules;
}

Modules::Modules(Modules&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}

Modules& Modules::operator=(Modules&& other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}

Modules::~Modules() {
  if (context_ != nullptr) kmod_unref(context_);
}

Result<unsigned> Modules::load(const std::string& name_or_alias, const std::string& options) {
  // modprobe(8) puts the options behind the name.
  const std::size_t blank = name_or_alias.find_first_of(" \t");
  if (blank != std::string::npos) {
    const std::size_t rest = name_or_alias.find_first_not_of(" \t", blank);
    std::string all = rest == std::string::npos ? "" : name_or_alias.substr(rest);
    if (!options.empty()) all += (all.empty() ? "" : " ") + options;
    return load(name_or_alias.substr(0, blank), all);
  }
  const List candidates = UEBO_TRY(look_up(context_, name_or_alias));
  unsigned inserted = 0;
  bool succeeded = false;
  Result<unsigned> failed;
  for (const Module& candidate : modules_of(candidates)) {
    auto result = insert(context_, candidate.get(), options);
    if (result) {
      inserted += *result;
      succeeded = true;
    } else if (failed) {
      failed = std::move(result);
    }
  }
  // Several modules may answer to one modalias, and one that fits is enough.
  if (!succeeded) return failed;
  return inserted;
}

Result<unsigned> Modules::load_below(const std::string& alias, const std::string& part) {
  const auto candidates = look_up(context_, alias);
  if (!candidates && candidates.error().code == ENOENT) return 0U;
  if (!candidates) return std::unexpected(candidates.error());
  unsigned inserted = 0;
  for (const Module& candidate : modules_of(*candidates)) {
    const char* path = kmod_module_get_path(candidate.get());
    if (path && std::string_view(path).find(part) != std::string_view::npos)
      inserted += UEBO_TRY(insert(context_, candidate.get(), {}));
  }
  return inserted;
}

Result<std::vector<std::string>> Modules::closure(const std::string& name) {
  const List list = UEBO_TRY(look_up(context_, name));
  std::set<std::string> seen;
  std::vector<std::string> files;
  for (const Module& module : modules_of(list)) add_closure(module.get(), seen, files);
  return files;
}

bool Modules::is_loaded(const std::string& name) const {
  kmod_module* module = nullptr;
  if (kmod_module_new_from_name(context_, name.c_str(), &module) != 0) return false;
  const Module owner(module);
  return in_kernel(module);
}

}  // namespace uebo::kernel
