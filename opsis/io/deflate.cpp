#include "opsis/io/deflate.h"

#include <libdeflate.h>

#include <array>
#include <new>

#include "opsis/core/frees.h"
#include "opsis/core/memory.h"
#include "opsis/io/deflate_noise.h"

namespace opsis::inline v1::io {
namespace {

/// libdeflate's level for each of zlib's, of which it takes the time at most and gives streams of about the size.
constexpr std::array<int, 10> levels{0, 1, 3, 5, 6, 6, 7, 8, 9, 10};
/// Both ways are tried, and the smaller stream counts, from this level on and up to so many bytes, where codes are dear.
constexpr int64_t thorough = 7;
constexpr size_t few = 8192;

/// Memory that grows, and is not kept when it does.
struct Room {
  Memory memory{};
  size_t size = 0;

  uint8_t* get(size_t wanted) {
    if (wanted > size) {
      memory.reset();
      memory = make_memory(wanted);
      size = wanted;
    }
    return memory.get();
  }
};

}  // namespace

struct Deflater::State {
  int64_t level;
  std::unique_ptr<libdeflate_compressor, Frees<libdeflate_free_compressor>>
      compressor{};  // made when first needed: it is large
  Room quick{}, searched{};

  /// By deflate_noise; empty where that leaves it.
  Bytes zlib_quickly(Bytes bytes) {
    constexpr size_t head = 2, tail = 4;
    auto* const out = quick.get(head + deflate_noise_bound(bytes.size()) + tail);
    const auto size = deflate_noise(bytes, out + head);
    if (size == 0) return {};
    out[0] = 0x78;  // deflate with a window of 32 KiB
    out[1] = 0x9C;  // the default level, and what makes the two divisible by 31
    auto sum = libdeflate_adler32(1, bytes.data(), bytes.size());
    for (size_t i = tail; i-- > 0; sum >>= 8) out[head + size + i] = static_cast<uint8_t>(sum);
    return {out, head + size + tail};
  }

  Bytes zlib_by_libdeflate(Bytes bytes) {
    if (!compressor) compressor.reset(libdeflate_alloc_compressor(levels.at(static_cast<size_t>(level))));
    if (!compressor) throw std::bad_alloc();
    const auto bound = libdeflate_zlib_compress_bound(compressor.get(), bytes.size());
    auto* const out = searched.get(bound);
    return {out, libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(), out, bound)};
  }
};

bool Deflater::is_built() { return true; }

Deflater::Deflater(int64_t level) : state_(new State{level}) {
  OPSIS_CHECK(level >= 0 && level <= 9, "Deflater: the level must be from 0 to 9, got {}", level);
}
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater::~Deflater() = default;

Bytes Deflater::zlib(Bytes bytes) {
  OPSIS_CHECK(bytes.size() <= kMostBytes, "Deflater: {} bytes are more than {}", bytes.size(), kMostBytes);
  const auto quick = state_->level > 0 ? state_->zlib_quickly(bytes) : Bytes{};
  if (!quick.empty() && state_->level < thorough && bytes.size() > few) return quick;
  const auto searched = state_->zlib_by_libdeflate(bytes);
  return !quick.empty() && quick.size() <= searched.size() ? quick : searched;
}

}  // namespace opsis::inline v1::io
