#include "uebo/metrics/server.hpp"

#include <fmt/format.h>
#include <httplib.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <mutex>

#include "uebo/base/result.hpp"

namespace uebo::metrics {
namespace {

constexpr std::size_t kThreads = 3;
constexpr rlim_t kMostDescriptors = 64;  // accept(2) waits beyond: nobody can make the server grow
constexpr std::size_t kLongestRequest = 8 * 1024;
constexpr std::chrono::seconds kPatience{5};
constexpr const char* kTextFormat = "text/plain; version=0.0.4; charset=utf-8";

void bound(httplib::Server& server) {
  const rlimit limit{.rlim_cur = kMostDescriptors, .rlim_max = kMostDescriptors};
  setrlimit(RLIMIT_NOFILE, &limit);
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_read_timeout(kPatience);
  server.set_write_timeout(kPatience);
  server.set_keep_alive_timeout(kPatience.count());
  server.set_payload_max_length(kLongestRequest);
}

std::string index_page(std::string_view title) {
  return fmt::format(
      "<!doctype html><html lang=\"en\"><title>{0}</title><h1>{0}</h1><p><a href=\"/metrics\">Metrics</a></p></html>\n",
      title);
}

}  // namespace

int serve(std::uint16_t port, std::string_view title, const std::function<Families()>& collect) {
  httplib::Server server;
  bound(server);
  std::mutex one_at_a_time;
  server.Get("/metrics", [&](const httplib::Request&, httplib::Response& response) {
    const std::scoped_lock lock(one_at_a_time);
    response.set_content(collect().text(), kTextFormat);
  });
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
