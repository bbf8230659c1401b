#include "kinds.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstring>

#include "text.hpp"
#include "uebo/config/conditions.hpp"

namespace uebo::config {
namespace {

constexpr std::uint64_t kLeastMemory = 1 << 20;
constexpr std::uint64_t kLeastLog = 4 << 10;
constexpr std::uint64_t kMostLog = 16 << 20;

bool is_word(std::string_view text, std::string_view others) {
  return std::ranges::all_of(text,
                             [&](char c) { return is_letter_or_digit(c) || others.find(c) != std::string_view::npos; });
}

bool is_account(std::string_view text) { return !text.empty() && text.front() != '-' && is_word(text, "_-"); }

bool is_path(std::string_view text) {
  return text.starts_with('/') && (std::string(text) + "/").find("/../") == std::string::npos;
}

/// Without "//" and "/./", so that one place has one path.
std::string plain_path(std::string_view text) {
  std::string path;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find('/'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    if (!part.empty() && part != ".") path += "/" + std::string(part);
  }
  return path;
}

/// A path that PID 1 may connect to: it never looks into /storage. 107 bytes are what unix(7) has room for.
bool is_path_of_socket(std::string_view text) {
  constexpr std::size_t longest = 107;
  return is_path(text) && text.size() <= longest && !(plain_path(text) + "/").starts_with("/storage/");
}

/// A text for which `good` holds.
template <class Good>
std::optional<std::string> text_if(const Value& value, Good good) {
  auto text = make_text(value);
  if (text && !good(std::string_view(*text))) text.reset();
  return text;
}

template <class Number>
std::optional<Number> number_from(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> memory_size(std::string_view text) {
  const auto size = parse_size(text);
  return size && *size >= kLeastMemory ? size : std::nullopt;
}

std::optional<MemoryBound> make_memory_bound(const Value& value) {
  const auto* whole = value.get<std::string>();
  if (!whole) return std::nullopt;
  constexpr std::string_view reserve = "RAM-";
  const std::string_view text = *whole;
  if (text.ends_with('%')) {
    const auto percent = number_from<unsigned>(text.substr(0, text.size() - 1));
    if (!percent || *percent < 1 || *percent > 100) return std::nullopt;
    return MemoryShare{*percent};
  }
  const auto size = memory_size(text.starts_with(reserve) ? text.substr(reserve.size()) : text);
  if (!size) return std::nullopt;
  if (text.starts_with(reserve)) return MemoryReserve{*size};
  return MemoryBytes{*size};
}

}  // namespace

/// Without NUL: all texts end up as paths, arguments or environment.
std::optional<std::string> make_text(const Value& value) {
  const auto* text = value.get<std::string>();
  if (!text || text->find('\0') != std::string::npos) return std::nullopt;
  return *text;
}

std::optional<bool> make_flag(const Value& value) {
  const auto* flag = value.get<bool>();
  return flag ? std::optional(*flag) : std::nullopt;
}

std::optional<std::string> make_path(const Value& value) { return text_if(value, is_path); }

std::optional<std::string> make_path_or_nothing(const Value& value) {
  return text_if(value, [](std::string_view text) { return text.empty() || is_path(text); });
}

std::optional<std::string> make_account(const Value& value) { return text_if(value, is_account); }

std::optional<std::string> make_account_or_nothing(const Value& value) {
  return text_if(value, [](std::string_view text) { return text.empty() || is_account(text); });
}

std::optional<std::string> make_owner(const Value& value) {
  return text_if(value, [](std::string_view text) {
    const auto colon = text.find(':');
    return is_account(text.substr(0, colon)) && (colon == std::string_view::npos || is_account(text.substr(colon + 1)));
  });
}

/// Whether there is such a service is seen when all of them are known.
std::optional<std::string> make_need(const Value& value) {
  return text_if(value, [](std::string_view text) { return is_condition(text) || is_service_name(text); });
}

std::optional<std::string> make_condition(const Value& value) { return text_if(value, is_condition); }

std::optional<std::string> make_trigger(const Value& value) {
  return text_if(value, [](std::string_view text) {
    constexpr std::string_view uevent = "uevent:";
    constexpr std::string_view condition = "condition:";
    if (text.starts_with(condition)) return is_condition(text.substr(condition.size()));
    return text.starts_with(uevent) && text.size() > uevent.size() && is_word(text.substr(uevent.size()), "_-");
  });
}

std::optional<std::string> make_host(const Value& value) { return text_if(value, is_host); }

std::optional<std::string> make_argument_or_nothing(const Value& value) {
  return text_if(value, [](std::string_view text) { return text.empty() || find_argument(text) != nullptr; });
}

std::optional<std::string> make_consul_name(const Value& value) {
  constexpr std::size_t longest = 63;
  return text_if(value,
                 [](std::string_view text) { return !text.empty() && text.size() <= longest && is_word(text, "_-"); });
}

std::optional<std::vector<std::string>> make_command_or_nothing(const Value& value) {
  const auto* list = value.get<Value::List>();
  if (!list) return std::nullopt;
  std::vector<std::string> command;
  for (const Value& word : *list) {
    auto text = make_text(word);
    if (!text || (command.empty() && !is_path(*text))) return std::nullopt;
    command.push_back(std::move(*text));
  }
  return command;
}

std::optional<std::vector<std::string>> make_command(const Value& value) {
  auto command = make_command_or_nothing(value);
  if (command && command->empty()) command.reset();
  return command;
}

std::optional<std::chrono::milliseconds> make_duration(const Value& value) {
  const auto* text = value.get<std::string>();
  return text ? parse_duration(*text) : std::nullopt;
}

std::optional<std::chrono::milliseconds> make_positive_duration(const Value& value) {
  const auto duration = make_duration(value);
  return duration && *duration > std::chrono::milliseconds::zero() ? duration : std::nullopt;
}

std::optional<Readiness> make_readiness(const Value& value) {
  constexpr std::string_view descriptor = "fd:", port = "tcp:", socket = "unix:";
  constexpr int least = 3, most = 255;
  const auto whole = make_text(value);
  if (!whole) return std::nullopt;
  const std::string_view text = *whole;
  if (text == "simple") return ReadySimple{};
  if (text == "notify") return ReadyNotify{};
  if (text.starts_with(descriptor)) {
    const auto number = number_from<int>(text.substr(descriptor.size()));
    if (number && *number >= least && *number <= most) return ReadyDescriptor{*number};
  } else if (text.starts_with(port)) {
    const auto number = number_from<std::uint16_t>(text.substr(port.size()));
    if (number && *number > 0) return ReadyTcpPort{*number};
  } else if (text.starts_with(socket) && is_path_of_socket(text.substr(socket.size()))) {
    return ReadyUnixSocket{std::string(text.substr(socket.size()))};
  }
  return std::nullopt;
}

std::optional<std::uint64_t> make_log_size(const Value& value) {
  const auto* text = value.get<std::string>();
  const auto size = text ? parse_size(*text) : std::nullopt;
  return size && *size >= kLeastLog && *size <= kMostLog ? size : std::nullopt;
}

std::optional<std::vector<MemoryBound>> make_memory_bounds(const Value& value) {
  std::vector<MemoryBound> bounds;
  const Value::List alone{value};
  const auto* list = value.get<Value::List>();
  for (const Value& item : list ? *list : alone) {
    const auto bound = make_memory_bound(item);
    if (!bound) return std::nullopt;
    bounds.push_back(*bound);
  }
  return bounds;
}

std::optional<CapabilitySet> make_capabilities(const Value& value) {
  if (const auto* text = value.get<std::string>(); text && *text == "all") return kAllCapabilities;
  const auto* list = value.get<Value::List>();
  if (!list) return std::nullopt;
  CapabilitySet kept;
  for (const Value& item : *list) {
    const auto* name = item.get<std::string>();
    const auto capability = name ? find_capability(*name) : std::nullopt;
    if (!capability) return std::nullopt;
    kept.bits |= std::uint64_t{1} << *capability;
  }
  return kept;
}

std::optional<int> make_signal(const Value& value) {
  if (value.get<std::int64_t>()) return make_number<int, 1, 64>(value);
  const auto* text = value.get<std::string>();
  if (!text) return std::nullopt;
  std::string_view name = *text;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (int signal = 1; signal < 32; ++signal)
    if (const char* abbreviation = sigabbrev_np(signal); abbreviation && name == abbreviation) return signal;
  return std::nullopt;
}

std::optional<mode_t> make_mode(const Value& value) {
  const auto* text = value.get<std::string>();
  if (!text || text->size() < 3 || text->size() > 4) return std::nullopt;
  return number_from<mode_t>(*text, 8);
}

namespace {

/// An object of texts, their names as `good_name` wants them.
template <class GoodName>
const Value* read_texts(const Value& value, std::map<std::string, std::string>& field, Report& report,
                        GoodName good_name) {
  const auto* object = value.get<Value::Object>();
  if (!object) return &value;
  for (const Member& member : *object) {
    const auto text = make_text(member.value);
    if (!text || !good_name(member.key)) return &member.value;
    if (!field.emplace(member.key, *text).second)
      report.add(member.line, report.prefix + member.key + " is given twice");
  }
  return nullptr;
}

}  // namespace

const Value* Environment::read(const Value& value, std::map<std::string, std::string>& field, Report& report) {
  return read_texts(value, field, report, [](const std::string& name) {
    return !name.empty() && is_word(name, "_") && !(name[0] >= '0' && name[0] <= '9');
  });
}

const Value* ConsulMeta::read(const Value& value, std::map<std::string, std::string>& field, Report& report) {
  constexpr std::size_t longest_name = 128, longest_text = 512, most = 59;
  static constexpr std::array<std::string_view, 5> taken{"node", "uebo", "id", "mac", "arch"};
  const Value* wrong = read_texts(value, field, report, [](const std::string& name) {
    return !name.empty() && name.size() <= longest_name && is_word(name, "_-") &&
           std::ranges::find(taken, name) == taken.end();
  });
  const bool fits = field.size() <= most &&
                    std::ranges::all_of(field, [](const auto& item) { return item.second.size() <= longest_text; });
  return wrong || fits ? wrong : &value;
}

}  // namespace uebo::config
