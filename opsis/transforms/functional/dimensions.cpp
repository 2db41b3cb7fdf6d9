#include "opsis/transforms/functional/dimensions.h"

#include "opsis/core/check.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {

Size get_size(const torch::Tensor& image) {
  detail::check_dims("get_size", image, 2);
  return {image.size(-2), image.size(-1)};
}
Size get_size(const Image& image) { return get_size(image.data); }
Size get_size(const Video& video) { return get_size(video.data); }
Size get_size(const Mask& mask) { return get_size(mask.data); }
Size get_size(const BoundingBoxes& boxes) { return boxes.canvas_size; }
Size get_size(const KeyPoints& points) { return points.canvas_size; }

Dimensions get_dimensions(const torch::Tensor& image) {
  detail::check_dims("get_dimensions", image, 2);
  return {image.dim() == 2 ? 1 : image.size(-3), image.size(-2), image.size(-1)};
}
Dimensions get_dimensions(const Image& image) { return get_dimensions(image.data); }
Dimensions get_dimensions(const Video& video) { return get_dimensions(video.data); }

int64_t get_num_channels(const torch::Tensor& image) {
  detail::check_dims("get_num_channels", image, 2);
  return image.dim() == 2 ? 1 : image.size(-3);
}
int64_t get_num_channels(const Image& image) { return get_num_channels(image.data); }
int64_t get_num_channels(const Video& video) { return get_num_channels(video.data); }

int64_t get_num_frames(const torch::Tensor& video) {
  detail::check_dims("get_num_frames", video, 4);
  return video.size(-4);
}
int64_t get_num_frames(const Video& video) { return get_num_frames(video.data); }

std::array<int64_t, 2> get_image_size(const torch::Tensor& image) {
  const auto size = get_size(image);
  return {size.width, size.height};
}
std::array<int64_t, 2> get_image_size(const Image& image) { return get_image_size(image.data); }

}  // namespace opsis::inline v1::transforms::functional
