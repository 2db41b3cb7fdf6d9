#include "opsis/io/inflate.h"

#include <libdeflate.h>

#include <algorithm>
#include <memory>
#include <new>

#include "opsis/core/check.h"
#include "opsis/core/frees.h"

namespace opsis::inline v1::io {
namespace {

using Decompressor = std::unique_ptr<libdeflate_decompressor, Frees<libdeflate_free_decompressor>>;

Decompressor make_decompressor() {
  Decompressor out(libdeflate_alloc_decompressor());
  if (!out) throw std::bad_alloc();
  return out;
}

}  // namespace

std::vector<uint8_t> inflate_raw(Bytes deflated, size_t size) {
  if (size / kLargestInflation > deflated.size()) {
    raise<DecodeError>("{} bytes cannot come of {} that are compressed", size, deflated.size());
  }
  std::vector<uint8_t> out(size);
  uint8_t nothing = 0;  // an empty vector has no memory to point to
  const auto inflater = make_decompressor();
  const auto result = libdeflate_deflate_decompress(inflater.get(), deflated.data(), deflated.size(),
                                                    out.empty() ? &nothing : out.data(), out.size(), nullptr);
  if (result != LIBDEFLATE_SUCCESS) raise<DecodeError>("the compressed data is damaged");
  return out;
}

std::vector<uint8_t> inflate_gzip(Bytes file, uint64_t most, std::string_view limit) {
  constexpr size_t least = 1 << 16;
  const auto inflater = make_decompressor();
  std::vector<uint8_t> out;
  size_t filled = 0;
  do {
    // A member does not tell its size in advance, so the room doubles until it fits; a lying one never has more than it can
    // come to.
    const auto largest = std::min<uint64_t>(uint64_t{file.size()} * kLargestInflation + least, most - filled);
    for (auto room = std::min<uint64_t>(std::max<uint64_t>(file.size() * 4, least), largest);;
         room = std::min(room * 2, largest)) {
      out.resize(filled + room);
      size_t read = 0, written = 0;
      const auto result = libdeflate_gzip_decompress_ex(inflater.get(), file.data(), file.size(), out.data() + filled,
                                                        out.size() - filled, &read, &written);
      if (result == LIBDEFLATE_SUCCESS) {
        filled += written;
        file = file.subspan(read);
        break;
      }
      if (result != LIBDEFLATE_INSUFFICIENT_SPACE) raise<DecodeError>("the gzip data is damaged");
      if (room == largest) raise<DecodeError>("the gzip data is larger than {}", limit);
    }
  } while (is_gzip(file));
  out.resize(filled);
  return out;
}

}  // namespace opsis::inline v1::io
