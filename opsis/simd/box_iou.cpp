#include "opsis/simd/box_iou.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/box_iou.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "opsis/simd/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

// A box with a number that is none has such an area, which makes the quotient one too: what Max does with it is no matter.
template <class T>
HWY_INLINE void BoxIou(const T* box, T own_area, const BoxColumns<T>& others, T* out) {
  ForLanes<T>(0, others.count, [&](auto d, int64_t i) HWY_ATTR {
    const auto areas = hn::Add(hn::Set(d, own_area), hn::LoadU(d, others.area + i));
    const auto width = hn::Sub(hn::Min(hn::Set(d, box[2]), hn::LoadU(d, others.right + i)),
                               hn::Max(hn::Set(d, box[0]), hn::LoadU(d, others.left + i)));
    const auto height = hn::Sub(hn::Min(hn::Set(d, box[3]), hn::LoadU(d, others.bottom + i)),
                                hn::Max(hn::Set(d, box[1]), hn::LoadU(d, others.top + i)));
    const auto inter = hn::Mul(hn::Max(hn::Zero(d), width), hn::Max(hn::Zero(d), height));
    hn::StoreU(hn::Div(inter, hn::Sub(areas, inter)), d, out + i);
  });
}

void BoxIouFloat(const float* box, float area, const BoxColumns<float>& others, float* out) { BoxIou(box, area, others, out); }
void BoxIouDouble(const double* box, double area, const BoxColumns<double>& others, double* out) {
  BoxIou(box, area, others, out);
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(BoxIouFloat);
HWY_EXPORT(BoxIouDouble);

void box_iou(const float* box, float area, const BoxColumns<float>& others, float* out) {
  HWY_DYNAMIC_DISPATCH(BoxIouFloat)(box, area, others, out);
}
void box_iou(const double* box, double area, const BoxColumns<double>& others, double* out) {
  HWY_DYNAMIC_DISPATCH(BoxIouDouble)(box, area, others, out);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
