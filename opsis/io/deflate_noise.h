// Deflate for what repeats little, such as the filtered pixels of a photo: Huffman codes, and few matches.
#pragma once

#include <cstddef>
#include <cstdint>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// Writes the bytes, fewer than 4 GiB, as a deflate stream to `out`, which has room for deflate_noise_bound(bytes.size()); gives
/// the stream's length. 0 where so much of them repeats that a search for it would pay: then `out` holds nothing of use.
/// Takes a tenth of libdeflate's time at its level 6, and gives as few bytes or a fiftieth more.
OPSIS_API size_t deflate_noise(Bytes bytes, uint8_t* out);

/// What is stored as it is needs 5 bytes a block, and the last few bytes are written eight at a time.
constexpr size_t deflate_noise_bound(size_t size) { return size + size / 512 + 64; }

}  // namespace opsis::inline v1::io
