#include "uebo/config/network_setting.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "text.hpp"
#include "uebo/config/kernel_args.hpp"

namespace uebo::config {
namespace {

using Way = NetworkSetting::Way;
using Flaw = std::optional<std::string>;

constexpr std::size_t kFields = 10;
enum Field : std::uint8_t { Client, Server, Gateway, Netmask, HostName, Device, Autoconf, Dns0, Dns1, Ntp0 };
constexpr std::array<std::string_view, kFields> kFieldNames{"client address", "server",     "gateway",  "netmask",
                                                            "host name",      "device",     "autoconf", "name server",
                                                            "name server",    "time server"};
using Fields = std::array<std::string_view, kFields>;

constexpr unsigned kLargestVlan = 4094;  // 802.1Q: 4095 is reserved
constexpr std::string_view kAddressForm = "an address (IPv6 in brackets)";

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole ? std::optional(value) : std::nullopt;
}

std::string flaw(std::string_view what, std::string_view value, std::string_view expected) {
  return std::string(what) + " \"" + printable(value) + "\", expected " + std::string(expected);
}

/// At colons outside of brackets. None when there are too many.
std::optional<Fields> split_fields(std::string_view text) {
  Fields fields;
  std::size_t field = 0, begin = 0;
  bool inside = false;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    const bool ends = at == text.size() || (text[at] == ':' && !inside);
    if (!ends) {
      inside = text[at] == '[' || (inside && text[at] != ']');
      continue;
    }
    if (field == kFields) return std::nullopt;
    fields[field++] = text.substr(begin, at - begin);
    begin = at + 1;
  }
  return fields;
}

std::optional<IpAddress> parse_field_address(std::string_view text) {
  const bool bracketed = text.starts_with('[') && text.ends_with(']') && text.size() > 2;
  const auto address = IpAddress::parse(bracketed ? text.substr(1, text.size() - 2) : text);
  return address && address->is_ipv6() == bracketed ? address : std::nullopt;
}

/// Each is a step that takes one field, and says what is wrong with it.
class SettingReader {
 public:
  explicit SettingReader(const Fields& fields) : fields_(fields) {}

  std::expected<NetworkSetting, std::string> read() {
    for (const auto step : {&SettingReader::take_way, &SettingReader::take_device, &SettingReader::take_host_name,
                            &SettingReader::take_address, &SettingReader::take_prefix, &SettingReader::take_gateway,
                            &SettingReader::take_servers})
      if (Flaw wrong = (this->*step)()) return std::unexpected(std::move(*wrong));
    return setting_;
  }

 private:
  std::string_view text(Field field) const { return fields_[field]; }
  Flaw wrong(Field field, std::string_view expected) const { return flaw(kFieldNames[field], text(field), expected); }
  bool is_static() const { return setting_.way == Way::Static; }

  Flaw take_way() {
    const std::string_view word = text(Autoconf);
    const bool has_address = !text(Client).empty();
    if (word == "dhcp" && has_address) return wrong(Autoconf, "off or nothing beside a client address");
    if (word.empty() || word == "on" || word == "any" || word == "dhcp") {
      setting_.way = has_address ? Way::Static : Way::Dhcp;
      return {};
    }
    if (word != "off" && word != "none") return wrong(Autoconf, "dhcp, on, any, off or none");
    setting_.way = has_address ? Way::Static : Way::Off;
    if (setting_.way == Way::Off && text(Device).empty()) return wrong(Autoconf, "a device that is to be left alone");
    return {};
  }

  Flaw take_device() {
    const std::string_view name = text(Device);
    const bool good = name.size() < IFNAMSIZ && name != "." && name != ".." &&
                      std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != '['; });
    if (!good) return wrong(Device, "the name of a link: eth0, or eth0.5 for VLAN 5 on it");
    if (name.find('.') != std::string_view::npos && !vlan_of(name))
      return wrong(Device, "a VLAN from 1 to 4094 behind the point: eth0.5");
    setting_.device = name;
    return {};
  }

  Flaw take_host_name() {
    if (!text(HostName).empty() && !is_host_label(text(HostName)))
      return wrong(HostName, "a host label (letters, digits, inner hyphens, at most 63 characters)");
    setting_.host_name = text(HostName);
    return {};
  }

  Flaw take_address() {
    if (!is_static()) {
      for (const Field field : {Gateway, Netmask, Dns0, Dns1, Ntp0})
        if (!text(field).empty()) return wrong(field, "a client address to go with it");
      return {};
    }
    setting_.address = parse_field_address(text(Client));
    if (!setting_.address || !setting_.address->is_unicast())
      return wrong(Client, "an address that a node can have (IPv6 in brackets)");
    if (!text(Server).empty() && !parse_field_address(text(Server))) return wrong(Server, kAddressForm);
    return {};
  }

  Flaw take_prefix() {
    if (!is_static()) return {};
    const IpAddress& address = *setting_.address;
    const std::string_view mask = text(Netmask);
    if (mask.empty()) {
      setting_.prefix = address.is_ipv6() ? 64 : prefix_of_class(address);
    } else {
      auto prefix = parse_number(mask);
      if (!prefix && !address.is_ipv6()) prefix = prefix_of_netmask(mask);
      if (!prefix || *prefix < 1 || *prefix > address.longest_prefix())
        return wrong(Netmask,
                     address.is_ipv6() ? "a length from 1 to 128" : "a length from 1 to 32, or the form 255.255.255.0");
      setting_.prefix = *prefix;
    }
    if (address.names_network(setting_.prefix))
      return wrong(Client, "the address of a node; with " + std::to_string(setting_.prefix) +
                               " bits of netmask it is the network's own");
    return {};
  }

  Flaw take_gateway() {
    if (text(Gateway).empty()) return {};
    const auto gateway = parse_field_address(text(Gateway));
    if (!gateway || !gateway->is_unicast()) return wrong(Gateway, kAddressForm);
    const bool reachable = gateway->shares_network(*setting_.address, setting_.prefix) ||
                           (gateway->is_ipv6() && setting_.address->is_ipv6() && gateway->is_link_local());
    if (!reachable)
      return wrong(Gateway,
                   "an address in the network of " + setting_.address->text() + "/" + std::to_string(setting_.prefix));
    setting_.gateway = gateway;
    return {};
  }

  Flaw take_servers() {
    for (const Field field : {Dns0, Dns1, Ntp0}) {
      if (text(field).empty()) continue;
      const auto server = parse_field_address(text(field));
      if (!server) return wrong(field, kAddressForm);
      (field == Ntp0 ? setting_.time_servers : setting_.name_servers).push_back(*server);
    }
    return {};
  }

  const Fields& fields_;
  NetworkSetting setting_;
};

}  // namespace

std::expected<NetworkSetting, std::string> parse_network_setting(std::string_view text) {
  auto fields = split_fields(text);
  if (!fields)
    return std::unexpected(std::string("more than 10 fields, expected at most 10 (IPv6 addresses in brackets)"));
  // The kernel's short form: ip=dhcp.
  if (text.find(':') == std::string_view::npos && !IpAddress::parse(text)) {
    *fields = {};
    (*fields)[Autoconf] = text.empty() ? "(nothing)" : text;
  }
  return SettingReader(*fields).read();
}

std::optional<Vlan> vlan_of(std::string_view device) {
  const auto point = device.rfind('.');
  if (point == std::string_view::npos || point == 0) return std::nullopt;
  const std::string_view digits = device.substr(point + 1);
  const auto id = parse_number(digits);
  if (!id || *id < 1 || *id > kLargestVlan || digits.front() == '0') return std::nullopt;
  return Vlan{.parent = std::string(device.substr(0, point)), .id = *id};
}

}  // namespace uebo::config
