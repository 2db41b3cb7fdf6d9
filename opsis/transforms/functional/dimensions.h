// Asking a value how large it is.
#pragma once

#include <torch/types.h>

#include <array>
#include <ostream>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms::functional {

/// Channels, height and width. Prints as (channels, height, width).
struct Dimensions {
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
  friend bool operator==(const Dimensions&, const Dimensions&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Dimensions& dimensions) {
    return out << '(' << dimensions.channels << ", " << dimensions.height << ", " << dimensions.width << ')';
  }
};

/// Height and width: of pixels the last two dimensions, of boxes and key points their canvas.
/// Throws   ValueError when a tensor has fewer than two dimensions
/// Source   torchvision.transforms.v2.functional.get_size
OPSIS_API Size get_size(const torch::Tensor& image);
OPSIS_API Size get_size(const Image& image);
OPSIS_API Size get_size(const Video& video);
OPSIS_API Size get_size(const Mask& mask);
OPSIS_API Size get_size(const BoundingBoxes& boxes);
OPSIS_API Size get_size(const KeyPoints& points);

/// Channels, height and width; a tensor (H, W) has one channel.
/// Throws   ValueError when a tensor has fewer than two dimensions
/// Source   torchvision.transforms.v2.functional.get_dimensions
OPSIS_API Dimensions get_dimensions(const torch::Tensor& image);
OPSIS_API Dimensions get_dimensions(const Image& image);
OPSIS_API Dimensions get_dimensions(const Video& video);

/// Source   torchvision.transforms.v2.functional.get_num_channels
OPSIS_API int64_t get_num_channels(const torch::Tensor& image);
OPSIS_API int64_t get_num_channels(const Image& image);
OPSIS_API int64_t get_num_channels(const Video& video);

/// get_num_channels by its older name.
/// Source   torchvision.transforms.v2.functional.get_image_num_channels
template <class Pixels>
int64_t get_image_num_channels(const Pixels& image) {
  return get_num_channels(image);
}

/// Width and height, in that order, as the oldest programs ask for them; get_size is the one to use.
/// Source   torchvision.transforms.v2.functional.get_image_size
OPSIS_API std::array<int64_t, 2> get_image_size(const torch::Tensor& image);
OPSIS_API std::array<int64_t, 2> get_image_size(const Image& image);

/// Throws   ValueError when a tensor has fewer than four dimensions
/// Source   torchvision.transforms.v2.functional.get_num_frames
OPSIS_API int64_t get_num_frames(const torch::Tensor& video);
OPSIS_API int64_t get_num_frames(const Video& video);

}  // namespace opsis::inline v1::transforms::functional
