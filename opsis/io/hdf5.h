// Arrays of whole numbers in HDF5 files. No tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::io {

namespace detail {
class Hdf5Object;
enum class Hdf5Type;
}  // namespace detail

/// An array that stands at the top of an HDF5 file. Its head is read and checked when it is opened, its numbers out of the
/// mapped file when they are asked for; reading is const and may happen on many threads at once. Copies share the file.
///     const io::Hdf5Array images("camelyonpatch_level_2_split_test_x.h5", "x");
///     images.shape();         // {32768, 96, 96, 3}
///     images.rows(7, 1);      // the 27,648 bytes of the eighth image
/// Throws   IoError when the file cannot be read; DecodeError when it is no such file, is damaged, has no such array, or that
///          one is over limits.image_bytes a row, has no whole numbers, or is stored in a way that is not read (as
///          docs/formats/hdf5.md says); NotBuiltError in a build without zlib
/// Source   h5py.File(path)[name]
class OPSIS_API Hdf5Array {
 public:
  Hdf5Array(const std::filesystem::path& path, const std::string& name, const Limits& limits = {});
  /// Of bytes that outlive it.
  Hdf5Array(Bytes file, const std::string& name, const Limits& limits = {});

  /// At least one side.
  const std::vector<int64_t>& shape() const { return shape_; }
  /// The bytes of a number, 1 to 8, and whether it may be below 0.
  size_t width() const { return width_; }
  bool is_signed() const { return signed_; }

  /// The numbers of `count` rows from `first` on, little-endian, the last side running fastest.
  /// Throws   ValueError for rows that are not there; DecodeError for damaged ones
  std::vector<uint8_t> rows(int64_t first, int64_t count) const;
  /// The same as numbers.
  std::vector<int64_t> integers(int64_t first, int64_t count) const;

 private:
  // A part of the array, stored by itself.
  struct Chunk {
    std::vector<int64_t> corner;
    uint64_t place;
    uint32_t size, skipped_filters;
  };
  friend class Hdf5Reader;
  friend class detail::Hdf5Object;
  Hdf5Array() = default;

  std::vector<uint8_t> chunk_bytes(const Chunk& chunk) const;
  void copy_chunk(const Chunk& chunk, int64_t first, int64_t count, std::vector<uint8_t>& out) const;

  std::shared_ptr<const MappedFile> mapped_;
  std::string where_ = "Hdf5Array";  // begins the messages
  Bytes file_;                       // from the base on that its addresses count from
  Limits limits_;
  std::vector<int64_t> shape_;
  size_t width_ = 1;
  bool signed_ = false, big_endian_ = false;
  Bytes whole_;                       // of an array in one piece
  std::vector<int64_t> chunk_shape_;  // empty for an array in one piece
  std::vector<Chunk> chunks_;         // sorted by corner
  std::vector<uint16_t> filters_;
};

}  // namespace opsis::inline v1::io
