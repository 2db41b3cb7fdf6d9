#include "opsis/simd/mirror.h"

#include <array>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "opsis/simd/mirror.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace opsis::inline v1::simd::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // vectors of a single lane, which g++ builds in place of emulated ones

int64_t mirror(const uint8_t*, int64_t, int64_t, uint8_t*) { return 0; }  // mirror_row does all

#else

// Whole pixels of a block of 16 bytes, mirrored. Those of 3 bytes are read from the second byte on, so that the last block of a row
// does not reach beyond it.
constexpr std::array<uint8_t, 16> mirror_table(int bytes) {
  std::array<uint8_t, 16> table{};
  const int pixels = 16 / bytes, skipped = 16 - pixels * bytes;
  for (int pixel = 0; pixel < pixels; ++pixel) {
    for (int byte = 0; byte < bytes; ++byte) {
      table[static_cast<size_t>(pixel * bytes + byte)] = static_cast<uint8_t>(skipped + (pixels - 1 - pixel) * bytes + byte);
    }
  }
  return table;
}

// Returns how many pixels of the result are there.
template <int kBytes>
int64_t mirror_blocks(const uint8_t* row, int64_t width, uint8_t* out) {
  constexpr int64_t pixels = 16 / kBytes, skipped = 16 - pixels * kBytes;
  HWY_ALIGN static constexpr std::array<uint8_t, 16> table = mirror_table(kBytes);
  const hn::Full128<uint8_t> d;
  const auto order = hn::Load(d, table.data());
  int64_t x = 0;
  // A block of 3-byte pixels reads and writes one byte more than its five, which must be in the row too.
  for (; x + pixels + (skipped > 0 ? 1 : 0) <= width; x += pixels) {
    const auto block = hn::LoadU(d, row + (width - x - pixels) * kBytes - skipped);
    hn::StoreU(hn::TableLookupBytes(block, order), d, out + x * kBytes);
  }
  return x;
}

int64_t mirror(const uint8_t* row, int64_t width, int64_t bytes, uint8_t* out) {
  switch (bytes) {
    case 1: return mirror_blocks<1>(row, width, out);
    case 2: return mirror_blocks<2>(row, width, out);
    case 3: return mirror_blocks<3>(row, width, out);
    case 4: return mirror_blocks<4>(row, width, out);
    case 8: return mirror_blocks<8>(row, width, out);
    default: return 0;
  }
}

#endif

}  // namespace opsis::inline v1::simd::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace opsis::inline v1::simd {

HWY_EXPORT(mirror);

void mirror_row(const uint8_t* row, int64_t width, int64_t bytes, uint8_t* out) {
  for (int64_t x = HWY_DYNAMIC_DISPATCH(mirror)(row, width, bytes, out); x < width; ++x) {
    std::memcpy(out + x * bytes, row + (width - 1 - x) * bytes, static_cast<size_t>(bytes));
  }
}

}  // namespace opsis::inline v1::simd

#endif  // HWY_ONCE
