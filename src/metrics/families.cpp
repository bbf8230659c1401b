#include "uebo/metrics/families.hpp"

#include <prometheus/text_serializer.h>

#include <sstream>

namespace uebo::metrics {

prometheus::ClientMetric& Families::sample(std::string_view name, std::string_view help, prometheus::MetricType type,
                                           const Labels& labels) {
  auto place = places_.find(name);
  if (place == places_.end()) {
    place = places_.emplace(name, families_.size()).first;
    families_.push_back({std::string(name), std::string(help), type, {}});
  }
  auto& metric = families_[place->second].metric.emplace_back();
  for (const auto& [label, value] : labels) metric.label.push_back({std::string(label), value});
  return metric;
}

void Families::gauge(std::string_view name, std::string_view help, double value, const Labels& labels) {
  sample(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
}

void Families::counter(std::string_view name, std::string_view help, double value, const Labels& labels) {
  sample(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
}

std::string Families::text() const {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families_);
  return std::move(text).str();
}

}  // namespace uebo::metrics
