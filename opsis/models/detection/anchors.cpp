#include "opsis/models/detection/anchors.h"

#include <cmath>

#include "opsis/core/check.h"
#include "opsis/models/detection/rows.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detection {
namespace anchors {

using torch::Tensor;

// Of sizes, which are values also where models are built without: on the meta device.
const auto values = torch::TensorOptions(torch::kCPU).dtype(torch::kFloat32);

void check_maps(std::string_view generator, std::span<const Tensor> maps, size_t expected) {
  OPSIS_CHECK(maps.size() == expected && expected > 0,
              "{}: there must be a feature map for each of {} lists of sizes and ratios, got {}", generator, expected,
              maps.size());
  for (size_t i = 0; i < maps.size(); ++i) {
    OPSIS_CHECK(maps[i].dim() >= 2 && maps[i].size(-2) > 0 && maps[i].size(-1) > 0,
                "{}: feature map {} must have rows and columns, got {}", generator, i, opsis::detail::shape(maps[i]));
  }
}

// All points of a grid, row by row: (rows * columns, 2), x first.
Tensor grid(const Tensor& xs, const Tensor& ys) {
  const auto rows = ys.size(0), columns = xs.size(0);
  return torch::stack(
      {xs.unsqueeze(0).expand({rows, columns}).reshape(-1), ys.unsqueeze(1).expand({rows, columns}).reshape(-1)}, 1);
}

}  // namespace anchors

using torch::Tensor;

AnchorGenerator::AnchorGenerator(std::vector<std::vector<double>> sizes, std::vector<std::vector<double>> aspect_ratios)
    : sizes_(std::move(sizes)), aspect_ratios_(std::move(aspect_ratios)) {
  OPSIS_CHECK(sizes_.size() == aspect_ratios_.size(),
              "AnchorGenerator: sizes and aspect_ratios must have a list for each feature map, got {} and {}", sizes_.size(),
              aspect_ratios_.size());
  for (size_t i = 0; i < sizes_.size(); ++i) {
    const auto scales = torch::tensor(sizes_[i], anchors::values);
    const auto h_ratios = torch::tensor(aspect_ratios_[i], anchors::values).sqrt();
    const auto w_ratios = h_ratios.reciprocal();
    const auto ws = (w_ratios.unsqueeze(1) * scales.unsqueeze(0)).view(-1);
    const auto hs = (h_ratios.unsqueeze(1) * scales.unsqueeze(0)).view(-1);
    cells_.push_back((torch::stack({-ws, -hs, ws, hs}, 1) / 2).round());
  }
}

Tensor AnchorGenerator::operator()(Size canvas, std::span<const Tensor> feature_maps) const {
  anchors::check_maps("AnchorGenerator", feature_maps, cells_.size());
  std::vector<Tensor> boxes;
  for (size_t i = 0; i < feature_maps.size(); ++i) {
    const auto rows = feature_maps[i].size(-2), columns = feature_maps[i].size(-1);
    const auto whole = torch::TensorOptions(feature_maps[i].device()).dtype(torch::kInt32);
    const auto points = anchors::grid(torch::arange(columns, whole) * (canvas.width / columns),
                                      torch::arange(rows, whole) * (canvas.height / rows));
    const auto cell = cells_[i].to(feature_maps[0].options());
    boxes.push_back((points.repeat({1, 2}).view({-1, 1, 4}) + cell.view({1, -1, 4})).reshape({-1, 4}));
  }
  return torch::cat(boxes);
}

std::vector<int64_t> AnchorGenerator::num_anchors_per_location() const { return detail::row_counts(cells_); }

DefaultBoxGenerator::DefaultBoxGenerator(std::vector<std::vector<double>> aspect_ratios, DefaultBoxOptions options)
    : steps_(std::move(options.steps)) {
  const auto maps = aspect_ratios.size();
  OPSIS_CHECK(steps_.empty() || steps_.size() == maps,
              "DefaultBoxGenerator: aspect_ratios and steps must have the same length, got {} and {}", maps, steps_.size());
  auto scales = std::move(options.scales);
  if (scales.empty() && maps == 1) scales = {options.min_ratio, options.max_ratio};
  if (scales.empty()) {
    const auto range = options.max_ratio - options.min_ratio;
    for (size_t k = 0; k < maps; ++k) {
      scales.push_back(options.min_ratio + range * static_cast<double>(k) / (static_cast<double>(maps) - 1));
    }
    scales.push_back(1);
  }
  OPSIS_CHECK(scales.size() > maps, "DefaultBoxGenerator: scales must have one more than the {} feature maps, got {}", maps,
              scales.size());
  for (size_t k = 0; k < maps; ++k) {
    const auto between = std::sqrt(scales[k] * scales[k + 1]);
    std::vector<double> sides{scales[k], scales[k], between, between};
    for (const auto ratio : aspect_ratios[k]) {
      const auto width = scales[k] * std::sqrt(ratio), height = scales[k] / std::sqrt(ratio);
      sides.insert(sides.end(), {width, height, height, width});
    }
    const auto pairs = torch::tensor(sides, anchors::values).view({-1, 2});
    sides_.push_back(options.clip ? pairs.clamp(0, 1) : pairs);
  }
}

Tensor DefaultBoxGenerator::operator()(Size canvas, std::span<const Tensor> feature_maps) const {
  anchors::check_maps("DefaultBoxGenerator", feature_maps, sides_.size());
  const auto like = feature_maps[0].options();
  std::vector<Tensor> boxes;
  for (size_t k = 0; k < feature_maps.size(); ++k) {
    const auto rows = feature_maps[k].size(-2), columns = feature_maps[k].size(-1);
    const auto number = sides_[k].size(0);
    // In parts of the image; the steps say how many cells it has.
    const auto across = steps_.empty() ? static_cast<double>(columns) : static_cast<double>(canvas.width) / steps_[k];
    const auto down = steps_.empty() ? static_cast<double>(rows) : static_cast<double>(canvas.height) / steps_[k];
    const auto points = anchors::grid((torch::arange(columns, torch::kInt64) + 0.5).div(across),
                                      (torch::arange(rows, torch::kInt64) + 0.5).div(down));
    boxes.push_back(
        torch::cat({points.to(like.dtype()).repeat({1, number}).reshape({-1, 2}), sides_[k].repeat({rows * columns, 1})}, 1));
  }
  const auto all = torch::cat(boxes).to(like.device());
  const auto centres = all.slice(1, 0, 2), sides = all.slice(1, 2, 4);
  const auto scale = torch::tensor({canvas.width, canvas.height}, torch::kInt64).to(all.device());
  return torch::cat({(centres - 0.5 * sides) * scale, (centres + 0.5 * sides) * scale}, -1);
}

std::vector<int64_t> DefaultBoxGenerator::num_anchors_per_location() const { return detail::row_counts(sides_); }

}  // namespace opsis::inline v1::models::detection
