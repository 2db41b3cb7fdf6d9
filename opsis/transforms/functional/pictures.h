// How pixels lie in memory, for kernels on plain pointers. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <optional>

#include "opsis/core/parallel.h"
#include "opsis/core/size.h"

namespace opsis::inline v1::transforms::detail {

/// A batch (N, C, H, W) as `pictures` of `pixel` bytes a pixel: N of them with interleaved channels, or N * C planes.
struct PictureLayout {
  bool interleaved;
  int64_t channels;  ///< of a pixel: C, or 1
  int64_t pixel;     ///< bytes
  int64_t pictures;
  int64_t row_stride;  ///< bytes; not negative
};

/// The layout of a batch in the memory of the CPU whose pixels follow one another in each row, be it part of a larger picture;
/// none for other memory, and for what autograd must see.
inline std::optional<PictureLayout> picture_layout(const torch::Tensor& images) {
  if (!images.device().is_cpu() || images.requires_grad() || images.layout() != torch::kStrided || images.numel() == 0 ||
      images.is_neg() || images.is_conj()) {  // views whose memory has other numbers
    return std::nullopt;
  }
  const int64_t n = images.size(0), c = images.size(1), item = images.element_size();
  if (c > 1 && images.stride(1) == 1 && images.stride(3) == c) {
    return PictureLayout{true, c, c * item, n, images.stride(2) * item};
  }
  if (images.stride(3) == 1 || images.size(3) == 1) return PictureLayout{false, 1, item, n * c, images.stride(2) * item};
  return std::nullopt;
}

/// The first byte of a picture.
inline const uint8_t* picture(const torch::Tensor& images, const PictureLayout& layout, int64_t number) {
  const int64_t c = images.size(1);
  const int64_t offset =
      layout.interleaved ? number * images.stride(0) : number / c * images.stride(0) + number % c * images.stride(1);
  return static_cast<const uint8_t*>(images.const_data_ptr()) + offset * images.element_size();
}

/// A batch like `images` of another size, laid out as those are but without gaps.
inline torch::Tensor empty_pictures(const torch::Tensor& images, Size size, const PictureLayout& layout) {
  const auto format = layout.interleaved ? torch::MemoryFormat::ChannelsLast : torch::MemoryFormat::Contiguous;
  return torch::empty({images.size(0), images.size(1), size.height, size.width}, images.options().memory_format(format));
}

/// (..., C, H, W) or (H, W) as (N, C, H, W); a view where there can be one.
inline torch::Tensor as_batch(const torch::Tensor& image) {
  switch (image.dim()) {
    case 2: return image.unsqueeze(0).unsqueeze(0);
    case 3: return image.unsqueeze(0);
    case 4: return image;
    default: return image.reshape({-1, image.size(-3), image.size(-2), image.size(-1)});
  }
}

/// Whether float32 holds every number of the type, so that what torchvision copies by way of it comes back the same.
inline bool goes_unchanged_by_float(torch::ScalarType type) {
  switch (type) {
    case torch::kBool:
    case torch::kUInt8:
    case torch::kInt8:
    case torch::kInt16:
    case torch::kUInt16:
    case torch::kFloat16:
    case torch::kBFloat16:
    case torch::kFloat32:
    case torch::kFloat64: return true;  // does not go by float32
    default: return false;
  }
}

/// body(picture, first row, last row) over all rows of all pictures, on several threads where `row_work` bytes a row are worth
/// it.
template <class Body>
void for_rows(int64_t pictures, int64_t height, int64_t row_work, const Body& body) {
  const int64_t grain = std::max<int64_t>((int64_t{1} << 18) / std::max<int64_t>(row_work, 1), 8);
  parallel_for(0, pictures * height, grain, [&](int64_t first, int64_t last) {
    while (first < last) {
      const int64_t number = first / height, row = first % height;
      const int64_t rows = std::min(height - row, last - first);
      body(number, row, row + rows);
      first += rows;
    }
  });
}

}  // namespace opsis::inline v1::transforms::detail
