// The numbers of an array, out of its chunks.
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "opsis/io/hdf5.h"
#include "opsis/io/hdf5_parts.h"

namespace opsis::inline v1::io {
namespace {

using detail::bad_hdf5;
using detail::bytes_of;
using detail::kFletcher32;
using detail::kShuffle;

constexpr int64_t kDeflateRatio = 1032;  // no deflated byte gives more

// The first bytes of all numbers come first, then the second ones, ...: back into their order.
std::vector<uint8_t> unshuffled(const std::vector<uint8_t>& bytes, size_t width) {
  auto out = bytes;
  const auto count = bytes.size() / width;
  for (size_t k = 0; k < width; ++k) {
    for (size_t i = 0; i < count; ++i) out[i * width + k] = bytes[k * count + i];
  }
  return out;
}

}  // namespace

// A chunk as it was before it was filtered; the filters are undone from the last to the first.
std::vector<uint8_t> Hdf5Array::chunk_bytes(const Chunk& chunk) const {
  const auto size = static_cast<size_t>(*bytes_of(chunk_shape_, static_cast<int64_t>(width_)));
  const auto stored = file_.subspan(chunk.place, chunk.size);
  std::vector<uint8_t> out(stored.begin(), stored.end());
  for (size_t i = filters_.size(); i-- > 0;) {
    if (i < 32 && chunk.skipped_filters >> i & 1) continue;
    if (filters_[i] == kFletcher32) {
      if (out.size() < 4) bad_hdf5("a chunk is too short");
      out.resize(out.size() - 4);  // its checksum
    } else if (filters_[i] == kShuffle) {
      out = unshuffled(out, width_);
    } else {
      if (size / kDeflateRatio > out.size()) bad_hdf5("a chunk is too short");
      std::vector<uint8_t> inflated(size + 4);  // of a checksum that is compressed with it
      uLongf length = inflated.size();
      if (uncompress(inflated.data(), &length, out.data(), out.size()) != Z_OK) bad_hdf5("a chunk is damaged");
      inflated.resize(length);
      out = std::move(inflated);
    }
  }
  if (out.size() != size) bad_hdf5(text("a chunk must have {} bytes, got {}", size, out.size()));
  return out;
}

// Copies what the chunk has of the rows.
void Hdf5Array::copy_chunk(const Chunk& chunk, int64_t first, int64_t count, std::vector<uint8_t>& out) const {
  const auto bytes = chunk_bytes(chunk);
  const auto sides = shape_.size();
  std::vector<int64_t> from(sides), to(sides);  // the part that counts, in numbers of the array
  for (size_t k = 0; k < sides; ++k) {
    from[k] = k == 0 ? std::max(chunk.corner[k], first) : chunk.corner[k];
    to[k] = std::min(chunk.corner[k] + chunk_shape_[k], k == 0 ? first + count : shape_[k]);
    if (from[k] >= to[k]) return;
  }
  const auto length = static_cast<size_t>(to.back() - from.back()) * width_;
  for (auto place = from;;) {
    int64_t source = 0, target = 0;
    for (size_t k = 0; k < sides; ++k) {
      source = source * chunk_shape_[k] + place[k] - chunk.corner[k];
      target = target * (k == 0 ? count : shape_[k]) + place[k] - (k == 0 ? first : 0);
    }
    std::memcpy(out.data() + static_cast<size_t>(target) * width_, bytes.data() + static_cast<size_t>(source) * width_, length);
    // The next line: as an odometer counts, without its last wheel.
    size_t k = sides - 1;
    while (k > 0 && ++place[k - 1] == to[k - 1]) {
      place[k - 1] = from[k - 1];
      --k;
    }
    if (k == 0) return;
  }
}

std::vector<uint8_t> Hdf5Array::rows(int64_t first, int64_t count) const {
  OPSIS_CHECK(first >= 0 && count >= 0 && first <= shape_[0] && count <= shape_[0] - first,
              "{}: rows must be within 0 to {}, got {} from {} on", where_, shape_[0], count, first);
  if (count == 0) return {};
  auto sides = shape_;
  sides[0] = count;
  const auto size = static_cast<size_t>(*bytes_of(sides, static_cast<int64_t>(width_)));
  std::vector<uint8_t> out;
  if (chunk_shape_.empty()) {
    const auto part = whole_.subspan(size / static_cast<size_t>(count) * static_cast<size_t>(first), size);
    out.assign(part.begin(), part.end());
  } else {
    out.resize(size);
    try {
      const auto begins = [](const Chunk& chunk, int64_t row) { return chunk.corner[0] < row; };
      auto chunk = std::lower_bound(chunks_.begin(), chunks_.end(), first - first % chunk_shape_[0], begins);
      size_t numbers = 0;
      for (; chunk != chunks_.end() && chunk->corner[0] < first + count; ++chunk) {
        size_t part = 1;
        for (size_t k = 0; k < shape_.size(); ++k) {
          const auto from = k == 0 ? std::max(chunk->corner[k], first) : chunk->corner[k];
          const auto to = std::min(chunk->corner[k] + chunk_shape_[k], k == 0 ? first + count : shape_[k]);
          part *= static_cast<size_t>(std::max<int64_t>(0, to - from));
        }
        numbers += part;
        copy_chunk(*chunk, first, count, out);
      }
      if (numbers * width_ != size) bad_hdf5("parts of an array were never written");
    } catch (const DecodeError& error) {
      raise_because<DecodeError>(error, "{}: rows {} to {}: ", where_, first, first + count - 1);
    }
  }
  if (big_endian_) {
    for (size_t i = 0; i < out.size(); i += width_) {
      std::reverse(out.begin() + static_cast<ptrdiff_t>(i), out.begin() + static_cast<ptrdiff_t>(i + width_));
    }
  }
  return out;
}

std::vector<int64_t> Hdf5Array::integers(int64_t first, int64_t count) const {
  const auto bytes = rows(first, count);
  std::vector<int64_t> out(bytes.size() / width_);
  for (size_t i = 0; i < out.size(); ++i) {
    uint64_t number = 0;
    std::memcpy(&number, bytes.data() + i * width_, width_);
    const auto unused = 64 - 8 * width_;
    out[i] = signed_ ? static_cast<int64_t>(number << unused) >> unused : static_cast<int64_t>(number);
  }
  return out;
}

}  // namespace opsis::inline v1::io
