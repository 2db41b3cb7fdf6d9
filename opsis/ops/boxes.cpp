#include "opsis/ops/boxes.h"

#include <torch/library.h>
#include <torch/torch.h>

#include <numbers>

#include "opsis/core/check.h"
#include "opsis/core/huge_pages.h"
#include "opsis/core/parallel.h"
#include "opsis/ops/box_iou_rotated.h"
#include "opsis/ops/by_way_of_cpu.h"
#include "opsis/ops/types.h"
#include "opsis/ops/values.h"
#include "opsis/simd/box_iou.h"
#include "opsis/simd/mask_extent.h"
#include "opsis/transforms/functional/boxes.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;
using transforms::detail::times;
using enum BoundingBoxFormat;

// The order of operations is torchvision's: the last bit depends on it.

void check_box_numbers(std::string_view where, const Tensor& boxes, BoundingBoxFormat format) {
  const auto needed = tv_tensors::box_numbers(format);
  OPSIS_CHECK(boxes.defined() && boxes.dim() >= 1 && boxes.size(-1) == needed, "{}: {} needs {} numbers a box, got {}", where,
              format, needed, opsis::detail::shape(boxes));
}

Tensor column(const Tensor& boxes, int64_t index) { return boxes.select(-1, index); }
Tensor columns(const Tensor& boxes, int64_t first) { return boxes.slice(-1, first, first + 2); }

Tensor upcast(const Tensor& numbers) {
  const auto type = numbers.scalar_type();
  if (numbers.is_floating_point()) {
    return type == torch::kFloat32 || type == torch::kFloat64 ? numbers : numbers.to(torch::kFloat32);
  }
  return type == torch::kInt32 || type == torch::kInt64 ? numbers : numbers.to(torch::kInt32);
}

// What `compute` gives. Of other types LibTorch refuses some in some places, and torchvision with it; its error becomes ours.
template <class Compute>
Tensor computed(std::string_view where, std::initializer_list<torch::Dtype> types, const Compute& compute) {
  try {
    return compute();
  } catch (const c10::Error&) {
    for (const auto type : types) {
      OPSIS_CHECK(detail::is_usual(type), "{}: boxes must be numbers that LibTorch computes with, got {}; convert them first",
                  where, type);
    }
    throw;
  }
}

// --- Formats -----------------------------------------------------------------------------------------------------------

// Of integers the rounded result, in their type.
Tensor stack_like(const Tensor& boxes, const std::vector<Tensor>& numbers) {
  const auto out = torch::stack(numbers, -1);
  return boxes.is_floating_point() ? out : out.round().to(boxes.scalar_type());
}

// Those with a centre halve otherwise than transforms do, and angles pass through other types; the rest is the same.
Tensor without_centre(const Tensor& boxes, BoundingBoxFormat from, BoundingBoxFormat to) {
  return transforms::functional::convert_bounding_box_format(boxes, from, to);
}

Tensor cxcywh_to_xyxy(const Tensor& boxes) {
  const auto c = boxes.unbind(-1);
  const auto half_w = times(c[2], 0.5), half_h = times(c[3], 0.5);
  return torch::stack({c[0] - half_w, c[1] - half_h, c[0] + half_w, c[1] + half_h}, -1);
}

Tensor xyxy_to_cxcywh(const Tensor& boxes) {
  const auto c = boxes.unbind(-1);
  return torch::stack({(c[0] + c[2]) / 2, (c[1] + c[3]) / 2, c[2] - c[0], c[3] - c[1]}, -1);
}

struct Turned {
  Tensor cos, sin;
};
Turned turned(const Tensor& angle_degrees) {
  const auto radians = times(angle_degrees, std::numbers::pi) / 180.0;
  return {radians.cos(), radians.sin()};
}

Tensor cxcywhr_to_xywhr(const Tensor& boxes) {
  const auto c = boxes.unbind(-1);
  const auto [cos, sin] = turned(c[4]);
  const auto half_w = c[2] / 2, half_h = c[3] / 2;
  return stack_like(boxes, {c[0] - half_w * cos - half_h * sin, c[1] - half_h * cos + half_w * sin, c[2], c[3], c[4]});
}

Tensor xywhr_to_cxcywhr(const Tensor& boxes) {
  const auto c = boxes.unbind(-1);
  const auto [cos, sin] = turned(c[4]);
  const auto half_w = c[2] / 2, half_h = c[3] / 2;
  return stack_like(boxes, {c[0] + half_w * cos + half_h * sin, c[1] - half_w * sin + half_h * cos, c[2], c[3], c[4]});
}

Tensor xywhr_to_xyxyxyxy(const Tensor& boxes) {
  const auto c = boxes.unbind(-1);
  const auto &x = c[0], &y = c[1], &w = c[2], &h = c[3];
  const auto [cos, sin] = turned(c[4]);
  const auto x2 = x + w * cos, y2 = y - w * sin;
  return stack_like(boxes, {x, y, x2, y2, x2 + h * sin, y2 + h * cos, x + h * sin, y + h * cos});
}

Tensor xyxyxyxy_to_xywhr(const Tensor& boxes) {
  const auto c = boxes.unbind(-1);
  const auto &x1 = c[0], &y1 = c[1], &x2 = c[2], &y2 = c[3], &x3 = c[4], &y3 = c[5];
  const auto angle = times(torch::atan2(y1 - y2, x2 - x1), 180) / std::numbers::pi;
  const auto w = ((x2 - x1).pow(2) + (y1 - y2).pow(2)).sqrt(), h = ((x3 - x2).pow(2) + (y3 - y2).pow(2)).sqrt();
  return stack_like(boxes, {x1, y1, w, h, angle});
}

Tensor upright_converted(const Tensor& boxes, BoundingBoxFormat from, BoundingBoxFormat to) {
  const auto corners = from == XYXY ? boxes : from == XYWH ? without_centre(boxes, XYWH, XYXY) : cxcywh_to_xyxy(boxes);
  return to == XYXY ? corners : to == XYWH ? without_centre(corners, XYXY, XYWH) : xyxy_to_cxcywh(corners);
}

Tensor rotated_converted(const Tensor& boxes, BoundingBoxFormat from, BoundingBoxFormat to) {
  const auto middle = from == XYWHR     ? boxes
                      : from == CXCYWHR ? cxcywhr_to_xywhr(boxes)
                                        : xyxyxyxy_to_xywhr(boxes).to(boxes.scalar_type());
  return to == XYWHR ? middle : to == CXCYWHR ? xywhr_to_cxcywhr(middle) : xywhr_to_xyxyxyxy(middle);
}

// --- Overlaps ----------------------------------------------------------------------------------------------------------

// Each of the first boxes beside each of the second.
struct Pairs {
  Tensor first, second;
  Pairs(const Tensor& boxes1, const Tensor& boxes2) : first(boxes1.unsqueeze(-2)), second(boxes2.unsqueeze(-3)) {}
};

struct Corners {
  Tensor low, high;
};
Corners corners(const Tensor& boxes, BoundingBoxFormat format) {
  const auto a = columns(boxes, 0), b = columns(boxes, 2);
  if (format == XYXY) return {a, b};
  if (format == XYWH) return {a, a + b};
  return {a - b / 2, a + b / 2};
}

struct Overlap {
  Tensor inter, joined;
  Tensor iou() const { return inter / joined; }
};
Overlap overlap(const Tensor& boxes1, const Tensor& boxes2, BoundingBoxFormat format) {
  const auto area1 = box_area(boxes1, format), area2 = box_area(boxes2, format);
  const Pairs pairs(boxes1, boxes2);
  const auto a = corners(pairs.first, format), b = corners(pairs.second, format);
  const auto sides = upcast(torch::min(a.high, b.high) - torch::max(a.low, b.low)).clamp_min(0);
  const auto inter = column(sides, 0) * column(sides, 1);
  return {inter, area1.unsqueeze(-1) + area2.unsqueeze(-2) - inter};
}

// Sides of the smallest box around both.
Tensor sides_around(const Pairs& pairs) {
  return upcast(torch::max(columns(pairs.first, 2), columns(pairs.second, 2)) -
                torch::min(columns(pairs.first, 0), columns(pairs.second, 0)))
      .clamp_min(0);
}

// What nobody differentiates, in one pass: to the bit what the operations above give.
template <class T>
void box_iou_rows(const Tensor& boxes1, const Tensor& boxes2, const Tensor& out) {
  const auto area1 = box_area(boxes1).contiguous(), area2 = box_area(boxes2).contiguous();
  const auto others = boxes2.t().contiguous();
  const auto first = boxes1.contiguous();
  const auto m = boxes2.size(0);
  const auto* const numbers = others.const_data_ptr<T>();
  const simd::BoxColumns<T> by_column{numbers, numbers + m, numbers + 2 * m, numbers + 3 * m, area2.const_data_ptr<T>(), m};
  const auto *const rows = first.const_data_ptr<T>(), *const areas = area1.const_data_ptr<T>();
  auto* const to = out.mutable_data_ptr<T>();
  parallel_for(0, first.size(0), 1 + 16384 / std::max<int64_t>(1, m), [&](int64_t begin, int64_t end) {
    for (auto i = begin; i < end; ++i) simd::box_iou(rows + 4 * i, areas[i], by_column, to + i * m);
  });
}

// Whether what stands before the rows of boxes broadcasts.
bool batches_fit(torch::IntArrayRef first, torch::IntArrayRef second) {
  for (auto a = first.rbegin() + 2, b = second.rbegin() + 2; a != first.rend() && b != second.rend(); ++a, ++b) {
    if (*a != *b && *a != 1 && *b != 1) return false;
  }
  return true;
}

void check_pairs(std::string_view where, const Tensor& boxes1, const Tensor& boxes2, BoundingBoxFormat fmt) {
  for (const auto& boxes : {boxes1, boxes2}) check_box_numbers(where, boxes, fmt);
  OPSIS_CHECK(boxes1.dim() >= 2 && boxes2.dim() >= 2, "{}: boxes must be (..., N, {}), got {} and {}", where,
              tv_tensors::box_numbers(fmt), opsis::detail::shape(boxes1), opsis::detail::shape(boxes2));
  OPSIS_CHECK(batches_fit(boxes1.sizes(), boxes2.sizes()),
              "{}: batches of boxes must be as many, or one for all of the others, got {} and {}", where,
              opsis::detail::shape(boxes1), opsis::detail::shape(boxes2));
  OPSIS_CHECK(boxes1.device() == boxes2.device(), "{}: boxes must be on one device, got {} and {}", where, boxes1.device(),
              boxes2.device());
}

// Of any boxes on any device, by operations that are differentiated and traced one by one, as torchvision's are.
Tensor box_iou_composed(const Tensor& boxes1, const Tensor& boxes2) {
  check_pairs("box_iou", boxes1, boxes2, XYXY);
  return computed("box_iou", {boxes1.scalar_type(), boxes2.scalar_type()}, [&] { return overlap(boxes1, boxes2, XYXY).iou(); });
}

Tensor box_iou_cpu(const Tensor& boxes1, const Tensor& boxes2) {
  const auto type = boxes1.scalar_type();
  if (boxes1.dim() != 2 || boxes2.dim() != 2 || !boxes2.is_cpu() || boxes2.scalar_type() != type ||
      (type != torch::kFloat32 && type != torch::kFloat64)) {
    return box_iou_composed(boxes1, boxes2);
  }
  check_pairs("box_iou", boxes1, boxes2, XYXY);
  auto out = torch::empty({boxes1.size(0), boxes2.size(0)}, boxes1.options());
  prefer_huge_pages(out.const_data_ptr(), out.nbytes());
  AT_DISPATCH_FLOATING_TYPES(type, "box_iou", [&] { box_iou_rows<scalar_t>(boxes1, boxes2, out); });
  return out;
}

Tensor call_box_iou(const Tensor& boxes1, const Tensor& boxes2) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("opsis::box_iou", "").typed<Tensor(const Tensor&, const Tensor&)>();
  return op.call(boxes1, boxes2);
}

// Of gradients in either direction.
bool is_differentiated(const Tensor& tensor) {
  return (torch::GradMode::is_enabled() && tensor.requires_grad()) || tensor._fw_grad(/*level=*/0).defined();
}

Tensor box_iou_autograd(const Tensor& boxes1, const Tensor& boxes2) {
  if (is_differentiated(boxes1) || is_differentiated(boxes2)) return box_iou_composed(boxes1, boxes2);
  const at::AutoDispatchBelowADInplaceOrView below;
  return call_box_iou(boxes1, boxes2);
}

// --- Masks -------------------------------------------------------------------------------------------------------------

Tensor masks_to_boxes_cpu(const Tensor& masks) {
  const auto on_cpu = torch::TensorOptions().dtype(torch::kFloat32);
  if (masks.numel() == 0) return torch::zeros({0, 4}, on_cpu);
  OPSIS_CHECK(masks.dim() == 3, "masks_to_boxes: masks must be (N, H, W), got {}", opsis::detail::shape(masks));
  const auto one_byte =
      masks.element_size() == 1 && (masks.scalar_type() == torch::kBool || masks.scalar_type() == torch::kByte);
  const auto shown = (one_byte ? masks : masks.to(torch::kBool)).contiguous();
  auto out = torch::zeros({masks.size(0), 4}, on_cpu);
  const auto height = masks.size(1), width = masks.size(2);
  const auto* const bytes = static_cast<const uint8_t*>(shown.const_data_ptr());
  auto* const boxes = out.mutable_data_ptr<float>();
  parallel_for(0, masks.size(0), 1, [&](int64_t begin, int64_t end) {
    for (auto i = begin; i < end; ++i) {
      const auto extent = simd::mask_extent(bytes + i * height * width, height, width);
      if (!extent) continue;
      const int64_t numbers[] = {extent->left, extent->top, extent->right, extent->bottom};
      std::copy(std::begin(numbers), std::end(numbers), boxes + 4 * i);
    }
  });
  return out;
}

Tensor masks_to_boxes_meta(const Tensor& masks) {
  const bool none = masks.numel() == 0;
  OPSIS_CHECK(none || masks.dim() == 3, "masks_to_boxes: masks must be (N, H, W), got {}", opsis::detail::shape(masks));
  return torch::empty({none ? 0 : masks.size(0), 4}, torch::dtype(torch::kFloat32).device(masks.device()));
}

Tensor call_masks_to_boxes(const Tensor& masks) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("opsis::masks_to_boxes", "").typed<Tensor(const Tensor&)>();
  return op.call(masks);
}

// --- Registration ------------------------------------------------------------------------------------------------------

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  using c10::DispatchKey;
  m.def("box_iou(Tensor boxes1, Tensor boxes2) -> Tensor");
  m.impl("box_iou", DispatchKey::CPU, box_iou_cpu);
  m.impl("box_iou", DispatchKey::CompositeExplicitAutograd, box_iou_composed);
  m.impl("box_iou", DispatchKey::Autograd, box_iou_autograd);
  m.impl("box_iou", DispatchKey::Tracer, box_iou_composed);  // a trace then runs wherever LibTorch does

  m.def("masks_to_boxes(Tensor masks) -> Tensor");
  m.impl("masks_to_boxes", DispatchKey::CPU, masks_to_boxes_cpu);
  m.impl("masks_to_boxes", DispatchKey::CompositeExplicitAutograd, detail::by_way_of_cpu<masks_to_boxes_cpu>);
  m.impl("masks_to_boxes", DispatchKey::Meta, masks_to_boxes_meta);
  m.impl("masks_to_boxes", DispatchKey::Autograd, torch::CppFunction::makeFallthrough());  // boxes have no gradient
}

struct Distance {
  Tensor diou, iou;
};
Distance distance_iou(const Tensor& boxes1, const Tensor& boxes2, double eps) {
  const auto iou = box_iou(boxes1, boxes2);
  const auto sides = sides_around(Pairs(boxes1, boxes2));
  const auto diagonal = column(sides, 0).pow(2) + column(sides, 1).pow(2) + eps;
  const auto middle = [](const Tensor& boxes, int64_t axis) { return (column(boxes, axis) + column(boxes, axis + 2)) / 2; };
  const auto apart = [&](int64_t axis) {
    return upcast(middle(boxes1, axis).unsqueeze(-1) - middle(boxes2, axis).unsqueeze(-2)).pow(2);
  };
  return {iou - (apart(0) + apart(1)) / diagonal, iou};
}

}  // namespace

Tensor box_convert(const Tensor& boxes, BoundingBoxFormat in_fmt, BoundingBoxFormat out_fmt) {
  check_box_numbers("box_convert", boxes, in_fmt);
  OPSIS_CHECK(tv_tensors::is_rotated_bounding_format(in_fmt) == tv_tensors::is_rotated_bounding_format(out_fmt),
              "box_convert: {} and {} are upright and rotated; neither becomes the other", in_fmt, out_fmt);
  if (in_fmt == out_fmt) return boxes.clone();
  const auto convert = tv_tensors::is_rotated_bounding_format(in_fmt) ? rotated_converted : upright_converted;
  return computed("box_convert", {boxes.scalar_type()}, [&] { return convert(boxes, in_fmt, out_fmt); });
}

Tensor box_area(const Tensor& boxes, BoundingBoxFormat fmt) {
  OPSIS_CHECK(!tv_tensors::is_rotated_bounding_format(fmt), "box_area: the format must be XYXY, XYWH or CXCYWH, got {}", fmt);
  check_box_numbers("box_area", boxes, fmt);
  const auto numbers = upcast(boxes);
  if (fmt != XYXY) return column(numbers, 2) * column(numbers, 3);
  return (column(numbers, 2) - column(numbers, 0)) * (column(numbers, 3) - column(numbers, 1));
}

Tensor box_iou(const Tensor& boxes1, const Tensor& boxes2, BoundingBoxFormat fmt) {
  check_pairs("box_iou", boxes1, boxes2, fmt);
  if (tv_tensors::is_rotated_bounding_format(fmt)) {
    if (fmt == CXCYWHR) return detail::box_iou_rotated(boxes1, boxes2);
    return detail::box_iou_rotated(box_convert(boxes1, fmt, CXCYWHR), box_convert(boxes2, fmt, CXCYWHR));
  }
  if (fmt == XYXY) return call_box_iou(boxes1, boxes2);
  return computed("box_iou", {boxes1.scalar_type(), boxes2.scalar_type()}, [&] { return overlap(boxes1, boxes2, fmt).iou(); });
}

Tensor generalized_box_iou(const Tensor& boxes1, const Tensor& boxes2) {
  check_pairs("generalized_box_iou", boxes1, boxes2, XYXY);
  return computed("generalized_box_iou", {boxes1.scalar_type(), boxes2.scalar_type()}, [&] {
    const auto both = overlap(boxes1, boxes2, XYXY);
    const auto sides = sides_around(Pairs(boxes1, boxes2));
    const auto around = column(sides, 0) * column(sides, 1);
    return both.iou() - (around - both.joined) / around;
  });
}

Tensor distance_box_iou(const Tensor& boxes1, const Tensor& boxes2, double eps) {
  check_pairs("distance_box_iou", boxes1, boxes2, XYXY);
  return distance_iou(upcast(boxes1), upcast(boxes2), eps).diou;
}

Tensor complete_box_iou(const Tensor& boxes1, const Tensor& boxes2, double eps) {
  check_pairs("complete_box_iou", boxes1, boxes2, XYXY);
  const auto first = upcast(boxes1), second = upcast(boxes2);
  const auto distance = distance_iou(first, second, eps);
  const Pairs pairs(first, second);
  const auto aspect = [](const Tensor& b) {
    return torch::atan((column(b, 2) - column(b, 0)) / (column(b, 3) - column(b, 1)));
  };
  const auto v = (aspect(pairs.first) - aspect(pairs.second)).pow(2) * (4 / (std::numbers::pi * std::numbers::pi));
  const auto alpha = [&] {
    const torch::NoGradGuard no_grad;
    return v / (1 - distance.iou + v + eps);
  }();
  return distance.diou - alpha * v;
}

Tensor clip_boxes_to_image(const Tensor& boxes, Size size) {
  check_box_numbers("clip_boxes_to_image", boxes, XYXY);
  return computed("clip_boxes_to_image", {boxes.scalar_type()}, [&] {
    const auto x = boxes.slice(-1, 0, 4, 2).clamp(0, size.width), y = boxes.slice(-1, 1, 4, 2).clamp(0, size.height);
    return torch::stack({x, y}, boxes.dim()).reshape(boxes.sizes());
  });
}

Tensor remove_small_boxes(const Tensor& boxes, double min_size) {
  check_box_numbers("remove_small_boxes", boxes, XYXY);
  detail::need_values("remove_small_boxes", boxes);
  return computed("remove_small_boxes", {boxes.scalar_type()}, [&] {
    const auto widths = column(boxes, 2) - column(boxes, 0), heights = column(boxes, 3) - column(boxes, 1);
    return torch::where((widths >= min_size).logical_and(heights >= min_size))[0];
  });
}

Tensor masks_to_boxes(const Tensor& masks) {
  OPSIS_CHECK(masks.defined(), "masks_to_boxes: masks must be (N, H, W), got an undefined tensor");
  return call_masks_to_boxes(masks);
}

}  // namespace opsis::inline v1::ops
