// Pixels of three bytes, whose bytes change places without being taken apart: each byte of a block of 16 comes from the block
// itself, or from two bytes before or behind it. Included once for each instruction set, after highway.h.
#if defined(OPSIS_SIMD_NEAR_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OPSIS_SIMD_NEAR_INL_H
#undef OPSIS_SIMD_NEAR_INL_H
#else
#define OPSIS_SIMD_NEAR_INL_H
#endif

#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR  // which has no blocks

// Tables for three vectors, after which pixels begin at the same places again.
struct NearTables {
  static constexpr int64_t kBytes = 192;
  alignas(64) uint8_t before[kBytes];  // of a block that begins two bytes earlier; above 127 for none
  alignas(64) uint8_t behind[kBytes];  // of one that begins two bytes later
};

// source(i): where byte i of the result comes from, counted from its block of 16: in [-2, 17].
template <class Source>
constexpr NearTables MakeNearTables(const Source& source) {
  NearTables tables{};
  for (int64_t i = 0; i < NearTables::kBytes; ++i) {
    const int64_t from = source(i);
    tables.before[i] = static_cast<uint8_t>(from < 14 ? from + 2 : 0x80);
    tables.behind[i] = static_cast<uint8_t>(from < 14 ? 0x80 : from - 2);
  }
  return tables;
}

// The vector at `from`, with its bytes as a vector of the tables says; from - 2 and the second byte behind it are read too.
template <class D>
HWY_INLINE hn::Vec<D> LookUpNear(D d, const uint8_t* from, hn::Vec<D> before, hn::Vec<D> behind) {
  return hn::Or(hn::TableLookupBytesOr0(hn::LoadU(d, from - 2), before),
                hn::TableLookupBytesOr0(hn::LoadU(d, from + 2), behind));
}

#endif

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // OPSIS_SIMD_NEAR_INL_H
