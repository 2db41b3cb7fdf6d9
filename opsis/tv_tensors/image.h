// Pixels: one image, or a video as a stack of them.
#pragma once

#include <torch/types.h>

#include <ostream>

#include "opsis/core/api.h"

namespace opsis::inline v1::tv_tensors {

/// An image: (..., C, H, W), uint8 in [0, 255] or floating point in [0, 1].
/// Source   torchvision.tv_tensors.Image
struct OPSIS_API Image {
  torch::Tensor data;

  Image() = default;
  /// A tensor (H, W) becomes (1, H, W). Throws ValueError when it has fewer than two dimensions.
  explicit Image(torch::Tensor data);
};

/// A video: (..., T, C, H, W), with the types and ranges of Image.
/// Source   torchvision.tv_tensors.Video
struct OPSIS_API Video {
  torch::Tensor data;

  Video() = default;
  /// Throws ValueError when the tensor has fewer than four dimensions.
  explicit Video(torch::Tensor data);
};

/// `data` as the same kind of value as `like`.
/// Source   torchvision.tv_tensors.wrap
OPSIS_API Image wrap(torch::Tensor data, const Image& like);
OPSIS_API Video wrap(torch::Tensor data, const Video& like);

OPSIS_API std::ostream& operator<<(std::ostream& out, const Image& image);
OPSIS_API std::ostream& operator<<(std::ostream& out, const Video& video);

}  // namespace opsis::inline v1::tv_tensors
