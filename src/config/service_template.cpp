#include "text.hpp"
#include "uebo/config/service_spec.hpp"

namespace uebo::config {
namespace {

constexpr std::string_view kInstance = "%i";

/// Puts the name of an instance into all strings of a spec, whatever they are kept in.
class Filler {
 public:
  explicit Filler(std::string_view instance) : instance_(instance) {}

  template <class... Fields>
  void fill(Fields&... fields) const {
    (put(fields), ...);
  }

 private:
  void put(std::string& text) const { text = replace_all(text, kInstance, instance_); }
  void put(Directory& directory) const { fill(directory.path, directory.owner); }
  void put(FileToWrite& file) const { fill(file.path, file.content, file.owner); }
  void put(SandboxSettings& sandbox) const { fill(sandbox.read_write_paths); }
  void put(BindMount& bind) const { fill(bind.source, bind.target); }
  void put(Readiness& ready) const {
    if (auto* socket = std::get_if<ReadyUnixSocket>(&ready)) fill(socket->path);
  }
  void put(std::optional<ConsulService>& service) const {
    if (service) fill(service->name, service->tags, service->meta, service->health);
  }
  void put(std::map<std::string, std::string>& variables) const {
    for (auto& [name, value] : variables) put(value);
  }
  template <class Item>
  void put(std::vector<Item>& items) const {
    for (Item& item : items) put(item);
  }

  std::string_view instance_;
};

}  // namespace

bool is_template(std::string_view name) { return name.ends_with('@'); }

std::string_view template_of(std::string_view name) { return name.substr(0, name.find('@') + 1); }

bool waits_to_be_asked_for(const ServiceSpec& spec) {
  return is_template(spec.name) || (spec.on_demand && spec.enabled);
}

ServiceSpec instantiate(const ServiceSpec& templ, std::string_view instance) {
  ServiceSpec spec = templ;
  spec.name += instance;
  Filler(instance).fill(spec.description, spec.command, spec.prepare, spec.after_start, spec.user, spec.group,
                        spec.needs, spec.wants, spec.ready, spec.provides, spec.settles, spec.triggers,
                        spec.environment, spec.working_directory, spec.directories, spec.files, spec.binds, spec.hidden,
                        spec.sandbox, spec.terminal, spec.stop.command, spec.consul);
  return spec;
}

void expand_environment(ServiceSpec& spec, const KernelArgs& arguments) {
  for (auto& [name, value] : spec.environment) value = expand(value, arguments);
}

}  // namespace uebo::config
