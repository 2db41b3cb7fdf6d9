#include "opsis/io/run_lengths.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "opsis/core/check.h"

namespace opsis::inline v1::io {
namespace {

constexpr int64_t kMostPixels = std::numeric_limits<uint32_t>::max();

// How many pixels a mask of this size has.
int64_t pixels_of(std::string_view where, Size size) {
  OPSIS_CHECK(size.height >= 0 && size.width >= 0 && (size.height == 0 || size.width <= kMostPixels / size.height),
              "{}: a mask must have from 0 to 2^32 - 1 pixels, got {}", where, size);
  return size.height * size.width;
}

void check_sum(std::string_view where, const RunLengths& runs) {
  int64_t sum = 0;
  for (const auto count : runs.counts) sum += count;
  OPSIS_CHECK(sum == pixels_of(where, runs.size), "{}: runs must add up to the {} pixels of {}, got {}", where,
              runs.size.height * runs.size.width, runs.size, sum);
}

// Puts runs together: those of one value that follow each other are joined.
class Writer {
 public:
  void add(bool inside, int64_t length) {
    if (length == 0) return;
    if (inside != inside_) {
      counts_.push_back(static_cast<uint32_t>(length_));
      length_ = 0;
      inside_ = inside;
    }
    length_ += length;
  }
  std::vector<uint32_t> finish() {
    counts_.push_back(static_cast<uint32_t>(length_));
    return std::move(counts_);
  }

 private:
  std::vector<uint32_t> counts_;
  bool inside_ = false;
  int64_t length_ = 0;
};

// Walks through two masks at once: visit(length, in the first, in the second).
template <class Visit>
void walk_both(const RunLengths& a, const RunLengths& b, const Visit& visit) {
  size_t i = 0, j = 0;
  int64_t left_a = a.counts.empty() ? 0 : a.counts[0], left_b = b.counts.empty() ? 0 : b.counts[0];
  while (true) {
    while (left_a == 0 && ++i < a.counts.size()) left_a = a.counts[i];
    while (left_b == 0 && ++j < b.counts.size()) left_b = b.counts[j];
    const auto length = std::min(left_a, left_b);
    if (length == 0) return;
    visit(length, i % 2 == 1, j % 2 == 1);
    left_a -= length;
    left_b -= length;
  }
}

void check_same_size(std::string_view where, const RunLengths& a, const RunLengths& b) {
  OPSIS_CHECK(a.size == b.size, "{}: masks must have one size, got {} and {}", where, a.size, b.size);
}

// The pixels at which a polygon is crossed when one goes down the columns. Its outline is drawn five times as large, on whole
// numbers, each edge a point for every step along its longer side. A step from the column of that grid in the middle of a pixel
// to the next, or back, is a crossing. Edges may be far longer than the canvas is wide: only steps within it are looked for.
class Crossings {
 public:
  static constexpr int64_t kScale = 5;
  explicit Crossings(Size size) : size_(size) {}

  void draw_edge(int64_t x0, int64_t y0, int64_t x1, int64_t y1) {
    const auto wide = std::abs(x1 - x0), high = std::abs(y1 - y0);
    const bool flat = wide >= high;
    if (flat ? x0 > x1 : y0 > y1) {
      std::swap(x0, x1);
      std::swap(y0, y1);
    }
    if (wide == 0 || size_.height == 0) return;
    const auto slope = flat ? ratio(y1 - y0, wide) : ratio(x1 - x0, high);
    const auto left = std::min(x0, x1), right = std::max(x0, x1);
    // The middles of pixels are kMiddle + kScale * column.
    const auto first = left <= kMiddle ? 0 : (left - kMiddle + kScale - 1) / kScale;
    const auto last = right <= kMiddle ? -1 : std::min(size_.width - 1, (right - 1 - kMiddle) / kScale);
    for (auto column = first; column <= last; ++column) {
      const auto x = kMiddle + kScale * column;
      if (flat) {
        add(column, std::min(drawn(y0, slope, x - x0), drawn(y0, slope, x + 1 - x0)));
      } else {
        add(column, y0 + step_across(x, x0, slope, high));
      }
    }
  }

  std::vector<uint32_t> runs() {
    const auto pixels = size_.height * size_.width;
    std::sort(at_.begin(), at_.end());
    Writer out;
    int64_t before = 0;
    bool inside = false;
    for (const auto here : at_) {
      out.add(inside, here - before);
      before = here;
      inside = !inside;
    }
    out.add(inside, pixels - before);
    return out.finish();
  }

 private:
  static constexpr int64_t kMiddle = 2;

  static double ratio(int64_t rise, int64_t steps) { return static_cast<double>(rise) / static_cast<double>(steps); }

  // Where an edge is after some steps, on the side that it rises along.
  static int64_t drawn(int64_t from, double slope, int64_t steps) {
    return static_cast<int64_t>(static_cast<double>(from) + slope * static_cast<double>(steps) + 0.5);
  }

  // Of a steep edge the last step before it goes over from x to x + 1, or back. Division tells it but for its rounding.
  static int64_t step_across(int64_t x, int64_t x0, double slope, int64_t steps) {
    const auto over = [&](int64_t step) { return (drawn(x0, slope, step) > x) == (slope > 0); };
    auto step = std::clamp<int64_t>(static_cast<int64_t>((static_cast<double>(x - x0) + 0.5) / slope), 0, steps - 1);
    while (step > 0 && over(step)) --step;
    while (step < steps - 1 && !over(step + 1)) ++step;
    return step;
  }

  void add(int64_t column, int64_t y) {
    const auto row = std::clamp((static_cast<double>(y) + 0.5) / kScale - 0.5, 0.0, static_cast<double>(size_.height));
    at_.push_back(column * size_.height + static_cast<int64_t>(std::ceil(row)));
  }

  Size size_;
  std::vector<int64_t> at_;
};

}  // namespace

RunLengths encode_runs(std::span<const uint8_t> pixels, Size size) {
  OPSIS_CHECK(std::ssize(pixels) == pixels_of("encode_runs", size), "encode_runs: a mask of {} needs {} pixels, got {}", size,
              size.height * size.width, pixels.size());
  Writer out;
  for (int64_t x = 0; x < size.width; ++x) {
    for (int64_t y = 0; y < size.height;) {
      const auto at = [&](int64_t row) { return pixels[static_cast<size_t>(row * size.width + x)] != 0; };
      const auto from = y;
      const bool inside = at(y);
      while (y < size.height && at(y) == inside) ++y;
      out.add(inside, y - from);
    }
  }
  return {size, out.finish()};
}

void decode_runs(const RunLengths& runs, std::span<uint8_t> pixels) {
  check_sum("decode_runs", runs);
  const auto& [height, width] = runs.size;
  OPSIS_CHECK(std::ssize(pixels) == height * width, "decode_runs: a mask of {} needs {} pixels, got room for {}", runs.size,
              height * width, pixels.size());
  std::fill(pixels.begin(), pixels.end(), uint8_t{0});
  int64_t x = 0, y = 0;
  for (size_t i = 0; i < runs.counts.size(); ++i) {
    int64_t left = runs.counts[i];
    while (left > 0) {
      const auto length = std::min(left, height - y);
      if (i % 2 == 1) {
        for (auto row = y; row < y + length; ++row) pixels[static_cast<size_t>(row * width + x)] = 1;
      }
      left -= length;
      y += length;
      if (y == height) {
        y = 0;
        ++x;
      }
    }
  }
}

RunLengths runs_of_polygon(std::span<const double> polygon, Size size) {
  pixels_of("runs_of_polygon", size);
  OPSIS_CHECK(polygon.size() >= 6 && polygon.size() % 2 == 0,
              "runs_of_polygon: a polygon must have an x and a y for each of 3 or more corners, got {} numbers",
              polygon.size());
  std::vector<int64_t> corners;
  for (const auto coordinate : polygon) {
    OPSIS_CHECK(std::abs(coordinate) <= 1 << 20, "runs_of_polygon: coordinates must be within 2^20 of 0, got {}", coordinate);
    corners.push_back(static_cast<int64_t>(Crossings::kScale * coordinate + 0.5));
  }
  Crossings crossings(size);
  for (size_t i = 0; i < corners.size(); i += 2) {
    const auto next = (i + 2) % corners.size();
    crossings.draw_edge(corners[i], corners[i + 1], corners[next], corners[next + 1]);
  }
  return {size, crossings.runs()};
}

RunLengths runs_of_polygons(std::span<const std::vector<double>> polygons, Size size) {
  std::vector<RunLengths> parts;
  for (const auto& polygon : polygons) parts.push_back(runs_of_polygon(polygon, size));
  if (parts.empty()) return {size, {static_cast<uint32_t>(pixels_of("runs_of_polygons", size))}};
  return merge(parts);
}

RunLengths runs_of_box(const RunBox& box, Size size) {
  const auto& [left, top, width, height] = box;
  return runs_of_polygon(std::array{left, top, left, top + height, left + width, top + height, left + width, top}, size);
}

std::string to_text(const RunLengths& runs) {
  std::string out;
  for (size_t i = 0; i < runs.counts.size(); ++i) {
    int64_t value = runs.counts[i];
    if (i > 2) value -= runs.counts[i - 2];
    for (bool more = true; more;) {
      auto letter = value & 0x1f;
      value >>= 5;
      more = (letter & 0x10) ? value != -1 : value != 0;
      if (more) letter |= 0x20;
      out.push_back(static_cast<char>(letter + 48));
    }
  }
  return out;
}

RunLengths runs_of_text(std::string_view text, Size size) {
  const auto pixels = pixels_of("runs_of_text", size);
  RunLengths runs{size, {}};
  int64_t sum = 0;
  for (size_t at = 0; at < text.size();) {
    int64_t value = 0;
    for (int shift = 0;; shift += 5) {
      if (at == text.size()) raise<DecodeError>("runs_of_text: the text ends within a number, at byte {}", at);
      const int letter = static_cast<unsigned char>(text[at]) - 48;
      if (letter < 0 || letter > 63)
        raise<DecodeError>("runs_of_text: byte {} must be from '0' to 'o', got {}", at, letter + 48);
      if (shift > 35) raise<DecodeError>("runs_of_text: the number that ends at byte {} is longer than any can be", at);
      ++at;
      value |= static_cast<int64_t>(letter & 0x1f) << shift;
      if (letter & 0x20) continue;
      if (letter & 0x10) value -= int64_t{1} << (shift + 5);
      break;
    }
    if (runs.counts.size() > 2) value += runs.counts[runs.counts.size() - 2];
    if (value < 0 || value > pixels - sum) {
      raise<DecodeError>("runs_of_text: run {} must be from 0 to the {} pixels that are left of {}, got {}", runs.counts.size(),
                         pixels - sum, size, value);
    }
    sum += value;
    runs.counts.push_back(static_cast<uint32_t>(value));
  }
  if (sum != pixels) {
    raise<DecodeError>("runs_of_text: runs must add up to the {} pixels of {}, got {}", pixels, size, sum);
  }
  return runs;
}

RunLengths runs_of_counts(std::span<const int64_t> counts, Size size) {
  auto left = pixels_of("runs_of_counts", size);
  RunLengths runs{size, {}};
  for (const auto count : counts) {
    if (count < 0 || count > left) {
      raise<DecodeError>("runs_of_counts: run {} must be from 0 to the {} pixels that are left of {}, got {}",
                         runs.counts.size(), left, size, count);
    }
    left -= count;
    runs.counts.push_back(static_cast<uint32_t>(count));
  }
  if (left != 0) raise<DecodeError>("runs_of_counts: runs must add up to the pixels of {}; {} are left over", size, left);
  return runs;
}

int64_t area(const RunLengths& runs) {
  int64_t sum = 0;
  for (size_t i = 1; i < runs.counts.size(); i += 2) sum += runs.counts[i];
  return sum;
}

RunBox bounding_box(const RunLengths& runs) {
  check_sum("bounding_box", runs);
  const auto height = runs.size.height;
  int64_t left = runs.size.width, top = height, right = -1, bottom = -1, at = 0;
  for (size_t i = 0; i < runs.counts.size(); ++i) {
    const int64_t length = runs.counts[i];
    if (i % 2 == 1 && length > 0) {
      const auto last = at + length - 1;
      const bool turns = at / height != last / height;  // a run over the foot of a column goes on at the head of the next
      left = std::min(left, at / height);
      right = std::max(right, last / height);
      top = std::min(top, turns ? 0 : at % height);
      bottom = std::max(bottom, turns ? height - 1 : last % height);
    }
    at += length;
  }
  if (right < 0) return {};
  const auto number = [](int64_t value) { return static_cast<double>(value); };
  return {number(left), number(top), number(right - left + 1), number(bottom - top + 1)};
}

RunLengths merge(std::span<const RunLengths> masks, MergeRuns how) {
  if (masks.empty()) return {};
  auto merged = masks[0];
  check_sum("merge", merged);
  for (const auto& mask : masks.subspan(1)) {
    check_same_size("merge", merged, mask);
    check_sum("merge", mask);
    Writer out;
    walk_both(merged, mask,
              [&](int64_t length, bool a, bool b) { out.add(how == MergeRuns::Union ? a || b : a && b, length); });
    merged.counts = out.finish();
  }
  return merged;
}

double run_iou(const RunBox& detected, const RunBox& truth, bool crowd) {
  const auto common = [](double from, double length, double other, double other_length) {
    return std::max(std::min(from + length, other + other_length) - std::max(from, other), 0.0);
  };
  const auto width = common(detected[0], detected[2], truth[0], truth[2]);
  const auto height = common(detected[1], detected[3], truth[1], truth[3]);
  if (width <= 0 || height <= 0) return 0;
  const auto both = width * height, own = detected[2] * detected[3];
  return both / (crowd ? own : own + truth[2] * truth[3] - both);
}

double run_iou(const RunLengths& detected, const RunLengths& truth, bool crowd) {
  check_same_size("run_iou", detected, truth);
  int64_t both = 0, either = 0;
  walk_both(detected, truth, [&](int64_t length, bool a, bool b) {
    if (a && b) both += length;
    if (a || b) either += length;
  });
  if (both == 0) return 0;
  return static_cast<double>(both) / static_cast<double>(crowd ? area(detected) : either);
}

}  // namespace opsis::inline v1::io
