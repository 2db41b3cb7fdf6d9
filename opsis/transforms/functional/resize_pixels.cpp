#include "opsis/transforms/functional/resize_pixels.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "opsis/core/parallel.h"
#include "opsis/simd/resize.h"

namespace opsis::inline v1::transforms::detail {
namespace {

// How a batch lies in memory, counted in bytes: `pictures` of `channels` bytes a pixel.
struct PictureLayout {
  bool interleaved;
  int64_t channels, pixel;  // values next to each other, and the bytes that they take
  int64_t pictures;         // N, or N * C planes
  int64_t row_stride;
};

std::optional<PictureLayout> picture_layout(const torch::Tensor& images) {
  const int64_t n = images.size(0), c = images.size(1), item = images.element_size();
  if (c > 1 && images.stride(1) == 1 && images.stride(3) == c) {
    return PictureLayout{true, c, c * item, n, images.stride(2) * item};
  }
  if (images.stride(3) == 1 || images.size(3) == 1) return PictureLayout{false, 1, item, n * c, images.stride(2) * item};
  return std::nullopt;
}

const uint8_t* picture(const torch::Tensor& images, const PictureLayout& layout, int64_t number) {
  const int64_t c = images.size(1);
  const int64_t offset =
      layout.interleaved ? number * images.stride(0) : number / c * images.stride(0) + number % c * images.stride(1);
  return static_cast<const uint8_t*>(images.const_data_ptr()) + offset * images.element_size();
}

torch::Tensor empty_pictures(const torch::Tensor& images, Size size, bool interleaved) {
  return torch::empty(
      {images.size(0), images.size(1), size.height, size.width},
      images.options().memory_format(interleaved ? torch::MemoryFormat::ChannelsLast : torch::MemoryFormat::Contiguous));
}

// body(picture, first row, last row) over all rows of all pictures, on several threads where `row_work` bytes a row are worth it.
template <class Body>
void for_rows(int64_t pictures, int64_t height, int64_t row_work, const Body& body) {
  const int64_t grain = std::max<int64_t>((int64_t{1} << 17) / std::max<int64_t>(row_work, 1), 8);
  parallel_for(0, pictures * height, grain, [&](int64_t first, int64_t last) {
    while (first < last) {
      const int64_t number = first / height, row = first % height;
      const int64_t rows = std::min(height - row, last - first);
      body(number, row, row + rows);
      first += rows;
    }
  });
}

torch::Tensor resize_blended(const torch::Tensor& images, const PictureLayout& layout, Size size, simd::ResizeFilter filter,
                             bool antialias) {
  const auto out = empty_pictures(images, size, layout.interleaved);
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
  return out;
}

torch::Tensor resize_nearest(const torch::Tensor& images, const PictureLayout& layout, Size size, bool exact) {
  const auto out = empty_pictures(images, size, layout.interleaved);
  const auto rows = simd::nearest_indices(images.size(2), size.height, exact);
  const auto columns = simd::nearest_indices(images.size(3), size.width, exact);
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
        simd::nearest_row(from + source * layout.row_stride, columns.data(), size.width, layout.pixel, row);
      }
    }
  });
  return out;
}

// By way of float32, as wider integers go, nothing would change in types of so few digits.
bool is_copied(torch::ScalarType type) {
  switch (type) {
    case torch::kBool:
    case torch::kUInt8:
    case torch::kInt8:
    case torch::kInt16:
    case torch::kUInt16:
    case torch::kFloat16:
    case torch::kBFloat16:
    case torch::kFloat32:
    case torch::kFloat64: return true;
    default: return false;
  }
}

}  // namespace

std::optional<torch::Tensor> resize_pixels(const torch::Tensor& images, Size size, InterpolationMode mode, bool antialias) {
  constexpr int64_t longest = std::numeric_limits<int32_t>::max() / 16;
  if (!images.device().is_cpu() || images.requires_grad() || images.numel() == 0 || size.height <= 0 || size.width <= 0 ||
      std::max({images.size(2), images.size(3), size.height, size.width}) > longest) {
    return std::nullopt;
  }
  const auto layout = picture_layout(images);
  if (!layout || layout->row_stride < 0) return std::nullopt;
  switch (mode) {
    case InterpolationMode::NEAREST:
    case InterpolationMode::NEAREST_EXACT:
      if (!is_copied(images.scalar_type())) return std::nullopt;
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
