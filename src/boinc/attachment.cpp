#include "uebo/boinc/attachment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "uebo/base/markup.hpp"

namespace uebo::boinc {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPollPause = 1s;         // the client is under way
constexpr Duration kContactPause = 3s;      // it is attached, and has not heard of the project yet
constexpr Duration kContactPatience = 60s;  // after which that is worth a line
constexpr Duration kLatePause = 30s;        // and which nobody waits for any more
constexpr Duration kShortestDelay = 10s;
constexpr Duration kLongestDelay = 5min;
constexpr int kInProgress = -204;  // ERR_IN_PROGRESS
constexpr int kUserAlert = 2;      // MSG_USER_ALERT of lib/common_defs.h, and whatever is graver

/// lib/error_numbers.h, in the words of boincerror(), lib/str_util.cpp; those that come up here.
struct KnownError {
  int number;
  const char* text;
};
constexpr std::array kErrors{
    KnownError{-107, "connect() failed"},
    KnownError{-112, "unexpected XML tag or syntax"},
    KnownError{-113, "can't resolve hostname"},
    KnownError{-130, "already attached to project"},
    KnownError{-155, "bad authenticator"},
    KnownError{-182, "timeout"},
    KnownError{-183, "project is down"},
    KnownError{-184, "transient HTTP error"},
    KnownError{-189, "invalid URL"},
    KnownError{-203, "no available network connection"},
    KnownError{-205, "invalid email address"},
    KnownError{-206, "bad password"},
    KnownError{-224, "permanent HTTP error"},
    KnownError{-238, "HTTPS is needed"},
};

std::string reason_of(int number) {
  const auto known = std::ranges::find(kErrors, number, &KnownError::number);
  return known == kErrors.end() ? fmt::format("error {}", number) : fmt::format("{} ({})", known->text, number);
}

int error_in(std::string_view answer) { return static_cast<int>(number_in(answer, "error_num")); }

Result<long> last_message(GuiRpc& rpc) {
  return static_cast<long>(number_in(UEBO_TRY(rpc.call("<get_message_count/>")), "seqno"));
}

/// The client's last words on a project, by its address or its name, since a message: its alerts, or all of them.
Result<std::string> last_words(GuiRpc& rpc, const std::string& url, const std::string& name, long since, bool alerts) {
  constexpr std::string_view kMessage = "msg";
  std::string words;
  const std::string request = fmt::format("<get_messages>\n<seqno>{}</seqno>\n</get_messages>", since);
  UEBO_TRY(rpc.ask(request, std::span(&kMessage, 1), [&](std::string_view, std::span<char> span) -> Result<> {
    const std::string_view text(span.data(), span.size());
    const std::string project = content_of(text, "project");
    if (project.empty() || (project != url && project != name)) return {};
    if (!alerts || number_in(text, "pri") >= kUserAlert) words = content_of(text, "body");
    return {};
  }));
  return words;
}

struct AttachedProject {
  std::string name;
  long host = 0;  // none: the project has never answered
};

Result<std::optional<AttachedProject>> find_attached(GuiRpc& rpc, const std::string& url) {
  constexpr std::string_view kProject = "project";
  std::optional<AttachedProject> found;
  UEBO_TRY(rpc.ask("<get_project_status/>", std::span(&kProject, 1),
                   [&](std::string_view, std::span<char> span) -> Result<> {
                     const std::string_view text(span.data(), span.size());
                     if (config::canonical_project_url(content_of(text, "master_url")) == url)
                       found = AttachedProject{.name = content_of(text, "project_name"),
                                               .host = static_cast<long>(number_in(text, "hostid"))};
                     return {};
                   }));
  return found;
}

std::string element(std::string_view name, std::string_view text) {
  return fmt::format("<{0}>{1}</{0}>\n", name, markup(text));
}

}  // namespace

Result<std::optional<Told>> Attachment::step(GuiRpc& rpc, TimePoint now) {
  now_ = now;
  return std::visit([&](const auto& account) { return step(rpc, account); }, account_);
}

void Attachment::connection_lost() {
  if (stage_ == Stage::Asked) stage_ = Stage::Looking;
}

Result<std::optional<Told>> Attachment::step(GuiRpc& rpc, const config::ProjectAccount& account) {
  return stage_ == Stage::Asked ? attach_project(rpc, account) : look_for_project(rpc, account);
}

/// One that is there and has answered is left alone. One that never has, from an earlier boot, may have been given a
/// key that is wrong: it goes, and comes back with the one of today. Nothing is lost by that.
Result<std::optional<Told>> Attachment::look_for_project(GuiRpc& rpc, const config::ProjectAccount& account) {
  const auto found = UEBO_TRY(find_attached(rpc, account.url));
  const bool ours = stage_ == Stage::Attached;
  if (found && found->host != 0)
    return done(ours ? fmt::format("attached to {} ({}), as its host {}", found->name, account.url, found->host) : "");
  if (found && ours) {
    const bool late = now_ - asked_ > kContactPatience;
    due_ = now_ + (late ? kLatePause : kContactPause);
    const auto words = UEBO_TRY(last_words(rpc, account.url, found->name, messages_, !late));
    if (words.empty()) return std::nullopt;
    return say(fmt::format("attached to {}, but no work comes from there yet. BOINC says: {}", account.url, words),
               false);
  }
  messages_ = UEBO_TRY(last_message(rpc));
  if (found) UEBO_TRY(rpc.call("<project_detach>\n" + element("project_url", account.url) + "</project_detach>"));
  UEBO_TRY(rpc.call("<get_project_config>\n" + element("url", account.url) + "</get_project_config>"));
  stage_ = Stage::Asked;
  due_ = now_ + kPollPause;
  return std::nullopt;
}

/// The client fetches the project's description first: without an answer there, it would be attached to a misspelt
/// address for good, and say nothing.
Result<std::optional<Told>> Attachment::attach_project(GuiRpc& rpc, const config::ProjectAccount& account) {
  const std::string answer = UEBO_TRY(rpc.call("<get_project_config_poll/>"));
  const int error = error_in(answer);
  due_ = now_ + kPollPause;
  if (error == kInProgress) return std::nullopt;
  if (error != 0) return failed(account.url, reason_of(error));
  const std::string name = content_of(answer, "name");
  if (name.empty()) return failed(account.url, "there is no description of a project");
  const auto attached =
      rpc.call("<project_attach>\n" + element("project_url", account.url) +
               element("authenticator", account.authenticator) + element("project_name", name) + "</project_attach>");
  if (!attached && attached.error().code == EPROTO) return failed(account.url, attached.error().hint);
  if (!attached) return std::unexpected(attached.error());
  const int result = error_in(UEBO_TRY(rpc.call("<project_attach_poll/>")));
  if (result != 0) return failed(account.url, reason_of(result));
  stage_ = Stage::Attached;
  asked_ = now_;
  return std::nullopt;
}

Result<std::optional<Told>> Attachment::step(GuiRpc& rpc, const config::ManagerAccount& account) {
  return stage_ == Stage::Asked ? hear_manager(rpc, account) : look_for_manager(rpc, account);
}

Result<std::optional<Told>> Attachment::look_for_manager(GuiRpc& rpc, const config::ManagerAccount& account) {
  const std::string present = content_of(UEBO_TRY(rpc.call("<acct_mgr_info/>")), "acct_mgr_url");
  if (config::canonical_project_url(present) == account.url) return done("");
  if (!present.empty()) {
    const auto said =
        say(fmt::format("the client is with the account manager {} already: it stays there, and {} is left out",
                        present, account.url),
            false);
    stage_ = Stage::Done;
    return said;
  }
  messages_ = UEBO_TRY(last_message(rpc));
  UEBO_TRY(rpc.call("<acct_mgr_rpc>\n" + element("url", account.url) + element("name", account.login) +
                    element("password", "hash:" + account.password_hash) + "</acct_mgr_rpc>"));
  stage_ = Stage::Asked;
  asked_ = now_;
  due_ = now_ + kPollPause;
  return std::nullopt;
}

/// Where the manager can't be reached the client says so in a message alone, and its answer to the poll stays the same.
Result<std::optional<Told>> Attachment::hear_manager(GuiRpc& rpc, const config::ManagerAccount& account) {
  const std::string answer = UEBO_TRY(rpc.call("<acct_mgr_rpc_poll/>"));
  const int error = error_in(answer);
  due_ = now_ + kPollPause;
  if (error == 0) return done(fmt::format("the account manager {} names the projects from now on", account.url));
  const std::string words = UEBO_TRY(last_words(rpc, account.url, account.url, messages_, false));
  if (error == kInProgress && words.empty() && now_ - asked_ < kContactPatience) return std::nullopt;
  if (const std::string message = content_of(answer, "message"); !message.empty()) return failed(account.url, message);
  return failed(account.url, words.empty() ? reason_of(error == kInProgress ? -182 : error) : words);
}

std::optional<Told> Attachment::done(std::string text) {
  stage_ = Stage::Done;
  return text.empty() ? std::nullopt : say(std::move(text), true);
}

std::optional<Told> Attachment::failed(const std::string& url, const std::string& reason) {
  stage_ = Stage::Looking;
  delay_ = std::clamp(delay_ * 2, kShortestDelay, kLongestDelay);
  // A rack's nodes start together, and are not to knock together: up to a fifth later.
  due_ = now_ + delay_ + delay_ * std::uniform_int_distribution(0, 200)(random_) / 1000;
  return say(fmt::format("can't attach to {}, and tries again. BOINC says: {}", url, reason), false);
}

std::optional<Told> Attachment::say(std::string text, bool good) {
  if (text == said_) return std::nullopt;
  said_ = text;
  return Told{.good = good, .text = std::move(text)};
}

}  // namespace uebo::boinc
