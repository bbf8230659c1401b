// The job zram: swap that is compressed memory (admin-guide/blockdev/zram). Pages that nobody has touched for long, of
// a service that waits or a task that reads its tables once, take a third of their room there.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "uebo/base/file.hpp"
#include "uebo/boot/roles.hpp"
#include "uebo/boot/text.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/config/units.hpp"
#include "uebo/kernel/memory.hpp"
#include "uebo/kernel/modules.hpp"
#include "uebo/kernel/swap.hpp"

namespace uebo::boot {
namespace {

constexpr const char* kDevice = "/dev/zram0";
constexpr const char* kSettings = "/sys/block/zram0/";
constexpr int kPriority = 100;
// It is as quick to read one page of it as it is to read eight, and nothing is read ahead for nothing.
constexpr const char* kReadAhead = "/proc/sys/vm/page-cluster";
// A page of a file costs the reading of a card or of the network to get it back; one from here costs microseconds.
constexpr const char* kPreference = "/proc/sys/vm/swappiness";

Result<bool> is_swap() {
  return UEBO_TRY(read_file("/proc/swaps")).find(std::string(kDevice) + " ") != std::string::npos;
}

Result<> swap_to_memory(std::uint64_t percent) {
  if (UEBO_TRY(is_swap())) return {};
  auto modules = UEBO_TRY(kernel::Modules::open());
  UEBO_TRY(modules.load("zram"));
  const std::uint64_t size = UEBO_TRY(kernel::memory()).total / 100 * percent;
  UEBO_TRY(write_kernel_file(std::string(kSettings) + "disksize", std::to_string(size)));
  UEBO_TRY(kernel::make_swap(kDevice, size));
  UEBO_TRY(kernel::swap_on(kDevice, kPriority));
  UEBO_TRY(write_kernel_file(kReadAhead, "0"));
  UEBO_TRY(write_kernel_file(kPreference, "100"));
  spdlog::info("{} can be swapped into compressed memory", size_text(size));
  return {};
}

}  // namespace

int zram_role(std::span<const std::string_view>) {
  const auto args = config::load_kernel_args();
  const auto share = args ? config::parse_percent(args->get("uebo.zram").value_or("off")) : std::nullopt;
  if (!share) {
    spdlog::info("off (uebo.zram)");
    return 0;
  }
  const auto swapped = swap_to_memory(*share);
  if (swapped) return 0;
  // It is a convenience: a kernel without it is no fault of the boot.
  spdlog::warn("nothing is swapped into compressed memory: {}", swapped.error().message());
  return 0;
}

}  // namespace uebo::boot
