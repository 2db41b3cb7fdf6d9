#include "opsis/io/codecs.h"

#include <algorithm>
#include <string>

#include "opsis/core/check.h"
#include "opsis/io/jpeg.h"
#include "opsis/io/png.h"

namespace opsis::inline v1::io {
namespace {

// To add a codec, add its line; codec.h says how to write one.
constexpr Codec all_codecs[] = {
    {.name = "jpeg", .matches = jpeg::matches, .decode = jpeg::decode},
    {.name = "png", .matches = png::matches, .decode = png::decode},
};

/// The first bytes as one would find them in a table of formats: "47 49 46 38 (GIF8)".
std::string beginning(Bytes bytes) {
  constexpr auto digits = "0123456789abcdef";
  std::string numbers, letters;
  for (const uint8_t byte : bytes.first(std::min<size_t>(bytes.size(), 12))) {
    if (!numbers.empty()) numbers += ' ';
    numbers += digits[byte >> 4];
    numbers += digits[byte & 15];
    letters += byte >= 32 && byte < 127 ? static_cast<char>(byte) : '.';
  }
  return text("{} ({})", numbers, letters);
}

}  // namespace

std::span<const Codec> codecs() { return all_codecs; }

const Codec& find_codec(Bytes bytes) {
  if (bytes.empty()) raise<DecodeError>("decode_image: there are no bytes");
  for (const auto& codec : all_codecs) {
    if (codec.matches(bytes)) return codec;
  }
  std::string names;
  for (const auto& codec : all_codecs) names.append(names.empty() ? "" : ", ").append(codec.name);
  raise<DecodeError>("decode_image: the content is of no known format, it begins with {}; there are codecs for {}",
                     beginning(bytes), names);
}

}  // namespace opsis::inline v1::io
