#include "opsis/tv_tensors/image.h"

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::tv_tensors {

Image::Image(torch::Tensor tensor) : data(std::move(tensor)) {
  OPSIS_CHECK(data.defined() && data.dim() >= 2, "Image: the tensor must be (..., H, W), got {}", detail::shape(data));
  if (data.dim() == 2) data = data.unsqueeze(0);
}

Video::Video(torch::Tensor tensor) : data(std::move(tensor)) {
  OPSIS_CHECK(data.defined() && data.dim() >= 4, "Video: the tensor must be (..., T, C, H, W), got {}", detail::shape(data));
}

// Not by its constructor: what was (H, W) before a transform stays so.
Image wrap(torch::Tensor data, const Image&) {
  Image image;
  image.data = std::move(data);
  return image;
}
Video wrap(torch::Tensor data, const Video&) { return Video(std::move(data)); }

std::ostream& operator<<(std::ostream& out, const Image& image) { return detail::print(out, "Image", image.data); }
std::ostream& operator<<(std::ostream& out, const Video& video) { return detail::print(out, "Video", video.data); }

}  // namespace opsis::inline v1::tv_tensors
