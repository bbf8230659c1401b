#include "uebo/web/page_server.hpp"

#include <httplib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>

#include "uebo/base/clock.hpp"
#include "uebo/base/file.hpp"
#include "uebo/config/service_spec.hpp"
#include "uebo/control/boot_report.hpp"
#include "uebo/kernel/host_name.hpp"
#include "uebo/logs/log_reader.hpp"
#include "uebo/web/guard.hpp"
#include "uebo/web/page.hpp"

namespace uebo::web {
namespace {

using control::Json;
using httplib::Request;
using httplib::Response;
using namespace std::chrono_literals;

constexpr int kMostFollowers = 4;  // each holds one of the server's threads
constexpr std::size_t kFirstLines = 50;
constexpr auto kSignOfLife = 10s;   // so that what is between does not take the connection for dead
constexpr auto kLookAtReader = 1s;  // whether the browser is still there
constexpr const char* kOwnLogName = "uebo";
constexpr const char* kJsonType = "application/json";
constexpr std::array<std::string_view, 3> kPageVerbs{"start", "stop", "restart"};
constexpr const char* kIcon =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><rect x=\"2\" y=\"2\" width=\"12\" height=\"12\" "
    "rx=\"2\" "
    "fill=\"#1f6fb5\"/><rect x=\"5\" y=\"5\" width=\"6\" height=\"6\" rx=\"1\" fill=\"#dcf3e4\"/></svg>";
constexpr std::string_view kBearer = "Bearer ";

bool is_log_name(const std::string& name) { return name == kOwnLogName || config::is_service_name(name); }

void refuse(Response& response, int status, const std::string& why) {
  response.status = status;
  response.set_content(control::json_text({{"ok", false}, {"error", why}}) + "\n", kJsonType);
}

/// One log's lines as events, for as long as somebody takes them.
class LogEvents {
 public:
  LogEvents(const std::string& directory, std::atomic<int>& followers) : reader_(directory), followers_(followers) {}
  LogEvents(const LogEvents&) = delete;
  LogEvents& operator=(const LogEvents&) = delete;
  ~LogEvents() { --followers_; }

  Result<> begin() {
    watch_ = std::make_unique<logs::LogWatch>(UEBO_TRY(logs::LogWatch::create()));
    return watch_->add(reader_.directory());
  }

  bool send(httplib::DataSink& sink) {
    if (!begun_) {
      begun_ = true;
      return write(sink, reader_.last_lines(kFirstLines));
    }
    bool changed = false;
    for (auto waited = 0s; !changed && waited < kSignOfLife; waited += kLookAtReader) {
      if (!sink.is_writable()) return false;
      const auto happened = watch_->wait(kLookAtReader);
      if (!happened) return false;
      changed = *happened;
    }
    if (!changed) return sink.write(kComment.data(), kComment.size());
    // Its directory may be another by now.
    if (!watch_->add(reader_.directory())) return false;
    return write(sink, reader_.new_lines());
  }

 private:
  static constexpr std::string_view kComment = ":\n\n";

  static bool write(httplib::DataSink& sink, const std::vector<std::string>& lines) {
    std::string events;
    for (const std::string& line : lines) {
      events += "data: ";
      for (const char c : line) events += c == '\r' || c == '\n' ? ' ' : c;
      events += "\n\n";
    }
    if (events.empty()) events = kComment;
    return sink.write(events.data(), events.size());
  }

  logs::LogReader reader_;
  std::unique_ptr<logs::LogWatch> watch_;
  std::atomic<int>& followers_;
  bool begun_ = false;
};

class PageServer {
 public:
  explicit PageServer(const PageSource& source) : source_(source) {}

  void page_or_document(const Request& request, Response& response) {
    std::string log_of = request.get_param_value("log");
    if (!is_log_name(log_of)) log_of = "boinc";
    const Json document = source_.document(log_of);
    if (wants_json(request.get_header_value("Accept")))
      response.set_content(control::json_text(document) + "\n", kJsonType);
    else
      response.set_content(page(document), "text/html; charset=utf-8");
    response.set_header("Vary", "Accept");
  }

  void log(const Request& request, Response& response) {
    const std::string service = request.get_param_value("service");
    if (!is_log_name(service)) return refuse(response, 404, "expected a service's name as `service`");
    if (++followers_ > kMostFollowers) {
      --followers_;
      return refuse(response, 503, "too many are following logs");
    }
    const auto events = std::make_shared<LogEvents>(source_.logs + "/" + service, followers_);
    if (const auto begun = events->begin(); !begun) return refuse(response, 500, begun.error().message());
    response.set_chunked_content_provider(
        "text/event-stream; charset=utf-8",
        [events](std::size_t, httplib::DataSink& sink) { return events->send(sink); });
  }

  void boot(const Request&, Response& response) const {
    const auto answer = source_.ask({{"verb", "boot"}});
    if (!answer) return refuse(response, 503, "PID 1 does not answer");
    response.set_content(control::boot_svg(control::boot_report(*answer)), "image/svg+xml");
  }

  void change(const Request& request, Response& response) const {
    if (request.get_header_value("Content-Type") != kJsonType)
      return refuse(response, 415, "expected application/json");
    const auto wish = control::parse_object(request.body);
    const auto verb = wish ? control::string_field(*wish, "verb") : std::nullopt;
    const auto name = wish ? control::string_field(*wish, "name") : std::nullopt;
    if (!verb || !name || std::ranges::find(kPageVerbs, *verb) == kPageVerbs.end())
      return refuse(response, 400, "expected start, stop or restart as \"verb\" and a service as \"name\"");
    const std::string credentials = request.get_header_value("Authorization");
    if (!credentials.starts_with(kBearer)) return refuse(response, 401, "expected the token");
    const auto answer = source_.ask({{"verb", *verb}, {"name", *name}, {"token", credentials.substr(kBearer.size())}});
    if (!answer) return refuse(response, 503, "PID 1 does not answer");
    if (!control::bool_field(*answer, "ok").value_or(false)) response.status = 403;
    response.set_content(control::json_text(*answer) + "\n", kJsonType);
  }

  /// True: the request goes no further.
  bool refuses(const Request& request, Response& response) const {
    const std::string host = request.get_header_value("Host");
    const OwnNames names{.host = kernel::host_name(),
                         .domains = search_domains(read_file(source_.resolv_conf).value_or(""))};
    if (!is_own_host(host, names)) {
      refuse(response, 421, "this node is not called so: ask for it by its name or address");
      return true;
    }
    const std::string site = request.get_header_value("Sec-Fetch-Site");
    const bool from_elsewhere = !is_own_origin(request.get_header_value("Origin"), host) ||
                                (request.method != "GET" && !site.empty() && site != "same-origin");
    if (from_elsewhere) refuse(response, 403, "a page from elsewhere may not ask this");
    return from_elsewhere;
  }

 private:
  const PageSource& source_;
  std::atomic<int> followers_ = 0;
};

void set_page_headers(Response& response) {
  response.set_header("Content-Security-Policy", kPagePolicy);
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("Referrer-Policy", "no-referrer");
  response.set_header("Cache-Control", "no-store");
}

}  // namespace

void serve_page(httplib::Server& server, const PageSource& source) {
  const auto pages = std::make_shared<PageServer>(source);
  const auto guarded = [pages](auto serve) {
    return [pages, serve](const Request& request, Response& response) {
      set_page_headers(response);
      if (!pages->refuses(request, response)) ((*pages).*serve)(request, response);
    };
  };
  server.Get("/", guarded(&PageServer::page_or_document));
  server.Get("/log", guarded(&PageServer::log));
  server.Get("/boot.svg", guarded(&PageServer::boot));
  server.Post("/change", guarded(&PageServer::change));
  const auto file = [&server](const char* path, std::string_view content, const char* type) {
    server.Get(path, [content, type](const Request&, Response& response) {
      set_page_headers(response);
      response.set_content(std::string(content), type);
    });
  };
  file("/page.css", page_style(), "text/css; charset=utf-8");
  file("/page.js", page_script(), "text/javascript; charset=utf-8");
  file("/icon.svg", kIcon, "image/svg+xml");
}

}  // namespace uebo::web
