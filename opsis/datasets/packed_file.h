// A file of many records, written once and then mapped. No tensors. docs/formats/packed.md has the layout.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {

/// Such a file in the making; it gets its name only by commit(), as io::FileWriter has it. `kind` says what its records are.
class OPSIS_API PackedWriter {
 public:
  PackedWriter(const std::filesystem::path& path, std::string_view kind);
  void add(io::Bytes record);
  void commit();

 private:
  io::FileWriter file_;
  std::string table_;
  uint64_t count_ = 0;
};

/// One that is there. Records are compared with their checksum when they are first asked for, on any thread; a copy shares the
/// file, which may be larger than the memory. It must not be cut short while a record is being used: the system ends who reads
/// a page that is no more.
/// Throws   IoError when it cannot be read, or is found cut short since; DecodeError, with the path, for what is none, is cut
///          short or damaged; ValueError, with the path, when its records are of another kind
class OPSIS_API PackedFile {
 public:
  PackedFile(const std::filesystem::path& path, std::string_view kind);
  size_t size() const;
  io::Bytes record(size_t index) const;
  const std::filesystem::path& path() const;

 private:
  struct Content;
  std::shared_ptr<Content> content_;
};

}  // namespace opsis::inline v1::datasets
