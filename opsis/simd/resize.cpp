#include "opsis/simd/resize.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <type_traits>

#include "opsis/simd/resize_kernels.h"

namespace opsis::inline v1::simd {
namespace {

constexpr int64_t padding = 64;  // the longest vector: rows of our own may be read and written that far beyond their end

int64_t rounded_up(int64_t value, int64_t to) { return (value + to - 1) / to * to; }

}  // namespace

Resizer::Resizer(const ResizePlan& plan)
    : plan_(plan), along_rows_(plan.from_width != plan.to_width), along_columns_(plan.from_height != plan.to_height) {
  if (plan_.height < 0) plan_.height = plan_.to_height - plan_.top;
  if (plan_.width < 0) plan_.width = plan_.to_width - plan_.left;
  horizontal_ = resize_taps(plan_.from_width, plan_.to_width, plan_.filter, plan_.antialias, plan_.left, plan_.width);
  vertical_ = resize_taps(plan_.from_height, plan_.to_height, plan_.filter, plan_.antialias, plan_.top, plan_.height);
  if (!along_rows_) return;

  const auto taps = static_cast<size_t>(horizontal_.taps);
  row_taps_ = rounded_up(horizontal_.taps, 2);
  row_weights_.assign(static_cast<size_t>(plan_.width * row_taps_), 0);
  for (size_t x = 0; x < static_cast<size_t>(plan_.width); ++x) {
    std::copy_n(horizontal_.weights.begin() + static_cast<ptrdiff_t>(x * taps), taps,
                row_weights_.begin() + static_cast<ptrdiff_t>(x * static_cast<size_t>(row_taps_)));
  }
  row_pairs_.resize(static_cast<size_t>(plan_.width * row_taps_ / 2));
  for (int64_t k = 0; k < row_taps_ / 2; ++k) {
    for (int64_t x = 0; x < plan_.width; ++x) {
      std::memcpy(&row_pairs_[static_cast<size_t>(k * plan_.width + x)], row_weights_.data() + x * row_taps_ + 2 * k,
                  sizeof(int32_t));
    }
  }
  const int64_t more = (16 + plan_.channels - 2) / plan_.channels;  // pixels that 16 numbers reach into, but one
  for (int64_t x = 0; x < plan_.width; ++x) {
    const auto last = static_cast<size_t>(std::min(x + more, plan_.width - 1));
    furthest_ = std::max<int64_t>(furthest_, horizontal_.first[last] - horizontal_.first[static_cast<size_t>(x)]);
  }
  for (int64_t x = 0; x < plan_.width; x += 16) {
    const auto at = static_cast<size_t>(x), last = static_cast<size_t>(std::min(x + 16, plan_.width) - 1);
    most_columns_ = std::max(most_columns_, horizontal_.first[last] - horizontal_.first[at] + row_taps_);
  }
}

Resizer::Span Resizer::source_columns() const {
  if (!along_rows_) return {plan_.left, plan_.left + plan_.width};
  return {horizontal_.first.front(), horizontal_.first.back() + horizontal_.count.back()};
}

Resizer::Span Resizer::source_rows(int64_t first, int64_t last) const {
  if (first >= last) return {0, 0};
  if (!along_columns_) return {plan_.top + first, plan_.top + last};
  const auto end = static_cast<size_t>(last - 1);
  return {vertical_.first[static_cast<size_t>(first)], vertical_.first[end] + vertical_.count[end]};
}

// Rows of the source are resized along themselves into a ring, of which the columns then take what they need.
void Resizer::run(const Source& source, int64_t first, int64_t last, const std::function<uint8_t*(int64_t)>& place,
                  const Sink* sink) const {
  if (first >= last || plan_.width == 0) return;
  const int64_t channels = plan_.channels, bytes = plan_.width * channels;
  const int64_t pitch = rounded_up(bytes, padding) + padding;
  const int64_t taps = along_columns_ ? vertical_.taps : 1;
  constexpr int64_t most = RowsToResize::kMost;
  const int64_t slots = taps + most;

  // The rows that are needed: without antialias not all of them.
  std::vector<int64_t> needed;
  const auto all = source_rows(first, last);
  needed.reserve(static_cast<size_t>(std::min(all.end - all.begin, (last - first) * taps)));
  for (int64_t y = first; y < last; ++y) {
    const auto [begin, end] = source_rows(y, y + 1);
    for (auto row = needed.empty() ? begin : std::max(begin, needed.back() + 1); row < end; ++row) needed.push_back(row);
  }

  // The ring, a row of the result, a row that nobody wants, and what the kernel works in.
  const int64_t ring_bytes = slots * pitch, columns_bytes = along_rows_ ? ((most_columns_ + 1) * channels + 32) * most : 0;
  const std::unique_ptr<uint8_t[]> memory(
      new uint8_t[static_cast<size_t>(ring_bytes + 2 * pitch + columns_bytes + (16 * channels + 16) * most + 2 * padding)]);
  uint8_t* const ring = memory.get() + padding - reinterpret_cast<uintptr_t>(memory.get()) % padding;
  uint8_t* const scratch = ring + ring_bytes;
  uint8_t* const unwanted = scratch + pitch;
  const auto slot = [&](int64_t place_of_row) { return ring + place_of_row % slots * pitch; };

  RowsToResize job{.bytes = plan_.from_width * channels,
                   .channels = channels,
                   .first = horizontal_.first.data(),
                   .takes = horizontal_.count.data(),
                   .weights = row_weights_.data(),
                   .pairs = row_pairs_.data(),
                   .taps = row_taps_,
                   .furthest = furthest_,
                   .precision = horizontal_.precision,
                   .width = plan_.width,
                   .columns = unwanted + pitch,
                   .made = unwanted + pitch + columns_bytes};
  // Those at [begin, end) of the list.
  const auto resize_rows = [&](int64_t begin, int64_t end) {
    if (!along_rows_) {
      for (auto i = begin; i < end; ++i) {
        std::memcpy(slot(i), source(needed[static_cast<size_t>(i)]) + plan_.left * channels, static_cast<size_t>(bytes));
      }
      return;
    }
    job.wanted = end - begin;
    job.count = rounded_up(end - begin, 16);
    for (int64_t i = 0; i < job.count; ++i) {
      const bool wanted = begin + i < end;
      job.rows[i] = wanted ? source(needed[static_cast<size_t>(begin + i)]) : job.rows[i - 1];
      job.out[i] = wanted ? slot(begin + i) : unwanted;
    }
    resize_along_rows(job);
  };

  int64_t done = 0, begin = 0;  // in the list: what is made, and the first that y takes
  std::vector<const uint8_t*> taken(static_cast<size_t>(taps + 1));
  std::vector<int16_t> weights(static_cast<size_t>(taps + 1));
  for (int64_t y = first; y < last; ++y) {
    const auto takes = source_rows(y, y + 1);
    const int64_t count = takes.end - takes.begin;
    while (needed[static_cast<size_t>(begin)] < takes.begin) ++begin;
    while (done < begin + count) {
      const auto end = std::min(done + most, static_cast<int64_t>(needed.size()));
      resize_rows(done, end);
      done = end;
    }
    const uint8_t* result = slot(begin);
    uint8_t* const out = sink ? scratch : place(y);
    if (along_columns_) {
      for (int64_t k = 0; k < count; ++k) {
        taken[static_cast<size_t>(k)] = slot(begin + k);
        weights[static_cast<size_t>(k)] = vertical_.weights[static_cast<size_t>(y * vertical_.taps + k)];
      }
      if (count % 2 != 0) {
        taken[static_cast<size_t>(count)] = taken[0];
        weights[static_cast<size_t>(count)] = 0;
      }
      const int64_t whole = sink ? bytes : bytes / padding * padding;  // the rest would write beyond the caller's row
      resize_along_columns(taken.data(), weights.data(), rounded_up(count, 2), vertical_.precision, 0, whole, out);
      if (whole < bytes) {
        resize_along_columns(taken.data(), weights.data(), rounded_up(count, 2), vertical_.precision, whole, bytes, scratch);
        std::memcpy(out + whole, scratch + whole, static_cast<size_t>(bytes - whole));
      }
      result = out;
    } else if (!sink) {
      std::memcpy(out, result, static_cast<size_t>(bytes));
    }
    if (sink) (*sink)(y, result);
  }
}

void Resizer::rows(const Source& source, int64_t first, int64_t last, const Sink& sink) const {
  run(source, first, last, {}, &sink);
}

void Resizer::resize(const uint8_t* pixels, ptrdiff_t row_stride, int64_t first, int64_t last, uint8_t* out,
                     ptrdiff_t out_stride) const {
  run([&](int64_t row) { return pixels + row * row_stride; }, first, last,
      [&](int64_t y) { return out + (y - first) * out_stride; }, nullptr);
}

}  // namespace opsis::inline v1::simd
