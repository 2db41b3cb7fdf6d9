// What was found out about a large file, kept beside it for the next time. No tensors. For the library's own sources.
// docs/formats/index_file.md has the layout.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/error.h"
#include "opsis/io/bytes.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::io {

/// Where the index of a file or folder may be: beside it (photos has .photos.opsis-index), then in $XDG_CACHE_HOME/opsis.
OPSIS_API std::vector<std::filesystem::path> index_places(const std::filesystem::path& source);
/// Writes to the first of the places that can be written; where none can, there is no index. A link at such a place is never
/// followed: who may write to the folder of pictures could have laid it to a file that only this user may write.
OPSIS_API void write_index(const std::filesystem::path& source, std::string_view content);
/// What is at one of the places. Throws IoError where that is no regular file, or a link to one.
OPSIS_API MappedFile open_index(const std::filesystem::path& place);

/// What a clock says that goes as those of files, and how coarse the coarsest of them is (FAT's): what changed less than that
/// before it was read may change again and keep its times.
OPSIS_API int64_t now_ns();
constexpr int64_t kCoarsestClock = 2'000'000'000;

/// A file's size, when what is in it and it itself were changed, and its number: together they tell one that is as it was.
struct FileStamp {
  int64_t size = 0, modified_ns = 0, changed_ns = 0;
  uint64_t number = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
/// Throws   IoError for what is no file
OPSIS_API FileStamp file_stamp(const std::filesystem::path& file);

/// A file that was looked at before, of which parts are read, on any number of threads. It is not mapped: that another process
/// changes it is an error, and not the end of this one.
/// Throws   IoError, with the path, when it cannot be read, or its size or when what is in it was changed is not as it was
class OPSIS_API StampedFile {
 public:
  StampedFile(std::filesystem::path path, const FileStamp& stamp);
  ~StampedFile();
  StampedFile(const StampedFile&) = delete;
  StampedFile& operator=(const StampedFile&) = delete;
  void read(uint64_t offset, std::span<uint8_t> out) const;

 private:
  std::filesystem::path path_;
  FileStamp stamp_;
  int descriptor_;
};

/// What a source has kept, and its bytes. `kind` is up to 16 letters: what is kept of the file, and in what layout.
struct KeptIndex {
  MappedFile file;
  Bytes content;
};

/// The index of this kind, if there is a sound one of the file as it is.
OPSIS_API std::optional<KeptIndex> read_file_index(const std::filesystem::path& source, std::string_view kind);
/// Keeps one. `stamp` and `begun_ns` are of before the file was read: none is kept of a file so young that a later change might
/// not show.
OPSIS_API void write_file_index(const std::filesystem::path& source, std::string_view kind, std::string_view content,
                                const FileStamp& stamp, int64_t begun_ns);

/// What a file tells: out of its index where that is sound, else out of itself, and then it is kept. `parse` takes what an index
/// of the kind holds, and the file's stamp, and throws DecodeError where that is not sound; `read` reads the file; `bytes_of`
/// makes what is kept of what it gave, or nothing where that is not to be kept.
/// Throws   IoError when there is no file; whatever `read` throws
template <class Parse, class Read, class BytesOf>
auto kept_or_read(const std::filesystem::path& source, std::string_view kind, const Parse& parse, const Read& read,
                  const BytesOf& bytes_of) {
  const auto begun = now_ns();
  const auto stamp = file_stamp(source);
  try {
    if (const auto kept = read_file_index(source, kind)) return parse(kept->content, stamp);
  } catch (const DecodeError&) {
    // Then the file is read.
  }
  auto out = read();
  const std::optional<std::string> kept = bytes_of(out);
  if (kept) write_file_index(source, kind, *kept, stamp, begun);
  return out;
}

/// The bytes of such a file; and the content of some, or nothing where they are damaged, of another kind, or of another stamp.
OPSIS_API std::string index_bytes(std::string_view kind, std::string_view content, const FileStamp& stamp);
OPSIS_API std::optional<Bytes> parse_index(Bytes bytes, std::string_view kind, const FileStamp& stamp);

}  // namespace opsis::inline v1::io
