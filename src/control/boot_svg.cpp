// SVG 1.1, without style sheets: some viewers that show pictures in a README drop them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "boot_rows.hpp"
#include "uebo/base/markup.hpp"
#include "uebo/control/table.hpp"

namespace uebo::control {
namespace {

constexpr double kRowHeight = 20;
constexpr double kBarHeight = 12;
constexpr double kMargin = 16;
constexpr double kHead = 72;
constexpr double kFoot = 48;
constexpr double kPlot = 640;
constexpr double kTimes = 130;    // behind the end of a bar: how long it took, or its state
constexpr double kCharacter = 7;  // of the labels, 12 px
constexpr const char* kInk = "#1f2328";
constexpr const char* kFaint = "#59636e";
constexpr const char* kChain = "#c62828";
constexpr const char* kWaits = "#dfe3e8";
constexpr const char* kStarts = "#f0b44c";
constexpr std::array<const char*, 5> kRuns{"#8c959f", "#8c959f", "#2a9d8f", "#2f78c4", kWaits};  // by BootRow::Kind

struct TextStyle {
  const char* fill = kInk;
  const char* anchor = "start";
  bool bold = false;
  int size = 12;
};

class Picture {
 public:
  explicit Picture(const BootReport& report) : rows_(boot_rows(report)), chain_(critical_chain(report)) {
    end_ = end_of(rows_);
    std::size_t longest = 12;
    for (const BootRow& row : rows_) longest = std::max(longest, characters(row.name));
    labels_ = std::min(static_cast<double>(longest), 40.0) * kCharacter + 12;
  }

  std::string svg() {
    const double width = left() + kPlot + kTimes;
    const double height = kHead + static_cast<double>(rows_.size()) * kRowHeight + kFoot;
    add(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}" )"
        R"(font-family="sans-serif">)",
        width, height);
    add(R"(<rect width="100%" height="100%" rx="6" fill="#ffffff"/>)");
    draw_head();
    draw_axis(height - kFoot);
    for (std::size_t i = 0; i < rows_.size(); ++i) draw_row(rows_[i], kHead + static_cast<double>(i) * kRowHeight);
    draw_legend(height - kFoot / 2);
    add("</svg>");
    return std::move(svg_);
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Values>(values)...);
    svg_ += '\n';
  }
  [[nodiscard]] double left() const { return kMargin + labels_; }
  [[nodiscard]] double place(double time) const {
    return left() + (end_ > 0 ? std::clamp(time / end_, 0.0, 1.0) * kPlot : 0);
  }

  void text(double x, double y, std::string_view words, const TextStyle& style) {
    add(R"(<text x="{:.1f}" y="{:.1f}" font-size="{}" fill="{}" text-anchor="{}"{}>{}</text>)", x, y, style.size,
        style.fill, style.anchor, style.bold ? R"( font-weight="bold")" : "", markup(words));
  }

  void bar(double from, double to, double y, const char* fill) {
    const double width = std::max(place(to) - place(from), 1.0);
    add(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.0f}" fill="{}"/>)", place(from), y, width, kBarHeight,
        fill);
  }

  void draw_head() {
    const std::string title = chain_.empty() ? "Boot: nothing has come up yet"
                                             : fmt::format("Boot: {} came up last, {:.2f} s after the kernel's start",
                                                           chain_.back().name, chain_.back().to);
    text(kMargin, 26, title, {.bold = true, .size = 15});
    text(kMargin, 44, "Red frames lead to it: each ends when the next could begin. Times are in seconds.",
         {.fill = kFaint});
  }

  /// About ten lines, at 1, 2 or 5 of a power of ten.
  void draw_axis(double bottom) {
    if (end_ <= 0) return;
    const double power = std::pow(10, std::floor(std::log10(end_ / 10)));
    const double rough = end_ / 10 / power;
    const double step = power * (rough <= 1 ? 1 : rough <= 2 ? 2 : rough <= 5 ? 5 : 10);
    for (int i = 0; i <= 10 && i * step <= end_; ++i) {
      const double x = place(i * step);
      add(R"(<line x1="{0:.1f}" y1="{1:.0f}" x2="{0:.1f}" y2="{2:.0f}" stroke="#eaeef2"/>)", x, kHead - 6, bottom);
      text(x, kHead - 10, fmt::format("{:g}", i * step), {.fill = kFaint, .anchor = "middle", .size = 11});
    }
  }

  void draw_row(const BootRow& row, double top) {
    const double y = top + (kRowHeight - kBarHeight) / 2;
    const double until = row.up.value_or(end_);
    const double baseline = y + kBarHeight - 2;
    text(left() - 8, baseline, row.name, {.anchor = "end", .bold = row.waited_for_until.has_value()});
    const double began = row.started.value_or(until);
    if (began > row.wanted) bar(row.wanted, began, y, kWaits);
    if (row.started && row.running.value_or(until) > *row.started)
      bar(*row.started, row.running.value_or(until), y, kStarts);
    if (row.running) bar(*row.running, until, y, kRuns[static_cast<std::size_t>(row.kind)]);
    if (row.waited_for_until && row.started)
      add(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.0f}" fill="none" stroke="{}" stroke-width="2"/>)",
          place(*row.started), y, std::max(place(*row.waited_for_until) - place(*row.started), 1.0), kBarHeight,
          kChain);
    const std::string note = row.up && row.started ? fmt::format("{:.2f}", *row.up - *row.started) : row.state;
    text(place(std::max(until, row.waited_for_until.value_or(until))) + 6, baseline, note,
         {.fill = kFaint, .size = 11});
  }

  void draw_legend(double y) {
    double x = kMargin;
    const auto entry = [&](const char* fill, const char* stroke, std::string_view words) {
      add(R"(<rect x="{:.1f}" y="{:.1f}" width="14" height="{:.0f}" fill="{}" stroke="{}"/>)", x, y - kBarHeight / 2,
          kBarHeight, fill, stroke);
      text(x + 20, y + 4, words, {.fill = kFaint});
      x += 20 + static_cast<double>(words.size()) * 6.2 + 24;
    };
    entry(kRuns[0], "none", "kernel, PID 1 in line");
    entry(kWaits, "none", "waits");
    entry(kStarts, "none", "starts");
    entry(kRuns[2], "none", "job, to its end");
    entry(kRuns[3], "none", "service, until it is up");
    entry("none", kChain, "the way to the last one");
  }

  std::vector<BootRow> rows_;
  std::vector<ChainLink> chain_;
  double end_ = 0;
  double labels_ = 0;
  std::string svg_;
};

}  // namespace

std::string boot_svg(const BootReport& report) { return Picture(report).svg(); }

}  // namespace uebo::control
