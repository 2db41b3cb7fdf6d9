#include "opsis/io/codecs.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/listed.h"
#include "opsis/io/avif.h"
#include "opsis/io/bmp.h"
#include "opsis/io/gif.h"
#include "opsis/io/heic.h"
#include "opsis/io/jpeg.h"
#include "opsis/io/pfm.h"
#include "opsis/io/png.h"
#include "opsis/io/pnm.h"
#include "opsis/io/tiff.h"
#include "opsis/io/webp.h"

namespace opsis::inline v1::io {
namespace {

// CONTRIBUTING.md says how to add a codec.
constexpr Codec all_codecs[] = {
    {.name = "jpeg", .matches = jpeg::matches, .decode = jpeg::decode},
    {.name = "png", .matches = png::matches, .decode = png::decode},
    {.name = "gif", .matches = gif::matches, .decode = gif::decode},
    {.name = "webp", .matches = webp::matches, .decode = webp::decode},
    {.name = "avif", .matches = avif::matches, .decode = avif::decode},
    {.name = "heic", .matches = heic::matches, .decode = heic::decode, .asked_for = &DecodeOptions::heic},
    {.name = "tiff", .matches = tiff::matches, .decode = tiff::decode},
    {.name = "bmp", .matches = bmp::matches, .decode = bmp::decode},
    {.name = "pnm", .matches = pnm::matches, .decode = pnm::decode},
    {.name = "pfm", .matches = pfm::matches, .decode = pfm::decode},
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

const Codec& find_codec(Bytes bytes, const DecodeOptions& options) {
  if (bytes.empty()) raise<DecodeError>("decode_image: there are no bytes");
  for (const auto& codec : all_codecs) {
    if (!codec.matches(bytes)) continue;
    if (!codec.asked_for || options.*codec.asked_for) return codec;
    raise<DecodeError>(
        "decode_image: the content is {}, which is not decoded by content alone; trust it with "
        "DecodeOptions::{} = true, or call decode_{}",
        codec.name, codec.name, codec.name);
  }
  std::vector<std::string_view> names;
  for (const auto& codec : all_codecs) names.push_back(codec.name);
  raise<DecodeError>("decode_image: the content is of no known format, it begins with {}; there are codecs for {}",
                     beginning(bytes), listed(names));
}

}  // namespace opsis::inline v1::io
