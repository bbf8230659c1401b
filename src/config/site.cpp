#include "uebo/config/site.hpp"

#include <charconv>

#include "kinds.hpp"
#include "uebo/base/file.hpp"

namespace uebo::config {
namespace {

constexpr std::array kSiteKeys{
    key<&Site::ntp, ListOf<Host>>("ntp", "[]", "Time servers."),
    key<&Site::modules, ListOf<Text>>("modules", "[]",
                                      "Modules that are loaded beside those that the devices ask for."),
    key<&Site::password_login, Flag>("password_login", "false", "ssh asks for a password where no key fits."),
};

/// The file's text; none when there is no file.
Result<std::optional<std::string>> read_if_there(const std::string& path) {
  auto text = read_file(path);
  if (!text && text.error().code == ENOENT) return std::nullopt;
  return UEBO_TRY(std::move(text));
}

Result<> put(Release& release, std::string_view name, std::string_view value, const std::string& path) {
  if (name == "BUILD_TIME") {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc() || end != value.data() + value.size() || seconds < 0)
      return fail(0, path, "BUILD_TIME", "expected seconds since 1970");
    release.build_time = std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
  }
  if (name == "VERSION") release.version = value;
  if (name == "ARCH") release.architecture = value;
  if (name == "KERNEL") release.kernel = value;
  if (name == "SUITE") release.suite = value;
  return {};
}

}  // namespace

Result<Site> load_site(const std::string& path) {
  Site site;
  const auto text = UEBO_TRY(read_if_there(path));
  if (!text) return site;
  const auto json = parse_json(*text);
  std::vector<Problem> problems;
  Report report{.problems = problems, .files = {path}};
  if (const auto* error = std::get_if<SyntaxError>(&json))
    report.add({.number = error->line}, error->text);
  else if (const Value& root = std::get<Value>(json); root.get<Value::Object>())
    read_object(root, kSiteKeys, &site, report);
  else
    report.add(root.line, shown(root) + ": expected an object");
  std::string messages;
  for (const Problem& problem : problems) messages += (messages.empty() ? "" : "; ") + problem.message();
  if (!messages.empty()) return fail(0, messages, "");
  return site;
}

Result<Release> load_release(const std::string& path) {
  Release release{};
  const auto text = UEBO_TRY(read_if_there(path));
  std::string_view rest = text ? std::string_view(*text) : std::string_view();
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    UEBO_TRY(put(release, line.substr(0, equals), line.substr(equals + 1), path));
  }
  return release;
}

}  // namespace uebo::config
