// The table of all kernel arguments: a new one is a row here.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "text.hpp"
#include "uebo/config/boinc_account.hpp"
#include "uebo/config/consul_endpoint.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/config/network_setting.hpp"
#include "uebo/config/nfs_export.hpp"
#include "uebo/config/syslog_server.hpp"

namespace uebo::config {
namespace {

constexpr std::chrono::hours kLongestWait{1};
constexpr std::chrono::seconds kShortestWatchdog{5};
constexpr std::chrono::minutes kLongestWatchdog{10};
/// BOINC reads no more of gui_rpc_auth.cfg, and takes white space off its ends (client/gui_rpc_server.cpp).
constexpr std::size_t kLongestPassword = 255;
constexpr std::size_t kLongestToken = 255;

bool is_password(std::string_view text) {
  return !text.empty() && text.size() <= kLongestPassword && text.front() != ' ' && text.back() != ' ' &&
         std::ranges::none_of(text, is_control);
}

bool is_host_list(std::string_view text) {
  const auto hosts = split_list(text);
  return !hosts.empty() && std::ranges::all_of(hosts, is_host);
}

bool is_wait(std::string_view text) {
  const auto duration = parse_duration(text);
  return duration && *duration <= kLongestWait;
}

bool is_watchdog(std::string_view text) {
  const auto duration = parse_duration(text);
  return text == "off" || (duration && *duration >= kShortestWatchdog && *duration <= kLongestWatchdog);
}

/// What a header of HTTP can carry (RFC 9110, field values), and Consul's own tokens are: UUIDs.
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kLongestToken &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_switch(std::string_view text) { return text == "on" || text == "off"; }

bool is_share_of_memory(std::string_view text) {
  const auto percent = parse_percent(text);
  return text == "off" || (percent && *percent >= 1 && *percent <= 100);
}

constexpr std::array<ArgumentInfo, 20> kArguments{{
    {.name = "uebo.hostname",
     .value = "a host label (letters, digits, inner hyphens, at most 63 characters)",
     .meaning = "The node's name, unless /storage/hostname holds one. Without either it is "
                "uebo.net's, or uebo- and the last three bytes of the MAC address.",
     .good = is_host_label},
    {.name = "uebo.net",
     .value =
         "dhcp, or CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:AUTOCONF:DNS0:DNS1:NTP0, the form of the kernel's "
         "ip=, as far as it is needed",
     .meaning = "A link's address, where DHCP is not to give it; see Network.",
     .repeatable = true,
     .good = [](std::string_view text) { return parse_network_setting(text).has_value(); },
     .flaw = [](std::string_view text) { return parse_network_setting(text).error(); }},
    {.name = "uebo.nfsdir",
     .value =
         "SERVER:/PATH (an IPv6 address in brackets), and behind it, where wanted, ,port=N (1 to 65535) and ,vers= "
         "with 4.0, 4.1 or 4.2",
     .meaning = "The NFSv4 directory that takes the place of the local storage. No local disk is looked at then, "
                "whatever becomes of the server.",
     .good = [](std::string_view text) { return parse_nfs_export(text).has_value(); }},
    {.name = "uebo.boinc.password",
     .value = "1 to 255 characters, quoted where spaces are among them",
     .meaning = "The password of BOINC's GUI RPC. Without it a random one is made and kept in /storage, and no other "
                "host is let in.",
     .secret = true,
     .good = is_password},
    {.name = "uebo.boinc.remote_hosts",
     .value = "host names or addresses, with commas between",
     .meaning = "Who may use BOINC's GUI RPC from outside.",
     .repeatable = true,
     .good = is_host_list},
    {.name = "uebo.boinc.project",
     .value = "URL,KEY: a project's address and the account key that it shows its owner",
     .meaning = "A project that the client attaches to; see Crunching.",
     .secret = true,
     .repeatable = true,
     .good = [](std::string_view text) { return parse_project_account(text).has_value(); },
     .flaw = [](std::string_view text) { return parse_project_account(text).error(); }},
    {.name = "uebo.boinc.acctmgr",
     .value = "URL,LOGIN,HASH: an account manager's address, the login there and the MD5 of password and login",
     .meaning = "The account manager that names the client's projects; see Crunching.",
     .secret = true,
     .good = [](std::string_view text) { return parse_manager_account(text).has_value(); },
     .flaw = [](std::string_view text) { return parse_manager_account(text).error(); }},
    {.name = "uebo.boinc.pin",
     .value = "on or off",
     .meaning = "Whether each task is bound to processors of its own; see Crunching.",
     .fallback = "on",
     .good = is_switch},
    {.name = "uebo.consul",
     .value = "HOST:PORT, http://HOST or https://HOST (:PORT behind it, where it is not 8500 or 8501)",
     .meaning = "The Consul server or agent at which the node registers its services; see Monitoring.",
     .good = [](std::string_view text) { return parse_consul_endpoint(text).has_value(); }},
    {.name = "uebo.consul.token",
     .value = "1 to 255 printable characters without spaces",
     .meaning = "The ACL token for Consul. Without it that of /storage/consul/token is taken, where there is one.",
     .secret = true,
     .good = is_token},
    {.name = "uebo.consul.mode",
     .value = "catalog or agent",
     .meaning =
         "Where services are registered: in the catalog as those of an external node, or at a Consul agent with a "
         "TTL check.",
     .fallback = "catalog",
     .good = [](std::string_view text) { return text == "catalog" || text == "agent"; }},
    {.name = "uebo.storage.wait",
     .value = "a duration up to 1h: 10s, 2m",
     .meaning = "How long the boot waits for a slow disk (USB, SD) to show up.",
     .fallback = "10s",
     .good = is_wait},
    {.name = "uebo.zram",
     .value = "off, or 1% to 100%",
     .meaning = "How much can be swapped into compressed memory, in parts of RAM; see Memory.",
     .fallback = "50%",
     .good = is_share_of_memory},
    {.name = "uebo.modules",
     .value = "keep",
     .meaning = "With keep /lib/modules is not purged after boot: for debugging.",
     .good = [](std::string_view text) { return text == "keep"; }},
    {.name = "uebo.watchdog",
     .value = "off, or a duration from 5s to 10m",
     .meaning = "How long PID 1 may be unwell before the board's watchdog resets it, where the board has one; see When "
                "something hangs. With off the watchdog is left alone.",
     .fallback = "30s",
     .good = is_watchdog},
    {.name = "uebo.ntp",
     .value = "host names or addresses, with commas between",
     .meaning = "Time servers, before those that DHCP names and those of the site.",
     .repeatable = true,
     .good = is_host_list},
    {.name = "uebo.web",
     .value = "on or off",
     .meaning = "Whether port 9101 shows the status page, beside the metrics; see Status page.",
     .fallback = "on",
     .good = is_switch},
    {.name = "uebo.web.token",
     .value = "1 to 255 printable characters without spaces",
     .meaning = "Who knows it may start, stop and restart services and drain the node from the status page. Without it "
                "the page only shows.",
     .secret = true,
     .good = is_token},
    {.name = "uebo.log",
     .value = "storage",
     .meaning = "With storage the logs are copied to /storage/log, where they outlive the boot; see Logs.",
     .good = [](std::string_view text) { return text == "storage"; }},
    {.name = "uebo.syslog",
     .value = "HOST or HOST:PORT (an IPv6 address in brackets); without a port 514",
     .meaning = "The syslog server that all logs are sent to, by UDP; see Logs.",
     .good = [](std::string_view text) { return parse_syslog_server(text).has_value(); }},
}};

}  // namespace

std::span<const ArgumentInfo> arguments() { return kArguments; }

const ArgumentInfo* find_argument(std::string_view name) {
  const auto found = std::ranges::find(kArguments, name, &ArgumentInfo::name);
  return found == kArguments.end() ? nullptr : &*found;
}

std::vector<std::string_view> argument_names() {
  std::vector<std::string_view> names;
  for (const ArgumentInfo& argument : kArguments) names.push_back(argument.name);
  return names;
}

std::string arguments_markdown() {
  std::string text = "| argument | value | meaning |\n|---|---|---|\n";
  for (const ArgumentInfo& argument : kArguments) {
    text += "| `" + std::string(argument.name) + "=` | " + std::string(argument.value);
    if (!argument.fallback.empty()) text += "; without it " + std::string(argument.fallback);
    text += " | " + std::string(argument.meaning);
    if (argument.secret) text += " A secret: it is blanked wherever the command line can be read.";
    if (argument.repeatable) text += " May be given several times: all count.";
    text += " |\n";
  }
  return text;
}

std::string arguments_json() {
  auto rows = nlohmann::ordered_json::array();
  for (const ArgumentInfo& argument : kArguments)
    rows.push_back({{"name", argument.name},
                    {"value", argument.value},
                    {"repeatable", argument.repeatable},
                    {"secret", argument.secret}});
  return rows.dump(1) + "\n";
}

}  // namespace uebo::config
