#include "opsis/ops/poolers.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/ops/boxes.h"
#include "opsis/ops/print.h"
#include "opsis/ops/roi_align.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;

// The power of two that is nearest to the maps' share of the images' height, found in float32 as torchvision finds it.
std::vector<double> scales_of(const std::vector<Tensor>& maps, const std::vector<Size>& image_shapes) {
  int64_t height = 0;
  for (const auto& size : image_shapes) height = std::max(height, size.height);
  OPSIS_CHECK(height > 0, "MultiScaleRoIAlign: images must have a height, got {}", height);
  std::vector<double> out;
  for (const auto& map : maps) {
    const auto share = static_cast<float>(static_cast<double>(map.size(-2)) / static_cast<double>(height));
    out.push_back(std::exp2(std::nearbyint(std::log2(share))));
  }
  return out;
}

// The level of each box, counted from the first map.
Tensor levels_of(const std::vector<Tensor>& boxes, const std::vector<double>& scales,
                 const MultiScaleRoIAlignOptions& options) {
  const auto level = [](double scale) { return static_cast<int64_t>(-std::log2(static_cast<float>(scale))); };
  const auto first = level(scales.front()), last = level(scales.back());
  std::vector<Tensor> areas;
  for (const auto& of_image : boxes) areas.push_back(box_area(of_image));
  const auto sides = torch::cat(areas).sqrt();
  const auto wanted =
      torch::floor((sides / static_cast<double>(options.canonical_scale)).log2() +
                   static_cast<double>(options.canonical_level) + torch::tensor(1e-6, sides.options().requires_grad(false)));
  return wanted.clamp(first, last).to(torch::kInt64) - first;
}

}  // namespace

MultiScaleRoIAlignImpl::MultiScaleRoIAlignImpl(std::vector<std::string> names, torch::ExpandingArray<2> size, int64_t ratio,
                                               const MultiScaleRoIAlignOptions& given)
    : torch::nn::Module("MultiScaleRoIAlign"),
      featmap_names(std::move(names)),
      output_size(size),
      sampling_ratio(ratio),
      options(given) {}

Tensor MultiScaleRoIAlignImpl::forward(const FeatureMaps& maps, const std::vector<Tensor>& boxes,
                                       const std::vector<Size>& image_shapes) {
  std::vector<Tensor> used;
  for (const auto& [name, map] : maps) {
    if (std::find(featmap_names.begin(), featmap_names.end(), name) != featmap_names.end()) used.push_back(map);
  }
  OPSIS_CHECK(!used.empty(), "MultiScaleRoIAlign: none of the {} maps has one of its names", maps.size());
  for (const auto& map : used) OPSIS_CHECK(map.defined() && map.dim() == 4, "MultiScaleRoIAlign: maps must be (N, C, H, W)");
  std::unique_lock lock(first_call_);
  if (scales.empty()) {
    OPSIS_CHECK(!image_shapes.empty(), "MultiScaleRoIAlign: image_shapes must name the size of each image, got none");
    scales = scales_of(used, image_shapes);
  }
  lock.unlock();
  OPSIS_CHECK(scales.size() == used.size(), "MultiScaleRoIAlign: it has known {} maps, and is given {}", scales.size(),
              used.size());

  const Rois rois(boxes);
  const auto align = [&](size_t level, const Tensor& rows) {
    return roi_align(used[level], rows, output_size, {.spatial_scale = scales[level], .sampling_ratio = sampling_ratio});
  };
  if (used.size() == 1) return align(0, rois.rows());
  for (const auto& map : used)
    OPSIS_CHECK(!map.is_quantized(), "MultiScaleRoIAlign: quantized maps must be one, got {}", used.size());

  auto out = torch::zeros({rois.rows().size(0), used[0].size(1), (*output_size)[0], (*output_size)[1]},
                          used[0].options().requires_grad(false));
  if (out.is_meta()) return out;  // on whichever level a box is
  const auto levels = levels_of(boxes, scales, options);
  for (size_t level = 0; level < used.size(); ++level) {
    const auto here = torch::where(levels == static_cast<int64_t>(level))[0];
    out.index_put_({here}, align(level, rois.rows().index({here})).to(out.scalar_type()));
  }
  return out;
}

void MultiScaleRoIAlignImpl::pretty_print(std::ostream& out) const {
  std::string names;
  for (const auto& name : featmap_names) names += (names.empty() ? "'" : ", '") + name + "'";
  out << "MultiScaleRoIAlign(featmap_names=[" << names << "], output_size=(" << (*output_size)[0] << ", " << (*output_size)[1]
      << "), sampling_ratio=" << sampling_ratio << ')';
}

}  // namespace opsis::inline v1::ops
