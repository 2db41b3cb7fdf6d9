// Turning hues: RGB to HSV and back, as Pillow does. On uint8 by opsis/simd.
#include <ATen/ops/aminmax.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/rsub.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include "opsis/simd/hue.h"
#include "opsis/transforms/functional/bytes.h"
#include "opsis/transforms/functional/channels.h"
#include "opsis/transforms/functional/color.h"
#include "opsis/transforms/functional/type.h"

namespace opsis::inline v1::transforms::functional {
namespace {

struct Hsv {
  torch::Tensor h, s, v;
};

// Of float32 in [0, 1]; torchvision's operations in its order.
Hsv rgb_to_hsv(const torch::Tensor& image) {
  const auto rgb = image.unbind(-3);
  const auto [least, most] = at::aminmax(image, -3);
  const auto gray = most.eq(least);
  const auto range = most - least;
  const auto ones = at::ones_like(most);
  const auto saturation = range / at::where(gray, ones, most);
  // Of gray pixels the hue comes to 6, whatever is divided by.
  const auto divisor = at::where(gray, ones, range).unsqueeze_(-3);
  const auto away = ((most.unsqueeze(-3) - image) / divisor).unbind(-3);
  const auto &r = away[0], &g = away[1], &b = away[2];

  const auto not_red = most.ne(rgb[0]), green = most.eq(rgb[1]);
  const auto of_green = r.add(2.0).sub_(b).mul_(green.logical_and(not_red));
  const auto of_red = (b - g).mul_(not_red.logical_not());
  const auto of_blue = g.add(4.0).sub_(r).mul_(not_red.logical_and(green.logical_not()));
  auto hue = of_red.add(of_green).add_(of_blue);
  hue.mul_(1.0 / 6.0).add_(1.0).fmod_(1.0);
  return {hue, saturation, most};
}

torch::Tensor hsv_to_rgb(const Hsv& hsv) {
  auto sixth = hsv.h.mul(6);
  auto sector = sixth.floor();
  const auto rest = sixth.sub_(sector);
  sector = sector.to(torch::kInt32).remainder_(6).to(torch::kInt64);

  auto part = hsv.s * rest;
  auto none = at::rsub(hsv.s, 1.0);
  const auto q = at::rsub(part, 1.0).mul_(hsv.v).clamp_(0.0, 1.0);
  const auto t = part.add_(none).mul_(hsv.v).clamp_(0.0, 1.0);
  const auto p = none.mul_(hsv.v).clamp_(0.0, 1.0);
  const auto vpqt = at::stack({hsv.v, p, q, t}, -3);

  // Which of v, p, q and t red, green and blue are, in each sector of the circle.
  const auto table = at::tensor({0, 2, 1, 1, 3, 0, 3, 0, 0, 2, 1, 1, 1, 1, 3, 0, 0, 2}, torch::kInt64).view({3, 6});
  const auto selected = table.to(sector.device()).index({torch::indexing::Slice(), sector}).moveaxis(0, -3);
  return vpqt.gather(-3, selected);
}

}  // namespace

torch::Tensor adjust_hue(const torch::Tensor& image, double hue_factor) {
  detail::check_gray_or_rgb("adjust_hue", image);
  OPSIS_CHECK(hue_factor >= -0.5 && hue_factor <= 0.5, "adjust_hue: hue_factor must be in [-0.5, 0.5], got {}", hue_factor);
  if (image.size(-3) == 1 || image.numel() == 0) return image;
  if (detail::is_bytes(image)) {
    const detail::Bytes in(image);
    return detail::map_rgb(in, in.planes(), [&](const simd::Rgb& rgb, int64_t count, const simd::RgbOut& out) {
      simd::turn_hue(rgb, count, static_cast<float>(hue_factor), out);
    });
  }
  detail::check_held_by_float("adjust_hue", image.scalar_type());
  auto hsv = rgb_to_hsv(to_dtype(image, torch::kFloat32, {.scale = true}));
  hsv.h.add_(hue_factor).remainder_(1.0);
  return to_dtype(hsv_to_rgb(hsv), image.scalar_type(), {.scale = true});
}

Image adjust_hue(const Image& image, double hue_factor) { return wrap(adjust_hue(image.data, hue_factor), image); }
Video adjust_hue(const Video& video, double hue_factor) { return wrap(adjust_hue(video.data, hue_factor), video); }

}  // namespace opsis::inline v1::transforms::functional
