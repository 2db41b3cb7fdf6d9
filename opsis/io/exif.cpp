#include "opsis/io/exif.h"

namespace opsis::inline v1::io {
namespace {

using namespace std::string_view_literals;

constexpr auto app1_head = "Exif\0\0"sv;
constexpr uint32_t orientation_tag = 0x0112;
constexpr size_t entry_size = 12, value_offset = 8;

/// Numbers of a TIFF block in its own byte order.
struct Tiff {
  Bytes bytes;
  bool little_endian;

  bool holds(size_t offset, size_t count) const { return offset <= bytes.size() && count <= bytes.size() - offset; }

  /// The number of `count` bytes at `offset`, which the block holds.
  uint32_t number(size_t offset, size_t count) const {
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) value = value << 8 | bytes[offset + (little_endian ? count - 1 - i : i)];
    return value;
  }
};

}  // namespace

int exif_orientation(Bytes bytes) {
  const bool little = has_magic(bytes, 0, "II*\0"sv);
  if (!little && !has_magic(bytes, 0, "MM\0*"sv)) return 1;
  const Tiff tiff{bytes, little};
  if (!tiff.holds(4, 4)) return 1;

  size_t at = tiff.number(4, 4);
  if (!tiff.holds(at, 2)) return 1;
  const auto entries = tiff.number(at, 2);
  at += 2;
  // At most 65535 turns, and none beyond the end of the block, whatever the count claims.
  for (uint32_t i = 0; i < entries && tiff.holds(at, entry_size); ++i, at += entry_size) {
    if (tiff.number(at, 2) != orientation_tag) continue;
    const auto value = tiff.number(at + value_offset, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

int exif_orientation_of_app1(Bytes segment) {
  return has_magic(segment, 0, app1_head) ? exif_orientation(segment.subspan(app1_head.size())) : 1;
}

}  // namespace opsis::inline v1::io
