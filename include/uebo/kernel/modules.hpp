// Kernel modules, through libkmod.
#pragma once

#include <string>
#include <vector>

#include "uebo/base/result.hpp"

struct kmod_ctx;

namespace uebo::kernel {

class Modules {
 public:
  /// `directory` empty: /lib/modules/<release of the running kernel>.
  [[nodiscard]] static Result<Modules> open(const std::string& directory = {});
  Modules(Modules&& other) noexcept;
  Modules& operator=(Modules&& other) noexcept;
  ~Modules();

  /// Loads what a name or modalias stands for, with dependencies and soft dependencies. Already loaded or built in is
  /// success. Returns how many modules were inserted; a name that nothing is known of is ENOENT.
  [[nodiscard]] Result<unsigned> load(const std::string& name_or_alias, const std::string& options = {});
  /// Of the modules that a modalias stands for, only those whose file lies below that part of the tree:
  /// "/kernel/drivers/watchdog/". Nothing there, or all of it built in: 0.
  [[nodiscard]] Result<unsigned> load_below(const std::string& alias, const std::string& part);
  /// Files (paths) that a name needs: itself and all its dependencies, soft ones too. Empty for a built-in one.
  [[nodiscard]] Result<std::vector<std::string>> closure(const std::string& name);
  [[nodiscard]] bool is_loaded(const std::string& name) const;

 private:
  explicit Modules(kmod_ctx* context) : context_(context) {}
  kmod_ctx* context_ = nullptr;
};

/// Every modalias that the devices under /sys show now, each once.
[[nodiscard]] Result<std::vector<std::string>> device_modaliases(const std::string& sysfs = "/sys");

}  // namespace uebo::kernel
