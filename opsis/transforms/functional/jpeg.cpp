#include "opsis/transforms/functional/jpeg.h"

#include <ATen/ops/stack.h>

#include "opsis/core/telling_where.h"
#include "opsis/io/image.h"
#include "opsis/transforms/functional/planes.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {

torch::Tensor jpeg(const torch::Tensor& image, int64_t quality) {
  detail::check_dims("jpeg", image, 3);
  if (image.dim() == 3) {
    return telling_where<ValueError>(
        "jpeg", [&] { return detail::in_planes(io::decode_jpeg(io::encode_jpeg(wrap(image, Image()), quality)).data); });
  }
  const auto batch = image.flatten(0, -4);
  if (batch.size(0) == 0) return image.clone();
  std::vector<torch::Tensor> decoded;
  for (const auto& one : batch.unbind(0)) decoded.push_back(jpeg(one, quality));
  return at::stack(decoded).view(image.sizes());
}

Image jpeg(const Image& image, int64_t quality) { return wrap(jpeg(image.data, quality), image); }
Video jpeg(const Video& video, int64_t quality) { return wrap(jpeg(video.data, quality), video); }

}  // namespace opsis::inline v1::transforms::functional
