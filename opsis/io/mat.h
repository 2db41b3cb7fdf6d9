// The arrays of a MATLAB file, version 4, 5 or 7.3. No tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

enum class MatKind {
  Numbers,  ///< bytes
  Text,     ///< text
  Cells,    ///< items
  Structs,  ///< fields and items
};

enum class MatType { Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64, Float32, Float64 };

/// An array. Its elements run down the first side, then the second: as MATLAB has them.
struct OPSIS_API MatArray {
  MatKind kind = MatKind::Numbers;
  MatType type = MatType::Float64;    ///< of Numbers
  std::vector<int64_t> shape{};       ///< at least two sides
  std::vector<uint8_t> bytes{};       ///< of Numbers; sparse ones too are written out in full
  std::string text{};                 ///< of Text, UTF-8
  std::vector<std::string> fields{};  ///< of Structs: the names
  std::vector<MatArray> items{};      ///< of Cells; of Structs every field of the first, then of the second, ...

  size_t size() const;
  /// An element of Numbers. Throws DecodeError for something else and for a place that is not there.
  double number(size_t i) const;
  /// Without what is behind the point. Throws DecodeError too for what fits no int64.
  int64_t integer(size_t i) const;
  /// A cell, or a field of a struct. Throws DecodeError when it is not there.
  const MatArray& cell(size_t i) const;
  const MatArray& field(size_t i, std::string_view name) const;
};

/// The array of that name in a file.
/// Throws   IoError when the file cannot be read; DecodeError when it is no such file, is damaged, has no such array, or that
///          one is over limits.image_bytes; NotBuiltError in a build without zlib
/// Differs  numbers have the type that MATLAB gave them, not the smaller one that they may be stored as; objects, functions and
///          complex numbers are not read. Reads version 7.3 too, which is HDF5, but for sparse arrays; its structs have their
///          fields in the order of the file, by name
/// Source   scipy.io.loadmat
OPSIS_API MatArray read_mat(const std::filesystem::path& path, const std::string& name, const Limits& limits = {});
/// The same of bytes.
OPSIS_API MatArray parse_mat(Bytes file, const std::string& name, const Limits& limits = {});

}  // namespace opsis::inline v1::io
