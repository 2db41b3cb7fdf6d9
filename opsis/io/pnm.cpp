#include "opsis/io/pnm.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/io/channels.h"
#include "opsis/io/over_limit.h"

namespace opsis::inline v1::io::pnm {
namespace {

constexpr int64_t largest_number = 1'000'000'000'000;  // more than any side; far from overflow

bool is_space(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }
bool is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

/// Numbers and words of the part that is text. A comment goes from # to the end of its line.
class Text {
 public:
  explicit Text(Bytes bytes) : all_(bytes) {}

  void skip_space() {
    for (; at_ < all_.size(); ++at_) {
      if (all_[at_] == '#') {
        while (at_ + 1 < all_.size() && all_[at_] != '\n' && all_[at_] != '\r') ++at_;
      } else if (!is_space(all_[at_])) {
        return;
      }
    }
  }

  int64_t number(const char* what) {
    skip_space();
    if (at_ >= all_.size()) raise<DecodeError>("decode_pnm: the file ends before its {} ({} bytes)", what, all_.size());
    if (!is_digit(all_[at_])) raise<DecodeError>("decode_pnm: the {} is no number, byte {} is {}", what, at_, int{all_[at_]});
    int64_t value = 0;
    for (; at_ < all_.size() && is_digit(all_[at_]); ++at_) value = std::min(value * 10 + (all_[at_] - '0'), largest_number);
    return value;
  }

  /// One digit, as bits of P1 need no space between them.
  int64_t bit() {
    skip_space();
    if (at_ >= all_.size()) raise<DecodeError>("decode_pnm: the image is incomplete or truncated ({} bytes)", all_.size());
    const int64_t value = all_[at_] - '0';
    if (value != 0 && value != 1) raise<DecodeError>("decode_pnm: byte {} is {}, a pixel must be 0 or 1", at_, int{all_[at_]});
    ++at_;
    return value;
  }

  std::string_view word() {
    skip_space();
    const auto begin = at_;
    while (at_ < all_.size() && !is_space(all_[at_])) ++at_;
    return as_text(all_.subspan(begin, at_ - begin));
  }

  void skip(size_t count) { at_ = std::min(at_ + count, all_.size()); }
  void skip_line() {
    while (at_ < all_.size() && all_[at_] != '\n') ++at_;
  }
  Bytes rest() const { return all_.subspan(at_); }

 private:
  Bytes all_;
  size_t at_ = 0;
};

struct Header {
  int kind = 0;  ///< the digit behind the P
  int64_t height = 0, width = 0, channels = 0, largest = 1;
};

Header read_pam(Text& text) {
  Header header{.kind = 7, .largest = 0};
  for (;;) {
    const auto word = text.word();
    if (word.empty()) raise<DecodeError>("decode_pnm: the header of the PAM has no ENDHDR");
    if (word == "ENDHDR") break;
    if (word == "HEIGHT") header.height = text.number("height");
    if (word == "WIDTH") header.width = text.number("width");
    if (word == "DEPTH") header.channels = text.number("depth");
    if (word == "MAXVAL") header.largest = text.number("largest value");
    if (word == "TUPLTYPE") text.skip_line();
  }
  text.skip(1);
  return header;
}

Header read_header(Text& text, Bytes bytes) {
  Header header{.kind = bytes[1] - '0'};
  text.skip(2);
  if (header.kind == 7) return read_pam(text);
  header.width = text.number("width");
  header.height = text.number("height");
  header.channels = header.kind == 3 || header.kind == 6 ? 3 : 1;
  if (header.kind != 1 && header.kind != 4) header.largest = text.number("largest value");
  if (header.kind >= 4) text.skip(1);  // one white space, and then the pixels
  return header;
}

/// A number in the whole range of 8 or 16 bits. Raw files may have pixels above their largest value; those are the largest.
int64_t scaled(int64_t value, int64_t largest, int bits) {
  const int64_t top = bits == 16 ? 65535 : 255;
  return largest == top ? std::min(value, top) : (std::min(value, largest) * top + largest / 2) / largest;
}

/// Gives the samples of one row after the other.
class Rows {
 public:
  Rows(const Header& header, Text text) : header_(header), text_(text), bits_(header.largest > 255 ? 16 : 8) {
    const int64_t count = header.width * header.channels;
    if (header.kind == 4) {
      row_bytes_ = (header.width + 7) / 8;
    } else if (header.kind >= 5) {
      row_bytes_ = count * (bits_ / 8);
    } else {
      // At least a digit a sample, and a space between two where digits may be many.
      row_bytes_ = header.kind == 1 ? count : count * 2 - 1;
    }
  }

  bool fits(size_t size) const { return row_bytes_ <= static_cast<int64_t>(size) / header_.height; }

  void read(uint8_t* out) {
    const int64_t count = header_.width * header_.channels;
    if (header_.kind >= 4) {
      const auto row = text_.rest().first(static_cast<size_t>(row_bytes_));
      text_.skip(row.size());
      if (header_.kind == 4) {
        for (int64_t x = 0; x < count; ++x) out[x] = (row[static_cast<size_t>(x / 8)] >> (7 - x % 8) & 1) != 0 ? 0 : 255;
      } else if (header_.largest == 255) {
        std::memcpy(out, row.data(), row.size());
      } else {
        for (int64_t x = 0; x < count; ++x) {
          const auto i = static_cast<size_t>(x);
          put(out, x, bits_ == 8 ? row[i] : row[2 * i] << 8 | row[2 * i + 1]);
        }
      }
      return;
    }
    for (int64_t x = 0; x < count; ++x) {
      if (header_.kind == 1) {
        out[x] = text_.bit() == 1 ? 0 : 255;
        continue;
      }
      const auto value = text_.number("next pixel");
      if (value > header_.largest)
        raise<DecodeError>("decode_pnm: a pixel of {}, the largest value is {}", value, header_.largest);
      put(out, x, value);
    }
  }

  int bits() const { return bits_; }

 private:
  void put(uint8_t* out, int64_t x, int64_t value) const {
    const auto sample = scaled(value, header_.largest, bits_);
    if (bits_ == 8) {
      out[x] = static_cast<uint8_t>(sample);
    } else {
      reinterpret_cast<uint16_t*>(out)[x] = static_cast<uint16_t>(sample);
    }
  }

  Header header_;
  Text text_;
  int bits_;
  int64_t row_bytes_ = 0;
};

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  if (!matches(bytes)) raise<DecodeError>("decode_pnm: a PNM begins with P1 to P7 and white space ({} bytes)", bytes.size());
  Text text(bytes);
  const auto header = read_header(text, bytes);
  if (header.height < 1 || header.width < 1 || header.channels < 1 || header.largest < 1 || header.largest > 65535) {
    raise<DecodeError>("decode_pnm: the header says {}x{} pixels of {} channels up to {}", header.height, header.width,
                       header.channels, header.largest);
  }
  ImageInfo info{.height = header.height, .width = header.width, .channels = 1, .bits = header.largest > 255 ? 16 : 8};
  check_limits("decode_pnm", info, options.limits);
  // A row of the file is held; this also keeps the products below from overflow.
  if (header.channels > options.limits.codec_bytes / (header.width * 2)) {
    over_limit("decode_pnm: a row of {} pixels of {} channels is over limits.codec_bytes, {}", header.width, header.channels,
               options.limits.codec_bytes);
  }
  info.channels = header.channels;
  check_limits("decode_pnm", info, options.limits);
  Rows rows(header, text);
  if (!rows.fits(text.rest().size())) {
    raise<DecodeError>("decode_pnm: the image is incomplete or truncated ({} bytes, {}x{})", bytes.size(), header.height,
                       header.width);
  }
  info.channels = converted_channels("decode_pnm", options.mode, header.channels);
  check_limits("decode_pnm", info, options.limits);
  auto* out = static_cast<uint8_t*>(destination(info));
  const auto out_bytes = info.width * info.channels * (info.bits / 8);
  if (info.channels == header.channels) {
    for (int64_t y = 0; y < info.height; ++y, out += out_bytes) rows.read(out);
    return;
  }
  std::vector<uint16_t> row(static_cast<size_t>(info.width * header.channels));  // aligned for either width
  for (int64_t y = 0; y < info.height; ++y, out += out_bytes) {
    rows.read(reinterpret_cast<uint8_t*>(row.data()));
    convert_channels(row.data(), header.channels, out, info, info.width);
  }
}

}  // namespace opsis::inline v1::io::pnm
