#include "uebo/logs/copy.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "uebo/base/directory.hpp"

namespace uebo::logs {

void CopyCarrier::take(std::vector<LogLine> lines) {
  for (LogLine& line : lines) waiting_[line.service].push_back(std::move(line));
}

std::optional<TimePoint> CopyCarrier::work(TimePoint now) {
  if (waiting_.empty()) return std::nullopt;
  if (now < not_before_) return not_before_;
  for (auto& [service, lines] : waiting_) {
    const auto copied = copy(service, lines);
    if (copied) continue;
    if (!std::exchange(failing_, true)) spdlog::warn("{}; it is tried again", copied.error().message());
    std::erase_if(waiting_, [](const auto& entry) { return entry.second.empty(); });
    return not_before_ = now + kRetry;
  }
  if (std::exchange(failing_, false)) spdlog::info("logs are copied again");
  waiting_.clear();
  return std::nullopt;
}

/// Of `lines` those stay that could not be written.
Result<> CopyCarrier::copy(const std::string& service, std::vector<LogLine>& lines) {
  std::string text;
  for (const LogLine& line : lines) text.append(stamp(line.time)).append(" ").append(line.text).push_back('\n');
  RotatedFiles& files = files_.try_emplace(service, directory_ + "/" + service, kLimits).first->second;
  const auto rotations = files.rotations();
  auto written = files.write(text);
  const auto done = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(written.kept), '\n');
  if (done > 0) carried_[service] = lines[static_cast<std::size_t>(done) - 1].end;
  lines.erase(lines.begin(), lines.begin() + done);
  if (files.rotations() != rotations) trim_copies(directory_, kTotal);
  // It may be another file system that is there the next time.
  if (!written.result) files_.erase(service);
  return std::move(written.result);
}

unsigned trim_copies(const std::string& directory, std::uint64_t total) {
  struct Copy {
    timespec written{};
    std::string path;
    std::uint64_t size = 0;
  };
  std::uint64_t size = 0;
  std::vector<Copy> full;
  for (const DirectoryEntry& service : entries_of(directory).value_or(std::vector<DirectoryEntry>{})) {
    if (!service.is_directory) continue;
    const std::string place = directory + "/" + service.name;
    for (const DirectoryEntry& file : entries_of(place).value_or(std::vector<DirectoryEntry>{})) {
      const std::string path = place + "/" + file.name;
      struct stat status{};
      if (lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
      size += static_cast<std::uint64_t>(status.st_size);
      if (file.name.starts_with("current."))
        full.push_back({.written = status.st_mtim, .path = path, .size = static_cast<std::uint64_t>(status.st_size)});
    }
  }
  std::ranges::sort(full, {}, [](const Copy& copy) {
    return std::tuple(copy.written.tv_sec, copy.written.tv_nsec, std::string_view(copy.path));
  });
  unsigned removed = 0;
  for (const Copy& copy : full) {
    if (size <= total) break;
    if (unlink(copy.path.c_str()) != 0) continue;
    size -= copy.size;
    ++removed;
  }
  return removed;
}

}  // namespace uebo::logs
