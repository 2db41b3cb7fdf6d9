// The content of a gzip file, with its checksums: libarchive passes over them. By zlib.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::datasets::detail {

// All members of a gzip file behind each other, piece by piece. What stands behind the last one is passed over, as gzip does.
class OPSIS_API GzipReader {
 public:
  // Throws   IoError when it cannot be opened
  explicit GzipReader(const std::filesystem::path& file);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;
  // What comes next, until the next call; empty at the end.
  // Throws   DecodeError for damage, a wrong checksum or length, and a file that ends early; IoError when it cannot be read
  io::Bytes next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace opsis::inline v1::datasets::detail
