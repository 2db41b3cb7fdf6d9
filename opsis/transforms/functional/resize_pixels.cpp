#include "opsis/transforms/functional/resize_pixels.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "opsis/simd/nearest.h"
#include "opsis/simd/resize.h"
#include "opsis/transforms/functional/pictures.h"
#include "opsis/transforms/functional/planes.h"

namespace opsis::inline v1::transforms::detail {
namespace {

// As ATen's kernels leave it: a picture that was cut out of wider rows does not count as one of whole pixels.
torch::Tensor laid_as_atens(const torch::Tensor& out, const torch::Tensor& images) {
  const auto pixels = torch::MemoryFormat::ChannelsLast;
  return images.is_contiguous(pixels) || images.suggest_memory_format() == pixels ? out : in_planes(out);
}

torch::Tensor resize_blended(const torch::Tensor& images, const PictureLayout& layout, Size size, simd::ResizeFilter filter,
                             bool antialias) {
  auto out = empty_pictures(images, size, layout);
  const simd::Resizer resizer({.from_height = images.size(2),
                               .from_width = images.size(3),
                               .to_height = size.height,
                               .to_width = size.width,
                               .channels = layout.channels,
                               .filter = filter,
                               .antialias = antialias});
  const int64_t row_bytes = size.width * layout.channels;
  auto* const to = out.mutable_data_ptr<uint8_t>();
  const int64_t work = images.size(2) * images.size(3) * layout.channels / size.height;
  for_rows(layout.pictures, size.height, std::max(work, row_bytes), [&](int64_t number, int64_t first, int64_t last) {
    resizer.resize(picture(images, layout, number), layout.row_stride, first, last,
                   to + (number * size.height + first) * row_bytes, row_bytes);
  });
  return laid_as_atens(out, images);
}

torch::Tensor resize_nearest(const torch::Tensor& images, const PictureLayout& layout, Size size, bool exact) {
  auto out = empty_pictures(images, size, layout);
  const auto rows = simd::nearest_indices(images.size(2), size.height, exact);
  const simd::NearestRows columns(simd::nearest_indices(images.size(3), size.width, exact), images.size(3), layout.pixel);
  const int64_t row_bytes = size.width * layout.pixel;
  auto* const to = static_cast<uint8_t*>(out.mutable_data_ptr());
  for_rows(layout.pictures, size.height, row_bytes, [&](int64_t number, int64_t first, int64_t last) {
    const uint8_t* from = picture(images, layout, number);
    for (int64_t y = first; y < last; ++y) {
      const int64_t source = rows[static_cast<size_t>(y)];
      uint8_t* const row = to + (number * size.height + y) * row_bytes;
      if (y > first && rows[static_cast<size_t>(y - 1)] == source) {
        std::memcpy(row, row - row_bytes, static_cast<size_t>(row_bytes));
      } else {
        columns.copy(from + source * layout.row_stride, row);
      }
    }
  });
  return laid_as_atens(out, images);
}

bool is_few(int64_t pixels) { return pixels > 1 && pixels < 8; }

}  // namespace

std::optional<torch::Tensor> resize_pixels(const torch::Tensor& images, Size size, InterpolationMode mode, bool antialias) {
  constexpr int64_t longest = std::numeric_limits<int32_t>::max() / 16;
  if (size.height <= 0 || size.width <= 0 || std::max({images.size(2), images.size(3), size.height, size.width}) > longest) {
    return std::nullopt;
  }
  const auto layout = picture_layout(images);
  if (!layout) return std::nullopt;
  switch (mode) {
    case InterpolationMode::NEAREST:
    case InterpolationMode::NEAREST_EXACT:
      // ATen finds the places of float64 in double, and those of a few pixels by another way of rounding.
      if (!goes_unchanged_by_float(images.scalar_type()) || images.scalar_type() == torch::kFloat64) return std::nullopt;
      if (mode == InterpolationMode::NEAREST_EXACT && (is_few(images.size(2)) || is_few(images.size(3)))) return std::nullopt;
      return resize_nearest(images, *layout, size, mode == InterpolationMode::NEAREST_EXACT);
    case InterpolationMode::BILINEAR:
    case InterpolationMode::BICUBIC: {
      const bool has_kernel = layout->channels == 1 || layout->channels == 3 || layout->channels == 4;
      if (images.scalar_type() != torch::kUInt8 || !has_kernel) return std::nullopt;
      const bool bilinear = mode == InterpolationMode::BILINEAR;
      return resize_blended(images, *layout, size, bilinear ? simd::ResizeFilter::Bilinear : simd::ResizeFilter::Bicubic,
                            antialias);
    }
    default: return std::nullopt;
  }
}

}  // namespace opsis::inline v1::transforms::detail
