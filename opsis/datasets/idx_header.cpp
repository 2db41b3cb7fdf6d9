#include "opsis/datasets/idx_header.h"

#include "opsis/core/check.h"

namespace opsis::inline v1::datasets {
namespace {

size_t idx_item_bytes(uint8_t type) {
  switch (static_cast<IdxType>(type)) {
    case IdxType::UInt8:
    case IdxType::Int8: return 1;
    case IdxType::Int16: return 2;
    case IdxType::Int32:
    case IdxType::Float32: return 4;
    case IdxType::Float64: return 8;
  }
  return 0;
}

uint32_t big_endian(io::Bytes four) {
  return uint32_t{four[0]} << 24 | uint32_t{four[1]} << 16 | uint32_t{four[2]} << 8 | uint32_t{four[3]};
}

}  // namespace

IdxHeader read_idx_header(io::Bytes file) {
  if (file.size() < 4 || file[0] != 0 || file[1] != 0) {
    raise<DecodeError>("read_idx: not an idx file: it must begin with two zero bytes, a type and a number of dimensions");
  }
  IdxHeader header{.type = static_cast<IdxType>(file[2]), .item_bytes = idx_item_bytes(file[2])};
  if (header.item_bytes == 0) raise<DecodeError>("read_idx: unknown element type {}", int{file[2]});
  const size_t dimensions = file[3];
  if (dimensions == 0) raise<DecodeError>("read_idx: the number of dimensions is 0");
  header.data_offset = 4 + 4 * dimensions;
  if (file.size() < header.data_offset) {
    raise<DecodeError>("read_idx: the file ends within its head ({} bytes, {} dimensions)", file.size(), dimensions);
  }

  // The product of the lengths that are not 0 must not overflow even where another is 0: strides are made of it.
  const size_t there = file.size() - header.data_offset;
  size_t bytes = header.item_bytes;
  bool fits = true, empty = false;
  for (size_t i = 0; i < dimensions; ++i) {
    const size_t length = big_endian(file.subspan(4 + 4 * i, 4));
    header.shape.push_back(static_cast<int64_t>(length));
    if (length == 0) {
      empty = true;
    } else {
      fits = fits && bytes <= (size_t{1} << 62) / length;
      bytes *= length;
    }
  }
  if (!fits || (empty ? 0 : bytes) != there) {
    raise<DecodeError>("read_idx: the shape does not agree with the {} bytes of elements that follow it", there);
  }
  return header;
}

}  // namespace opsis::inline v1::datasets
