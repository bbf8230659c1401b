#include <algorithm>

#include "service_schema.hpp"
#include "text.hpp"
#include "uebo/base/file.hpp"
#include "uebo/config/conditions.hpp"

namespace uebo::config {
namespace {

constexpr std::size_t kLargestFile = 64 << 10;
constexpr std::string_view kSuffix = ".json";

/// What the rows of the table can't see: how keys go together.
class CrossChecks {
 public:
  CrossChecks(const ServiceSpec& spec, const Value::Object& object, Report& report)
      : spec_(spec), object_(object), report_(report) {}

  void run() {
    if (!is_service_name(spec_.name) || is_condition(spec_.name))
      report_.add(0, "a service can't be called " + printable(spec_.name) +
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
        if (line_of(key) > 0) report_.add(line_of(key), std::string(key) + ": a job is ready when it has ended with 0");
    if (spec_.type == ServiceType::Daemon && line_of("ready_timeout") > 0 &&
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

  unsigned line_of(std::string_view key) const {
    const auto member = std::ranges::find(object_, key, &Member::key);
    return member == object_.end() ? 0 : member->line;
  }

  const ServiceSpec& spec_;
  const Value::Object& object_;
  Report& report_;
};

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string service_of(std::string_view path) {
  std::string_view name = file_name(path);
  if (name.ends_with(kSuffix)) name.remove_suffix(kSuffix.size());
  return std::string(name);
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

ParsedService parse_service(std::string_view text, const std::string& name, const std::string& origin) {
  ParsedService parsed;
  parsed.spec.name = name;
  parsed.spec.origin = origin;
  Report report{.problems = parsed.problems, .file = origin};
  const auto json = parse_json(text);
  if (const auto* error = std::get_if<SyntaxError>(&json)) {
    report.add(error->line, error->text);
    return parsed;
  }
  const Value& root = std::get<Value>(json);
  const auto* object = root.get<Value::Object>();
  if (!object) {
    report.add(root.line, shown(root) + ": expected an object that describes a service");
    return parsed;
  }
  read_object(root, service_keys(), &parsed.spec, report);
  CrossChecks(parsed.spec, *object, report).run();
  std::ranges::stable_sort(parsed.problems, {}, &Problem::line);
  return parsed;
}

ParsedService parse_service_file(const std::string& path) {
  const auto text = read_file(path, kLargestFile);
  if (text) return parse_service(*text, service_of(path), path);
  ParsedService parsed;
  parsed.spec.name = service_of(path);
  parsed.spec.origin = path;
  parsed.problems.push_back({.file = path, .line = 0, .text = text.error().message()});
  return parsed;
}

Result<ServiceSpec> read_service(const std::string& name, const std::string& origin) {
  auto parsed = parse_service_file(origin);
  if (!parsed.problems.empty()) return fail(0, parsed.problems.front().message(), "");
  if (name == parsed.spec.name) return std::move(parsed.spec);
  if (!is_template(parsed.spec.name) || !name.starts_with(parsed.spec.name))
    return fail(0, "service", name, "is not described by " + origin);
  return instantiate(parsed.spec, std::string_view(name).substr(parsed.spec.name.size()));
}

}  // namespace uebo::config
