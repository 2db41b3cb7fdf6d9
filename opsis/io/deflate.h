// Bytes made small by deflate, for the codecs whose files are made of it. By libdeflate, or by deflate_noise.h where that does as
// well.
#pragma once

#include <cstdint>
#include <memory>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// Makes one stream after the other, with the same memory. For one thread.
class OPSIS_API Deflater {
 public:
  /// Whether the build has libdeflate; without it there is nothing else to call here.
  static bool is_built();

  /// A level from 0, which only packs, to 9, the smallest. They are about zlib's: from filtered pixels, at level 6, come streams
  /// that are smaller than zlib's in most cases, and larger by a fiftieth at most.
  /// Throws   NotBuiltError in a build without libdeflate; ValueError for another level
  explicit Deflater(int64_t level);
  Deflater(Deflater&&) noexcept;
  ~Deflater();

  /// The bytes as a zlib stream, which stays until the next. At most kMostBytes of them.
  Bytes zlib(Bytes bytes);
  static constexpr size_t kMostBytes = size_t{1} << 30;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace opsis::inline v1::io
