#include "opsis/ops/nms.h"

#include <ATen/autocast_mode.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/library.h>
#include <torch/torch.h>

#include <cmath>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/ops/box_iou_rotated.h"
#include "opsis/ops/by_way_of_cpu.h"
#include "opsis/ops/cuda.h"
#include "opsis/ops/scored_boxes.h"
#include "opsis/ops/values.h"
#include "opsis/simd/nms.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;

void check_alike(std::string_view where, const Tensor& boxes, const Tensor& scores, int64_t numbers) {
  detail::check_scored_boxes(where, boxes, scores, numbers);
  OPSIS_CHECK(boxes.scalar_type() == scores.scalar_type(), "{}: boxes and scores must be of one type, got {} and {}", where,
              boxes.scalar_type(), scores.scalar_type());
  OPSIS_CHECK(boxes.device() == scores.device(), "{}: boxes and scores must be on one device, got {} and {}", where,
              boxes.device(), scores.device());
}

void check_boxes_and_scores(std::string_view where, const Tensor& boxes, const Tensor& scores, int64_t numbers) {
  check_alike(where, boxes, scores, numbers);
  const auto type = boxes.scalar_type();
  const bool takes_half = boxes.is_cuda() && numbers == 4;  // as torchvision's kernels do
  OPSIS_CHECK(type == torch::kFloat32 || type == torch::kFloat64 || (takes_half && type == torch::kHalf),
              "{}: boxes must be float32{} or float64, got {}", where, takes_half ? ", float16" : "", type);
}

void check_whole_boxes_and_scores(const Tensor& boxes, const Tensor& scores) {
  check_alike("qnms", boxes, scores, 4);
  OPSIS_CHECK(torch::isIntegralType(boxes.scalar_type(), /*includeBool=*/false), "qnms: boxes must be whole numbers, got {}",
              boxes.scalar_type());
}

// What nms works on under autocast, which torchvision's batched_nms leaves to it.
Tensor as_nms_takes(const Tensor& tensor) {
  const auto device = tensor.device().type();
  return at::autocast::is_autocast_enabled(device) ? at::autocast::cached_cast(torch::kFloat32, tensor, device) : tensor;
}

// Best first, and the earlier of equals.
Tensor best_first(const Tensor& scores) { return std::get<1>(scores.sort(/*stable=*/true, 0, /*descending=*/true)); }

// Keeps some of the boxes that `order` numbers, best first, and returns how many; `keep` may be `order`.
int64_t suppress(const Tensor& boxes, const int64_t* order, int64_t count, double iou_threshold, int64_t* keep) {
  if (boxes.scalar_type() == torch::kFloat32)
    return simd::nms(boxes.const_data_ptr<float>(), order, count, iou_threshold, keep);
  return simd::nms(boxes.const_data_ptr<double>(), order, count, iou_threshold, keep);
}

Tensor kept_cpu(const Tensor& boxes, const Tensor& scores, double iou_threshold) {
  const auto order = best_first(scores);
  auto keep = torch::empty_like(order);
  const auto kept = suppress(boxes.contiguous(), order.const_data_ptr<int64_t>(), boxes.size(0), iou_threshold,
                             keep.mutable_data_ptr<int64_t>());
  return keep.narrow(0, 0, kept);
}

Tensor nms_cpu(const Tensor& boxes, const Tensor& scores, double iou_threshold) {
  check_boxes_and_scores("nms", boxes, scores, 4);
  return kept_cpu(boxes, scores, iou_threshold);
}

// Whole numbers that stand for others: neither the overlap of boxes nor the order of scores depends on the scales.
Tensor qnms_cpu(const Tensor& boxes, const Tensor& scores, double iou_threshold) {
  check_whole_boxes_and_scores(boxes, scores);
  return kept_cpu(boxes.to(torch::kFloat32), scores, iou_threshold);
}

Tensor nms_cuda(const Tensor& boxes, const Tensor& scores, double iou_threshold) {
  check_boxes_and_scores("nms", boxes, scores, 4);
  const auto order = best_first(scores);
  const auto stays = detail::cuda_kernels("nms").nms(boxes.index_select(0, order), /*classes=*/{}, iou_threshold);
  return order.masked_select(stays);
}

Tensor nms_meta(const Tensor& boxes, const Tensor& scores, double) {
  check_boxes_and_scores("nms", boxes, scores, 4);
  detail::need_values("nms", boxes);
  return {};
}

Tensor qnms_meta(const Tensor& boxes, const Tensor& scores, double) {
  check_whole_boxes_and_scores(boxes, scores);
  detail::need_values("qnms", boxes);
  return {};
}

using NmsHandle = c10::TypedOperatorHandle<Tensor(const Tensor&, const Tensor&, double)>;
NmsHandle nms_handle(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Tensor(const Tensor&, const Tensor&, double)>();
}

Tensor call_nms(const Tensor& boxes, const Tensor& scores, double iou_threshold) {
  static const auto op = nms_handle("opsis::nms");
  return op.call(boxes, scores, iou_threshold);
}

Tensor call_qnms(const Tensor& boxes, const Tensor& scores, double iou_threshold) {
  OPSIS_CHECK(boxes.is_quantized() && scores.is_quantized(),
              "nms: of boxes and scores both or neither must be quantized, got {} and {}", boxes.scalar_type(),
              scores.scalar_type());
  static const auto op = nms_handle("opsis::qnms");
  return op.call(boxes.int_repr(), scores.int_repr(), iou_threshold);
}

template <c10::DispatchKey key, c10::DeviceType device>
Tensor nms_autocast(const Tensor& boxes, const Tensor& scores, double iou_threshold) {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(key);
  return call_nms(at::autocast::cached_cast(torch::kFloat32, boxes, device),
                  at::autocast::cached_cast(torch::kFloat32, scores, device), iou_threshold);
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  using c10::DispatchKey;
  m.def("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor");
  m.impl("nms", DispatchKey::CPU, nms_cpu);
  m.impl("nms", DispatchKey::CUDA, nms_cuda);
  m.impl("nms", DispatchKey::Meta, nms_meta);
  m.impl("nms", DispatchKey::AutocastCPU, nms_autocast<DispatchKey::AutocastCPU, c10::DeviceType::CPU>);
  m.impl("nms", DispatchKey::AutocastCUDA, nms_autocast<DispatchKey::AutocastCUDA, c10::DeviceType::CUDA>);

  m.def("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor");
  m.impl("qnms", DispatchKey::CPU, qnms_cpu);
  m.impl("qnms", DispatchKey::Meta, qnms_meta);
}

// The kept boxes' `numbers`, which ascend, by torchvision's sort: it leaves equal scores in an order of its own.
Tensor kept_best_first(const Tensor& numbers, const Tensor& scores) {
  return numbers.index_select(0, std::get<1>(scores.index_select(0, numbers).sort(0, /*descending=*/true)));
}

// Each class by itself; what is kept, best first.
Tensor suppress_by_class_cuda(const Tensor& boxes, const Tensor& scores, const Tensor& idxs, double iou_threshold) {
  const auto order = best_first(scores);
  const auto classes = std::get<1>(at::_unique2(idxs, /*sorted=*/true, /*return_inverse=*/true));
  const auto stays = detail::cuda_kernels("batched_nms")
                         .nms(boxes.index_select(0, order), classes.index_select(0, order), iou_threshold)
                         .logical_and(idxs.eq(idxs).index_select(0, order));  // no box is of a class that is no number
  return kept_best_first(std::get<0>(order.masked_select(stays).sort()), scores);
}

Tensor suppress_by_class_cpu(const Tensor& all_boxes, const Tensor& scores, const Tensor& idxs, double iou_threshold) {
  const auto boxes = all_boxes.contiguous();
  const auto count = boxes.size(0);
  const auto order = best_first(scores);
  const auto [names, classes, counts] = at::_unique2(idxs, /*sorted=*/true, /*return_inverse=*/true, /*return_counts=*/true);
  const auto *const best = order.const_data_ptr<int64_t>(), *const class_of = classes.const_data_ptr<int64_t>();

  // The order of all, class after class.
  std::vector<int64_t> begin(static_cast<size_t>(names.numel()) + 1), by_class(static_cast<size_t>(count));
  for (int64_t i = 0; i < names.numel(); ++i)
    begin[static_cast<size_t>(i) + 1] = begin[static_cast<size_t>(i)] + counts.const_data_ptr<int64_t>()[i];
  auto next = begin;
  for (int64_t i = 0; i < count; ++i) by_class[static_cast<size_t>(next[static_cast<size_t>(class_of[best[i]])]++)] = best[i];

  std::vector<uint8_t> stays(static_cast<size_t>(count));
  const auto same = names.eq(names).contiguous();  // no box is of a class that is no number
  parallel_for(0, names.numel(), 1, [&](int64_t first, int64_t last) {
    std::vector<int64_t> keep;
    for (auto i = first; i < last; ++i) {
      if (!same.const_data_ptr<bool>()[i]) continue;
      const auto from = begin[static_cast<size_t>(i)], size = begin[static_cast<size_t>(i) + 1] - from;
      keep.resize(static_cast<size_t>(size));
      keep.resize(static_cast<size_t>(suppress(boxes, by_class.data() + from, size, iou_threshold, keep.data())));
      for (const auto box : keep) stays[static_cast<size_t>(box)] = 1;
    }
  });
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < count; ++i) {
    if (stays[static_cast<size_t>(i)] != 0) kept.push_back(i);
  }
  return kept_best_first(torch::tensor(kept, torch::kInt64), scores);
}

// --- By class, and of turned boxes: operators too, so that a trace calls them again ---------------------------------------

Tensor nms_per_class_cpu(const Tensor& given_boxes, const Tensor& given_scores, const Tensor& idxs, double iou_threshold) {
  const auto boxes = as_nms_takes(given_boxes), scores = as_nms_takes(given_scores);
  check_boxes_and_scores("nms_per_class", boxes, scores, 4);
  detail::check_classes("nms_per_class", boxes, idxs);
  const torch::NoGradGuard no_grad;
  return suppress_by_class_cpu(boxes, scores, idxs.cpu(), iou_threshold);
}

Tensor nms_per_class_cuda(const Tensor& given_boxes, const Tensor& given_scores, const Tensor& idxs, double iou_threshold) {
  const auto boxes = as_nms_takes(given_boxes), scores = as_nms_takes(given_scores);
  check_boxes_and_scores("nms_per_class", boxes, scores, 4);
  detail::check_classes("nms_per_class", boxes, idxs);
  const torch::NoGradGuard no_grad;
  return suppress_by_class_cuda(boxes, scores, idxs.to(boxes.device()), iou_threshold);
}

Tensor call_nms_per_class(const Tensor& boxes, const Tensor& scores, const Tensor& idxs, double iou_threshold) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("opsis::nms_per_class", "")
                             .typed<Tensor(const Tensor&, const Tensor&, const Tensor&, double)>();
  return op.call(boxes, scores, idxs, iou_threshold);
}

// A turned box, and how long it is from corner to corner, which tells how far it reaches at any angle.
struct TurnedBox {
  detail::RotatedBox box;
  double diagonal;
};

std::vector<TurnedBox> turned_boxes(const Tensor& rows) {
  std::vector<TurnedBox> out;
  out.reserve(static_cast<size_t>(rows.size(0)));
  for (int64_t i = 0; i < rows.size(0); ++i) {
    const auto* const row = rows.const_data_ptr<double>() + 5 * i;
    out.push_back({{row[0], row[1], row[2], row[3], row[4]}, std::hypot(row[2], row[3])});
  }
  return out;
}

Tensor nms_rotated_cpu(const Tensor& boxes, const Tensor& scores, double iou_threshold) {
  check_boxes_and_scores("nms_rotated", boxes, scores, 5);
  const torch::NoGradGuard no_grad;
  const auto order = best_first(scores);
  const auto all = turned_boxes(boxes.to(torch::kFloat64).index_select(0, order).contiguous());
  const auto overlap = [&](int64_t better, int64_t worse) {
    const auto &a = all[static_cast<size_t>(better)], &b = all[static_cast<size_t>(worse)];
    // What most pairs are told by; of a negative threshold nothing is told without the overlap.
    const auto reach = (a.diagonal + b.diagonal) / 2;
    if (iou_threshold >= 0 && (std::abs(a.box.x - b.box.x) > reach || std::abs(a.box.y - b.box.y) > reach)) return false;
    return static_cast<double>(static_cast<float>(detail::rotated_iou(a.box, b.box))) > iou_threshold;
  };
  const auto among = [&](const std::vector<int64_t>& kept, size_t first, int64_t box) {
    return std::any_of(kept.begin() + static_cast<std::ptrdiff_t>(first), kept.end(),
                       [&](int64_t better) { return overlap(better, box); });
  };
  // Block by block: all of one are held against what earlier blocks left, side by side, and then against one another.
  constexpr int64_t block = 512;
  const auto count = std::ssize(all);
  std::vector<int64_t> kept;
  std::vector<uint8_t> gone(static_cast<size_t>(block));
  for (int64_t begin = 0; begin < count; begin += block) {
    const auto earlier = kept.size();
    const auto end = std::min(count, begin + block);
    parallel_for(begin, end, 1 + 16384 / (1 + static_cast<int64_t>(earlier)), [&](int64_t first, int64_t last) {
      for (auto i = first; i < last; ++i) gone[static_cast<size_t>(i - begin)] = among(kept, 0, i) ? 1 : 0;
    });
    for (auto i = begin; i < end; ++i) {
      if (gone[static_cast<size_t>(i - begin)] == 0 && !among(kept, earlier, i)) kept.push_back(i);
    }
  }
  return order.index_select(0, torch::tensor(kept, torch::kInt64));
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  using c10::DispatchKey;
  m.def("nms_per_class(Tensor dets, Tensor scores, Tensor idxs, float iou_threshold) -> Tensor");
  m.impl("nms_per_class", DispatchKey::CPU, nms_per_class_cpu);
  m.impl("nms_per_class", DispatchKey::CUDA, nms_per_class_cuda);
  m.impl("nms_per_class", DispatchKey::CompositeExplicitAutograd, detail::by_way_of_cpu<nms_per_class_cpu>);
  m.impl("nms_per_class", DispatchKey::Meta, [](const Tensor& boxes, const Tensor&, const Tensor&, double) {
    detail::need_values("nms_per_class", boxes);
    return Tensor();
  });
  m.impl("nms_per_class", DispatchKey::Autograd, torch::CppFunction::makeFallthrough());

  m.def("nms_rotated(Tensor dets, Tensor scores, float iou_threshold) -> Tensor");
  m.impl("nms_rotated", DispatchKey::CPU, nms_rotated_cpu);
  m.impl("nms_rotated", DispatchKey::CompositeExplicitAutograd, detail::by_way_of_cpu<nms_rotated_cpu>);
  m.impl("nms_rotated", DispatchKey::Meta, [](const Tensor& boxes, const Tensor&, double) {
    detail::need_values("nms_rotated", boxes);
    return Tensor();
  });
  m.impl("nms_rotated", DispatchKey::Autograd, torch::CppFunction::makeFallthrough());
}

}  // namespace

Tensor nms(const Tensor& boxes, const Tensor& scores, double iou_threshold) {
  OPSIS_CHECK(boxes.defined() && scores.defined(), "nms: boxes and scores must be tensors, got an undefined one");
  if (boxes.is_quantized() || scores.is_quantized()) return call_qnms(boxes, scores, iou_threshold);
  return call_nms(boxes, scores, iou_threshold);
}

Tensor batched_nms(const Tensor& boxes, const Tensor& scores, const Tensor& idxs, double iou_threshold) {
  OPSIS_CHECK(boxes.defined() && scores.defined(), "batched_nms: boxes and scores must be tensors, got an undefined one");
  // Of no numbers torchvision does not look at the shape.
  const bool traced = torch::jit::tracer::isTracing();  // what is decided by the number of boxes would be decided for all
  if (boxes.numel() == 0 && !traced) return torch::empty({0}, torch::TensorOptions(boxes.device()).dtype(torch::kInt64));
  detail::check_scored_boxes("batched_nms", boxes, scores);
  const bool is_one = idxs.defined() && idxs.dim() == 1 && idxs.size(0) == 1;
  const auto classes = is_one ? idxs.expand_as(scores) : idxs;
  detail::check_classes("batched_nms", boxes, classes);
  detail::need_values("batched_nms", boxes);
  check_boxes_and_scores("batched_nms", as_nms_takes(boxes), as_nms_takes(scores), 4);
  if (traced || boxes.numel() > (boxes.is_cuda() ? 100'000 : 4000)) return nms_per_class(boxes, scores, classes, iou_threshold);
  const auto offsets = classes.to(boxes.options()) * (boxes.max() + 1);
  return nms(boxes + offsets.unsqueeze(1), scores, iou_threshold);
}

Tensor nms_per_class(const Tensor& boxes, const Tensor& scores, const Tensor& idxs, double iou_threshold) {
  OPSIS_CHECK(boxes.defined() && scores.defined(), "nms_per_class: boxes and scores must be tensors, got an undefined one");
  detail::need_values("nms_per_class", boxes);
  check_boxes_and_scores("nms_per_class", as_nms_takes(boxes), as_nms_takes(scores), 4);
  detail::check_classes("nms_per_class", boxes, idxs);
  return call_nms_per_class(boxes, scores, idxs.to(boxes.device()), iou_threshold);
}

Tensor nms_rotated(const Tensor& boxes, const Tensor& scores, double iou_threshold) {
  check_boxes_and_scores("nms_rotated", boxes, scores, 5);
  detail::need_values("nms_rotated", boxes);
  static const auto op = nms_handle("opsis::nms_rotated");
  return op.call(boxes, scores, iou_threshold);
}

}  // namespace opsis::inline v1::ops
