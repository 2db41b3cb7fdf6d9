// The head of a file of NumPy's: what is in it and where. docs/formats/npy.md has the layout. No tensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::datasets {

struct NpyHeader {
  std::string type{};            ///< "|u1", "<f4", ...: byte order, kind, bytes of an element
  bool fortran_order = false;    ///< the first side runs fastest
  std::vector<int64_t> shape{};  ///< as many elements follow, exactly
  size_t data_offset = 0;
};

/// Reads and checks the head against the bytes that follow it; allocates nothing but the shape and the type.
/// Throws   DecodeError that says what is wrong, also for arrays of objects and of records
/// Source   numpy.lib.format
OPSIS_API NpyHeader read_npy_header(io::Bytes file);

}  // namespace opsis::inline v1::datasets
