#include "uebo/supervise/notify_message.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "uebo/base/utf8.hpp"

namespace uebo::supervise {
namespace {

using std::chrono::microseconds;

/// More digits than a number has room for are a long time, as UINT64_MAX ("for ever") is.
std::optional<microseconds> time_of(std::string_view value) {
  constexpr microseconds longest = kLongestNotifyTime;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (end != value.data() + value.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range || number > static_cast<std::uint64_t>(longest.count())) return longest;
  if (number == 0) return std::nullopt;
  return microseconds(static_cast<microseconds::rep>(number));
}

std::string status_of(std::string_view value) {
  std::string status(cut_utf8(value, kLongestNotifyStatus));
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  std::ranges::replace_if(status, is_control, ' ');
  return status;
}

bool set_if_one(bool& field, std::string_view value) {
  if (value != "1") return false;
  field = true;
  return true;
}

bool set_time(std::optional<microseconds>& field, std::string_view value) {
  const auto time = time_of(value);
  if (time) field = time;
  return time.has_value();
}

struct Name {
  std::string_view name;
  bool (*read)(NotifyMessage& message, std::string_view value);  // false: it makes no sense
};

constexpr std::array<Name, 6> kNotifyNames{{
    {"READY", [](NotifyMessage& m, std::string_view value) { return set_if_one(m.ready, value); }},
    {"STOPPING", [](NotifyMessage& m, std::string_view value) { return set_if_one(m.stopping, value); }},
    {"STATUS",
     [](NotifyMessage& m, std::string_view value) {
       m.status = status_of(value);
       return true;
     }},
    {"WATCHDOG",
     [](NotifyMessage& m, std::string_view value) {
       return set_if_one(value == "trigger" ? m.watchdog_trigger : m.watchdog, value == "trigger" ? "1" : value);
     }},
    {"WATCHDOG_USEC", [](NotifyMessage& m, std::string_view value) { return set_time(m.watchdog_timeout, value); }},
    {"EXTEND_TIMEOUT_USEC", [](NotifyMessage& m, std::string_view value) { return set_time(m.extend_timeout, value); }},
}};

bool read_line(NotifyMessage& message, std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return false;
  const auto known = std::ranges::find(kNotifyNames, line.substr(0, equals), &Name::name);
  return known == kNotifyNames.end() || known->read(message, line.substr(equals + 1));
}

}  // namespace

ParsedNotify parse_notify(std::string_view datagram) {
  ParsedNotify parsed;
  if (datagram.ends_with('\0')) datagram.remove_suffix(1);
  if (datagram.size() > kLongestNotifyMessage || datagram.find('\0') != std::string_view::npos) {
    parsed.bad_lines = 1;
    return parsed;
  }
  while (!datagram.empty()) {
    const auto end = std::min(datagram.find('\n'), datagram.size());
    const std::string_view line = datagram.substr(0, end);
    if (!line.empty() && !read_line(parsed.message, line)) ++parsed.bad_lines;
    datagram.remove_prefix(std::min(end + 1, datagram.size()));
  }
  return parsed;
}

void merge(NotifyMessage& first, NotifyMessage second) {
  first.ready |= second.ready;
  first.stopping |= second.stopping;
  first.watchdog |= second.watchdog;
  first.watchdog_trigger |= second.watchdog_trigger;
  if (second.status) first.status = std::move(second.status);
  if (second.extend_timeout) first.extend_timeout = second.extend_timeout;
  if (second.watchdog_timeout) first.watchdog_timeout = second.watchdog_timeout;
}

}  // namespace uebo::supervise
