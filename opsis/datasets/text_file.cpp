#include "opsis/datasets/text_file.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "opsis/core/check.h"
#include "opsis/datasets/entries.h"
#include "opsis/io/bytes.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// The white space of Python's str that is beyond ASCII.
constexpr std::string_view kWideWhite[] = {"\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81",
                                           "\xE2\x80\x82", "\xE2\x80\x83", "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86",
                                           "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A", "\xE2\x80\xA8",
                                           "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

// How many bytes the letter of white space has that stands at the front of a text, or else at its back; 0 where none does.
size_t white_at(std::string_view text, bool front) {
  if (text.empty()) return 0;
  const char c = front ? text.front() : text.back();
  const bool is_ascii = static_cast<unsigned char>(c) < 0x80;
  if (is_ascii) return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1C' && c <= '\x1F') ? 1 : 0;
  for (const auto white : kWideWhite) {
    if (front ? text.starts_with(white) : text.ends_with(white)) return white.size();
  }
  return 0;
}

bool is_end_of_line(char c) { return c == '\n' || c == '\r'; }

bool is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

TextFile::TextFile(fs::path path) : TextFile(path, io::read_bytes(path)) {}

TextFile::TextFile(fs::path path, std::vector<uint8_t> content) : path_(std::move(path)), bytes_(std::move(content)) {
  const auto all = io::as_text(bytes_);
  for (size_t begin = 0; begin < all.size();) {
    const auto end = static_cast<size_t>(std::find_if(all.begin() + begin, all.end(), is_end_of_line) - all.begin());
    lines_.push_back(all.substr(begin, end - begin));
    begin = end + (all.substr(end).starts_with("\r\n") ? 2 : 1);
  }
}

void TextFile::refuse(size_t i, std::string_view rule) const {
  raise<DecodeError>("{}, line {}: {}", path_.string(), i + 1, rule);
}

std::vector<std::string_view> TextFile::words(size_t i, size_t at_least) const {
  if (i >= size()) refuse(i, "the file ends before it");
  auto out = words_of(line(i));
  if (out.size() < at_least) refuse(i, text("it must have {} words, got {}", at_least, out.size()));
  return out;
}

std::vector<std::string_view> TextFile::fields(size_t i, char separator, size_t at_least) const {
  if (i >= size()) refuse(i, "the file ends before it");
  auto out = fields_of(line(i), separator);
  if (out.size() < at_least) refuse(i, text("it must have {} fields, got {}", at_least, out.size()));
  return out;
}

int64_t TextFile::integer(size_t i, std::string_view word) const {
  const auto value = integer_of(word);
  if (!value) refuse(i, text("\"{}\" is no whole number", word));
  return *value;
}

double TextFile::number(size_t i, std::string_view word) const {
  auto digits = stripped(word);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) refuse(i, text("\"{}\" is no number", word));
  return value;
}

std::string_view stripped(std::string_view text) {
  while (const auto bytes = white_at(text, true)) text.remove_prefix(bytes);
  return stripped_at_end(text);
}

std::string_view stripped_at_end(std::string_view text) {
  while (const auto bytes = white_at(text, false)) text.remove_suffix(bytes);
  return text;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> out;
  // find_first_of() would call a function for each letter, which is most of the time that long lists take.
  for (const auto *at = text.begin(), *end = text.end();;) {
    at = std::find_if_not(at, end, is_white);
    if (at == end) return out;
    const auto* const begin = at;
    at = std::find_if(at, end, is_white);
    out.emplace_back(begin, static_cast<size_t>(at - begin));
  }
}

std::vector<std::string_view> fields_of(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (true) {
    const auto end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == text.npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::optional<int64_t> integer_of(std::string_view word) {
  auto digits = stripped(word);
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool sound = error == std::errc() && end == digits.data() + digits.size();
  return sound ? std::optional(value) : std::nullopt;
}

std::string zero_padded(int64_t number, size_t places) {
  auto out = std::to_string(number);
  const size_t digits_begin = number < 0 ? 1 : 0;
  if (out.size() < places) out.insert(digits_begin, places - out.size(), '0');
  return out;
}

std::vector<std::vector<std::string>> csv_rows(std::string_view text, char separator, bool skip_initial_space) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false, begun = false, blank = true;  // within quotes; the field has been begun; nothing is in the row
  const auto end_field = [&] {
    row.push_back(std::move(field));
    field.clear();
    begun = false;
  };
  const auto end_row = [&] {
    if (blank) return;
    end_field();
    rows.push_back(std::move(row));
    row.clear();
    blank = true;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_pair = i + 1 < text.size() && text[i + 1] == (c == '\r' ? '\n' : '"');
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (is_pair) {
        field += text[++i];
      } else {
        quoted = false;
      }
      continue;
    }
    if (c == '\n' || c == '\r') {
      end_row();
      if (c == '\r' && is_pair) ++i;
      continue;
    }
    blank = false;
    if (c == separator) {
      end_field();
    } else if (c == '"' && !begun) {
      quoted = begun = true;
    } else if (c != ' ' || begun || !skip_initial_space) {
      field += c;
      begun = true;
    }
  }
  end_row();
  return rows;
}

std::vector<std::string> sorted_names(const fs::path& folder, Listing which) {
  std::vector<std::string> out;
  for (auto& entry : entries_of(folder.string())) {
    if (which == Listing::All || entry.is_folder == (which == Listing::Folders)) out.push_back(std::move(entry.name));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace opsis::inline v1::datasets
