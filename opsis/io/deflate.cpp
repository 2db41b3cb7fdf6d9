#include "opsis/io/deflate.h"

#include <libdeflate.h>

#include <array>
#include <new>

#include "opsis/core/frees.h"
#include "opsis/core/memory.h"
#include "opsis/io/deflate_noise.h"

namespace opsis::inline v1::io {
namespace {

/// libdeflate's level for each of zlib's. It counts to 12, and by the same number takes more care.
constexpr std::array<int, 10> levels{0, 1, 2, 3, 4, 5, 6, 8, 9, 10};
/// From here on the last byte counts, and libdeflate looks for it.
constexpr int64_t thorough = 7;

}  // namespace

struct Deflater::State {
  int64_t level;
  std::unique_ptr<libdeflate_compressor, Frees<libdeflate_free_compressor>> compressor{};  // made when first needed: it is large
  Memory room{};
  size_t room_size = 0;

  uint8_t* have_room(size_t size) {
    if (size > room_size) {
      room.reset();
      room = make_memory(size);
      room_size = size;
    }
    return room.get();
  }
};

bool Deflater::is_built() { return true; }

Deflater::Deflater(int64_t level) : state_(new State{level}) {}
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater::~Deflater() = default;

Bytes Deflater::zlib(Bytes bytes) {
  const auto level = state_->level;
  auto& compressor = state_->compressor;
  if (level > 0 && level < thorough) {
    constexpr size_t head = 2, tail = 4;
    auto* const out = state_->have_room(head + deflate_noise_bound(bytes.size()) + tail);
    if (const auto size = deflate_noise(bytes, out + head)) {
      out[0] = 0x78;  // deflate with a window of 32 KiB
      out[1] = 0x9C;  // the default level, and what makes the two divisible by 31
      auto sum = libdeflate_adler32(1, bytes.data(), bytes.size());
      for (size_t i = tail; i-- > 0; sum >>= 8) out[head + size + i] = static_cast<uint8_t>(sum);
      return {out, head + size + tail};
    }
  }
  if (!compressor) compressor.reset(libdeflate_alloc_compressor(levels.at(static_cast<size_t>(level))));
  if (!compressor) throw std::bad_alloc();
  const auto bound = libdeflate_zlib_compress_bound(compressor.get(), bytes.size());
  auto* const out = state_->have_room(bound);
  return {out, libdeflate_zlib_compress(compressor.get(), bytes.data(), bytes.size(), out, bound)};
}

}  // namespace opsis::inline v1::io
