// Between colour and gray, and from channel to channel.
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "opsis/core/parallel.h"
#include "opsis/simd/interleave.h"
#include "opsis/simd/luma.h"
#include "opsis/transforms/functional/bytes.h"
#include "opsis/transforms/functional/channels.h"
#include "opsis/transforms/functional/color.h"

namespace opsis::inline v1::transforms {

torch::Tensor detail::luma(const torch::Tensor& rgb) {
  const auto channels = rgb.unbind(-3);
  return times(channels[0], 0.2989).add_(channels[1], 0.587).add_(channels[2], 0.114).unsqueeze_(-3);
}

namespace functional {
namespace {

torch::Tensor thrice(const torch::Tensor& gray) {
  if (gray.is_cpu() && gray.layout() == torch::kStrided && gray.is_contiguous() && !gray.requires_grad() && gray.numel() > 0 &&
      !gray.is_neg()) {
    auto shape = gray.sizes().vec();
    shape[shape.size() - 3] = 3;
    auto out = at::empty(shape, gray.options());
    const int64_t plane = gray.size(-2) * gray.size(-1) * gray.element_size();
    const auto* const from = static_cast<const uint8_t*>(gray.const_data_ptr());
    auto* const to = static_cast<uint8_t*>(out.mutable_data_ptr());
    for (int64_t i = 0; i < gray.numel() * gray.element_size() / plane; ++i) {
      parallel_for(0, plane, int64_t{1} << 17, [&](int64_t first, int64_t last) {
        for (int64_t c = 0; c < 3; ++c) {
          std::memcpy(to + (3 * i + c) * plane + first, from + i * plane + first, static_cast<size_t>(last - first));
        }
      });
    }
    return out;
  }
  std::vector<int64_t> repeats(static_cast<size_t>(gray.dim()), 1);
  repeats[repeats.size() - 3] = 3;
  return gray.repeat(repeats);
}

torch::Tensor gray_of_bytes(const torch::Tensor& image) {
  const detail::Bytes in(image);
  auto shape = image.sizes().vec();
  shape[shape.size() - 3] = 1;
  auto out = at::empty(shape, torch::kUInt8);
  auto* const to = out.mutable_data_ptr<uint8_t>();
  for (int64_t i = 0; i < in.images; ++i) {
    parallel_for(0, in.plane(), int64_t{1} << 15, [&](int64_t first, int64_t last) {
      simd::luma(in.rgb(i).from(first), last - first, to + i * in.plane() + first);
    });
  }
  return out;
}

// Of pixels that are one after the other: each channel goes to its plane.
torch::Tensor separated(const detail::Bytes& in, const std::vector<int64_t>& order) {
  auto out = in.planes();
  std::array<int64_t, 3> plane_of{};
  for (size_t c = 0; c < 3; ++c) plane_of.at(static_cast<size_t>(order[c])) = static_cast<int64_t>(c) * in.plane();
  for (int64_t i = 0; i < in.images; ++i) {
    auto* const to = out.mutable_data_ptr<uint8_t>() + 3 * i * in.plane();
    parallel_for(0, in.plane(), int64_t{1} << 15, [&](int64_t first, int64_t last) {
      uint8_t* const planes[] = {to + plane_of[0] + first, to + plane_of[1] + first, to + plane_of[2] + first};
      simd::separate3(in.image(i) + 3 * first, static_cast<size_t>(last - first), planes);
    });
  }
  return out;
}

}  // namespace

torch::Tensor rgb_to_grayscale(const torch::Tensor& image, int64_t num_output_channels) {
  detail::check_gray_or_rgb("rgb_to_grayscale", image);
  OPSIS_CHECK(num_output_channels == 1 || num_output_channels == 3,
              "rgb_to_grayscale: num_output_channels must be 1 or 3, got {}", num_output_channels);
  if (image.size(-3) == 1) return num_output_channels == 1 ? image.clone() : thrice(image);
  const auto gray = detail::is_bytes(image) ? gray_of_bytes(image) : detail::luma(image).to(image.scalar_type());
  return num_output_channels == 3 ? gray.expand(image.sizes()) : gray;
}

torch::Tensor to_grayscale(const torch::Tensor& image, int64_t num_output_channels) {
  return rgb_to_grayscale(image, num_output_channels);
}

torch::Tensor grayscale_to_rgb(const torch::Tensor& image) {
  detail::check_dims("grayscale_to_rgb", image, 3);
  const auto channels = image.size(-3);
  if (channels >= 3) return image;
  OPSIS_CHECK(channels == 1, "grayscale_to_rgb: the image must have 1, 3 or more channels, got {}",
              opsis::detail::shape(image));
  return thrice(image);
}

torch::Tensor permute_channels(const torch::Tensor& image, torch::IntArrayRef permutation) {
  detail::check_dims("permute_channels", image, 3);
  const auto channels = image.size(-3);
  OPSIS_CHECK(static_cast<int64_t>(permutation.size()) == channels,
              "permute_channels: there must be {} numbers for an image {}, got {}", channels, opsis::detail::shape(image),
              permutation.size());
  if (image.numel() == 0) return image;
  auto order = permutation.vec();
  for (auto& channel : order) {
    OPSIS_CHECK(channel >= -channels && channel < channels, "permute_channels: there is no channel {} of {}", channel,
                channels);
    if (channel < 0) channel += channels;
  }
  constexpr std::array<int64_t, 3> rgb{0, 1, 2};
  const bool is_shuffled = std::is_permutation(order.begin(), order.end(), rgb.begin(), rgb.end());
  if (is_shuffled && detail::is_bytes(image) && image.stride(-3) == 1) {
    const detail::Bytes in(image);
    if (in.interleaved) return separated(in, order);
  }
  const auto channels_in_order = at::tensor(order, torch::TensorOptions(torch::kInt64).device(image.device()));
  if (image.is_contiguous()) return image.index_select(-3, channels_in_order);
  return image.index({torch::indexing::Ellipsis, channels_in_order, torch::indexing::Slice(), torch::indexing::Slice()});
}

Image rgb_to_grayscale(const Image& image, int64_t num_output_channels) {
  return wrap(rgb_to_grayscale(image.data, num_output_channels), image);
}
Image to_grayscale(const Image& image, int64_t num_output_channels) { return rgb_to_grayscale(image, num_output_channels); }
Image grayscale_to_rgb(const Image& image) { return wrap(grayscale_to_rgb(image.data), image); }
Image permute_channels(const Image& image, torch::IntArrayRef permutation) {
  return wrap(permute_channels(image.data, permutation), image);
}
Video permute_channels(const Video& video, torch::IntArrayRef permutation) {
  return wrap(permute_channels(video.data, permutation), video);
}

}  // namespace functional
}  // namespace opsis::inline v1::transforms
