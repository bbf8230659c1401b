#include <algorithm>
#include <tuple>

#include "service_files.hpp"
#include "service_schema.hpp"
#include "text.hpp"
#include "uebo/base/file.hpp"
#include "uebo/config/conditions.hpp"

namespace uebo::config {
namespace {

constexpr std::string_view kSuffix = ".json";

/// What the rows of the table can't see: how keys go together.
class CrossChecks {
 public:
  CrossChecks(const ServiceSpec& spec, const Value::Object& object, Report& report)
      : spec_(spec), object_(object), report_(report) {}

  void run() {
    if (!is_service_name(spec_.name) || is_condition(spec_.name))
      report_.add({},
                  "a service can't be called " + printable(spec_.name) +
                      ": expected letters, digits, `.`, `_`, `-` (and `@` for a template), and no condition's name");
    if (spec_.type == ServiceType::Daemon && !spec_.triggers.empty())
      report_.add(line_of("triggers"), "triggers: only a job can be run again by them");
    check_readiness();
    for (const auto& [name, value] : spec_.environment) check_variable(name, value);
    for (const FileToWrite& file : spec_.files) check_file(file);
    check_sandbox();
  }

 private:
  void check_readiness() {
    if (spec_.type == ServiceType::Job)
      for (const std::string_view key : {"ready", "ready_timeout", "watchdog"})
        if (line_of(key).number > 0)
          report_.add(line_of(key), std::string(key) + ": a job is ready when it has ended with 0");
    if (spec_.type == ServiceType::Daemon && line_of("ready_timeout").number > 0 &&
        std::holds_alternative<ReadySimple>(spec_.ready))
      report_.add(line_of("ready_timeout"), "ready_timeout: a simple service is ready at once: expected `ready` too");
  }

  void check_variable(const std::string& name, const std::string& value) {
    for (const ArgumentInfo* argument : references(value, "environment"))
      if (argument->secret)
        report_.add(line_of("environment"), "environment: " + name + " would show " + std::string(argument->name) +
                                                " to everybody: expected a secret to be put into a file");
  }

  void check_sandbox() {
    const bool root = spec_.user == "root";
    if (const auto wrong = contradiction(sandbox_for(spec_.sandbox, root), root); !wrong.empty())
      report_.add(line_of("sandbox"), "sandbox: " + wrong);
  }

  void check_file(const FileToWrite& file) {
    constexpr mode_t for_others = 077;
    for (const ArgumentInfo* argument : references(file.content, "files"))
      if (argument->secret && (file.mode & for_others) != 0)
        report_.add(line_of("files"), "files: " + printable(file.path) + " would show " + std::string(argument->name) +
                                          ": expected permissions for the owner alone");
  }

  /// The arguments that a text refers to; names that there are not are reported.
  std::vector<const ArgumentInfo*> references(std::string_view text, std::string_view key) {
    std::vector<const ArgumentInfo*> found;
    for (const Reference& reference : argument_references(text)) {
      if (const ArgumentInfo* argument = find_argument(reference.name))
        found.push_back(argument);
      else
        report_.add(line_of(key), std::string(key) + ": unknown argument " + printable(reference.name) +
                                      did_you_mean(reference.name, argument_names()));
    }
    return found;
  }

  Line line_of(std::string_view key) const {
    const auto member = std::ranges::find(object_, key, &Member::key);
    return member == object_.end() ? Line() : member->line;
  }

  const ServiceSpec& spec_;
  const Value::Object& object_;
  Report& report_;
};

/// What merging would hide: of two equal keys the last would win, and a null may be meant for a key that there is not.
void check_patch(const Value& patch, bool top, Report& report) {
  const auto* members = patch.get<Value::Object>();
  if (!members) return;
  for (auto member = members->begin(); member != members->end(); ++member) {
    const std::string name = report.prefix + printable(member->key);
    if (std::ranges::find(members->begin(), member, member->key, &Member::key) != member)
      report.add(member->line, name + " is given twice");
    const bool known = !top || std::ranges::find(service_keys(), member->key, &Key::name) != service_keys().end();
    if (!known && member->value.get<std::nullptr_t>()) report.add(member->line, "unknown key " + name);
    const std::string outer = std::exchange(report.prefix, name + ".");
    check_patch(member->value, false, report);
    report.prefix = outer;
  }
}

/// All files laid over each other; none where that can't be done, which has been reported then.
std::optional<Value> merged(const std::vector<ServiceFile>& files, Report& report) {
  std::optional<Value> result;
  for (unsigned layer = 0; layer < files.size(); ++layer) {
    auto json = parse_json(files[layer].text, layer);
    if (const auto* error = std::get_if<SyntaxError>(&json)) {
      report.add({.number = error->line, .layer = layer}, error->text);
      return std::nullopt;
    }
    Value& root = std::get<Value>(json);
    if (!root.get<Value::Object>()) {
      report.add(root.line, shown(root) + ": expected an object that describes a service");
      return std::nullopt;
    }
    if (!result) {
      result = std::move(root);
      continue;
    }
    check_patch(root, true, report);
    merge_patch(*result, root);
  }
  return result;
}

Problem unreadable(const std::string& path, const Error& error) {
  return {.file = path, .line = 0, .text = error.message()};
}

}  // namespace

bool is_service_name(std::string_view name) {
  constexpr std::size_t longest = 64;
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-@";
  return !name.empty() && name.size() <= longest && name.front() != '.' && name.front() != '@' && name.front() != '-' &&
         name != "uebo" && name.find_first_not_of(letters) == std::string_view::npos &&
         std::ranges::count(name, '@') <= 1;
}

std::string Problem::message() const {
  return file + (line > 0 ? ":" + std::to_string(line) : std::string()) + ": " + text;
}

bool is_service_file(std::string_view name) {
  return name.ends_with(kSuffix) && !name.starts_with('.') && name != "schema.json";
}

std::string service_of(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
  return std::string(name);
}

Result<ServiceFile> read_service_file(const std::string& path, const std::string& shown_as) {
  // First: g++ loses the parts that it has made of an object when a return comes in the middle of them.
  std::string text = UEBO_TRY(read_file(path, kLargestServiceFile));
  return ServiceFile{.path = path, .shown_as = shown_as, .text = std::move(text)};
}

MergedService parse_merged(const std::vector<ServiceFile>& files, const std::string& name) {
  MergedService service;
  auto& [parsed, lines] = service;
  parsed.spec.name = name;
  Report report{.problems = parsed.problems, .files = {}};
  for (const ServiceFile& file : files) {
    parsed.spec.origins.push_back(file.path);
    report.files.push_back(file.shown_as);
  }
  const auto root = merged(files, report);
  if (!root) return service;
  const auto& object = *root->get<Value::Object>();
  for (const Member& member : object) lines.emplace(member.key, member.line);
  read_object(*root, service_keys(), &parsed.spec, report);
  CrossChecks(parsed.spec, object, report).run();
  std::ranges::stable_sort(parsed.problems, {}, [&](const Problem& problem) {
    return std::tuple(std::ranges::find(report.files, problem.file), problem.line);
  });
  return service;
}

ParsedService parse_service(std::string_view text, const std::string& name, const std::string& origin) {
  return parse_merged({{.path = origin, .shown_as = origin, .text = std::string(text)}}, name).parsed;
}

ParsedService parse_service_file(const std::string& path) {
  auto file = read_service_file(path, path);
  if (file) return parse_merged({std::move(*file)}, service_of(path)).parsed;
  ParsedService parsed;
  parsed.spec.name = service_of(path);
  parsed.spec.origins = {path};
  parsed.problems.push_back(unreadable(path, file.error()));
  return parsed;
}

Result<ServiceSpec> read_service(const std::string& name, const std::vector<std::string>& origins) {
  if (origins.empty()) return fail(0, "service", name, "has no file");
  std::vector<ServiceFile> files;
  for (const std::string& path : origins) files.push_back(UEBO_TRY(read_service_file(path, path)));
  auto parsed = parse_merged(files, service_of(origins.front())).parsed;
  if (!parsed.problems.empty()) return fail(0, parsed.problems.front().message(), "");
  if (name == parsed.spec.name) return std::move(parsed.spec);
  if (!is_template(parsed.spec.name) || !name.starts_with(parsed.spec.name))
    return fail(0, "service", name, "is not described by " + origins.front());
  return instantiate(parsed.spec, std::string_view(name).substr(parsed.spec.name.size()));
}

std::optional<bool> nothing_but_enabled(std::string_view text) {
  const auto json = parse_json(text);
  const auto* root = std::get_if<Value>(&json);
  const auto* members = root ? root->get<Value::Object>() : nullptr;
  if (!members) return std::nullopt;
  std::optional<bool> enabled;
  for (const Member& member : *members) {
    if (member.key == "remarks" || member.key == "$schema") continue;
    const auto* value = member.value.get<bool>();
    if (member.key != "enabled" || !value || enabled) return std::nullopt;
    enabled = *value;
  }
  return enabled;
}

}  // namespace uebo::config
