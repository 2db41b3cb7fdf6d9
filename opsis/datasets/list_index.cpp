#include "opsis/datasets/list_index.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/io/byte_fields.h"
#include "opsis/io/index_file.h"

namespace opsis::inline v1::datasets {
namespace {

template <class Number>
bool all_fit(const std::vector<int64_t>& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](int64_t number) { return static_cast<Number>(number) == number; });
}

template <class Number>
void put_as(std::string& out, const std::vector<int64_t>& numbers) {
  out.reserve(out.size() + numbers.size() * sizeof(Number));
  for (const auto number : numbers) io::put_number(out, static_cast<Number>(number));
}

// Their count, the bytes of each, and they themselves.
void put_numbers(std::string& out, const std::vector<int64_t>& numbers) {
  io::put_number(out, static_cast<uint64_t>(numbers.size()));
  const uint8_t width = all_fit<int8_t>(numbers) ? 1 : all_fit<int16_t>(numbers) ? 2 : all_fit<int32_t>(numbers) ? 4 : 8;
  io::put_number(out, width);
  if (width == 1) put_as<int8_t>(out, numbers);
  if (width == 2) put_as<int16_t>(out, numbers);
  if (width == 4) put_as<int32_t>(out, numbers);
  if (width == 8) put_as<int64_t>(out, numbers);
}

template <class Number>
void take_as(io::ByteFields& fields, std::vector<int64_t>& out) {
  io::ByteFields numbers(fields.take(out.size() * sizeof(Number)), "an index of a list");
  for (auto& number : out) number = numbers.number<Number>();
}

std::vector<int64_t> take_numbers(io::ByteFields& fields) {
  const auto count = fields.number<uint64_t>();
  const auto width = fields.number<uint8_t>();
  if (width != 1 && width != 2 && width != 4 && width != 8) raise<DecodeError>("an index of a list has no such numbers");
  if (count > fields.left() / width) raise<DecodeError>("an index of a list is cut short");
  std::vector<int64_t> out(static_cast<size_t>(count));
  if (width == 1) take_as<int8_t>(fields, out);
  if (width == 2) take_as<int16_t>(fields, out);
  if (width == 4) take_as<int32_t>(fields, out);
  if (width == 8) take_as<int64_t>(fields, out);
  return out;
}

}  // namespace

JoinedTexts::JoinedTexts(std::string joined, const std::vector<int64_t>& lengths) : joined_(std::move(joined)) {
  ends_.reserve(lengths.size());
  size_t end = 0;
  for (const auto length : lengths) {
    if (length < 0 || static_cast<uint64_t>(length) > joined_.size() - end) {
      raise<DecodeError>("the lengths of texts do not add up");
    }
    end += static_cast<size_t>(length);
    ends_.push_back(end);
  }
  if (end != joined_.size()) raise<DecodeError>("the lengths of texts do not add up");
}

void JoinedTexts::add(std::string_view text) {
  joined_.append(text);
  ends_.push_back(joined_.size());
}

void JoinedTexts::reserve(size_t count, size_t bytes) {
  ends_.reserve(count);
  joined_.reserve(bytes);
}

std::vector<int64_t> JoinedTexts::lengths() const {
  std::vector<int64_t> out;
  out.reserve(size());
  for (size_t i = 0; i < size(); ++i) out.push_back(std::ssize((*this)[i]));
  return out;
}

std::string list_index_bytes(const ListedFiles& list, std::string_view asked) {
  std::string out;
  io::put_text(out, asked);
  io::put_number(out, static_cast<uint64_t>(list.words.size()));
  for (const auto& word : list.words) io::put_text(out, word);
  put_numbers(out, list.names.lengths());
  io::put_text(out, list.names.joined());
  put_numbers(out, list.numbers);
  return out;
}

ListedFiles parse_list_index(io::Bytes bytes, std::string_view asked) {
  io::ByteFields fields(bytes, "an index of a list");
  if (fields.text() != asked) raise<DecodeError>("an index of a list is for something else");
  ListedFiles out;
  out.words.resize(fields.count(sizeof(uint64_t)));
  for (auto& word : out.words) word = fields.text();
  const auto lengths = take_numbers(fields);
  out.names = JoinedTexts(std::string(fields.text()), lengths);
  out.numbers = take_numbers(fields);
  if (fields.left() > 0) raise<DecodeError>("an index of a list is longer than what it says");
  return out;
}

ListedFiles read_list(const std::filesystem::path& file, const ListReading& reading) {
  if (!reading.index) return reading.read();
  const auto parse = [&](io::Bytes bytes, const io::FileStamp&) {
    auto out = parse_list_index(bytes, reading.asked);
    if (!reading.fits(out)) raise<DecodeError>("an index of a list is of another");
    return out;
  };
  const auto bytes_of = [&](const ListedFiles& list) -> std::optional<std::string> {
    if (reading.lasts && !reading.lasts()) return std::nullopt;
    return list_index_bytes(list, reading.asked);
  };
  return io::kept_or_read(file, kListIndexKind, parse, reading.read, bytes_of);
}

}  // namespace opsis::inline v1::datasets
