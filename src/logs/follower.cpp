#include "uebo/logs/follower.hpp"

#include <dirent.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <sstream>

#include "uebo/base/file.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::logs {
namespace {

constexpr std::string_view kGap = "(lines were lost here: the log was full before they were read)";
constexpr std::string_view kOwnLog = "uebo";

std::vector<std::string> services_in(const std::string& root) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(root.c_str()), closedir);
  if (!entries) return names;
  while (const dirent* entry = readdir(entries.get())) {
    const std::string name(static_cast<const char*>(entry->d_name));
    if (entry->d_type == DT_DIR && (name == kOwnLog || config::is_service_name(name))) names.push_back(name);
  }
  return names;
}

}  // namespace

Positions load_positions(const std::string& path) {
  Positions positions;
  std::istringstream text(read_file(path, 256 * 1024).value_or(""));
  std::string service;
  for (Position position; text >> service >> position.inode >> position.offset;) positions[service] = position;
  return positions;
}

Result<> save_positions(const std::string& path, const Positions& positions) {
  std::string text;
  for (const auto& [service, position] : positions)
    text += service + " " + std::to_string(position.inode) + " " + std::to_string(position.offset) + "\n";
  return replace_file(path, text, 0600);
}

// --- one log

LogCursor::LogCursor(std::string service, std::string directory, Position position)
    : service_(std::move(service)), directory_(std::move(directory)), position_(position) {}

void LogCursor::begin(LogFile file, std::uint64_t offset) {
  position_ = {.inode = file.inode, .offset = offset};
  file_ = std::move(file);
}

/// Where it was left, or else the oldest that there is.
bool LogCursor::find_file() {
  auto files = open_log_files(directory_);
  if (files.empty()) return false;
  const auto ours = std::ranges::find(files, position_.inode, &LogFile::inode);
  const bool found = ours != files.end();
  gap_ = !found && position_.inode != 0;
  begin(std::move(found ? *ours : files.back()), found ? position_.offset : 0);
  return true;
}

/// The one that was begun when this one was full. When this one itself has gone meanwhile, others may have, too.
bool LogCursor::next_file() {
  if (is_current(file_, directory_)) return false;
  auto files = open_log_files(directory_);
  const auto ours = std::ranges::find_if(files, [this](const LogFile& file) { return file.same_as(file_); });
  if (files.empty() || ours == files.begin()) return false;
  gap_ = ours == files.end();
  begin(std::move(*std::prev(ours)), 0);
  return true;
}

std::vector<LogLine> LogCursor::read(std::size_t most, const ClockSteps& steps) {
  if (!file_.fd && !find_file()) return {};
  struct stat status{};
  if (fstat(file_.fd.get(), &status) != 0) return {};
  // PID 1 takes half a line back when the file system is full.
  position_.offset = std::min(position_.offset, static_cast<std::uint64_t>(status.st_size));
  std::string bytes(most, '\0');
  const ssize_t count = pread(file_.fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(position_.offset));
  std::string_view rest(bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  std::vector<LogLine> lines;
  for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    position_.offset += end + 1;
    auto line = line_of(rest.substr(0, end), steps);
    if (std::exchange(gap_, false)) {
      LogLine gap = line;
      gap.text = kGap;
      lines.push_back(std::move(gap));
    }
    lines.push_back(std::move(line));
    rest.remove_prefix(end + 1);
  }
  return lines.empty() && next_file() ? read(most, steps) : lines;
}

LogLine LogCursor::line_of(std::string_view text, const ClockSteps& steps) {
  const std::size_t space = text.find(' ');
  if (const auto time = parse_stamp(text.substr(0, space))) {
    last_time_ = steps.corrected(*time, steps_passed_);
    text.remove_prefix(std::min(text.size(), text.substr(0, space).size() + 1));
  }
  return {.service = service_, .time = last_time_, .text = std::string(text), .end = position_};
}

// --- all of them

Result<Follower> Follower::create(std::string root, Positions positions) {
  auto watch = UEBO_TRY(LogWatch::create());
  UEBO_TRY(watch.add(root));
  return Follower(std::move(root), std::move(positions), std::move(watch));
}

void Follower::find_logs() {
  for (const std::string& service : services_in(root_)) {
    if (logs_.contains(service)) continue;
    const std::string directory = root_ + "/" + service;
    if (const auto watched = watch_.add(directory); !watched) {
      spdlog::warn("{}", watched.error().message());
      continue;
    }
    logs_.emplace(service, LogCursor(service, directory, positions_[service]));
  }
}

std::vector<LogLine> Follower::new_lines() {
  watch_.clear();  // before the reading: nothing that comes meanwhile is missed
  find_logs();
  const ClockSteps steps = ClockSteps::load(root_);
  std::vector<LogLine> lines;
  for (auto& [service, log] : logs_) std::ranges::move(log.read(kMostAtOnce, steps), std::back_inserter(lines));
  std::ranges::stable_sort(lines, {}, &LogLine::time);
  return lines;
}

}  // namespace uebo::logs
