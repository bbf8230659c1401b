// Attaching the client to what kernel arguments name: a project, or an account manager. It is the client's own GUI RPC
// that does it (client/gui_rpc_server_ops.cpp), so the files in its data directory are its own, and those that people
// put there count as they always did.
#pragma once

#include <optional>
#include <random>
#include <string>
#include <variant>

#include "uebo/base/clock.hpp"
#include "uebo/base/result.hpp"
#include "uebo/boinc/gui_rpc.hpp"
#include "uebo/config/boinc_account.hpp"

namespace uebo::boinc {

/// What is to be said of a step, once: the same trouble a second time is none.
struct Told {
  bool good = false;
  std::string text;
};

/// One account, taken step by step. No step waits for the network: the client does that, and is asked again later.
class Attachment {
 public:
  explicit Attachment(config::ProjectAccount account) : account_(std::move(account)) {}
  explicit Attachment(config::ManagerAccount account) : account_(std::move(account)) {}

  [[nodiscard]] bool is_done() const { return stage_ == Stage::Done; }
  [[nodiscard]] TimePoint due() const { return due_; }
  /// Whether the client does something for it: over this connection alone, and one thing at a time.
  [[nodiscard]] bool keeps_connection() const { return stage_ == Stage::Asked; }
  /// What was asked over it is asked again.
  void connection_lost();

  /// What is due, over an authorized connection. An error is one of the connection; the step is taken again.
  [[nodiscard]] Result<std::optional<Told>> step(GuiRpc& rpc, TimePoint now);

 private:
  enum class Stage { Looking, Asked, Attached, Done };

  [[nodiscard]] Result<std::optional<Told>> step(GuiRpc& rpc, const config::ProjectAccount& account);
  [[nodiscard]] Result<std::optional<Told>> step(GuiRpc& rpc, const config::ManagerAccount& account);
  [[nodiscard]] Result<std::optional<Told>> look_for_project(GuiRpc& rpc, const config::ProjectAccount& account);
  [[nodiscard]] Result<std::optional<Told>> attach_project(GuiRpc& rpc, const config::ProjectAccount& account);
  [[nodiscard]] Result<std::optional<Told>> look_for_manager(GuiRpc& rpc, const config::ManagerAccount& account);
  [[nodiscard]] Result<std::optional<Told>> hear_manager(GuiRpc& rpc, const config::ManagerAccount& account);

  std::optional<Told> done(std::string text);
  std::optional<Told> failed(const std::string& url, const std::string& reason);
  /// The first time this is said, and the next time that something else is.
  std::optional<Told> say(std::string text, bool good);

  std::variant<config::ProjectAccount, config::ManagerAccount> account_;
  Stage stage_ = Stage::Looking;
  TimePoint now_{};
  TimePoint due_{};
  TimePoint asked_{};
  Duration delay_{};
  long messages_ = 0;  // the number of the client's last message before it was asked
  std::string said_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace uebo::boinc
