// Writes zip archives whose entries are stored as they are and lie aligned, so that a reader can map them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::hub {

/// An archive in the making. Bytes go to the sink as they come, front to back.
///     ZipWriter zip([&](io::Bytes bytes) { file.write(bytes); });
///     zip.add("model/data.pkl", pickle);
///     zip.finish();
class OPSIS_API ZipWriter {
 public:
  using Sink = std::function<void(io::Bytes)>;

  /// Sizes and offsets from `wide_from` on are written with 64 bits; a test lowers it, to have a small archive with such.
  explicit ZipWriter(Sink sink, uint64_t wide_from = 0xFFFFFFFF);

  /// One entry; its data begins at a multiple of 64 bytes.
  /// Throws   ValueError for a name that is empty or longer than 65535 bytes; what the sink throws
  void add(std::string_view name, io::Bytes data);

  /// The directory. Nothing can be added after it.
  void finish();

 private:
  struct Entry {
    std::string name;
    uint64_t offset, size;
    uint32_t crc;
  };
  void put(io::Bytes bytes);

  Sink sink_;
  uint64_t wide_from_;
  uint64_t written_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace opsis::inline v1::hub
