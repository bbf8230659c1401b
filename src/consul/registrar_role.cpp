// The registrar's shell: learns of services, addresses and secrets, does the steps that the state machine asks for, and
// tells it how they ended. One thread; what it waits for, libcurl's poll waits for along with its own.
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "own_address.hpp"
#include "status_text.hpp"
#include "uebo/base/control_socket.hpp"
#include "uebo/base/file.hpp"
#include "uebo/config/consul_endpoint.hpp"
#include "uebo/config/kernel_args.hpp"
#include "uebo/consul/http_client.hpp"
#include "uebo/consul/node_id.hpp"
#include "uebo/consul/registrar.hpp"
#include "uebo/consul/roles.hpp"
#include "uebo/event/loop.hpp"
#include "uebo/kernel/address_monitor.hpp"
#include "uebo/kernel/link.hpp"
#include "unit_watch.hpp"

namespace uebo::consul {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr const char* kAuthoritiesOfTheImage = "/etc/ssl/certs/ca-certificates.crt";
constexpr std::uint16_t kMetricsPort = 9101;
/// A Consul that was restarted empty counts from the beginning, and says nothing to who waits for an index beyond
/// that. Most restarts break the watch off; the others show after this.
constexpr std::chrono::seconds kWatchWait{15};
constexpr milliseconds kProbePatience{200};
constexpr milliseconds kKnockPatience{1'000};  // for all ports together
constexpr Duration kProbePause = 1s;
constexpr Duration kUnitsPause = 1s;             // PID 1 does not answer
constexpr Duration kUnitsRest = 200ms;           // many services change at once
constexpr Duration kLeavingPatience = 4'500ms;   // for all of it
constexpr Duration kLastWordPatience = 1'500ms;  // for a request that is under way then
constexpr milliseconds kLeavingRequest{2'000};

struct Settings {
  config::ConsulEndpoint endpoint;
  Mode mode = Mode::Catalog;
  Timing timing;
  std::string control = kControlSocketPath;
  std::string secrets = kSecretsDirectory;
  std::chrono::seconds watch = kWatchWait;
};

std::string host_name() {
  utsname names{};
  return uname(&names) == 0 ? names.nodename : "";
}

Self self_now() {
  utsname names{};
  uname(&names);
  const std::string mac = kernel::node_mac().value_or("");
  return {.name = host_name(), .id = node_id(mac), .mac = mac, .version = UEBO_VERSION, .architecture = names.machine};
}

class RegistrarRole {
 public:
  RegistrarRole(Settings settings, UniqueFd signals, kernel::AddressMonitor addresses)
      : settings_(std::move(settings)),
        signals_(std::move(signals)),
        addresses_(std::move(addresses)),
        units_(settings_.control),
        url_(settings_.endpoint.url()),
        registrar_(self_now(), settings_.mode, url_, settings_.timing) {
    read_secrets();
  }

  void run() {
    while (!registrar_.gone()) {
      look_at_units();
      probe();
      if (const auto due = registrar_.due(); due && *due <= BootClock::now()) take_name();
      if (is_named())
        if (const auto step = registrar_.next(moment())) start(*step);
      tend_watch();
      say();
      http_.turn(descriptors(), pause());
      read_signals();
      read_addresses();
      if (left_by_ && !bound_leaving()) break;
    }
    say();
  }

 private:
  [[nodiscard]] Moment moment() {
    return {.now = BootClock::now(), .chance = std::uniform_real_distribution<double>(0, 1)(random_)};
  }

  /// Before its first name is set the kernel's own is "(none)".
  [[nodiscard]] bool is_named() const { return config::is_host_label(self_.name); }

  void say() {
    for (const Line& line : registrar_.take_lines())
      spdlog::log(line.level == Line::Level::Info ? spdlog::level::info : spdlog::level::warn, "{}", line.text);
  }

  // --- what to wait for

  [[nodiscard]] std::vector<int> descriptors() const {
    std::vector<int> all{signals_.get(), addresses_.fd()};
    if (units_.fd() >= 0 && BootClock::now() >= units_not_before_) all.push_back(units_.fd());
    return all;
  }

  [[nodiscard]] milliseconds pause() const {
    TimePoint until = BootClock::now() + 60s;
    const auto step_due = is_named() ? registrar_.due() : std::nullopt;
    const auto units_rest = BootClock::now() < units_not_before_ ? std::optional(units_not_before_) : std::nullopt;
    for (const auto& due : {step_due, units_due_, units_rest, probe_due_, left_by_, last_word_by_, watch_retry()})
      if (due) until = std::min(until, *due);
    return std::chrono::ceil<milliseconds>(until - BootClock::now());
  }

  /// A watch that may not begin yet has no event of its own.
  [[nodiscard]] std::optional<TimePoint> watch_retry() const {
    if (watch_ || registrar_.watch_from(TimePoint::max()) == std::nullopt) return std::nullopt;
    return BootClock::now() + 1s;
  }

  // --- services

  void look_at_units() {
    const TimePoint now = BootClock::now();
    const bool due = units_due_ ? now >= *units_due_ : readable(units_.fd());
    if (!due || now < units_not_before_) return;
    units_not_before_ = now + kUnitsRest;
    auto seen = units_.look();
    units_due_ = units_.fd() < 0 ? std::optional(now + kUnitsPause) : std::nullopt;
    if (!seen) {
      if (!std::exchange(units_failed_, true)) spdlog::warn("{}", seen.error().message());
      return;
    }
    units_failed_ = false;
    running_ = std::move(seen->running);
    std::erase_if(accepting_, [&](const std::string& unit) { return !running_.contains(unit); });
    probe_due_ = now;
    take_name();
    if (read_secrets()) registrar_.credentials_changed(moment());
  }

  /// What /storage/hostname says comes late, and a card that names the board may, too. Whoever says `hostname NAME`
  /// tells nobody, so it is looked at before each round.
  void take_name() {
    if (left_by_) return;  // all that is known is taken back
    Self self = self_now();
    if (self.mac.empty()) {  // the adapter was pulled out; the board is the same
      self.mac = self_.mac;
      self.id = self_.id;
    }
    if (self == self_) return;
    self_ = std::move(self);
    end_watch();
    registrar_.rename(self_, moment());
  }

  static bool readable(int fd) {
    pollfd item{.fd = fd, .events = POLLIN, .revents = 0};
    return fd >= 0 && poll(&item, 1, 0) == 1;
  }

  /// Under the address that Consul is to be told: what listens on the loopback alone is of no use to others.
  void probe() {
    const auto address = registrar_.address();
    if (!probe_due_ || BootClock::now() < *probe_due_ || !address || left_by_) return;
    bool all = true;
    std::map<std::string, config::ConsulService> up;  // by name, of which there is one
    for (const auto& [unit, service] : running_) {
      if (!accepting_.contains(unit) && takes_connections(*address, service.port, kProbePatience))
        accepting_.insert(unit);
      if (accepting_.contains(unit))
        up.emplace(service.name, service);
      else
        all = false;
    }
    probe_due_ = all ? std::nullopt : std::optional(BootClock::now() + kProbePause);
    std::vector<config::ConsulService> services;
    for (auto& [name, service] : up) services.push_back(std::move(service));
    registrar_.want(std::move(services), moment());
  }

  // --- secrets

  /// True when they are others than before.
  bool read_secrets() {
    const auto token = read_file(settings_.secrets + "/token", 4096);
    const std::string authority = settings_.secrets + "/ca.pem";
    struct stat status{};
    const bool own = stat(authority.c_str(), &status) == 0;
    std::string state = std::to_string(own ? status.st_ino : 0) + " " + token.value_or("");
    while (state.ends_with('\n')) state.pop_back();
    http_.trust(own ? authority : kAuthoritiesOfTheImage);
    token_ = state.substr(state.find(' ') + 1);
    return std::exchange(secrets_, state) != state;
  }

  // --- steps

  void start(const Step& step) {
    if (std::holds_alternative<Inspect>(step)) return inspect();
    if (const auto* ask = std::get_if<AskOther>(&step)) return ask_other(ask->address);
    if (const auto* door = std::get_if<Knock>(&step)) return knock(*door);
    send(std::get<Send>(step).request);
  }

  HttpCall call_for(const HttpRequest& request) const {
    return {.url = url_ + request.path,
            .put = request.method == HttpRequest::Method::Put,
            .body = request.body,
            .token = token_,
            .timeout = left_by_ ? std::min(request.timeout, kLeavingRequest) : request.timeout};
  }

  void begin(const HttpCall& call, std::function<Outcome(Result<HttpReply>)> outcome_of) {
    under_way_is_put_ = call.put;
    under_way_ = http_.start(call, [this, outcome_of = std::move(outcome_of)](Result<HttpReply> reply) {
      under_way_.reset();
      registrar_.ended(outcome_of(std::move(reply)), moment());
    });
  }

  void inspect() {
    auto call = call_for(inspect_request(settings_.mode, self_.name));
    call.new_connection = registrar_.failures() > 0;  // an old one knows nothing of a Consul that is another one
    begin(call, [this, call](Result<HttpReply> reply) -> Outcome {
      const auto good = accepted(call, std::move(reply));
      if (!good) return good.error();
      auto node = parse_node(settings_.mode, good->body);
      if (!node) return Failed{.why = "GET " + call.url + ": " + node.error().hint};
      return Inspected{.node = std::move(*node), .index = good->index, .address = own_address(good->local)};
    });
  }

  void send(const HttpRequest& request) {
    const auto call = call_for(request);
    begin(call, [call](Result<HttpReply> reply) -> Outcome {
      const auto good = accepted(call, std::move(reply));
      if (!good) return good.error();
      return Sent{};
    });
  }

  /// Over plain HTTP, and without the token: who is asked is a board, or anybody.
  void ask_other(const std::string& address) {
    const bool ipv6 = address.find(':') != std::string::npos;
    const HttpCall call{
        .url = "http://" + (ipv6 ? "[" + address + "]" : address) + ":" + std::to_string(kMetricsPort) + "/metrics",
        .put = false,
        .body = {},
        .token = {},
        .timeout = std::chrono::ceil<milliseconds>(settings_.timing.ask_pause),
        .new_connection = true};
    begin(call, [](const Result<HttpReply>& reply) -> Outcome {
      if (!reply || reply->status != 200) return OtherSaid{};
      return OtherSaid{node_id_in_metrics(reply->body)};
    });
  }

  void knock(const Knock& door) {
    const auto address = IpAddress::parse(door.address);
    registrar_.ended(Knocked{address ? open_port(*address, door.ports, kKnockPatience) : std::nullopt}, moment());
  }

  // --- the watch

  void tend_watch() {
    const auto from = registrar_.watch_from(BootClock::now());
    if (watch_ && !from && (left_by_ || registrar_.failures() > 0)) end_watch();
    if (watch_ || !from) return;
    const auto call = call_for(watch_request(self_.name, *from, settings_.watch));
    watch_ = http_.start(call, [this, call](Result<HttpReply> reply) {
      watch_.reset();
      const auto good = accepted(call, std::move(reply));
      const auto node = good ? parse_node(Mode::Catalog, good->body) : Result<std::optional<SeenNode>>(fail(0, "", ""));
      if (node)
        registrar_.seen(*node, good->index, moment());
      else
        registrar_.watch_failed(moment());
    });
  }

  void end_watch() {
    if (const auto watch = std::exchange(watch_, std::nullopt)) http_.cancel(*watch);
  }

  // --- events

  void read_addresses() {
    if (!readable(addresses_.fd())) return;
    const auto changed = addresses_.changed();
    if (!changed) spdlog::warn("{}", changed.error().message());
    if (changed && !*changed) return;
    end_watch();
    http_.forget_connections();
    registrar_.network_changed(moment());
  }

  void read_signals() {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) leave();
  }

  void leave() {
    if (left_by_) return;
    left_by_ = BootClock::now() + kLeavingPatience;
    end_watch();
    registrar_.leave(moment());
    if (!under_way_) return;
    // What is being written may count by the time it is taken back, so it gets a moment; nobody needs to look any more.
    if (under_way_is_put_)
      last_word_by_ = BootClock::now() + kLastWordPatience;
    else
      abandon_step();
  }

  void abandon_step() {
    last_word_by_.reset();
    if (!under_way_) return;
    http_.cancel(*std::exchange(under_way_, std::nullopt));
    registrar_.ended(Failed{.why = "the node goes down"}, moment());
  }

  /// False: the time is up.
  bool bound_leaving() {
    const TimePoint now = BootClock::now();
    if (last_word_by_ && now >= *last_word_by_) abandon_step();
    if (now < *left_by_) return true;
    spdlog::warn(
        "{} could not be taken back from {} in time: it stays there until this board is back or somebody "
        "deregisters it",
        self_.name, url_);
    return false;
  }

  Settings settings_;
  UniqueFd signals_;
  kernel::AddressMonitor addresses_;
  UnitWatch units_;
  std::string url_;
  Self self_ = self_now();
  Registrar registrar_;
  HttpClient http_;
  std::minstd_rand random_{std::random_device{}()};

  std::map<std::string, config::ConsulService> running_;
  std::set<std::string> accepting_;  // units that have taken a connection since they run
  std::optional<TimePoint> units_due_ = BootClock::now();
  TimePoint units_not_before_{};
  bool units_failed_ = false;
  std::optional<TimePoint> probe_due_;
  std::string token_;
  std::string secrets_;
  std::optional<HttpClient::CallId> under_way_;
  bool under_way_is_put_ = false;
  std::optional<HttpClient::CallId> watch_;
  std::optional<TimePoint> left_by_;
  std::optional<TimePoint> last_word_by_;
};

// --- how it is called

std::optional<Duration> seconds_from(std::string_view text) {
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds <= 0) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

bool take_option(Settings& settings, std::string_view name, std::string_view value) {
  if (name == "--control") settings.control = value;
  if (name == "--secrets") settings.secrets = value;
  if (name == "--control" || name == "--secrets") return true;
  const auto duration = seconds_from(value);
  if (!duration) return false;
  Timing& timing = settings.timing;
  if (name == "--refresh")
    timing.refresh_least = timing.refresh_most = *duration;
  else if (name == "--retry")
    timing.longest_retry = timing.refused = *duration;
  else if (name == "--ask")
    timing.ask_pause = *duration;
  else if (name == "--watch")
    settings.watch = std::chrono::ceil<std::chrono::seconds>(*duration);
  else
    return false;
  return true;
}

/// Where Consul is comes by the environment: the arguments themselves are root's alone.
Result<Settings> settings_from(std::span<const std::string_view> arguments) {
  Settings settings;
  const auto variable = [](const char* name) {
    const char* value = getenv(name);
    return std::string(value ? value : "");
  };
  const auto endpoint = config::parse_consul_endpoint(variable("UEBO_CONSUL"));
  if (!endpoint) return fail(0, "UEBO_CONSUL", variable("UEBO_CONSUL"), "expected what uebo.consul takes");
  settings.endpoint = *endpoint;
  settings.mode = variable("UEBO_CONSUL_MODE") == "agent" ? Mode::Agent : Mode::Catalog;
  settings.timing = Timing::for_mode(settings.mode);
  for (std::size_t i = 0; i < arguments.size(); i += 2)
    if (i + 1 == arguments.size() || !take_option(settings, arguments[i], arguments[i + 1]))
      return fail(EINVAL, "option", std::string(arguments[i]), "see uebo --help");
  return settings;
}

Result<> register_services(std::span<const std::string_view> arguments) {
  auto settings = UEBO_TRY(settings_from(arguments));
  auto signals = UEBO_TRY(event::signal_descriptor({SIGTERM, SIGINT}));
  auto addresses = UEBO_TRY(kernel::AddressMonitor::open());
  RegistrarRole(std::move(settings), std::move(signals), std::move(addresses)).run();
  return {};
}

}  // namespace

int registrar_role(std::span<const std::string_view> arguments) {
  const auto result = register_services(arguments);
  if (result) return 0;
  spdlog::error("{}", result.error().message());
  return result.error().code == EINVAL ? 2 : 1;
}

}  // namespace uebo::consul
