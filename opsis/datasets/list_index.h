// What a long list of names and numbers says, kept for the next time. No tensors. For the library's own sources.
// docs/formats/index_file.md has the layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::datasets {

/// Texts in one piece of memory: of a million lines, what takes the time is to give each a piece of its own.
class OPSIS_API JoinedTexts {
 public:
  JoinedTexts() = default;
  /// Throws   DecodeError when the lengths do not add up
  JoinedTexts(std::string joined, const std::vector<int64_t>& lengths);
  void add(std::string_view text);
  /// Room for so many texts of so many bytes in all.
  void reserve(size_t count, size_t bytes);
  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t i) const {
    const auto begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(joined_).substr(begin, ends_[i] - begin);
  }
  const std::string& joined() const { return joined_; }
  std::vector<int64_t> lengths() const;
  friend bool operator==(const JoinedTexts&, const JoinedTexts&) = default;

 private:
  std::string joined_;
  std::vector<size_t> ends_;
};

/// A list of files, and numbers that tell of them; what stands where is up to who reads it.
struct ListedFiles {
  JoinedTexts names{};
  std::vector<int64_t> numbers{};
  std::vector<std::string> words{};  ///< names of classes or of columns
  friend bool operator==(const ListedFiles&, const ListedFiles&) = default;
};

/// How a list is read.
struct ListReading {
  bool index = false;   ///< keep what it says beside it, or in the user's cache, and take it from there while it is as it was
  std::string asked{};  ///< what the result depends on besides the file: an index that was made for something else is none
  std::function<bool(const ListedFiles&)> fits{};  ///< whether there are as many numbers as the names need
  std::function<ListedFiles()> read{};
  std::function<bool()> lasts{};  ///< asked after read: whether all of it stays as the file and `asked` say; empty: it does
};

/// Throws   whatever reading.read throws; with an index IoError when there is no file
OPSIS_API ListedFiles read_list(const std::filesystem::path& file, const ListReading& reading);

constexpr std::string_view kListIndexKind = "list 1";  ///< for io::read_file_index

/// What is kept. Numbers take as few bytes as the widest of them needs.
OPSIS_API std::string list_index_bytes(const ListedFiles& list, std::string_view asked);
/// Throws   DecodeError for bytes that are none, or that were made for something else than what is asked
OPSIS_API ListedFiles parse_list_index(io::Bytes bytes, std::string_view asked);

}  // namespace opsis::inline v1::datasets
