#include "uebo/supervise/service_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "uebo/base/utf8.hpp"
#include "uebo/logs/stamp.hpp"

namespace uebo::supervise {
namespace {

constexpr std::size_t kLargestBatch = 32 * 1024;

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

void make_printable(std::string& text) {
  while (!text.empty() && text.back() == '\r') text.pop_back();
  std::ranges::replace_if(text, is_control, '?');
}

}  // namespace

ServiceLog::ServiceLog(std::string directory, config::LogLimits limits) : files_(std::move(directory), limits) {}

void ServiceLog::append(std::string_view bytes) {
  bytes_ += bytes.size();
  // In one piece, which goes back in one piece.
  const bool many = bytes.size() > kLongestLine;
  if (many) batch_.reserve(kLargestBatch);
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::size_t room = kLongestLine - partial_.size();
    const std::size_t take = std::min({end, bytes.size(), room});
    partial_.append(bytes.substr(0, take));
    const bool ended = take == end;
    if (ended || partial_.size() == kLongestLine) line(std::exchange(partial_, {}));
    bytes.remove_prefix(take + (ended ? 1 : 0));
  }
  flush();
  if (many) batch_ = std::string();
}

void ServiceLog::finish() {
  line(std::exchange(partial_, {}));
  flush();
}

void ServiceLog::skip(std::uint64_t lines, std::uint64_t bytes) {
  lines_ += lines;
  bytes_ += bytes;
  dropped_ += lines;
  unreported_ += lines;
}

void ServiceLog::line(std::string_view text) {
  if (text.empty()) return;
  last_line_ = text;
  make_printable(last_line_);
  last_lines_[run_lines_++ % kLastLines] = cut_utf8(last_line_, kLongestKept);
  ++lines_;
  add_to_batch(last_line_);
}

/// Lines that came together are written together, as far as they fit into one file.
void ServiceLog::add_to_batch(std::string_view text) {
  const std::size_t with_this = batch_.size() + stamp_.size() + text.size() + 1;
  if (!batch_.empty() && with_this > std::min<std::uint64_t>(files_.room(), kLargestBatch)) flush();
  if (batch_.empty()) {
    stamp_ = logs::stamp(logs::log_time_now()) + " ";
    if (unreported_ > 0) batch_ = stamp_ + fmt::format("({} lines were lost here)\n", unreported_);
    reporting_ = unreported_;
  }
  batch_.append(stamp_).append(text).push_back('\n');
}

void ServiceLog::flush() {
  if (batch_.empty()) return;
  const auto written = files_.write(batch_);
  const auto lost = std::string_view(batch_).substr(written.kept);
  auto lines = static_cast<std::uint64_t>(std::ranges::count(lost, '\n'));
  const bool reported = reporting_ > 0 && written.kept > 0;
  if (reported) unreported_ -= reporting_;
  if (reporting_ > 0 && !reported) --lines;  // the report itself
  dropped_ += lines;
  unreported_ += lines;
  batch_.clear();
}

std::vector<std::string> ServiceLog::last_of_run() const {
  std::vector<std::string> lines;
  for (std::uint64_t number = run_lines_ - std::min<std::uint64_t>(run_lines_, kLastLines); number < run_lines_;
       ++number)
    lines.push_back(last_lines_[number % kLastLines]);
  return lines;
}

}  // namespace uebo::supervise
