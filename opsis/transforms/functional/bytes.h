// uint8 images as the kernels in opsis/simd take them. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <array>
#include <cstdint>

#include "opsis/core/parallel.h"
#include "opsis/simd/blur.h"
#include "opsis/simd/levels.h"
#include "opsis/simd/rgb.h"

namespace opsis::inline v1::transforms::detail {

/// Whether such kernels are for this tensor: uint8, on the CPU, (..., C, H, W) with a pixel at least, and not turned by 90 degrees,
/// which ATen's operators leave turned.
inline bool is_bytes(const torch::Tensor& image) {
  return image.scalar_type() == torch::kUInt8 && image.device().is_cpu() && image.layout() == torch::kStrided &&
         image.dim() >= 3 && image.numel() > 0 &&
         (image.stride(-2) >= image.stride(-1) || image.size(-2) == 1 || image.size(-1) == 1);
}

/// A tensor of which is_bytes holds, as images without gaps: channel after channel, or pixel after pixel if it has three channels
/// that lie so. What lies otherwise is copied first.
class Bytes {
 public:
  explicit Bytes(const torch::Tensor& image);

  int64_t images, channels, height, width;
  bool interleaved;  ///< pixel after pixel

  int64_t plane() const { return height * width; }
  const uint8_t* data() const { return data_; }
  const uint8_t* image(int64_t i) const { return data_ + i * channels * plane(); }
  simd::Rgb rgb(int64_t i) const { return simd::channels3(image(i), plane(), interleaved); }
  /// Planes of one channel, or an image pixel after pixel.
  int64_t pictures() const { return interleaved ? images : images * channels; }
  simd::Picture picture(int64_t i) const {
    const auto samples = interleaved ? channels : 1;
    return {data_ + i * samples * plane(), height, width, samples};
  }

  /// Memory for a result of the same shape, laid out the same.
  torch::Tensor like(torch::ScalarType dtype = torch::kUInt8) const;
  /// Memory for a result of the same shape, channel after channel: see in_planes.
  torch::Tensor planes() const;

 private:
  torch::Tensor tensor_;
  const uint8_t* data_;
};

/// `table` of each level of a tensor for which is_bytes holds, laid out as that is: it does not matter which pixel a byte is of.
torch::Tensor map_levels(const torch::Tensor& image, const simd::Levels& table);
/// A table for each channel of each image, in their order; into `out`, which is in.like() or in.planes().
torch::Tensor map_levels(const Bytes& in, const std::vector<simd::Levels>& tables, torch::Tensor out);
inline torch::Tensor map_levels(const Bytes& in, const std::vector<simd::Levels>& tables) {
  return map_levels(in, tables, in.like());
}

/// body(rgb of some pixels, their number, where their result goes), for all of the images and on all cores; into `out`, which is
/// in.like() or in.planes().
template <class Body>
torch::Tensor map_rgb(const Bytes& in, torch::Tensor out, const Body& body) {
  constexpr int64_t grain = int64_t{1} << 15;
  auto* const to = out.mutable_data_ptr<uint8_t>();
  const bool interleaved = in.interleaved && !out.is_contiguous();
  for (int64_t i = 0; i < in.images; ++i) {
    const auto from = in.rgb(i);
    const auto image = simd::channels3(to + 3 * i * in.plane(), in.plane(), interleaved);
    parallel_for(0, in.plane(), grain,
                 [&](int64_t first, int64_t last) { body(from.from(first), last - first, image.from(first)); });
  }
  return out;
}

/// A value of up to 255 as `to(torch::kUInt8)` makes it of a float: cut, not rounded, and 0 of what is no number.
inline uint8_t cut_to_byte(float value) { return value > 0 ? static_cast<uint8_t>(value) : uint8_t{0}; }

}  // namespace opsis::inline v1::transforms::detail
