#include "opsis/ops/losses.h"

#include <ATen/ExpandUtils.h>
#include <torch/torch.h>

#include <numbers>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;

// The order of operations is torchvision's.

// Of no boxes the mean is 0, with a gradient.
Tensor reduced(std::string_view where, const Tensor& loss, std::string_view reduction, bool empty_is_zero) {
  if (reduction == "none") return loss;
  if (reduction == "sum") return loss.sum();
  OPSIS_CHECK(reduction == "mean", "{}: reduction must be \"none\", \"mean\" or \"sum\", got \"{}\"", where, reduction);
  return loss.numel() == 0 && empty_is_zero ? loss.sum() * 0.0 : loss.mean();
}

// A box, or as many as there are, by their numbers.
struct Sides {
  Tensor x1, y1, x2, y2;
};
Sides sides_of(std::string_view where, const Tensor& boxes) {
  OPSIS_CHECK(boxes.defined() && boxes.dim() >= 1 && boxes.size(-1) == 4, "{}: boxes must be (N, 4), got {}", where,
              opsis::detail::shape(boxes));
  const bool exact = boxes.scalar_type() == torch::kFloat32 || boxes.scalar_type() == torch::kFloat64;
  const auto numbers = (exact ? boxes : boxes.to(torch::kFloat32)).unbind(-1);
  return {numbers[0], numbers[1], numbers[2], numbers[3]};
}

// Boxes beside their targets: how they overlap, and the smallest box around both.
struct Matched {
  Matched(std::string_view where, const Tensor& boxes1, const Tensor& boxes2, double eps)
      : box(sides_of(where, boxes1)), target(sides_of(where, boxes2)) {
    OPSIS_CHECK(at::is_expandable_to(boxes2.sizes(), boxes1.sizes()),
                "{}: boxes and targets must be of one shape, or a target serve several boxes, got {} and {}", where,
                opsis::detail::shape(boxes1), opsis::detail::shape(boxes2));
    OPSIS_CHECK(boxes1.device() == boxes2.device(), "{}: boxes and targets must be on one device, got {} and {}", where,
                boxes1.device(), boxes2.device());
    const auto left = torch::max(box.x1, target.x1), top = torch::max(box.y1, target.y1);
    const auto right = torch::min(box.x2, target.x2), bottom = torch::min(box.y2, target.y2);
    auto across = right - left, down = bottom - top;
    if (!across.is_meta()) {
      // Each side by itself: what does not overlap has no gradient, where 0 times an infinite side is no number.
      const auto overlaps = (bottom > top).logical_and(right > left);
      const auto none = torch::zeros_like(across);
      across = torch::where(overlaps, across, none);
      down = torch::where(overlaps, down, none);
    }
    const auto inter = across * down;
    joined = (box.x2 - box.x1) * (box.y2 - box.y1) + (target.x2 - target.x1) * (target.y2 - target.y1) - inter;
    iou = inter / (joined + eps);
    width = torch::max(box.x2, target.x2) - torch::min(box.x1, target.x1);
    height = torch::max(box.y2, target.y2) - torch::min(box.y1, target.y1);
  }

  Tensor distance_loss(double eps) const {
    const auto diagonal = width.pow(2) + height.pow(2) + eps;
    const auto x = (box.x2 + box.x1) / 2 - (target.x1 + target.x2) / 2;
    const auto y = (box.y2 + box.y1) / 2 - (target.y1 + target.y2) / 2;
    return 1 - iou + (x.pow(2) + y.pow(2)) / diagonal;
  }

  Sides box, target;
  Tensor joined, iou;
  Tensor width, height;  // of the box around both
};

}  // namespace

Tensor sigmoid_focal_loss(const Tensor& inputs, const Tensor& targets, double alpha, double gamma, std::string_view reduction) {
  OPSIS_CHECK((alpha >= 0 && alpha <= 1) || alpha == -1, "sigmoid_focal_loss: alpha must be in [0, 1], or -1 for none, got {}",
              alpha);
  OPSIS_CHECK(inputs.defined() && targets.defined() && inputs.sizes() == targets.sizes(),
              "sigmoid_focal_loss: targets must have the shape of inputs, got {} and {}", opsis::detail::shape(targets),
              opsis::detail::shape(inputs));
  OPSIS_CHECK(inputs.is_floating_point() && targets.is_floating_point(),
              "sigmoid_focal_loss: inputs and targets must be floating point, got {} and {}", inputs.scalar_type(),
              targets.scalar_type());
  OPSIS_CHECK(inputs.device() == targets.device(),
              "sigmoid_focal_loss: inputs and targets must be on one device, got {} and {}", inputs.device(), targets.device());
  const auto p = torch::sigmoid(inputs);
  // LibTorch has it, and torch::where above, of no meta tensors without Python.
  const auto entropy = inputs.is_meta() ? inputs * targets
                                        : torch::binary_cross_entropy_with_logits(inputs, targets, {}, {}, at::Reduction::None);
  const auto p_t = p * targets + (1 - p) * (1 - targets);
  auto loss = entropy * (1 - p_t).pow(gamma);
  if (alpha >= 0) loss = (targets * alpha + (1 - targets) * (1 - alpha)) * loss;
  return reduced("sigmoid_focal_loss", loss, reduction, /*empty_is_zero=*/false);
}

Tensor generalized_box_iou_loss(const Tensor& boxes1, const Tensor& boxes2, std::string_view reduction, double eps) {
  constexpr auto name = "generalized_box_iou_loss";
  const Matched both(name, boxes1, boxes2, eps);
  const auto around = both.width * both.height;
  return reduced(name, 1 - (both.iou - (around - both.joined) / (around + eps)), reduction, true);
}

Tensor distance_box_iou_loss(const Tensor& boxes1, const Tensor& boxes2, std::string_view reduction, double eps) {
  constexpr auto name = "distance_box_iou_loss";
  return reduced(name, Matched(name, boxes1, boxes2, eps).distance_loss(eps), reduction, true);
}

Tensor complete_box_iou_loss(const Tensor& boxes1, const Tensor& boxes2, std::string_view reduction, double eps) {
  constexpr auto name = "complete_box_iou_loss";
  constexpr double distance_eps = 1e-7;  // torchvision's, whatever eps is
  const Matched both(name, boxes1, boxes2, distance_eps);
  const auto aspect = [](const Sides& box) { return torch::atan((box.x2 - box.x1) / (box.y2 - box.y1)); };
  const auto v = (aspect(both.target) - aspect(both.box)).pow(2) * (4 / (std::numbers::pi * std::numbers::pi));
  const auto alpha = [&] {
    const torch::NoGradGuard no_grad;
    return v / (1 - both.iou + v + eps);
  }();
  return reduced(name, both.distance_loss(distance_eps) + alpha * v, reduction, true);
}

}  // namespace opsis::inline v1::ops
