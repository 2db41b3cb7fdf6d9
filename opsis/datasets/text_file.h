// Text files of annotations: lines and words, with errors that name the place. No tensors. For the library's own sources.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// A text file, all of it, as lines without their ends (\n, \r\n or \r).
/// Throws   IoError when it cannot be read
class OPSIS_API TextFile {
 public:
  explicit TextFile(std::filesystem::path path);
  /// The same of what was in a compressed one.
  TextFile(std::filesystem::path path, std::vector<uint8_t> content);
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;

  size_t size() const { return lines_.size(); }
  std::string_view line(size_t i) const { return lines_[i]; }
  /// Its words, at white space; throws when they are fewer.
  std::vector<std::string_view> words(size_t i, size_t at_least = 0) const;
  /// Its fields, at each `separator`; throws when they are fewer.
  std::vector<std::string_view> fields(size_t i, char separator, size_t at_least = 0) const;
  /// A word of the line as a number.
  int64_t integer(size_t i, std::string_view word) const;
  double number(size_t i, std::string_view word) const;
  /// Throws DecodeError: "labels.txt, line 3: <rule>".
  [[noreturn]] void refuse(size_t i, std::string_view rule) const;

 private:
  std::filesystem::path path_;
  std::vector<uint8_t> bytes_;
  std::vector<std::string_view> lines_;
};

/// Without the white space at both ends, as Python's str.strip() has it: that beyond ASCII too, in UTF-8.
OPSIS_API std::string_view stripped(std::string_view text);
/// Without that at the end, as str.rstrip().
OPSIS_API std::string_view stripped_at_end(std::string_view text);
OPSIS_API std::vector<std::string_view> words_of(std::string_view text);
OPSIS_API std::vector<std::string_view> fields_of(std::string_view text, char separator);
/// A word as a whole number, as Python's int() takes it: with a sign, and white space at both ends. Nothing where it is none.
OPSIS_API std::optional<int64_t> integer_of(std::string_view word);
/// A number with zeros in front, in so many places at least, that of a sign among them: 42 in five is "00042".
OPSIS_API std::string zero_padded(int64_t number, size_t places);

/// The rows of a CSV, as Python's csv.reader has them: fields in double quotes may hold separators, quotes (doubled) and ends
/// of lines; empty lines are left out.
OPSIS_API std::vector<std::vector<std::string>> csv_rows(std::string_view text, char separator = ',',
                                                         bool skip_initial_space = false);

/// What is in a folder, sorted by name: all of it, or folders or other things only.
/// Throws   NotFoundError when it is not there
enum class Listing { All, Folders, Files };
OPSIS_API std::vector<std::string> sorted_names(const std::filesystem::path& folder, Listing which = Listing::All);

}  // namespace opsis::inline v1::datasets
