#include "uebo/metrics/server.hpp"

#include <fmt/format.h>
#include <httplib.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <mutex>
#include <type_traits>

#include "uebo/base/clock.hpp"
#include "uebo/base/result.hpp"

namespace uebo::metrics {
namespace {

constexpr std::size_t kConnections = 12;  // a thread each: a library's server that reads and waits in one place
constexpr std::size_t kWaiting = 12;      // beyond, a connection is closed at once
constexpr rlim_t kMostDescriptors = 64;   // more than all of them and what `collect` opens
constexpr std::size_t kLongestRequest = 8 * 1024;
constexpr std::chrono::seconds kPatience{5};
constexpr const char* kTextFormat = "text/plain; version=0.0.4; charset=utf-8";

/// Debian's older one has no bound on those that wait; there kMostDescriptors is one.
template <class Pool>
Pool* make_pool() {
  if constexpr (std::is_constructible_v<Pool, std::size_t, std::size_t>)
    return new Pool(kConnections, kWaiting);
  else
    return new Pool(kConnections);
}

void bound(httplib::Server& server) {
  // The threads share one heap: of the memory of an exporter each of its own would be a good part.
  mallopt(M_ARENA_MAX, 1);
  const rlimit limit{.rlim_cur = kMostDescriptors, .rlim_max = kMostDescriptors};
  setrlimit(RLIMIT_NOFILE, &limit);
  server.new_task_queue = [] { return make_pool<httplib::ThreadPool>(); };
  server.set_read_timeout(kPatience);
  server.set_write_timeout(kPatience);
  server.set_keep_alive_max_count(1);  // a connection that idles between two scrapes holds its thread
  server.set_payload_max_length(kLongestRequest);
}

/// What is told to all who ask at the same time: whoever had to wait for a collection gets what came of it.
class Collection {
 public:
  explicit Collection(const std::function<Families()>& collect) : collect_(collect) {}

  std::string text() {
    const TimePoint asked = BootClock::now();
    const std::scoped_lock one_at_a_time(mutex_);
    if (collected_ < asked) {
      text_ = collect_().text();
      collected_ = BootClock::now();
    }
    return text_;
  }

 private:
  const std::function<Families()>& collect_;
  std::mutex mutex_;
  TimePoint collected_{};
  std::string text_;
};

std::string index_page(std::string_view title) {
  return fmt::format(
      "<!doctype html><html lang=\"en\"><title>{0}</title><h1>{0}</h1><p><a href=\"/metrics\">Metrics</a></p></html>\n",
      title);
}

}  // namespace

int serve(std::uint16_t port, std::string_view title, const std::function<Families()>& collect,
          const std::function<void(httplib::Server&)>& add) {
  httplib::Server server;
  bound(server);
  Collection collection(collect);
  server.Get("/metrics", [&](const httplib::Request&, httplib::Response& response) {
    response.set_content(collection.text(), kTextFormat);
  });
  if (add)
    add(server);
  else
    server.Get("/", [page = index_page(title)](const httplib::Request&, httplib::Response& response) {
      response.set_content(page, "text/html; charset=utf-8");
    });
  // A kernel without IPv6 has no "::"; one with it takes IPv4 there, too.
  if (!server.bind_to_port("::", port) && !server.bind_to_port("0.0.0.0", port)) {
    spdlog::error("{}", errno_error("listen at", fmt::format("port {}", port)).error().message());
    return 1;
  }
  server.listen_after_bind();
  return 1;
}

}  // namespace uebo::metrics
