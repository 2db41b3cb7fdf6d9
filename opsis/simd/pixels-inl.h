// Three channels to and from pixels of three bytes. Included once for each instruction set, after highway.h; whoever includes it
// does well to ask for HWY_WANT_AVX3_DL.
#if defined(OPSIS_SIMD_PIXELS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef OPSIS_SIMD_PIXELS_INL_H
#undef OPSIS_SIMD_PIXELS_INL_H
#else
#define OPSIS_SIMD_PIXELS_INL_H
#endif

#include <hwy/highway.h>

#include <array>
#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3_DL

// Where the bytes of a vector lie in two others, and those of a third that take the place of some.
struct PlacesInThree {
  alignas(64) std::array<uint8_t, 64> in_first_two{};
  alignas(64) std::array<uint8_t, 64> in_third{};
  uint64_t is_of_third = 0;
};

// place(i): where byte i comes from, of the 192 of three vectors.
template <class Place>
constexpr PlacesInThree FindPlacesInThree(const Place& place) {
  PlacesInThree places;
  for (size_t i = 0; i < 64; ++i) {
    const size_t from = place(i);
    (from < 128 ? places.in_first_two : places.in_third)[i] = static_cast<uint8_t>(from % 128);
    if (from >= 128) places.is_of_third |= uint64_t{1} << i;
  }
  return places;
}

template <size_t kChannel>
constexpr auto kPlacesOfChannel = FindPlacesInThree([](size_t i) { return 3 * i + kChannel; });
template <size_t kPart>
constexpr auto kPlacesOfPixels = FindPlacesInThree([](size_t i) { return (64 * kPart + i) % 3 * 64 + (64 * kPart + i) / 3; });

HWY_INLINE __m512i TakeOfThree(__m512i a, __m512i b, __m512i c, const PlacesInThree& places) {
  const auto of_two = _mm512_permutex2var_epi8(a, _mm512_load_si512(places.in_first_two.data()), b);
  return _mm512_mask_permutexvar_epi8(of_two, places.is_of_third, _mm512_load_si512(places.in_third.data()), c);
}

#endif

// The channels of as many pixels as d has lanes. Of bytes in vectors of 64: six instructions, a third of what
// hn::LoadInterleaved3 takes.
template <class D>
HWY_INLINE void LoadPixels(D d, const hn::TFromD<D>* from, hn::Vec<D>& r, hn::Vec<D>& g, hn::Vec<D>& b) {
#if HWY_TARGET <= HWY_AVX3_DL
  if constexpr (sizeof(hn::Vec<D>) == 64 && sizeof(hn::TFromD<D>) == 1) {
    const auto x = _mm512_loadu_si512(from), y = _mm512_loadu_si512(from + 64), z = _mm512_loadu_si512(from + 128);
    r = hn::Vec<D>{TakeOfThree(x, y, z, kPlacesOfChannel<0>)};
    g = hn::Vec<D>{TakeOfThree(x, y, z, kPlacesOfChannel<1>)};
    b = hn::Vec<D>{TakeOfThree(x, y, z, kPlacesOfChannel<2>)};
    return;
  }
#endif
  hn::LoadInterleaved3(d, from, r, g, b);
}

template <class D>
HWY_INLINE void StorePixels(hn::Vec<D> r, hn::Vec<D> g, hn::Vec<D> b, D d, hn::TFromD<D>* to) {
#if HWY_TARGET <= HWY_AVX3_DL
  if constexpr (sizeof(hn::Vec<D>) == 64 && sizeof(hn::TFromD<D>) == 1) {
    _mm512_storeu_si512(to, TakeOfThree(r.raw, g.raw, b.raw, kPlacesOfPixels<0>));
    _mm512_storeu_si512(to + 64, TakeOfThree(r.raw, g.raw, b.raw, kPlacesOfPixels<1>));
    _mm512_storeu_si512(to + 128, TakeOfThree(r.raw, g.raw, b.raw, kPlacesOfPixels<2>));
    return;
  }
#endif
  hn::StoreInterleaved3(r, g, b, d, to);
}

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // OPSIS_SIMD_PIXELS_INL_H
