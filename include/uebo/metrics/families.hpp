// Metrics as Prometheus reads them: families of samples that are collected anew for each scrape.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uebo::metrics {

/// Name and value of each label. Names are ours and valid; values may be anything: they are escaped, and what is no
/// printable UTF-8 in them is replaced, since a server refuses the whole scrape for it.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// A label's value as it is written, but for the escapes.
[[nodiscard]] std::string printable(std::string_view value);

/// The samples of one scrape. A family is made by its first sample, and stays where that put it.
class Families {
 public:
  /// What can go up and down. `name` is a valid metric name with its base unit, `help` one line that ends no sentence.
  void gauge(std::string_view name, std::string_view help, double value, const Labels& labels = {});
  /// What only grows while its process lives; `name` ends in _total.
  void counter(std::string_view name, std::string_view help, double value, const Labels& labels = {});

  /// What others have given a name that fits neither: a gauge that ends in _total.
  void untyped(std::string_view name, std::string_view help, double value, const Labels& labels = {});

  /// The text format 0.0.4 (prometheus.io, "Exposition formats"): what a scrape is answered with.
  [[nodiscard]] std::string text() const;

 private:
  struct Family {
    std::string name;
    std::string text;
  };
  void sample(std::string_view type, std::string_view name, std::string_view help, double value, const Labels& labels);

  std::vector<Family> families_;
};

}  // namespace uebo::metrics
