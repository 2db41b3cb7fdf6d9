#include "opsis/utils/plot.h"

#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "opsis/core/check.h"
#include "opsis/utils/draw_text.h"
#include "opsis/utils/ticks.h"

namespace opsis::inline v1::utils {
namespace {

constexpr Color kInk{38, 38, 38}, kSpine{90, 90, 90}, kGrid{228, 228, 228}, kWhite{255, 255, 255};
// Tableau's ten, which matplotlib made the habit of the field.
constexpr std::array<Color, 10> kColors{{{31, 119, 180},
                                         {255, 127, 14},
                                         {44, 160, 44},
                                         {214, 39, 40},
                                         {148, 103, 189},
                                         {140, 86, 75},
                                         {227, 119, 194},
                                         {127, 127, 127},
                                         {188, 189, 34},
                                         {23, 190, 207}}};

Color color_of(const Series& series, size_t index) { return series.color.value_or(kColors[index % kColors.size()]); }

double x_of(const Series& series, size_t i) { return series.x.empty() ? static_cast<double>(i) : series.x[i]; }

// Beyond 1e300 a range would overflow; such a point is as little drawable as an infinite one.
bool drawable(double value) { return std::abs(value) <= 1e300; }

bool drawable(const Series& series, size_t i) { return drawable(x_of(series, i)) && drawable(series.y[i]); }

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void add(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // Nothing becomes [0, 1], a constant gets room around it, anything else a margin.
  void widen(double margin) {
    if (low > high) {
      *this = {0, 1};
    } else if (high - low <= std::abs(high) * 1e-12) {
      const double room = std::max(std::abs(high) * 0.1, 1e-12);
      *this = {low - (high == 0 ? 1 : room), high + (high == 0 ? 1 : room)};
    } else {
      const double room = (high - low) * margin;
      *this = {low - room, high + room};
    }
  }
};

struct Axes {
  Rectangle area;
  Range x, y;
  Point place(double at_x, double at_y) const {
    const double right = (at_x - x.low) / (x.high - x.low), up = (at_y - y.low) / (y.high - y.low);
    return {static_cast<double>(area.left) + right * static_cast<double>(area.width()),
            static_cast<double>(area.bottom) - up * static_cast<double>(area.height())};
  }
};

// The pieces between gaps, in pixels.
std::vector<std::vector<Point>> pieces(const Series& series, const Axes& axes) {
  std::vector<std::vector<Point>> out(1);
  for (size_t i = 0; i < series.y.size(); ++i) {
    if (drawable(series, i)) {
      out.back().push_back(axes.place(x_of(series, i), series.y[i]));
    } else if (!out.back().empty()) {
      out.emplace_back();
    }
  }
  return out;
}

int64_t text_width(const std::string& text, double size_px) { return Canvas::text_box(text, {}, size_px).width(); }

// How much of the lines a rectangle hides: samples of one every few pixels of them.
int64_t hidden(const Rectangle& box, const std::vector<std::vector<Point>>& lines) {
  int64_t count = 0;
  const auto inside = [&](double x, double y) {
    return x >= static_cast<double>(box.left) && x <= static_cast<double>(box.right) && y >= static_cast<double>(box.top) &&
           y <= static_cast<double>(box.bottom);
  };
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      count += inside(line[i].x, line[i].y);
      if (i + 1 == line.size()) continue;
      const double dx = line[i + 1].x - line[i].x, dy = line[i + 1].y - line[i].y;
      const auto steps = static_cast<int64_t>(std::min(std::hypot(dx, dy) / 4, 1000.0));
      for (int64_t s = 1; s < steps; ++s) {
        const double t = static_cast<double>(s) / static_cast<double>(steps);
        count += inside(line[i].x + t * dx, line[i].y + t * dy);
      }
    }
  }
  return count;
}

void draw_legend(Canvas& canvas, const Axes& axes, const std::vector<Series>& series, double size_px) {
  const auto row = static_cast<int64_t>(std::lround(size_px * 1.45)),
             padding = static_cast<int64_t>(std::lround(size_px * 0.5));
  const auto dash = static_cast<int64_t>(std::lround(size_px * 1.7)), gap = static_cast<int64_t>(std::lround(size_px * 0.8));
  int64_t rows = 0, text = 0;
  std::vector<std::vector<Point>> lines;
  for (const auto& one : series) {
    for (auto& piece : pieces(one, axes)) lines.push_back(std::move(piece));
    if (one.label.empty()) continue;
    ++rows;
    text = std::max(text, text_width(one.label, size_px));
  }
  if (rows == 0) return;

  const auto to_text = dash + gap / 2, width = padding * 2 + to_text + text, height = padding + rows * row;
  const auto& a = axes.area;
  const std::array<Rectangle, 4> corners{{{a.right - gap - width, a.top + gap, a.right - gap, a.top + gap + height},
                                          {a.left + gap, a.top + gap, a.left + gap + width, a.top + gap + height},
                                          {a.right - gap - width, a.bottom - gap - height, a.right - gap, a.bottom - gap},
                                          {a.left + gap, a.bottom - gap - height, a.left + gap + width, a.bottom - gap}}};
  const auto box = *std::min_element(corners.begin(), corners.end(), [&](const auto& left, const auto& right) {
    return hidden(left, lines) < hidden(right, lines);
  });
  canvas.fill(box, kWhite, 0.85);
  canvas.frame(box, {204, 204, 204});
  auto middle = static_cast<double>(box.top) + static_cast<double>(padding) / 2 + static_cast<double>(row) / 2;
  for (size_t i = 0; i < series.size(); ++i) {
    if (series[i].label.empty()) continue;
    const auto left = static_cast<double>(box.left + padding);
    const std::array<Point, 2> ends{{{left + 2, middle}, {left + static_cast<double>(dash), middle}}};
    canvas.line(ends, color_of(series[i], i), 2);
    canvas.text(series[i].label, {left + static_cast<double>(to_text), middle}, size_px, kInk, Anchor::Left);
    middle += static_cast<double>(row);
  }
}

void draw_series(Canvas& canvas, const Axes& axes, const Series& series, Color color) {
  auto inside = canvas.clipped({axes.area.left, axes.area.top, axes.area.right + 1, axes.area.bottom + 1});
  // Few points are marked, so that one can see where they are; a lone point would not show at all.
  const bool marked = series.y.size() <= 40;
  for (const auto& piece : pieces(series, axes)) {
    inside.line(piece, color, 2);
    if (!marked && piece.size() != 1) continue;
    for (const auto& point : piece) inside.disc(point, 3, color);
  }
}

Range x_range(const std::vector<Series>& series, bool& integers) {
  Range range;
  integers = true;
  for (const auto& one : series) {
    for (size_t i = 0; i < one.y.size(); ++i) {
      if (!drawable(one, i)) continue;
      range.add(x_of(one, i));
      integers = integers && x_of(one, i) == std::floor(x_of(one, i));
    }
  }
  range.widen(0.03);
  return range;
}

Range y_range(const std::vector<Series>& series, const PlotOptions& options) {
  Range range;
  for (const auto& one : series) {
    for (size_t i = 0; i < one.y.size(); ++i) {
      if (drawable(one, i)) range.add(one.y[i]);
    }
  }
  range.widen(0.05);
  range.low = options.y_low.value_or(range.low);
  range.high = options.y_high.value_or(range.high);
  OPSIS_CHECK(range.low < range.high && std::isfinite(range.high - range.low),
              "plot: y_low must be less than y_high and both finite, got {} and {}", range.low, range.high);
  return range;
}

}  // namespace

Image plot(const std::vector<Series>& series, const PlotOptions& options) {
  OPSIS_CHECK(options.font_px >= 1 && options.font_px <= 200, "plot: font_px must be from 1 to 200, got {}", options.font_px);
  OPSIS_CHECK(options.width <= 20'000 && options.height <= 20'000,
              "plot: width and height must not be over 20000, got {} and {}", options.width, options.height);
  for (const auto& one : series) {
    OPSIS_CHECK(one.x.empty() || one.x.size() == one.y.size(), "plot: x and y of \"{}\" must be as long, got {} and {}",
                one.label, one.x.size(), one.y.size());
  }
  const double label_px = options.font_px, tick_px = label_px * 0.9, title_px = label_px * 1.2;
  const auto pad = static_cast<int64_t>(std::lround(label_px * 0.6));
  const auto line = [](double px) { return static_cast<int64_t>(std::ceil(px * 1.02)); };

  bool integer_x = true;
  Axes axes{{}, x_range(series, integer_x), y_range(series, options)};

  // From the outside inwards: the title, the labels, the ticks' labels; what is left is for the lines.
  axes.area.top = options.title.empty() ? 2 * pad : 2 * pad + line(title_px);
  axes.area.bottom = options.height - 2 * pad - line(tick_px) - (options.x_label.empty() ? 0 : line(label_px) + pad / 2);
  const auto most_y = std::clamp<int64_t>(axes.area.height() / static_cast<int64_t>(std::ceil(label_px * 3)), 1, 10);
  const auto y_ticks = ticks(axes.y.low, axes.y.high, most_y);
  int64_t tick_width = 0;
  for (const auto& tick : y_ticks) tick_width = std::max(tick_width, text_width(tick.label, tick_px));
  axes.area.left = 2 * pad + tick_width + (options.y_label.empty() ? 0 : line(label_px) + pad);
  axes.area.right = options.width - 2 * pad;
  OPSIS_CHECK(axes.area.width() >= 16 && axes.area.height() >= 16, "plot: {} x {} leaves no room for lines at font_px = {}",
              options.width, options.height, options.font_px);
  // The labels below must not touch: as many as fit at the width of the longest.
  auto most_x = std::clamp<int64_t>(axes.area.width() / static_cast<int64_t>(std::ceil(label_px * 4)), 1, 10);
  auto x_ticks = ticks(axes.x.low, axes.x.high, most_x, integer_x);
  for (; most_x > 1; x_ticks = ticks(axes.x.low, axes.x.high, --most_x, integer_x)) {
    int64_t widths = 0;
    for (const auto& tick : x_ticks) widths += text_width(tick.label, tick_px) + 2 * pad;
    if (widths <= axes.area.width()) break;
  }

  Image out(torch::full({3, options.height, options.width}, 255, torch::kUInt8));
  auto canvas = detail::canvas_on(out, "plot");
  const auto& a = axes.area;
  for (const auto& tick : y_ticks) {
    const auto y = static_cast<int64_t>(std::lround(axes.place(axes.x.low, tick.value).y));
    canvas.fill({a.left, y, a.right, y + 1}, kGrid);
    canvas.fill({a.left - 4, y, a.left, y + 1}, kSpine);
    canvas.text(tick.label, {static_cast<double>(a.left - pad), static_cast<double>(y)}, tick_px, kInk, Anchor::Right);
  }
  for (const auto& tick : x_ticks) {
    const auto x = static_cast<int64_t>(std::lround(axes.place(tick.value, axes.y.low).x));
    canvas.fill({x, a.top, x + 1, a.bottom}, kGrid);
    canvas.fill({x, a.bottom, x + 1, a.bottom + 4}, kSpine);
    const auto top = a.bottom + pad * 2 / 3;
    canvas.text(tick.label, {static_cast<double>(x), static_cast<double>(top)}, tick_px, kInk, Anchor::Top);
  }
  canvas.frame({a.left, a.top, a.right + 1, a.bottom + 1}, kSpine);
  for (size_t i = 0; i < series.size(); ++i) draw_series(canvas, axes, series[i], color_of(series[i], i));
  draw_legend(canvas, axes, series, tick_px);

  const auto middle_x = static_cast<double>(a.left + a.right) / 2, middle_y = static_cast<double>(a.top + a.bottom) / 2;
  canvas.text(options.title, {middle_x, static_cast<double>(pad)}, title_px, kInk, Anchor::Top);
  const auto lowest = options.height - pad / 2;
  canvas.text(options.x_label, {middle_x, static_cast<double>(lowest)}, label_px, kInk, Anchor::Bottom);
  canvas.text(options.y_label, {static_cast<double>(pad), middle_y}, label_px, kInk, Anchor::Left, /*upwards=*/true);
  return out;
}

Image side_by_side(const std::vector<Image>& images) {
  OPSIS_CHECK(!images.empty(), "side_by_side: there must be at least one image, got none");
  int64_t height = 0, width = 0;
  for (const auto& image : images) {
    const auto& data = image.data;
    OPSIS_CHECK(data.defined() && data.dim() == 3 && data.size(0) == 3 && data.scalar_type() == torch::kUInt8,
                "side_by_side: images must be (3, H, W) of uint8");
    height = std::max(height, data.size(1));
    width += data.size(2);
  }
  auto out = torch::full({3, height, width}, 255, torch::kUInt8);
  int64_t left = 0;
  for (const auto& image : images) {
    out.narrow(1, 0, image.data.size(1)).narrow(2, left, image.data.size(2)).copy_(image.data);
    left += image.data.size(2);
  }
  return Image(out);
}

}  // namespace opsis::inline v1::utils
