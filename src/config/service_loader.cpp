// All service files of directories that lie over each other, and what can be seen only when all of them are known:
// needs that nobody can meet.
#include <dirent.h>

#include <algorithm>
#include <memory>

#include "service_files.hpp"
#include "service_graph.hpp"
#include "text.hpp"
#include "uebo/config/conditions.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::config {
namespace {

/// The paths of the service files of a directory; of a file: itself.
Result<std::vector<std::string>> service_files(const std::string& directory) {
  const std::unique_ptr<DIR, decltype([](DIR* stream) { closedir(stream); })> stream(opendir(directory.c_str()));
  if (!stream && errno == ENOTDIR) return std::vector{directory};
  if (!stream) return errno_error("read services of", directory);
  std::vector<std::string> paths;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string name(static_cast<const char*>(entry->d_name));
    if (is_service_file(name)) paths.push_back(directory + "/" + name);
  }
  std::ranges::sort(paths);
  return paths;
}

/// Where something stands, for a problem.
struct Place {
  std::string file;
  unsigned line = 0;
  bool operator==(const Place&) const = default;
};

/// What a number of the files of a service say together.
struct Version {
  ServiceSpec spec;
  std::map<std::string, Place, std::less<>> places;  // of its keys

  [[nodiscard]] Place place_of(std::string_view key) const {
    const auto found = places.find(key);
    return found == places.end() ? Place() : found->second;
  }
};

struct Candidate {
  std::string name;
  std::vector<Version> versions;  // each with one overlay more; the last one counts

  [[nodiscard]] const ServiceSpec& spec() const { return versions.back().spec; }
};

struct FileOfLayer {
  std::string path;
  std::string shown_as;
  bool overlay = false;
};

class Loader {
 public:
  explicit Loader(const std::vector<ServiceSpec>& known) : known_(known) {
    for (const ServiceSpec& spec : known) names_.insert(spec.name);
  }

  LoadedServices load(const std::vector<ServiceDirectory>& directories) {
    for (const ServiceDirectory& directory : directories) list(directory, &directory != &directories.front());
    for (const auto& [name, files] : files_) names_.insert(name);
    for (const auto& [name, files] : files_) take(name, files);
    drop_unmet();
    drop_cycles();
    for (Candidate& candidate : candidates_)
      if (!candidate.versions.empty()) loaded_.services.push_back(std::move(candidate.versions.back().spec));
    return std::move(loaded_);
  }

 private:
  // --- files

  void list(const ServiceDirectory& directory, bool overlay) {
    const auto paths = service_files(directory.path);
    if (!paths && !(overlay && paths.error().code == ENOENT))
      loaded_.problems.push_back({.file = directory.path, .line = 0, .text = paths.error().message()});
    for (const std::string& path : paths.value_or(std::vector<std::string>())) {
      const std::string shown_as =
          directory.shown_as.empty() ? path : directory.shown_as + path.substr(directory.path.size());
      files_[service_of(path)].push_back({.path = path, .shown_as = shown_as, .overlay = overlay});
    }
  }

  bool is_built_in(const std::string& name) const {
    return std::ranges::find(known_, name, &ServiceSpec::name) != known_.end();
  }

  void report(const std::string& service, const Place& place, std::string text) {
    loaded_.problems.push_back({.file = place.file, .line = place.line, .text = std::move(text)});
    loaded_.troubled.insert(service);
  }

  void take(const std::string& name, const std::vector<FileOfLayer>& of_layers) {
    const std::string templ(template_of(name));
    const bool instance = !templ.empty() && templ != name && of_layers.front().overlay && templates_.contains(templ);
    std::vector<ServiceFile> accepted = instance ? templates_[templ] : std::vector<ServiceFile>();
    Candidate candidate{.name = name, .versions = {}};
    for (const FileOfLayer& of_layer : of_layers) {
      auto file = read_service_file(of_layer.path, of_layer.shown_as);
      if (!file) {
        report(name, {.file = of_layer.shown_as}, file.error().message());
      } else if (is_built_in(name)) {
        take_of_built_in(name, *file, of_layer.overlay);
        continue;
      } else if (accepted.empty() && of_layer.overlay && nothing_but_enabled(file->text)) {
        report(name, {.file = of_layer.shown_as}, "there is no service " + printable(name) + near(name));
      } else if (auto version = read(name, accepted, *file, instance ? templ : name)) {
        candidate.versions.push_back(std::move(*version));
        accepted.push_back(std::move(*file));
        continue;
      }
      if (!of_layer.overlay) break;  // what lies over it would be taken for a service of its own
    }
    if (is_template(name) && !accepted.empty()) templates_[name] = std::move(accepted);
    if (!candidate.versions.empty()) candidates_.push_back(std::move(candidate));
  }

  void take_of_built_in(const std::string& name, const ServiceFile& file, bool overlay) {
    const auto enabled = overlay ? nothing_but_enabled(file.text) : std::nullopt;
    if (enabled)
      loaded_.of_built_in[name] = *enabled;
    else
      report(name, {.file = file.shown_as},
             overlay ? name + " is built in: expected nothing but {\"enabled\": false}"
                     : "there is a " + name + " already");
  }

  /// One file more; none: it is bad, which has been reported then.
  std::optional<Version> read(const std::string& name, std::vector<ServiceFile> files, const ServiceFile& last,
                              const std::string& described) {
    files.push_back(last);
    auto [parsed, lines] = parse_merged(files, described);
    if (!parsed.problems.empty()) {
      loaded_.troubled.insert(name);
      std::ranges::move(parsed.problems, std::back_inserter(loaded_.problems));
      return std::nullopt;
    }
    Version version{.spec = std::move(parsed.spec), .places = {}};
    for (const auto& [key, line] : lines)
      version.places[key] = {.file = files[line.layer].shown_as, .line = line.number};
    if (described == name) return version;
    if (!is_service_name(name)) {
      report(name, {.file = last.shown_as}, "an instance can't be called " + printable(name));
      return std::nullopt;
    }
    version.spec = instantiate(version.spec, std::string_view(name).substr(described.size()));
    const auto enabled = lines.find("enabled");
    const bool of_its_own = enabled != lines.end() && enabled->second.layer >= templates_[described].size();
    version.spec.on_demand = !of_its_own;
    return version;
  }

  // --- what they say of each other

  std::string near(const std::string& name) const {
    std::vector<std::string_view> names;
    for (const std::string& other : names_)
      if (other != name) names.push_back(other);
    for (const ConditionInfo& condition : conditions()) names.push_back(condition.name);
    return did_you_mean(name, names);
  }

  /// "getty@ttyS0" is there when "getty@" is.
  bool is_known(const std::string& name) const {
    return is_condition(name) || names_.contains(name) || names_.contains(std::string(template_of(name)));
  }

  /// False, and reported, where there is no such service or condition.
  bool check_name(const Candidate& candidate, const std::string& key, const std::string& name) {
    if (is_known(name)) return true;
    report(candidate.name, candidate.versions.back().place_of(key),
           key + ": there is neither a service nor a condition " + printable(name) + near(name));
    return false;
  }

  bool has_unmet_needs(const Candidate& candidate) {
    bool unmet = false;
    for (const std::string& need : candidate.spec().needs) unmet |= !check_name(candidate, "needs", need);
    return unmet;
  }

  /// Takes overlays away, down to one that says something else there.
  static void step_back(Candidate& candidate, std::string_view key) {
    const Place bad = candidate.versions.back().place_of(key);
    while (!candidate.versions.empty() && candidate.versions.back().place_of(key) == bad) candidate.versions.pop_back();
  }

  /// Without what it needs a service can't run; without what it wants it can.
  void drop_unmet() {
    for (Candidate& candidate : candidates_) {
      while (!candidate.versions.empty() && has_unmet_needs(candidate)) step_back(candidate, "needs");
      if (candidate.versions.empty()) continue;
      std::erase_if(candidate.versions.back().spec.wants,
                    [&](const std::string& want) { return !check_name(candidate, "wants", want); });
    }
  }

  std::vector<Candidate*> members_of(const std::vector<std::string>& cycle) {
    std::vector<Candidate*> members;
    for (Candidate& candidate : candidates_)
      if (!candidate.versions.empty() && std::ranges::find(cycle, candidate.name) != cycle.end())
        members.push_back(&candidate);
    return members;
  }

  void drop_cycles() {
    for (;;) {
      ServiceGraph graph;
      for (const ServiceSpec& spec : known_) graph.add(spec);
      for (const Candidate& candidate : candidates_)
        if (!candidate.versions.empty()) graph.add(candidate.spec());
      const auto cycle = graph.find_cycle();
      const auto members = members_of(cycle);
      if (members.empty()) return;
      std::string text;
      for (const std::string& name : cycle) text += name + " -> ";
      text += cycle.front();
      if (!drop_want(graph, cycle, members, text)) drop_need(members, text);
    }
  }

  /// A want in a cycle is no reason not to start: that one is not waited for.
  bool drop_want(const ServiceGraph& graph, const std::vector<std::string>& cycle,
                 const std::vector<Candidate*>& members, const std::string& text) {
    for (Candidate* member : members) {
      const auto at = std::ranges::find(cycle, member->name);
      const std::string& next = at + 1 == cycle.end() ? cycle.front() : *(at + 1);
      ServiceSpec& spec = member->versions.back().spec;
      const auto leads_there = [&](const std::string& name) { return graph.unit_behind(name) == next; };
      if (std::ranges::any_of(spec.needs, leads_there)) continue;
      report(member->name, member->versions.back().place_of("wants"),
             "wants: they go in a circle, so that " + next + " is not waited for: " + text);
      std::erase_if(spec.wants, leads_there);
      return true;
    }
    return false;
  }

  void drop_need(const std::vector<Candidate*>& members, const std::string& text) {
    const auto overlaid = std::ranges::find_if(members, [](const Candidate* member) {
      const auto& versions = member->versions;
      return versions.size() > 1 && !(versions.front().place_of("needs") == versions.back().place_of("needs"));
    });
    Candidate& blamed = overlaid == members.end() ? *members.front() : **overlaid;
    report(blamed.name, blamed.versions.back().place_of("needs"),
           "needs: they go in a circle, so that none can start: " + text);
    if (overlaid != members.end()) return step_back(blamed, "needs");
    for (Candidate* member : members) {
      loaded_.troubled.insert(member->name);
      member->versions.clear();
    }
  }

  const std::vector<ServiceSpec>& known_;
  std::map<std::string, std::vector<FileOfLayer>> files_;  // "getty@" comes before "getty@ttyS0"
  std::set<std::string> names_;  // of all files, also of those that are bad: who needs one of these waits for it
  std::map<std::string, std::vector<ServiceFile>> templates_;  // their good files
  std::vector<Candidate> candidates_;
  LoadedServices loaded_;
};

}  // namespace

LoadedServices load_services(const std::vector<ServiceDirectory>& directories, const std::vector<ServiceSpec>& known) {
  return Loader(known).load(directories);
}

LoadedServices load_services(const std::string& directory, const std::vector<ServiceSpec>& known) {
  return load_services(std::vector<ServiceDirectory>{{.path = directory}}, known);
}

}  // namespace uebo::config
