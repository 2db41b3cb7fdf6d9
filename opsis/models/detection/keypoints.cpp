#include "opsis/models/detection/keypoints.h"

#include <torch/torch.h>

#include <cmath>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detection {

using torch::Tensor;

constexpr double kLongest = 2147483648.0;  // of a box's sides: 2^31

// A pixel of a map is where its centre is on the box: d and d + 0.5 (Heckbert 1990).
std::pair<Tensor, Tensor> heatmaps_to_keypoints(const Tensor& maps, const Tensor& boxes) {
  OPSIS_CHECK(maps.dim() == 4, "heatmaps_to_keypoints: maps must be (N, K, M, M), got {}", opsis::detail::shape(maps));
  const auto count = maps.size(0), keypoints = maps.size(1);
  OPSIS_CHECK(boxes.dim() == 2 && boxes.size(0) == count && boxes.size(1) == 4,
              "heatmaps_to_keypoints: boxes must be ({}, 4), one for each of the maps, got {}", count,
              opsis::detail::shape(boxes));
  // Sides are found in the boxes' own type, as torchvision finds them: 16 bits round. Boxes have a gradient, pixels have none.
  const auto begin = boxes.slice(1, 0, 2), size = (boxes.slice(1, 2, 4) - begin).clamp_min(1);  // (N, 2): x, y
  const auto whole = size.detach().ceil();
  const auto on_cpu = [](const Tensor& numbers) { return numbers.detach().to(torch::kCPU, torch::kFloat64).contiguous(); };
  const auto corners = on_cpu(boxes), map_sizes = on_cpu(whole);
  const auto *box = corners.const_data_ptr<double>(), *map_size = map_sizes.const_data_ptr<double>();
  const auto like = maps.options().dtype(torch::kFloat32).requires_grad(false);
  auto hottest = torch::zeros({count, keypoints, 2}, like.dtype(torch::kInt64));
  auto scores = torch::zeros({count, keypoints}, like);
  for (int64_t i = 0; i < count; ++i, box += 4, map_size += 2) {
    OPSIS_CHECK(std::isfinite(box[0] + box[1] + box[2] + box[3]) && map_size[0] < kLongest && map_size[1] < kLongest,
                "heatmaps_to_keypoints: box {} must be of finite numbers, with sides below 2^31, got [{}, {}, {}, {}]", i,
                box[0], box[1], box[2], box[3]);
    const auto columns = static_cast<int64_t>(map_size[0]), rows = static_cast<int64_t>(map_size[1]);
    const auto stretched =
        torch::upsample_bicubic2d(maps[i].unsqueeze(1), {rows, columns}, /*align_corners=*/false).view({keypoints, -1});
    const auto pixel = stretched.argmax(1, /*keepdim=*/true);
    hottest[i].copy_(torch::cat({pixel.remainder(columns), pixel.floor_divide(columns)}, 1));
    scores[i].copy_(stretched.gather(1, pixel).squeeze(1));
  }
  const auto of_box = [&](const Tensor& numbers) { return numbers.unsqueeze(1).to(like.device(), torch::kFloat32); };
  const auto places = (hottest.to(torch::kFloat32) + 0.5) * of_box(size / whole) + of_box(begin);
  return {torch::cat({places, torch::ones({count, keypoints, 1}, like)}, 2), scores};
}

std::pair<Tensor, Tensor> keypoints_to_heatmap(const Tensor& keypoints, const Tensor& boxes, int64_t heatmap_size) {
  const auto corners = boxes.unsqueeze(1).unbind(2);  // (N, 1) each
  const auto place = [&](int64_t axis) {
    const Tensor &from = corners[static_cast<size_t>(axis)], &to = corners[static_cast<size_t>(axis) + 2];
    const auto at = keypoints.select(2, axis);
    const auto pixel = ((at - from) * ((to - from).reciprocal() * heatmap_size)).floor().to(torch::kInt64);
    return torch::where(at == to, heatmap_size - 1, pixel);  // the far edge belongs to the last pixel
  };
  const auto x = place(0), y = place(1);
  const auto inside = [&](const Tensor& pixel) { return (pixel >= 0).logical_and(pixel < heatmap_size); };
  const auto visible = keypoints.select(2, 2) > 0;
  const auto valid = inside(x).logical_and(inside(y)).logical_and(visible).to(torch::kInt64);
  return {(y * heatmap_size + x) * valid, valid};
}

Tensor keypoint_loss(const Tensor& logits, const std::vector<Tensor>& boxes, const std::vector<Tensor>& keypoints,
                     const std::vector<Tensor>& matched) {
  const auto side = logits.size(2);
  OPSIS_CHECK(side == logits.size(3), "keypoint_loss: maps must be square, got {} x {}", side, logits.size(3));
  std::vector<Tensor> places, valid;
  for (size_t i = 0; i < boxes.size(); ++i) {
    const auto [place, is_valid] = keypoints_to_heatmap(keypoints[i].index({matched[i]}), boxes[i], side);
    places.push_back(place.reshape(-1));
    valid.push_back(is_valid.reshape(-1));
  }
  const auto seen = torch::cat(valid).nonzero().squeeze(1);
  if (seen.numel() == 0) return logits.sum() * 0;  // the mean of nothing is no number
  const auto flat = logits.reshape({-1, side * side});
  return torch::nn::functional::cross_entropy(flat.index({seen}), torch::cat(places).index({seen}));
}

}  // namespace opsis::inline v1::models::detection
