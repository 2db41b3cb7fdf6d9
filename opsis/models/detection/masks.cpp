#include "opsis/models/detection/masks.h"

#include <torch/torch.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/ops/roi_align.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models::detection {
namespace masks_of_boxes {

using torch::Tensor;
using torch::indexing::Slice;

// A border of zeros around the mask, so that it fades out: in pixels of the mask.
constexpr int64_t kPadding = 1;

// What is as far away is on no image, and the difference of two such still is a number.
constexpr double kFar = 0x1p31;

Tensor expanded(const Tensor& boxes, double scale) {
  const auto c = boxes.unbind(1);
  const auto half_width = (c[2] - c[0]) * 0.5 * scale, half_height = (c[3] - c[1]) * 0.5 * scale;
  const auto x = (c[2] + c[0]) * 0.5, y = (c[3] + c[1]) * 0.5;
  return torch::stack({x - half_width, y - half_height, x + half_width, y + half_height}, 1);
}

// `mask` is (M, M), `box` four whole numbers, the last column and row among them.
void paste(const Tensor& mask, const int64_t* box, Tensor image) {
  const auto width = std::max<int64_t>(box[2] - box[0] + 1, 1), height = std::max<int64_t>(box[3] - box[1] + 1, 1);
  const auto left = std::max<int64_t>(box[0], 0), right = std::min(box[2] + 1, image.size(1));
  const auto top = std::max<int64_t>(box[1], 0), bottom = std::min(box[3] + 1, image.size(0));
  if (left >= right || top >= bottom) return;
  const auto stretched = torch::upsample_bilinear2d(mask.view({1, 1, mask.size(0), mask.size(1)}), {height, width},
                                                    /*align_corners=*/false)[0][0];
  image.index_put_({Slice(top, bottom), Slice(left, right)},
                   stretched.index({Slice(top - box[1], bottom - box[1]), Slice(left - box[0], right - box[0])}));
}

}  // namespace masks_of_boxes

using torch::Tensor;

Tensor paste_masks_in_image(const Tensor& masks, const Tensor& boxes, Size size) {
  using masks_of_boxes::kPadding;
  OPSIS_CHECK(masks.dim() == 4 && masks.size(1) == 1, "paste_masks_in_image: masks must be (N, 1, M, M), got {}",
              opsis::detail::shape(masks));
  OPSIS_CHECK(boxes.dim() == 2 && boxes.size(0) == masks.size(0) && boxes.size(1) == 4,
              "paste_masks_in_image: boxes must be ({}, 4), one for each of the masks, got {}", masks.size(0),
              opsis::detail::shape(boxes));
  const auto side = masks.size(-1);
  const auto scale = static_cast<double>(side + 2 * kPadding) / static_cast<double>(side);
  const auto padded = torch::constant_pad_nd(masks, {kPadding, kPadding, kPadding, kPadding});
  const auto corners = masks_of_boxes::expanded(boxes, scale).cpu();
  const auto wrong = (corners.abs() < masks_of_boxes::kFar).all(1).logical_not().nonzero();
  OPSIS_CHECK(wrong.numel() == 0, "paste_masks_in_image: box {} must be of finite numbers below 2^31",
              wrong[0].item<int64_t>());
  const auto whole = corners.to(torch::kInt64).contiguous();
  auto images = torch::zeros({masks.size(0), 1, size.height, size.width}, masks.options().requires_grad(false));
  for (int64_t i = 0; i < masks.size(0); ++i) {
    masks_of_boxes::paste(padded[i][0], whole.const_data_ptr<int64_t>() + 4 * i, images[i][0]);
  }
  return images;
}

Tensor mask_probabilities(const Tensor& logits, const Tensor& labels) {
  const auto each = torch::arange(logits.size(0), labels.options());
  return logits.index({each, labels}).sigmoid().unsqueeze(1);
}

Tensor mask_loss(const Tensor& logits, const std::vector<Tensor>& boxes, const std::vector<Tensor>& masks,
                 const std::vector<Tensor>& labels, const std::vector<Tensor>& matched) {
  std::vector<Tensor> all_labels, all_targets;
  for (size_t i = 0; i < boxes.size(); ++i) {
    all_labels.push_back(labels[i].index({matched[i]}));
    const auto rois = torch::cat({matched[i].to(boxes[i].scalar_type()).unsqueeze(1), boxes[i]}, 1);
    const auto on_boxes = ops::roi_align(masks[i].unsqueeze(1).to(rois.scalar_type()), rois, logits.size(-1));
    all_targets.push_back(on_boxes.select(1, 0));
  }
  const auto label = torch::cat(all_labels), target = torch::cat(all_targets);
  if (target.numel() == 0) return logits.sum() * 0;  // the mean of nothing is no number
  const auto of_label = logits.index({torch::arange(label.size(0), label.options()), label});
  return torch::binary_cross_entropy_with_logits(of_label, target);
}

}  // namespace opsis::inline v1::models::detection
