// The corners and the middle.
#pragma once

#include <torch/types.h>

#include <array>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms::functional {

/// The corners (top left, top right, bottom left, bottom right) and the middle, each {height, width} (one number: a square).
///     const auto [tl, tr, bl, br, middle] = five_crop(image, {224});   // (3, 256, 341) -> five times (3, 224, 224)
/// Shapes   (..., H, W) -> (..., height, width)
/// Types    any; the results have the same
/// Memory   views of the input
/// Throws   ValueError when size has not 1 or 2 numbers, or is larger than the image
/// Source   torchvision.transforms.v2.functional.five_crop
OPSIS_API std::array<torch::Tensor, 5> five_crop(const torch::Tensor& image, torch::IntArrayRef size);
OPSIS_API std::array<Image, 5> five_crop(const Image& image, torch::IntArrayRef size);
OPSIS_API std::array<Video, 5> five_crop(const Video& video, torch::IntArrayRef size);

/// five_crop of the image, then of the image mirrored left to right (or, with vertical_flip, top to bottom).
/// Source   torchvision.transforms.v2.functional.ten_crop
OPSIS_API std::array<torch::Tensor, 10> ten_crop(const torch::Tensor& image, torch::IntArrayRef size,
                                                 bool vertical_flip = false);
OPSIS_API std::array<Image, 10> ten_crop(const Image& image, torch::IntArrayRef size, bool vertical_flip = false);
OPSIS_API std::array<Video, 10> ten_crop(const Video& video, torch::IntArrayRef size, bool vertical_flip = false);

}  // namespace opsis::inline v1::transforms::functional
