#include "uebo/control/server.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "connection.hpp"
#include "uebo/base/file.hpp"
#include "uebo/base/socket_address.hpp"

namespace uebo::control {
namespace {

constexpr int kBacklog = 16;
constexpr unsigned kRequestsInOneTurn = 8;
constexpr std::chrono::seconds kAcceptPause{1};

/// bind(2) made the file for its owner alone, so that nobody can have connected before it has the right group.
Result<> open_to_group(const std::string& path, gid_t group) {
  constexpr auto kAnyOwner = static_cast<uid_t>(-1);
  if (chown(path.c_str(), kAnyOwner, group) != 0 || chmod(path.c_str(), 0660) != 0)
    return errno_error("open to its group", path);
  return {};
}

Result<UniqueFd> listen_at(const std::string& path) {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error("socket", path);
  const auto address = UEBO_TRY(unix_address(path));
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error("remove", path);
  // There is no moment in which others could connect: bind(2) makes the file with the mask applied.
  const mode_t mask = umask(0177);
  const bool bound = bind(fd.get(), address.get(), address.size) == 0;
  const int error = errno;
  umask(mask);
  if (!bound) return fail(error, "bind", path);
  if (listen(fd.get(), kBacklog) != 0) return errno_error("listen at", path);
  return fd;
}

uid_t peer_of(const UniqueFd& client) {
  ucred peer{.pid = 0, .uid = static_cast<uid_t>(-1), .gid = static_cast<gid_t>(-1)};
  socklen_t size = sizeof peer;
  if (getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return static_cast<uid_t>(-1);
  return peer.uid;
}

}  // namespace

std::string refusal(uid_t peer, const std::optional<Access>& access, std::size_t clients, const ServerLimits& limits) {
  if (!access) return fmt::format("the control socket is not for you (uid {})", peer);
  const std::size_t limit = *access == Access::Change ? limits.clients : limits.reading_clients;
  if (clients >= limit) return fmt::format("{} clients of uid {} are connected already; try again", clients, peer);
  return {};
}

Result<std::unique_ptr<Server>> Server::create(event::Loop& loop, supervise::Supervisor& supervisor,
                                               ServerContext context, const std::string& path, ServerLimits limits) {
  if (const std::size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0)
    UEBO_TRY(make_directories(path.substr(0, slash)));
  UniqueFd socket = UEBO_TRY(listen_at(path));
  if (const auto& group = context.admission.group)
    if (const auto opened = open_to_group(path, *group); !opened)
      spdlog::warn("control socket: for root alone: {}", opened.error().message());
  auto server =
      std::unique_ptr<Server>(new Server(loop, supervisor, std::move(context), path, limits, std::move(socket)));
  UEBO_TRY(server->begin());
  return server;
}

Server::Server(event::Loop& loop, supervise::Supervisor& supervisor, ServerContext context, std::string path,
               ServerLimits limits, UniqueFd socket)
    : loop_(loop),
      supervisor_(supervisor),
      shut_down_(std::move(context.shut_down)),
      admission_(context.admission),
      path_(std::move(path)),
      limits_(limits),
      socket_(std::move(socket)),
      requests_(supervisor, ServerContext{.boot_phases = std::move(context.boot_phases),
                                          .shut_down = [this](ShutdownKind kind) { shut_down_soon(kind); },
                                          .reload = std::move(context.reload),
                                          .version = std::move(context.version),
                                          .own_log = context.own_log,
                                          .admission = std::move(context.admission),
                                          .watchdog = std::move(context.watchdog)}) {}

Result<> Server::begin() {
  UEBO_TRY(listen_again());
  supervisor_.on_change([this] { units_changed(); });
  return {};
}

Server::~Server() {
  supervisor_.on_change({});
  while (!connections_.empty()) drop(connections_.begin()->first);
  for (const auto& timer : {revisit_timer_, accept_timer_, shutdown_timer_})
    if (timer) loop_.cancel(*timer);
  loop_.remove(socket_.get());
  unlink(path_.c_str());
}

// --- clients come

Result<> Server::listen_again() {
  return loop_.watch(socket_.get(), EPOLLIN, [this](std::uint32_t) { accept_clients(); });
}

void Server::accept_clients() {
  for (int i = 0; i < kBacklog; ++i) {
    UniqueFd client(accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client) {
      admit(std::move(client));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      return pause_accepting();
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

/// Who waits to be accepted keeps the socket readable: without a pause the loop would spin until there is room again.
void Server::pause_accepting() {
  spdlog::warn("control socket: {}", errno_error("accept", path_).error().message());
  loop_.remove(socket_.get());
  accept_timer_ = loop_.at(BootClock::now() + kAcceptPause, [this] {
    accept_timer_.reset();
    if (const auto result = listen_again(); !result) spdlog::error("{}", result.error().message());
  });
}

void Server::admit(UniqueFd client) {
  const uid_t uid = peer_of(client);
  const auto access = access_of(admission_, uid);
  const auto of_this_user = std::ranges::count(connections_, uid, [](const auto& c) { return c.second->peer().uid; });
  const std::string reason = refusal(uid, access, static_cast<std::size_t>(of_this_user), limits_);
  if (!reason.empty()) {
    Connection connection(std::move(client), {.uid = uid});
    connection.put(error_line(ExitCode::Failed, reason));
    static_cast<void>(connection.flush());  // a fresh socket has room for a line
    return;
  }
  const int fd = client.get();
  auto& connection =
      *(connections_[fd] = std::make_unique<Connection>(std::move(client), Peer{.uid = uid, .access = *access}));
  connection.due = BootClock::now() + limits_.idle;
  settle(connection);
}

// --- and are served

void Server::ready(int fd, std::uint32_t epoll_events) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  Connection& connection = *found->second;
  const bool gone = (epoll_events & (EPOLLHUP | EPOLLERR)) != 0;
  const bool listening = !connection.wait && !connection.result && !connection.sending();
  // Nobody is left to take the answer. What was asked for by then is done all the same: the input is read to its end.
  if (gone && !listening) return drop(fd);
  if (listening && !connection.has_line() && !connection.receive()) return drop(fd);
  serve(connection);
}

/// Answers what has arrived, until there is something to wait for.
void Server::serve(Connection& connection) {
  const int fd = connection.fd();
  for (unsigned handled = 0;;) {
    if (connection.result) say(connection, *std::exchange(connection.result, std::nullopt));
    const bool was_sending = connection.sending();
    if (!connection.flush()) return drop(fd);
    if (connection.sending() || connection.wait) break;
    if (was_sending) connection.due = BootClock::now() + limits_.idle;
    if (connection.closing || connection.exhausted()) return drop(fd);
    if (connection.line_too_long()) {
      say(connection, error_line(ExitCode::WrongUsage, "a request is one line of at most 64 KiB"));
      connection.closing = true;
      continue;
    }
    if (connection.has_line() && handled++ == kRequestsInOneTurn) {
      revisit_soon();
      break;
    }
    const auto line = connection.next_line();
    if (!line) break;
    Reply reply = requests_.answer(*line, connection.peer());
    say(connection, reply.line);
    connection.wait = std::move(reply.wait);
    if (connection.wait) connection.due = connection.wait->until;
  }
  settle(connection);
}

void Server::say(Connection& connection, std::string_view answer) {
  connection.put(answer);
  connection.due = BootClock::now() + limits_.idle;
}

/// Watches for what comes next, and sets the time by which it has to come.
void Server::settle(Connection& connection) {
  const int fd = connection.fd();
  if (connection.watched != connection.interest()) {
    loop_.remove(fd);
    connection.watched = connection.interest();
    const auto watched = loop_.watch(fd, *connection.watched, [this, fd](std::uint32_t events) { ready(fd, events); });
    if (!watched) return drop(fd);
  }
  if (connection.timer && connection.armed_for == connection.due) return;
  if (connection.timer) loop_.cancel(*connection.timer);
  connection.armed_for = connection.due;
  connection.timer = loop_.at(connection.due, [this, fd] { timed_out(fd); });
}

void Server::timed_out(int fd) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  Connection& connection = *found->second;
  connection.timer.reset();
  if (connection.wait) connection.result = requests_.give_up(*std::exchange(connection.wait, std::nullopt));
  if (!connection.result) return drop(fd);
  serve(connection);
}

void Server::drop(int fd) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  if (found->second->timer) loop_.cancel(*found->second->timer);
  loop_.remove(fd);
  connections_.erase(found);
}

// --- what others do

/// The supervisor is in the middle of its work here: what has come out is noted now, and sent from the loop.
void Server::units_changed() {
  for (const auto& [fd, connection] : connections_) {
    if (!connection->wait) continue;
    connection->result = requests_.resolve(*connection->wait);
    if (!connection->result) continue;
    connection->wait.reset();
    revisit_soon();
  }
}

void Server::revisit_soon() {
  if (revisit_timer_) return;
  revisit_timer_ = loop_.at(BootClock::now(), [this] {
    revisit_timer_.reset();
    revisit();
  });
}

void Server::revisit() {
  std::vector<int> due;
  for (const auto& [fd, connection] : connections_)
    if (connection->result || (!connection->wait && connection->has_line())) due.push_back(fd);
  for (const int fd : due) serve(*connections_.at(fd));
}

/// The answer is to leave before everything else begins to.
void Server::shut_down_soon(ShutdownKind kind) {
  if (shutdown_timer_ || !shut_down_) return;
  shutdown_timer_ = loop_.at(BootClock::now(), [this, kind] {
    shutdown_timer_.reset();
    shut_down_(kind);
  });
}

}  // namespace uebo::control
