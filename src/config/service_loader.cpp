// All service files of a directory, and what can be seen only when all of them are known: needs that nobody can meet.
#include <dirent.h>

#include <algorithm>
#include <memory>
#include <set>

#include "text.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::config {
namespace {

Result<std::vector<std::string>> service_files(const std::string& directory) {
  const std::unique_ptr<DIR, decltype([](DIR* stream) { closedir(stream); })> stream(opendir(directory.c_str()));
  if (!stream) return errno_error("read services of", directory);
  std::vector<std::string> names;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(".json") && !name.starts_with('.') && name != "schema.json") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

Problem problem_of(const ServiceSpec& spec, std::string text) {
  return {.file = spec.origin, .line = 0, .text = std::move(text)};
}

/// Who waits for whom. `fixed` are the jobs that are built in, `services` those of the directory.
class NeedsGraph {
 public:
  NeedsGraph(const std::vector<ServiceSpec>& fixed, const std::vector<ServiceSpec>& services) {
    for (const auto* specs : {&fixed, &services})
      for (const ServiceSpec& spec : *specs) add(spec);
  }

  /// The names of one circle, in its order, none when there is none.
  std::vector<std::string> find_circle() {
    for (const auto& [name, spec] : specs_) {
      path_.clear();
      if (auto circle = walk(name); !circle.empty()) return circle;
    }
    return {};
  }

 private:
  void add(const ServiceSpec& spec) {
    specs_.emplace(spec.name, &spec);
    for (const auto* names : {&spec.provides, &spec.settles})
      for (const std::string& condition : *names) providers_[condition].insert(spec.name);
  }

  /// A condition with several providers is no edge: one of them is enough.
  std::vector<std::string> needed_by(const ServiceSpec& spec) const {
    std::vector<std::string> names;
    for (const std::string& need : spec.needs) {
      const auto provider = providers_.find(need);
      if (specs_.contains(need) && !is_condition(need))
        names.push_back(need);
      else if (provider != providers_.end() && provider->second.size() == 1)
        names.push_back(*provider->second.begin());
    }
    return names;
  }

  std::vector<std::string> walk(const std::string& name) {
    if (const auto seen = std::ranges::find(path_, name); seen != path_.end()) return {seen, path_.end()};
    if (clean_.contains(name)) return {};
    path_.push_back(name);
    for (const std::string& next : needed_by(*specs_.at(name)))
      if (auto circle = walk(next); !circle.empty()) return circle;
    path_.pop_back();
    clean_.insert(name);
    return {};
  }

  std::map<std::string, const ServiceSpec*> specs_;
  std::map<std::string, std::set<std::string>> providers_;
  std::vector<std::string> path_;
  std::set<std::string> clean_;  // no circle can be reached from these
};

class Loader {
 public:
  explicit Loader(const std::vector<ServiceSpec>& known) : known_(known) {
    for (const ServiceSpec& spec : known) names_.push_back(spec.name);
  }

  LoadedServices load(const std::string& directory) {
    const auto files = service_files(directory);
    if (!files) loaded_.problems.push_back({.file = directory, .line = 0, .text = files.error().message()});
    for (const std::string& file : files.value_or(std::vector<std::string>())) read(directory + "/" + file);
    drop_unmet();
    drop_circles();
    return std::move(loaded_);
  }

 private:
  void read(const std::string& path) {
    auto parsed = parse_service_file(path);
    const bool taken = std::ranges::find(names_, parsed.spec.name) != names_.end();
    if (taken)
      parsed.problems.push_back({.file = path, .line = 0, .text = "there is a " + parsed.spec.name + " already"});
    if (parsed.problems.empty()) loaded_.services.push_back(parsed.spec);
    std::ranges::move(parsed.problems, std::back_inserter(loaded_.problems));
    names_.push_back(parsed.spec.name);
  }

  /// "getty@ttyS0" is there when "getty@" is.
  bool is_known(const std::string& need) const {
    const std::string templ = need.substr(0, need.find('@') + 1);
    return is_condition(need) || std::ranges::find(names_, need) != names_.end() ||
           (!templ.empty() && std::ranges::find(names_, templ) != names_.end());
  }

  std::vector<std::string_view> all_names() const {
    std::vector<std::string_view> names(names_.begin(), names_.end());
    for (const ConditionInfo& condition : conditions()) names.push_back(condition.name);
    return names;
  }

  /// False, and reported, where there is no such service or condition.
  bool check_name(const ServiceSpec& spec, std::string_view key, const std::string& name) {
    if (is_known(name)) return true;
    loaded_.problems.push_back(problem_of(spec, std::string(key) + ": there is neither a service nor a condition " +
                                                    printable(name) + did_you_mean(name, all_names())));
    return false;
  }

  /// Without what it needs a service can't run; without what it wants it can.
  void drop_unmet() {
    for (ServiceSpec& spec : loaded_.services)
      std::erase_if(spec.wants, [&](const std::string& want) { return !check_name(spec, "wants", want); });
    std::erase_if(loaded_.services, [&](const ServiceSpec& spec) {
      bool unmet = false;
      for (const std::string& need : spec.needs) unmet |= !check_name(spec, "needs", need);
      return unmet;
    });
  }

  void drop_circles() {
    for (;;) {
      const auto circle = NeedsGraph(known_, loaded_.services).find_circle();
      const auto in_circle = [&](const ServiceSpec& spec) {
        return std::ranges::find(circle, spec.name) != circle.end();
      };
      const auto first = std::ranges::find_if(loaded_.services, in_circle);
      if (first == loaded_.services.end()) return;
      std::string text = "needs: they go in a circle, so that none can start: ";
      for (const std::string& name : circle) text += name + " -> ";
      loaded_.problems.push_back(problem_of(*first, text + circle.front()));
      std::erase_if(loaded_.services, in_circle);
    }
  }

  const std::vector<ServiceSpec>& known_;
  std::vector<std::string> names_;  // of all files, also of those that are bad: who needs one of these waits for it
  LoadedServices loaded_;
};

}  // namespace

LoadedServices load_services(const std::string& directory, const std::vector<ServiceSpec>& known) {
  return Loader(known).load(directory);
}

}  // namespace uebo::config
