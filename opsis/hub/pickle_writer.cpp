#include "opsis/hub/pickle_writer.h"

#include <bit>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/hub/utf8.h"

namespace opsis::inline v1::hub {
namespace {

void append_little(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

PickleWriter::PickleWriter() : out_("\x80\x02") {}

void PickleWriter::integer(int64_t value) {
  if (value >= 0 && value <= 0xFF) {
    out_ += 'K';
    append_little(out_, static_cast<uint64_t>(value), 1);
  } else if (value >= INT32_MIN && value <= INT32_MAX) {
    out_ += 'J';
    append_little(out_, static_cast<uint64_t>(value), 4);
  } else {
    out_ += "\x8a\x08";  // LONG1 of 8 bytes
    append_little(out_, static_cast<uint64_t>(value), 8);
  }
}

void PickleWriter::real(double value) {
  out_ += 'G';
  const auto bits = std::bit_cast<uint64_t>(value);
  for (int i = 7; i >= 0; --i) out_.push_back(static_cast<char>(bits >> (8 * i)));
}

void PickleWriter::string(std::string_view utf8) {
  OPSIS_CHECK(is_utf8(utf8), "save: a string is not UTF-8: store it as bytes");
  OPSIS_CHECK(utf8.size() <= UINT32_MAX, "save: a string has {} bytes; up to 4 GiB can be stored", utf8.size());
  out_ += 'X';
  append_little(out_, utf8.size(), 4);
  out_ += utf8;
}

void PickleWriter::bytes(std::string_view bytes) {
  // Protocol 2 has no bytes: Python writes them as text to encode by Latin-1, whose characters are the first 256 of Unicode.
  std::string letters;
  for (const auto c : bytes) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80) {
      letters += c;
    } else {
      letters += static_cast<char>(0xC0 | byte >> 6);
      letters += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  global("_codecs", "encode");
  begin_tuple();
  string(letters);
  string("latin1");
  end_tuple();
  reduce();
}

void PickleWriter::global(std::string_view module, std::string_view name) {
  const auto full = text("{}\n{}\n", module, name);
  if (const auto found = globals_.find(full); found != globals_.end()) {
    out_ += 'j';  // LONG_BINGET
    append_little(out_, found->second, 4);
    return;
  }
  const auto place = static_cast<uint32_t>(globals_.size());
  globals_.emplace(full, place);
  out_ += 'c' + full + 'r';  // GLOBAL, LONG_BINPUT
  append_little(out_, place, 4);
}

void PickleWriter::begin_ordered_dict() {
  global("collections", "OrderedDict");
  begin_tuple();
  end_tuple();
  reduce();
  out_ += '(';
}

std::string PickleWriter::finish() {
  out_ += '.';
  return std::exchange(out_, {});
}

}  // namespace opsis::inline v1::hub
