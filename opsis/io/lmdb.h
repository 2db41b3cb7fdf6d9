// A database of LMDB's, for reading. No tensors.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::io {

/// The main database of an environment: keys and values, sorted by key. The whole tree is looked through when it is opened, and
/// nothing in it is believed, so that reading is a matter of adding numbers; values are views of the mapped file. Copies share
/// it. It takes no lock: who writes to the database meanwhile may make values wrong, but not reading unsafe.
///     const io::LmdbFile photos("bedroom_val_lmdb/data.mdb");
///     io::decode_image(photos.value(0));
/// Index    with `index`, where keys and values are is kept in a file beside it (.data.mdb.opsis-index) or in
///          $XDG_CACHE_HOME/opsis, and taken from there while the file has its size, times and number: the tree is not walked
/// Throws   IoError when the file cannot be read; DecodeError for what is no such file, is damaged, or has several values a key
/// Source   lmdb.open, readonly and without a lock
class OPSIS_API LmdbFile {
 public:
  explicit LmdbFile(const std::filesystem::path& path, bool index = false);
  /// Of bytes that outlive it.
  explicit LmdbFile(Bytes file);

  size_t size() const { return entries_.size(); }
  Bytes key(size_t i) const { return file_.subspan(entries_[i].key, entries_[i].key_size); }
  Bytes value(size_t i) const { return file_.subspan(entries_[i].value, entries_[i].value_size); }

 private:
  struct Entry {
    uint64_t key, value;  // where they begin in the file
    uint32_t key_size, value_size;
  };
  std::vector<Entry> parse_entries(Bytes index) const;
  static std::string entries_bytes(const std::vector<Entry>& entries);
  friend class LmdbWalk;
  std::shared_ptr<const MappedFile> mapped_;
  Bytes file_;
  std::vector<Entry> entries_;
};

}  // namespace opsis::inline v1::io
