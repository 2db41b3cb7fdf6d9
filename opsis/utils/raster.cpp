// Where a pixel falls is decided by Pillow's rules, found in its results: tests/utils/raster_test.cpp holds both against each
// other. Crossings are computed in float, as there; in double, some of them would round to the other side.
#include "opsis/utils/raster.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "opsis/core/check.h"

namespace opsis::inline v1::utils {
namespace {

// Differences and their products stay far from the ends of 64 bits.
Pixel within_reach(Pixel p) {
  constexpr int64_t far = int64_t{1} << 29;
  return {std::clamp(p.x, -far, far), std::clamp(p.y, -far, far)};
}

// To the nearest; halves away from zero, and towards it. The halves are added in the type that Pillow adds them in.
int64_t round_out(float x) { return static_cast<int64_t>(x >= 0 ? std::floor(x + 0.5F) : -std::floor(-double{x} + 0.5)); }
int64_t round_in(float x) { return static_cast<int64_t>(x >= 0 ? std::ceil(x - 0.5F) : -std::ceil(-double{x} - 0.5)); }
int64_t round_out(double x) { return static_cast<int64_t>(x >= 0 ? std::floor(x + 0.5) : -std::floor(-x + 0.5)); }
int64_t round_in(double x) { return static_cast<int64_t>(x >= 0 ? std::ceil(x - 0.5) : -std::ceil(-x - 0.5)); }

uint8_t mix(uint8_t below, uint8_t above, uint8_t alpha) {
  const unsigned sum = below * (255U - alpha) + above * unsigned{alpha} + 128U;
  return static_cast<uint8_t>(((sum >> 8) + sum) >> 8);  // divided by 255, to the nearest
}

// One after another in memory: the first ones singly, then what is there is repeated, ever more at once.
void store_pixels(uint8_t* to, int64_t count, Color color) {
  const auto singly = std::min<int64_t>(count, 8);
  for (int64_t x = 0; x < singly; ++x) {
    to[3 * x] = color.red;
    to[3 * x + 1] = color.green;
    to[3 * x + 2] = color.blue;
  }
  for (auto done = 3 * singly; done < 3 * count;) {
    const auto more = std::min(done, 3 * count - done);
    std::memcpy(to + done, to, static_cast<size_t>(more));
    done += more;
  }
}

}  // namespace

struct Raster::Edge {
  Edge(Pixel from, Pixel to)
      : start(from),
        left(std::min(from.x, to.x)),
        right(std::max(from.x, to.x)),
        top(std::min(from.y, to.y)),
        bottom(std::max(from.y, to.y)),
        slope(from.y == to.y ? 0.0F : static_cast<float>(to.x - from.x) / static_cast<float>(to.y - from.y)) {}

  bool flat() const { return top == bottom; }
  bool ends_at(int64_t y) const { return y == top || y == bottom; }
  bool spans(int64_t y) const { return y >= top && y <= bottom; }
  float x_at(int64_t y) const { return static_cast<float>(y - start.y) * slope + static_cast<float>(start.x); }

  // Where the edge, which is edges[index], crosses the row of one of its ends. Where it leaves a corner together with an earlier
  // edge, both leaning the same way, the tip would stand apart from the next row; it is drawn back to touch that.
  static float corner(std::span<const Edge> edges, size_t index, int64_t y) {
    const auto& edge = edges[index];
    const float x = edge.x_at(y);
    const int64_t next = y == edge.bottom ? y - 1 : y + 1;
    for (const auto& other : edges.first(index)) {
      if (!other.ends_at(y) || other.slope == 0 || std::round(x) != std::round(other.x_at(y)) || !other.spans(next)) continue;
      const float mine = edge.x_at(next), its = other.x_at(next);
      if (x > mine + 1 && x > its + 1) return std::round(std::max(mine, its)) + 1;
      if (x < mine - 1 && x < its - 1) return std::round(std::min(mine, its)) - 1;
      break;
    }
    return x;
  }

  Pixel start;
  int64_t left, right, top, bottom;
  float slope;  // x for each y
};

void Raster::set(int64_t y, int64_t x, Ink ink) {
  if (y < 0 || y >= size_.height || x < 0 || x >= size_.width) return;
  auto* at = data_ + y * layout_.row + x * layout_.column;
  for (const auto channel : {ink.color.red, ink.color.green, ink.color.blue}) {
    *at = mode_ == Mode::Store ? channel : mix(*at, channel, ink.alpha);
    at += layout_.channel;
  }
}

void Raster::row(int64_t y, int64_t first, int64_t last, Ink ink) { fill_rectangle({first, y}, {last, y}, ink); }

void Raster::fill_rectangle(Pixel top_left, Pixel bottom_right, Ink ink) {
  const auto left = std::max<int64_t>(top_left.x, 0), right = std::min(bottom_right.x, size_.width - 1);
  const auto top = std::max<int64_t>(top_left.y, 0), bottom = std::min(bottom_right.y, size_.height - 1);
  if (left > right || top > bottom) return;
  const auto columns = right - left + 1, column = layout_.column;
  auto* const corner = data_ + top * layout_.row + left * column;
  if (mode_ == Mode::Store && layout_.channel == 1 && column == 3) {
    for (int64_t y = 0; y <= bottom - top; ++y) store_pixels(corner + y * layout_.row, columns, ink.color);
    return;
  }
  auto* plane = corner;
  for (const auto level : {ink.color.red, ink.color.green, ink.color.blue}) {
    for (int64_t y = 0; y <= bottom - top; ++y) {
      auto* const at = plane + y * layout_.row;
      if (mode_ == Mode::Blend) {
        for (int64_t x = 0; x < columns; ++x) at[x * column] = mix(at[x * column], level, ink.alpha);
      } else if (column == 1 && columns >= 16) {
        std::fill_n(at, columns, level);
      } else {
        for (int64_t x = 0; x < columns; ++x) at[x * column] = level;
      }
    }
    plane += layout_.channel;
  }
}

void Raster::rectangle(Pixel top_left, Pixel bottom_right, Ink ink, int64_t width) {
  const auto first = within_reach(top_left), last = within_reach(bottom_right);
  const auto left = first.x, top = first.y, right = last.x, bottom = last.y;
  width = std::min<int64_t>(width, 1 << 29);
  if (width <= 0) return;
  // Four sides, each pixel drawn as often as it lies on one. The upright ones are lines between the others, whose end is left
  // out: in a frame that is thicker than its box is high they run upwards.
  const auto start = top + width, end = bottom - width + 1;
  const auto high = start <= end ? start : end + 1, low = start <= end ? end - 1 : start;
  fill_rectangle({left, top}, {right, top + width - 1}, ink);
  fill_rectangle({left, bottom - width + 1}, {right, bottom}, ink);
  fill_rectangle({left, high}, {left + width - 1, low}, ink);
  fill_rectangle({right - width + 1, high}, {right, low}, ink);
}

void Raster::thin_line(Pixel from, Pixel to, Ink ink) {
  from = within_reach(from);
  to = within_reach(to);
  const int64_t dx = std::abs(to.x - from.x), dy = std::abs(to.y - from.y), steps = std::max(dx, dy);
  const int64_t step_x = to.x < from.x ? -1 : 1, step_y = to.y < from.y ? -1 : 1;
  const bool along_x = dx > dy;
  const auto along = along_x ? from.x : from.y, step = along_x ? step_x : step_y;
  // The steps that the image can show. The last one, the line's end, is left to whoever draws what follows.
  const auto size = along_x ? size_.width : size_.height;
  const auto first = std::max<int64_t>(0, step > 0 ? -along : along - size + 1);
  const auto last = std::min(steps - 1, step > 0 ? size - 1 - along : along);
  if (first > last) return;
  // How far aside a step is: (2 * least * i + steps) / (2 * steps), to the nearest and halves up, with what is left over.
  const auto least = std::min(dx, dy), begun = 2 * least * first + steps;
  auto aside = begun / (2 * steps), over = begun % (2 * steps);
  for (auto i = first; i <= last; ++i) {
    if (along_x) {
      set(from.y + step_y * aside, from.x + step_x * i, ink);
    } else {
      set(from.y + step_y * i, from.x + step_x * aside, ink);
    }
    over += 2 * least;
    if (over >= 2 * steps) {
      over -= 2 * steps;
      ++aside;
    }
  }
}

void Raster::line(Pixel from, Pixel to, Ink ink, int64_t width) {
  if (width == 0) return;
  from = within_reach(from);
  to = within_reach(to);
  if (width == 1) {
    thin_line(from, to, ink);
    set(to.y, to.x, ink);
    return;
  }
  const auto dx = to.x - from.x, dy = to.y - from.y;
  if (dx == 0 && dy == 0) {
    set(from.y, from.x, ink);
    return;
  }
  // A parallelogram around the line; of an even width the odd pixel goes to one side.
  const auto length = std::hypot(static_cast<double>(dx), static_cast<double>(dy));
  const auto half = static_cast<double>(std::clamp<int64_t>(width, -(1 << 29), 1 << 29) - 1) / 2;
  const auto more = static_cast<double>(round_out(half)) / length, less = static_cast<double>(round_in(half)) / length;
  const auto x_less = round_in(less * static_cast<double>(dy)), x_more = round_in(more * static_cast<double>(dy));
  const auto y_less = round_in(less * static_cast<double>(dx)), y_more = round_in(more * static_cast<double>(dx));
  const Pixel corners[] = {{from.x - x_less, from.y + y_more},
                           {to.x - x_less, to.y + y_more},
                           {to.x + x_more, to.y - y_less},
                           {from.x + x_more, from.y - y_less}};
  const Edge edges[] = {{corners[0], corners[1]}, {corners[1], corners[2]}, {corners[2], corners[3]}, {corners[3], corners[0]}};
  fill_edges(edges, ink);
}

void Raster::fill_polygon(std::span<const Pixel> corners, Ink ink) {
  std::vector<Edge> edges;
  const auto count = corners.size();
  for (size_t i = 0; i + 1 < count; ++i) {
    const auto from = within_reach(corners[i]), to = within_reach(corners[i + 1]);
    if (from.y == to.y && i != 0 && from.y == corners[i - 1].y) {
      // Flat edges in a row that go on in one direction are one.
      const auto before = within_reach(corners[i - 1]).x;
      if (to.x > from.x && from.x > before) {
        edges.back().right = to.x;
        continue;
      }
      if (to.x < from.x && from.x < before) {
        edges.back().left = to.x;
        continue;
      }
    }
    edges.emplace_back(from, to);
  }
  if (count > 0 && corners.back() != corners.front()) {
    edges.emplace_back(within_reach(corners.back()), within_reach(corners.front()));
  }
  fill_edges(edges, ink);
}

void Raster::fill_edges(std::span<const Edge> edges, Ink ink) {
  if (edges.empty()) return;
  auto top = size_.height - 1;
  int64_t bottom = 0;
  std::vector<Edge> sloping;
  for (const auto& edge : edges) {
    top = std::min(top, edge.top);
    bottom = std::max(bottom, edge.bottom);
    if (!edge.flat()) {
      sloping.push_back(edge);
    } else if (mode_ == Mode::Store) {
      row(edge.top, edge.left, edge.right, ink);
    }
  }
  top = std::max<int64_t>(top, 0);
  bottom = std::min(bottom, size_.height);

  std::vector<float> crossings;
  for (auto y = top; y <= bottom; ++y) {
    crossings.clear();
    for (size_t i = 0; i < sloping.size(); ++i) {
      const auto& edge = sloping[i];
      if (!edge.spans(y)) continue;
      if (y == edge.bottom && y < bottom) {
        crossings.insert(crossings.end(), 2, edge.x_at(y));  // the edge that goes on from here counts as the other one
      } else if (edge.ends_at(y) && edge.slope != 0) {
        crossings.push_back(Edge::corner(sloping, i, y));
      } else {
        crossings.push_back(edge.x_at(y));
      }
    }
    std::sort(crossings.begin(), crossings.end());
    if (mode_ == Mode::Blend) {
      fill_row_once(edges, crossings, y, ink);
    } else {
      for (size_t i = 1; i < crossings.size(); i += 2) row(y, round_out(crossings[i - 1]), round_in(crossings[i]), ink);
    }
  }
}

// Left to right, no pixel twice: spans between crossings, and the flat edges of this row where they come first.
void Raster::fill_row_once(std::span<const Edge> edges, std::span<const float> crossings, int64_t y, Ink ink) {
  int64_t next = crossings.empty() ? -1 : 0;  // the first pixel that is not drawn yet
  const auto draw_flat = [&] {
    for (const auto& edge : edges) {
      if (!edge.flat() || edge.top != y || (next != -1 && next < edge.left)) continue;
      const auto first = next > edge.left ? next : edge.left;
      if (edge.right < first) continue;
      row(y, first, edge.right, ink);
      next = edge.right + 1;
    }
  };
  for (size_t i = 1; i < crossings.size(); i += 2) {
    const auto last = round_in(crossings[i]);
    if (last < next) continue;
    draw_flat();
    if (last < next) continue;
    const auto first = std::max(next, round_out(crossings[i - 1]));
    if (last < first) continue;
    row(y, first, last, ink);
    next = last + 1;
  }
  draw_flat();
}

void Raster::fill_disc(Pixel center, int64_t radius, Ink ink) {
  OPSIS_CHECK(radius >= 0 && radius <= 20'000, "fill_disc: radius must be from 0 to 20000, got {}", radius);
  if (radius == 0) return;
  center = within_reach(center);
  // A walk along a quarter of the circle, in half pixels: of the three ways on, the one that strays least.
  const auto r = 2 * radius, r2 = r * r, r4 = r2 * r2;
  const auto stray = [&](int64_t x, int64_t y) { return std::abs(r2 * y * y + r2 * x * x - r4); };
  const auto draw = [&](int64_t x, int64_t y) {
    for (const auto place : {center.y + y / 2, center.y - y / 2}) {
      row(place, center.x - x / 2, center.x + x / 2, ink);
      if (y == 0) break;
    }
  };
  draw(r, 0);
  for (int64_t x = r, y = 0; x != 0 || y != r;) {
    auto next_x = x, next_y = y + 2;
    if (x > 1) {
      if (stray(next_x, next_y) > stray(x - 2, y + 2)) next_x = x - 2;
      if (stray(next_x, next_y) > stray(x - 2, y)) next_x = x - 2, next_y = y;
    }
    x = next_x;
    if (next_y > y) draw(x, next_y);  // the first of a row is the outermost
    y = next_y;
  }
}

}  // namespace opsis::inline v1::utils
