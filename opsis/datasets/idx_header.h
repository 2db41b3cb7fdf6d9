// The head of an idx file: what is in it and where. docs/formats/idx.md has the layout.
#pragma once

#include <cstdint>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::datasets {

/// What the elements are; the values are the file's own.
enum class IdxType : uint8_t { UInt8 = 0x08, Int8 = 0x09, Int16 = 0x0B, Int32 = 0x0C, Float32 = 0x0D, Float64 = 0x0E };

struct IdxHeader {
  IdxType type = IdxType::UInt8;
  size_t item_bytes = 1;
  std::vector<int64_t> shape{};  ///< at least one dimension
  size_t data_offset = 0;        ///< where the elements begin; from there to the file's end is exactly what the shape needs
};

/// Reads and checks the head against the bytes that follow it; allocates nothing but the shape.
/// Throws   DecodeError that says what is wrong
OPSIS_API IdxHeader read_idx_header(io::Bytes file);

}  // namespace opsis::inline v1::datasets
