#include "opsis/utils/canvas.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "opsis/utils/font.h"

namespace opsis::inline v1::utils {
namespace {

double distance_to_segment(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double squared = dx * dx + dy * dy;
  const double t = squared > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / squared, 0.0, 1.0) : 0.0;
  return std::hypot(p.x - (a.x + t * dx), p.y - (a.y + t * dy));
}

// Keeps far-off places far off, but small enough for integers.
int64_t pixel(double place) { return static_cast<int64_t>(std::floor(std::clamp(place, -1e9, 1e9))); }

// Clips a segment to the box (Liang and Barsky), so that one that runs far outside costs only its visible part.
bool clip_segment(Point& a, Point& b, double left, double top, double right, double bottom) {
  const double dx = b.x - a.x, dy = b.y - a.y;
  double enter = 0, leave = 1;
  const auto side = [&](double step, double room) {
    if (step == 0) return room >= 0;
    const double t = room / step;
    if (step < 0) {
      enter = std::max(enter, t);
    } else {
      leave = std::min(leave, t);
    }
    return enter <= leave;
  };
  if (!(side(-dx, a.x - left) && side(dx, right - a.x) && side(-dy, a.y - top) && side(dy, bottom - a.y))) return false;
  b = {a.x + leave * dx, a.y + leave * dy};
  a = {a.x + enter * dx, a.y + enter * dy};
  return true;
}

Rectangle anchored(Point at, int64_t height, int64_t width, Anchor anchor) {
  // Anchors are in rows of three: left, middle, right; top, middle, bottom.
  const auto column = static_cast<int64_t>(anchor) % 3, row = static_cast<int64_t>(anchor) / 3;
  const auto left = pixel(at.x + 0.5) - width * column / 2, top = pixel(at.y + 0.5) - height * row / 2;
  return {left, top, left + width, top + height};
}

}  // namespace

Rectangle Canvas::within_clip(const Rectangle& r) const {
  return {std::max(r.left, clip_.left), std::max(r.top, clip_.top), std::min(r.right, clip_.right),
          std::min(r.bottom, clip_.bottom)};
}

Canvas Canvas::clipped(const Rectangle& clip) const {
  auto out = *this;
  out.clip_ = within_clip(clip);
  return out;
}

void Canvas::blend(int64_t y, int64_t x, Color color, double opacity) {
  auto* at = data_ + y * layout_.row + x * layout_.column;
  for (const auto channel : {color.red, color.green, color.blue}) {
    *at = static_cast<uint8_t>(std::lround(*at + (channel - *at) * opacity));
    at += layout_.channel;
  }
}

void Canvas::fill(const Rectangle& rectangle, Color color, double opacity) {
  const auto r = within_clip(rectangle);
  for (auto y = r.top; y < r.bottom; ++y) {
    for (auto x = r.left; x < r.right; ++x) blend(y, x, color, opacity);
  }
}

void Canvas::frame(const Rectangle& r, Color color, int64_t thickness) {
  const auto t = std::min({thickness, (r.width() + 1) / 2, (r.height() + 1) / 2});
  fill({r.left, r.top, r.right, r.top + t}, color);
  fill({r.left, r.bottom - t, r.right, r.bottom}, color);
  fill({r.left, r.top, r.left + t, r.bottom}, color);
  fill({r.right - t, r.top, r.right, r.bottom}, color);
}

void Canvas::line(std::span<const Point> points, Color color, double thickness) {
  // The coverage of all segments is collected first: where two overlap, the larger counts, so corners are not drawn twice.
  const double reach = thickness / 2 + 1;
  const auto area = clip_;
  if (area.width() <= 0 || area.height() <= 0) return;
  std::vector<float> coverage(static_cast<size_t>(area.width() * area.height()), 0.0F);
  for (size_t i = 0; i + 1 < points.size(); ++i) {
    auto a = points[i], b = points[i + 1];
    if (!clip_segment(a, b, area.left - reach, area.top - reach, area.right + reach, area.bottom + reach)) continue;
    const auto box = within_clip({pixel(std::min(a.x, b.x) - reach), pixel(std::min(a.y, b.y) - reach),
                                  pixel(std::max(a.x, b.x) + reach) + 1, pixel(std::max(a.y, b.y) + reach) + 1});
    for (auto y = box.top; y < box.bottom; ++y) {
      for (auto x = box.left; x < box.right; ++x) {
        const Point center{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
        const auto covered = std::clamp(thickness / 2 + 0.5 - distance_to_segment(center, a, b), 0.0, 1.0);
        auto& sum = coverage[static_cast<size_t>((y - area.top) * area.width() + x - area.left)];
        sum = std::max(sum, static_cast<float>(covered));
      }
    }
  }
  for (auto y = area.top; y < area.bottom; ++y) {
    for (auto x = area.left; x < area.right; ++x) {
      const auto covered = coverage[static_cast<size_t>((y - area.top) * area.width() + x - area.left)];
      if (covered > 0) blend(y, x, color, covered);
    }
  }
}

void Canvas::disc(Point center, double radius, Color color) {
  const auto box = within_clip({pixel(center.x - radius - 1), pixel(center.y - radius - 1), pixel(center.x + radius + 1) + 1,
                                pixel(center.y + radius + 1) + 1});
  for (auto y = box.top; y < box.bottom; ++y) {
    for (auto x = box.left; x < box.right; ++x) {
      const auto away = std::hypot(static_cast<double>(x) + 0.5 - center.x, static_cast<double>(y) + 0.5 - center.y);
      blend(y, x, color, std::clamp(radius + 0.5 - away, 0.0, 1.0));
    }
  }
}

void Canvas::text(std::string_view text, Point at, double size_px, Color color, Anchor anchor, bool upwards) {
  const auto bitmap = render_text(text, size_px);
  const auto placed =
      upwards ? anchored(at, bitmap.width, bitmap.height, anchor) : anchored(at, bitmap.height, bitmap.width, anchor);
  const auto box = within_clip(placed);
  for (auto y = box.top; y < box.bottom; ++y) {
    for (auto x = box.left; x < box.right; ++x) {
      const auto source_y = upwards ? x - placed.left : y - placed.top;
      const auto source_x = upwards ? placed.bottom - 1 - y : x - placed.left;
      const auto covered = bitmap.coverage[static_cast<size_t>(source_y * bitmap.width + source_x)];
      if (covered > 0) blend(y, x, color, covered / 255.0);
    }
  }
}

void Canvas::ink(const TextBitmap& bitmap, int64_t top, int64_t left, Color color) {
  const auto box = within_clip({left, top, left + bitmap.width, top + bitmap.height});
  for (auto y = box.top; y < box.bottom; ++y) {
    for (auto x = box.left; x < box.right; ++x) {
      const auto covered = bitmap.coverage[static_cast<size_t>((y - top) * bitmap.width + x - left)];
      if (covered > 0) blend(y, x, color, covered / 255.0);
    }
  }
}

Rectangle Canvas::text_box(std::string_view text, Point at, double size_px, Anchor anchor) {
  const auto bitmap = render_text(text, size_px);
  return anchored(at, bitmap.height, bitmap.width, anchor);
}

}  // namespace opsis::inline v1::utils
