// Only boxes that overlap lower one another. So the boxes of a class are put in order from left to right, and each is held against
// those between whose left sides its own and the widest box reach: as many numbers are kept as there are boxes, never a number
// for each pair.
#include <torch/library.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/ops/by_way_of_cpu.h"
#include "opsis/ops/scored_boxes.h"
#include "opsis/ops/soft_nms.h"
#include "opsis/simd/box_iou.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;

// The boxes of one class that have an area, from left to right. The others overlap nothing.
template <class T>
class BoxesOfClass {
 public:
  // `best_first` numbers them.
  BoxesOfClass(const T* boxes, const std::vector<int64_t>& best_first) {
    struct Ranked {
      int64_t number;
      size_t rank;
    };
    std::vector<Ranked> order;
    for (size_t rank = 0; rank < best_first.size(); ++rank) {
      const auto* const box = boxes + 4 * best_first[rank];
      const bool is_finite = std::all_of(box, box + 4, [](T number) { return std::isfinite(number); });
      if (is_finite && box[2] > box[0] && box[3] > box[1]) order.push_back({best_first[rank], rank});
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](const Ranked& a, const Ranked& b) { return boxes[4 * a.number] < boxes[4 * b.number]; });
    const auto count = order.size();
    for (auto* const column : {&left_, &top_, &right_, &bottom_, &areas_, &covered_}) column->resize(count);
    for (size_t i = 0; i < count; ++i) {
      const auto* const box = boxes + 4 * order[i].number;
      left_[i] = box[0], top_[i] = box[1], right_[i] = box[2], bottom_[i] = box[3];
      areas_[i] = (box[2] - box[0]) * (box[3] - box[1]);
      widest_ = std::max(widest_, box[2] - box[0]);
      numbers_.push_back(order[i].number);
      ranks_.push_back(order[i].rank);
    }
    widest_ = std::nextafter(widest_, std::numeric_limits<T>::infinity());  // differences are rounded
  }

  // Writes into decays[n], for box n, the least that its overlaps with better boxes leave of its score.
  void decay(Decay kind, T sigma, T* decays) {
    each([&](size_t box, size_t, T iou) { covered_[box] = std::max(covered_[box], iou); });
    if (kind == Decay::Gaussian) {
      // The least exponent, of which the power is the least too.
      std::vector<T> least(numbers_.size(), T(0));
      each([&](size_t box, size_t better, T iou) {
        least[box] = std::min(least[box], (covered_[better] * covered_[better] - iou * iou) * sigma);
      });
      for (size_t i = 0; i < least.size(); ++i) decays[numbers_[i]] = std::exp(least[i]);
      return;
    }
    each([&](size_t box, size_t better, T iou) {
      auto& least = decays[numbers_[box]];
      // What lies under another exactly is gone, and lowers nothing itself.
      if (covered_[better] < 1) least = std::min(least, (1 - iou) / (1 - covered_[better]));
    });
  }

 private:
  // Calls visit(box, better, iou) for every pair that overlaps; those of one box in one thread.
  template <class Visit>
  void each(const Visit& visit) const {
    parallel_for(0, std::ssize(numbers_), 16, [&](int64_t begin, int64_t end) {
      std::vector<T> ious;
      for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
        const auto from = static_cast<size_t>(std::lower_bound(left_.begin(), left_.end(), left_[i] - widest_) - left_.begin());
        const auto count = static_cast<size_t>(std::lower_bound(left_.begin(), left_.end(), right_[i]) - left_.begin()) - from;
        ious.resize(count);
        const T box[] = {left_[i], top_[i], right_[i], bottom_[i]};
        const simd::BoxColumns<T> others{&left_[from],   &top_[from],   &right_[from],
                                         &bottom_[from], &areas_[from], static_cast<int64_t>(count)};
        simd::box_iou(box, areas_[i], others, ious.data());
        for (size_t j = 0; j < count; ++j) {
          if (ious[j] > 0 && ranks_[from + j] < ranks_[i]) visit(i, from + j, ious[j]);
        }
      }
    });
  }

  std::vector<T> left_, top_, right_, bottom_, areas_;
  std::vector<T> covered_;  // how much the most that a better box overlaps it
  std::vector<int64_t> numbers_;
  std::vector<size_t> ranks_;
  T widest_ = 0;
};

// How each box's score is lowered.
template <class T>
void matrix_decays(const Tensor& boxes, const std::vector<std::vector<int64_t>>& classes, Decay kind, double sigma,
                   const Tensor& out) {
  const auto work = [&](int64_t begin, int64_t end) {
    for (auto i = begin; i < end; ++i) {
      BoxesOfClass<T>(boxes.const_data_ptr<T>(), classes[static_cast<size_t>(i)])
          .decay(kind, static_cast<T>(sigma), out.mutable_data_ptr<T>());
    }
  };
  // Threads share the classes or, where those are few, the boxes of each.
  if (std::ssize(classes) >= int64_t{4} * torch::get_num_threads()) {
    parallel_for(0, std::ssize(classes), 1, work);
  } else {
    work(0, std::ssize(classes));
  }
}

// Best first, and the earlier of equals.
std::vector<std::vector<int64_t>> classes_best_first(const Tensor& scores, const Tensor& idxs) {
  const auto order = std::get<1>(scores.sort(/*stable=*/true, 0, /*descending=*/true));
  const auto [names, inverse, counts] = at::_unique2(idxs, /*sorted=*/true, /*return_inverse=*/true, /*return_counts=*/true);
  std::vector<std::vector<int64_t>> out(static_cast<size_t>(names.numel()));
  const auto *const best = order.const_data_ptr<int64_t>(), *const class_of = inverse.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < order.numel(); ++i) out[static_cast<size_t>(class_of[best[i]])].push_back(best[i]);
  const auto same = names.eq(names).contiguous();  // no box is of a class that is no number
  for (size_t i = 0; i < out.size(); ++i) {
    if (!same.const_data_ptr<bool>()[i]) out[i].clear();
  }
  return out;
}

Tensor matrix_nms_cpu(const Tensor& boxes, const Tensor& scores, const Tensor& idxs, int64_t decay, double sigma) {
  detail::check_floating_scored_boxes("matrix_nms", boxes, scores);
  detail::check_classes("matrix_nms", boxes, idxs);
  const torch::NoGradGuard no_grad;
  const c10::AutoFwGradMode no_tangents(false);
  const auto decays = torch::ones(scores.sizes(), scores.options());
  const auto classes = classes_best_first(scores, idxs.cpu());
  const auto kind = decay == static_cast<int64_t>(Decay::Gaussian) ? Decay::Gaussian : Decay::Linear;
  AT_DISPATCH_FLOATING_TYPES(boxes.scalar_type(), "matrix_nms",
                             [&] { matrix_decays<scalar_t>(boxes.contiguous(), classes, kind, sigma, decays); });
  return scores * decays;
}

// An operator, so that a trace calls it again.
TORCH_LIBRARY_FRAGMENT(opsis, m) {
  using c10::DispatchKey;
  m.def("matrix_nms(Tensor dets, Tensor scores, Tensor idxs, int decay, float sigma) -> Tensor");
  m.impl("matrix_nms", DispatchKey::CPU, matrix_nms_cpu);
  m.impl("matrix_nms", DispatchKey::CompositeExplicitAutograd, detail::by_way_of_cpu<matrix_nms_cpu>);
  m.impl("matrix_nms", DispatchKey::Meta, [](const Tensor& boxes, const Tensor& scores, const Tensor& idxs, int64_t, double) {
    detail::check_floating_scored_boxes("matrix_nms", boxes, scores);
    detail::check_classes("matrix_nms", boxes, idxs);
    return torch::empty_like(scores);
  });
  m.impl("matrix_nms", DispatchKey::Autograd, torch::CppFunction::makeFallthrough());
}

}  // namespace

Tensor matrix_nms(const Tensor& boxes, const Tensor& scores, const Tensor& idxs, const MatrixNmsOptions& options) {
  detail::check_floating_scored_boxes("matrix_nms", boxes, scores);
  detail::check_classes("matrix_nms", boxes, idxs);
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("opsis::matrix_nms", "")
                             .typed<Tensor(const Tensor&, const Tensor&, const Tensor&, int64_t, double)>();
  return op.call(boxes, scores, idxs, static_cast<int64_t>(options.decay), options.sigma);
}

}  // namespace opsis::inline v1::ops
