// Metrics as Prometheus reads them: families of samples that are collected anew for each scrape.
#pragma once

#include <prometheus/metric_family.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace uebo::metrics {

/// Name and value of each label. Names are ours and valid; values may be anything, and are escaped.
using Labels = std::vector<std::pair<std::string_view, std::string>>;

/// The samples of one scrape. A family is made by its first sample, and stays where that put it.
class Families {
 public:
  /// What can go up and down. `name` is a valid metric name with its base unit, `help` one line that ends no sentence.
  void gauge(std::string_view name, std::string_view help, double value, const Labels& labels = {});
  /// What only grows while its process lives; `name` ends in _total.
  void counter(std::string_view name, std::string_view help, double value, const Labels& labels = {});

  /// The text format 0.0.4 (prometheus.io, "Exposition formats"): what a scrape is answered with.
  [[nodiscard]] std::string text() const;

 private:
  prometheus::ClientMetric& sample(std::string_view name, std::string_view help, prometheus::MetricType type,
                                   const Labels& labels);

  std::vector<prometheus::MetricFamily> families_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

}  // namespace uebo::metrics
