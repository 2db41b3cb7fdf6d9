#include "opsis/utils/draw_keypoints.h"

#include <torch/torch.h>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"
#include "opsis/utils/drawable.h"

namespace opsis::inline v1::utils {

Image draw_keypoints(const Image& image, const torch::Tensor& keypoints, const DrawKeypointsOptions& options) {
  const torch::NoGradGuard no_grad;
  constexpr auto where = "draw_keypoints";
  detail::check_drawable(where, image, false);
  OPSIS_CHECK(keypoints.defined() && keypoints.dim() == 3, "{}: the key points must be (N, K, 2), got {}", where,
              opsis::detail::shape(keypoints));
  const auto instances = keypoints.size(0), points = keypoints.size(1);
  OPSIS_CHECK(keypoints.numel() == 0 || keypoints.size(2) >= 2, "{}: the key points must be (N, K, 2), got {}", where,
              opsis::detail::shape(keypoints));
  torch::Tensor seen;  // none: all are
  if (options.visibility) {
    auto visibility = *options.visibility;
    OPSIS_CHECK(visibility.defined(), "{}: visibility is undefined", where);
    if (visibility.dim() == 3) visibility = visibility.squeeze(-1);
    OPSIS_CHECK(visibility.dim() == 2 && visibility.size(0) == instances && visibility.size(1) == points,
                "{}: visibility must be ({}, {}), got {}", where, instances, points, opsis::detail::shape(visibility));
    seen = visibility.to(torch::kCPU, torch::kBool).contiguous();
  }

  const auto pixels = detail::drawable_copy(image);
  auto raster = detail::raster_on(pixels, Raster::Mode::Store);
  const auto places = keypoints.to(torch::kCPU, torch::kInt64).contiguous();
  for (int64_t i = 0; i < instances; ++i) {
    const auto at = [&](int64_t point) {
      const auto* place = places.const_data_ptr<int64_t>() + (i * points + point) * places.size(2);
      return Pixel{place[0], place[1]};
    };
    const auto is_seen = [&](int64_t point) { return !seen.defined() || seen.const_data_ptr<bool>()[i * points + point]; };
    for (int64_t point = 0; point < points; ++point) {
      if (!is_seen(point)) continue;
      OPSIS_CHECK(options.radius >= 0, "{}: radius must not be negative, got {}", where, options.radius);
      if (options.colors) raster.fill_disc(at(point), options.radius, {options.colors->color});
    }
    for (auto [from, to] : options.connectivity) {
      OPSIS_CHECK(std::min(from, to) >= -points && std::max(from, to) < points,
                  "{}: a connection must be between two of {} points, got ({}, {})", where, points, from, to);
      if (from < 0) from += points;  // from the end, as in Python
      if (to < 0) to += points;
      if (is_seen(from) && is_seen(to)) raster.line(at(from), at(to), {{255, 255, 255}}, options.width);
    }
  }
  return detail::in_type_of(pixels, image);
}

Image draw_keypoints(const Image& image, const KeyPoints& keypoints, const DrawKeypointsOptions& options) {
  return draw_keypoints(image, keypoints.data.dim() == 2 ? keypoints.data.unsqueeze(0) : keypoints.data, options);
}

}  // namespace opsis::inline v1::utils
