// Files as bytes: mapped, read whole, and written so that a crash never leaves half of one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// A file mapped into memory. Its bytes live as long as it does; it may be moved, not copied. Pages are private: who writes
/// through `writable()` changes his own copy, never the file.
/// Throws   IoError with the path and the system's reason
class OPSIS_API MappedFile {
 public:
  enum class Use {
    Whole,   ///< most of it, from front to back
    Pieces,  ///< a few pages of a file that may be larger than the memory: nothing is read ahead, and nothing can be written
  };
  explicit MappedFile(const std::filesystem::path& path, Use use = Use::Whole);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  Bytes bytes() const { return {data_, size_}; }
  uint8_t* writable() const { return data_; }
  /// Gives back the memory of the pages that `part`, some of bytes(), touches; they are read again when they are wanted. What was
  /// written to them is lost.
  void forget(Bytes part) const;
  /// Whether no other process has cut bytes off since, which would end who reads them; of Use::Pieces. Who has the file's name now
  /// does not count: one that was removed or replaced stays as long as it is mapped.
  bool is_whole() const;

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
  int descriptor_ = -1;  // of Use::Pieces
};

/// The whole file. Throws IoError with the path and the system's reason, DecodeError when it is over limits.file_bytes.
OPSIS_API std::vector<uint8_t> read_bytes(const std::filesystem::path& path, const Limits& limits = {});

/// A file in the making: it gets its name only by commit(), after its bytes are on the disk. Without commit() an older file of
/// that name is untouched, and nothing is left behind, even by a process that is killed: it has no name till then. Where the file
/// system has no such files it has a temporary name beside its own, NAME.PID-N.part, which one that is killed leaves.
///     FileWriter file("model.pth");
///     file.write(bytes);
///     file.commit();
/// Throws   IoError with the path and the system's reason: no such folder, no permission, no space
class OPSIS_API FileWriter {
 public:
  /// What to do where a symbolic link has the name: write what it leads to, or refuse.
  enum class Links { Follow, Refuse };
  explicit FileWriter(std::filesystem::path path, Links links = Links::Follow);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  void write(Bytes bytes);
  int64_t written() const { return written_; }
  /// Syncs the file, gives it its name and syncs its folder.
  void commit();

 private:
  void open_beside();
  void give_name();
  void copy_beside();
  std::filesystem::path path_, temporary_;  // the latter is empty while it has no name
  int descriptor_ = -1;
  int64_t written_ = 0;
};

/// FileWriter for bytes that are all there.
OPSIS_API void write_bytes(const std::filesystem::path& path, Bytes bytes);

}  // namespace opsis::inline v1::io
