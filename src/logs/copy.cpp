#include "uebo/logs/copy.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace uebo::logs {

namespace fs = std::filesystem;

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
  std::error_code error;
  std::uint64_t size = 0;
  std::vector<std::pair<fs::file_time_type, fs::path>> full;
  constexpr int kServiceFiles = 1;
  for (auto entry = fs::recursive_directory_iterator(directory, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry.depth() == kServiceFiles) entry.disable_recursion_pending();
    std::error_code gone;
    if (entry.depth() != kServiceFiles || !entry->is_regular_file(gone)) continue;
    size += entry->file_size(gone);
    if (entry->path().filename().string().starts_with("current."))
      full.emplace_back(entry->last_write_time(gone), entry->path());
  }
  std::ranges::sort(full);
  unsigned removed = 0;
  for (const auto& [time, path] : full) {
    if (size <= total) break;
    const std::uint64_t file_size = fs::file_size(path, error);
    if (error || !fs::remove(path, error)) continue;
    size -= std::min(size, file_size);
    ++removed;
  }
  return removed;
}

}  // namespace uebo::logs
