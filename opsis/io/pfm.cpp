#include "opsis/io/pfm.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/io/channels.h"

namespace opsis::inline v1::io::pfm {
namespace {

bool is_blank(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

/// The next word of the header, and past the one white space behind it.
std::string_view next_word(Bytes& rest) {
  size_t begin = 0;
  while (begin < rest.size() && is_blank(rest[begin])) ++begin;
  size_t end = begin;
  while (end < rest.size() && !is_blank(rest[end])) ++end;
  const auto word = as_text(rest.subspan(begin, end - begin));
  rest = rest.subspan(std::min(end + 1, rest.size()));
  return word;
}

int64_t read_side(Bytes& rest) {
  const auto word = next_word(rest);
  int64_t value = 0;
  for (const char c : word) {
    if (c < '0' || c > '9' || word.size() > 12) raise<DecodeError>("decode_pfm: a side of \"{}\" pixels", word.substr(0, 20));
    value = value * 10 + (c - '0');
  }
  if (value < 1) raise<DecodeError>("decode_pfm: the header has no width and height");
  return value;
}

/// Whether the scale is negative. It must look like a number; what number, does not count.
bool is_little_endian(std::string_view scale) {
  const bool plausible = !scale.empty() && scale.size() <= 40 && scale.find_first_not_of("0123456789+-.eE") == scale.npos;
  if (!plausible) raise<DecodeError>("decode_pfm: a scale of \"{}\"", scale.substr(0, 20));
  return scale[0] == '-';
}

void swap_bytes(uint8_t* numbers, int64_t count) {
  for (int64_t i = 0; i < count; ++i, numbers += 4) std::reverse(numbers, numbers + 4);
}

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  if (!matches(bytes)) raise<DecodeError>("decode_pfm: a PFM begins with PF or Pf ({} bytes)", bytes.size());
  auto rest = bytes.subspan(2);
  const int64_t channels = bytes[1] == 'F' ? 3 : 1;
  const auto width = read_side(rest), height = read_side(rest);
  ImageInfo info{.height = height, .width = width, .channels = channels, .bits = 32, .type = SampleType::FLOATING};
  check_limits("decode_pfm", info, options.limits);
  const bool little = is_little_endian(next_word(rest));
  const auto row_bytes = static_cast<size_t>(width * channels * 4);
  if (rest.size() / row_bytes < static_cast<size_t>(height)) {
    raise<DecodeError>("decode_pfm: the image is incomplete or truncated ({} bytes, {}x{})", bytes.size(), height, width);
  }

  info.channels = converted_channels("decode_pfm", options.mode, channels);
  check_limits("decode_pfm", info, options.limits);
  auto* const out = static_cast<uint8_t*>(destination(info));
  std::vector<float> row(static_cast<size_t>(width * channels));
  for (int64_t y = 0; y < height; ++y) {
    // The lowest row comes first.
    std::memcpy(row.data(), rest.data() + static_cast<size_t>(height - 1 - y) * row_bytes, row_bytes);
    if (little != (std::endian::native == std::endian::little))
      swap_bytes(reinterpret_cast<uint8_t*>(row.data()), width * channels);
    convert_channels(row.data(), channels, out + y * width * info.channels * 4, info, width);
  }
}

}  // namespace opsis::inline v1::io::pfm
