#include "opsis/simd/column_max.h"

#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/column_max.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

template <class T, class Row>
HWY_INLINE void ColumnMax(const T* plane, int64_t width, int64_t rows, int64_t count, T* greatest, Row* row) {
  const auto some = [&](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToSigned<decltype(d)> whole;
    auto best = hn::Set(d, static_cast<T>(std::numeric_limits<float>::lowest()));
    auto where = hn::Set(whole, Row(-1));
    for (int64_t r = 0; r < rows; ++r) {
      const auto numbers = hn::LoadU(d, plane + r * width + i);
      const auto above = hn::Gt(numbers, best);  // never of what is no number
      best = hn::IfThenElse(above, numbers, best);
      where = hn::IfThenElse(hn::RebindMask(whole, above), hn::Set(whole, static_cast<Row>(r)), where);
    }
    hn::StoreU(best, d, greatest + i);
    hn::StoreU(where, whole, row + i);
  };
  const hn::ScalableTag<T> wide;
  const auto lanes = static_cast<int64_t>(hn::Lanes(wide));
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) some(wide, i);
  for (; i < count; ++i) some(hn::CappedTag<T, 1>(), i);
}

void ColumnMaxFloat(const float* plane, int64_t width, int64_t rows, int64_t count, float* greatest, int32_t* row) {
  ColumnMax(plane, width, rows, count, greatest, row);
}
void ColumnMaxDouble(const double* plane, int64_t width, int64_t rows, int64_t count, double* greatest, int64_t* row) {
  ColumnMax(plane, width, rows, count, greatest, row);
}

}  // namespace
}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace opsis::inline v1::simd {

HWY_EXPORT(ColumnMaxFloat);
HWY_EXPORT(ColumnMaxDouble);

void column_max(const float* plane, int64_t width, int64_t rows, int64_t count, float* greatest, int32_t* row) {
  HWY_DYNAMIC_DISPATCH(ColumnMaxFloat)(plane, width, rows, count, greatest, row);
}
void column_max(const double* plane, int64_t width, int64_t rows, int64_t count, double* greatest, int64_t* row) {
  HWY_DYNAMIC_DISPATCH(ColumnMaxDouble)(plane, width, rows, count, greatest, row);
}

}  // namespace opsis::inline v1::simd
#endif  // HWY_ONCE
