// What ShuffleNet V2 and its quantizable twin have in common.
#pragma once

#include <torch/nn/modules/conv.h>
#include <torch/types.h>

#include <array>

#include "opsis/models/layer.h"

namespace opsis::inline v1::models::detail::shufflenet {

inline Layer conv(int64_t in, int64_t out, int64_t kernel = 1, int64_t stride = 1, int64_t groups = 1) {
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).groups(groups).bias(false));
}

inline Layer depthwise(int64_t channels, int64_t stride) { return conv(channels, channels, 3, stride, channels); }

/// So that the next block mixes what the two branches found.
inline torch::Tensor shuffled_channels(const torch::Tensor& x, int64_t groups) {
  const auto n = x.size(0), channels = x.size(1), height = x.size(2), width = x.size(3);
  return x.view({n, groups, channels / groups, height, width}).transpose(1, 2).contiguous().view({n, channels, height, width});
}

/// Of the stem, the three stages and the last convolution.
using Channels = std::array<int64_t, 5>;
inline constexpr Channels x0_5{24, 48, 96, 192, 1024}, x1_0{24, 116, 232, 464, 1024}, x1_5{24, 176, 352, 704, 1024},
    x2_0{24, 244, 488, 976, 2048};

/// How many blocks each stage has.
inline constexpr std::array<int64_t, 3> kRepeats{4, 8, 4};

}  // namespace opsis::inline v1::models::detail::shufflenet
