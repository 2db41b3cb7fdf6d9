#include "opsis/transforms/functional/temporal.h"

#include <ATen/ops/linspace.h>

#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {

torch::Tensor uniform_temporal_subsample(const torch::Tensor& video, int64_t num_samples) {
  detail::check_dims("uniform_temporal_subsample", video, 4);
  OPSIS_CHECK(num_samples >= 0, "uniform_temporal_subsample: num_samples must not be negative, got {}", num_samples);
  const auto frames = video.size(-4);
  OPSIS_CHECK(frames > 0 || num_samples == 0, "uniform_temporal_subsample: the video {} has no frame",
              opsis::detail::shape(video));
  const auto chosen = at::linspace(0, frames - 1, num_samples, torch::TensorOptions(torch::kFloat32).device(video.device()));
  return video.index_select(-4, chosen.to(torch::kInt64));
}

Video uniform_temporal_subsample(const Video& video, int64_t num_samples) {
  return wrap(uniform_temporal_subsample(video.data, num_samples), video);
}

}  // namespace opsis::inline v1::transforms::functional
