// A kept box suppresses sixteen others at a time. Which others: the boxes lie in memory by the cells of a grid over their upper
// left corners, and only cells are looked at from where an overlap above the threshold can reach. For two boxes overlap along
// either axis is at least their overlap as a whole, so that with t for the threshold and w for the kept box's width
//
//     the other's left edge lies within (-w (1 - t) / t, w (1 - t)) of the kept one's
//
// and likewise for the tops. Looking at boxes beyond that changes nothing, nor does looking at better ones: overlap is the same
// both ways, to the last bit, and of two kept boxes it is not above the threshold.
#include "opsis/simd/nms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/nms.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kBlock = 16;

template <class T>
struct Box {
  T left, top, right, bottom, area;

  explicit Box(const T* from)
      : left(from[0]), top(from[1]), right(from[2]), bottom(from[3]), area((right - left) * (bottom - top)) {}
  T width() const { return right - left; }
  T height() const { return bottom - top; }
  // Others never overlap with it, or by a quotient that is 0 or not a number.
  bool alone() const { return !(width() > 0 && height() > 0 && area <= std::numeric_limits<T>::max()); }
};

// Boxes side by side. Places that no box took have no area, which suppresses nothing.
template <class T>
struct alignas(64) Block {
  T left[kBlock], top[kBlock], right[kBlock], bottom[kBlock], area[kBlock];

  Block() {
    for (T* side : {left, top, right, bottom, area}) std::fill_n(side, kBlock, std::numeric_limits<T>::quiet_NaN());
  }
  void Put(int64_t place, const Box<T>& box) {
    left[place] = box.left;
    top[place] = box.top;
    right[place] = box.right;
    bottom[place] = box.bottom;
    area[place] = box.area;
  }
};

template <class T>
struct Threshold {
  // The greatest T that is not above: a T is above it exactly when it is above the threshold.
  T exact;
  // Quotients above have inter * inter_factor > areas * area_factor, which spares most divisions.
  T inter_factor, area_factor;
  // Somewhat below the threshold, by more than the quotient can be rounded up.
  double reach;

  explicit Threshold(double threshold) : exact(static_cast<T>(threshold)) {
    if (static_cast<double>(exact) > threshold) exact = std::nextafter(exact, -std::numeric_limits<T>::infinity());
    inter_factor = static_cast<T>(1 + threshold);
    area_factor = static_cast<T>(threshold * (1 - 1e-5));
    reach = threshold < 1e-6 ? 0 : std::min(threshold, 1.0) * (1 - 1e-5);
  }
};

// Sets a bit for each box of the blocks [first, last) that overlaps with `box` too much. Any box is allowed when kExact.
template <bool kExact, class T>
HWY_INLINE void Suppress(const Box<T>& box, const Threshold<T>& threshold, const Block<T>* blocks, int64_t first, int64_t last,
                         uint16_t* suppressed) {
  const hn::CappedTag<T, kBlock> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Zero(d), exact = hn::Set(d, threshold.exact);
  const auto inter_factor = hn::Set(d, threshold.inter_factor), area_factor = hn::Set(d, threshold.area_factor);
  const auto left = hn::Set(d, box.left), top = hn::Set(d, box.top), right = hn::Set(d, box.right);
  const auto bottom = hn::Set(d, box.bottom), area = hn::Set(d, box.area);
  for (int64_t b = first; b < last; ++b) {
    const auto& block = blocks[b];
    for (int64_t i = 0; i < kBlock; i += lanes) {
      const auto width = hn::Sub(hn::Min(right, hn::Load(d, block.right + i)), hn::Max(left, hn::Load(d, block.left + i)));
      const auto height = hn::Sub(hn::Min(bottom, hn::Load(d, block.bottom + i)), hn::Max(top, hn::Load(d, block.top + i)));
      const auto inter = hn::Mul(hn::Max(zero, width), hn::Max(zero, height));
      const auto areas = hn::Add(area, hn::Load(d, block.area + i));
      if constexpr (!kExact) {
        if (hn::AllFalse(d, hn::Gt(hn::Mul(inter, inter_factor), hn::Mul(areas, area_factor)))) continue;
      }
      uint8_t bits[8] = {};
      hn::StoreMaskBits(d, hn::Gt(hn::Div(inter, hn::Sub(areas, inter)), exact), bits);
      suppressed[b] = static_cast<uint16_t>(suppressed[b] | ((bits[0] | bits[1] << 8) << i));
    }
  }
}

// Cells along an axis. Monotone, so what lies between two numbers lies between their cells.
class Axis {
 public:
  // Numbers of a sample decide; the outermost of it may lie far away, and share the last cells.
  Axis(std::vector<double> sample, int64_t cells) : cells_(cells) {
    const auto outer = static_cast<std::ptrdiff_t>(sample.size() / 32);
    std::nth_element(sample.begin(), sample.begin() + outer, sample.end());
    begin_ = sample[static_cast<size_t>(outer)];
    std::nth_element(sample.begin(), sample.end() - 1 - outer, sample.end());
    const auto length = *(sample.end() - 1 - outer) - begin_;
    scale_ = length > 0 ? static_cast<double>(cells) / length : 0;
    if (!std::isfinite(scale_)) scale_ = 0;
  }
  int64_t operator()(double number) const {
    const auto cell = (number - begin_) * scale_;
    if (!(cell > 0)) return 0;
    return cell < static_cast<double>(cells_) ? static_cast<int64_t>(cell) : cells_ - 1;
  }

 private:
  double begin_, scale_;
  int64_t cells_;
};

// Every box against every other: for few boxes, and for those that the grid's reasoning does not hold for.
template <class T>
int64_t NmsOfAll(const T* boxes, const int64_t* order, int64_t count, const Threshold<T>& threshold, int64_t* keep) {
  std::vector<Block<T>> blocks(static_cast<size_t>((count + kBlock - 1) / kBlock));
  for (int64_t i = 0; i < count; ++i) blocks[static_cast<size_t>(i / kBlock)].Put(i % kBlock, Box<T>(boxes + 4 * order[i]));
  std::vector<uint16_t> suppressed(blocks.size());
  int64_t kept = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (suppressed[static_cast<size_t>(i / kBlock)] >> (i % kBlock) & 1) continue;
    keep[kept++] = order[i];
    Suppress<true>(Box<T>(boxes + 4 * order[i]), threshold, blocks.data(), i / kBlock, static_cast<int64_t>(blocks.size()),
                   suppressed.data());
  }
  return kept;
}

template <class T>
int64_t NmsOfGrid(const T* boxes, const int64_t* order, int64_t count, const Threshold<T>& threshold, int64_t* keep) {
  // Strips of cells: a strip is read in one go, so cells are narrower than strips are high.
  const auto strips = std::max<int64_t>(1, static_cast<int64_t>(std::sqrt(static_cast<double>(count)) / 5));
  const auto columns = 4 * strips;
  std::vector<double> lefts, tops;
  double widest = 0, highest = 0;
  const auto step = std::max<int64_t>(1, count / 1024);
  for (int64_t i = 0; i < count; ++i) {
    const Box<T> box(boxes + 4 * order[i]);
    if (box.alone()) continue;
    widest = std::max(widest, static_cast<double>(box.width()));
    highest = std::max(highest, static_cast<double>(box.height()));
    if (i % step == 0 || lefts.empty()) {
      lefts.push_back(static_cast<double>(box.left));
      tops.push_back(static_cast<double>(box.top));
    }
  }
  if (lefts.empty()) return std::copy(order, order + count, keep) - keep;
  const Axis column(std::move(lefts), columns), strip(std::move(tops), strips);

  // Boxes sorted by cell: where each cell begins, and where each box lies.
  std::vector<int32_t> begin(static_cast<size_t>(strips * columns + 1)), place(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const Box<T> box(boxes + 4 * order[i]);
    if (box.alone()) {
      place[static_cast<size_t>(i)] = -1;
      continue;
    }
    const auto cell = strip(static_cast<double>(box.top)) * columns + column(static_cast<double>(box.left));
    place[static_cast<size_t>(i)] = static_cast<int32_t>(cell);
    ++begin[static_cast<size_t>(cell + 1)];
  }
  for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  auto next = begin;
  std::vector<Block<T>> blocks(static_cast<size_t>((begin.back() + kBlock - 1) / kBlock));
  for (int64_t i = 0; i < count; ++i) {
    auto& at = place[static_cast<size_t>(i)];
    if (at < 0) continue;
    at = next[static_cast<size_t>(at)]++;
    blocks[static_cast<size_t>(at / kBlock)].Put(at % kBlock, Box<T>(boxes + 4 * order[i]));
  }

  std::vector<uint16_t> suppressed(blocks.size());
  const auto ahead = 1 - threshold.reach, behind = ahead / threshold.reach;
  // What rounding of the place itself may hide.
  const auto slack = [](double at) { return 4e-16 * std::abs(at); };
  int64_t kept = 0;
  for (int64_t i = 0; i < count; ++i) {
    const auto at = place[static_cast<size_t>(i)];
    if (at >= 0 && suppressed[static_cast<size_t>(at / kBlock)] >> (at % kBlock) & 1) continue;
    keep[kept++] = order[i];
    if (at < 0) continue;
    const Box<T> box(boxes + 4 * order[i]);
    const auto left = static_cast<double>(box.left), top = static_cast<double>(box.top);
    const auto width = static_cast<double>(box.width()), height = static_cast<double>(box.height());
    const auto from = column(left - std::min(width * behind, widest * ahead) - slack(left));
    const auto to = column(left + width * ahead + slack(left));
    const auto upper = strip(top - std::min(height * behind, highest * ahead) - slack(top));
    const auto lower = strip(top + height * ahead + slack(top));
    for (auto row = upper * columns; row <= lower * columns; row += columns) {
      const auto first = begin[static_cast<size_t>(row + from)], last = begin[static_cast<size_t>(row + to + 1)];
      if (first == last) continue;
      Suppress<false>(box, threshold, blocks.data(), first / kBlock, (last + kBlock - 1) / kBlock, suppressed.data());
    }
  }
  return kept;
}

template <class T>
HWY_INLINE int64_t Nms(const T* boxes, const int64_t* order, int64_t count, double iou_threshold, int64_t* keep) {
  // None is above a threshold that is not a number.
  if (std::isnan(iou_threshold)) return std::copy(order, order + count, keep) - keep;
  const Threshold<T> threshold(iou_threshold);
  // Boxes apart are above a negative threshold, and areas near the least numbers are too coarse for the grid's reasoning.
  bool anywhere = count < 4 * kBlock || iou_threshold < 0;
  for (int64_t i = 0; i < count && !anywhere; ++i) {
    const Box<T> box(boxes + 4 * order[i]);
    anywhere = box.area < T(1e-30) && !box.alone();
  }
  return anywhere ? NmsOfAll(boxes, order, count, threshold, keep) : NmsOfGrid(boxes, order, count, threshold, keep);
}

int64_t NmsFloat(const float* boxes, const int64_t* order, int64_t count, double iou_threshold, int64_t* keep) {
  return Nms(boxes, order, count, iou_threshold, keep);
}
int64_t NmsDouble(const double* boxes, const int64_t* order, int64_t count, double iou_threshold, int64_t* keep) {
  return Nms(boxes, order, count, iou_threshold, keep);
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(NmsFloat);
HWY_EXPORT(NmsDouble);

int64_t nms(const float* boxes, const int64_t* order, int64_t count, double iou_threshold, int64_t* keep) {
  return HWY_DYNAMIC_DISPATCH(NmsFloat)(boxes, order, count, iou_threshold, keep);
}
int64_t nms(const double* boxes, const int64_t* order, int64_t count, double iou_threshold, int64_t* keep) {
  return HWY_DYNAMIC_DISPATCH(NmsDouble)(boxes, order, count, iou_threshold, keep);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
