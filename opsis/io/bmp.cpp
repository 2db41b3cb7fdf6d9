#include "opsis/io/bmp.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/io/channels.h"
#include "opsis/io/over_limit.h"

namespace opsis::inline v1::io::bmp {
namespace {

constexpr size_t file_header = 14;
enum Compression : uint32_t { uncompressed = 0, run_lengths_8 = 1, run_lengths_4 = 2, masks_of_3 = 3, masks_of_4 = 6 };

using Rgb = std::array<uint8_t, 3>;

struct Header {
  int64_t height = 0, width = 0;
  bool top_down = false;
  int bits = 0;  ///< of a pixel
  uint32_t compression = uncompressed;
  size_t pixels_at = 0;
  std::array<uint32_t, 4> masks{};  ///< of red, green, blue and alpha, for pixels of 16 and 32 bits
  std::vector<Rgb> palette;         ///< for pixels of up to 8 bits
  size_t colors = 256;              ///< that the palette has, and an index may be of
  bool is_gray = false;             ///< all of the palette
};

uint32_t little(Bytes bytes, size_t at, size_t count) {
  if (at > bytes.size() || count > bytes.size() - at) {
    raise<DecodeError>("decode_bmp: the header is incomplete or truncated ({} bytes)", bytes.size());
  }
  uint32_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}

void read_palette(Header& header, Bytes bytes, size_t at, uint32_t used, size_t entry) {
  const size_t most = size_t{1} << header.bits;
  size_t count = used == 0 ? most : std::min<size_t>(used, most);
  // A palette may be cut short by the pixels; indices beyond it are black.
  const size_t end = std::min(header.pixels_at, bytes.size());
  count = std::min(count, end > at ? (end - at) / entry : 0);
  header.palette.assign(most, {});
  header.colors = count;
  header.is_gray = count > 0;
  for (size_t i = 0; i < count; ++i) {
    const auto* bgr = bytes.data() + at + i * entry;
    header.palette[i] = {bgr[2], bgr[1], bgr[0]};
    header.is_gray = header.is_gray && bgr[0] == bgr[1] && bgr[1] == bgr[2];
  }
}

Header read_header(Bytes bytes) {
  Header header;
  header.pixels_at = little(bytes, 10, 4);
  const auto size = little(bytes, 14, 4);
  uint32_t used = 0;
  if (size == 12) {
    header.width = little(bytes, 18, 2);
    header.height = little(bytes, 20, 2);
    header.bits = static_cast<int>(little(bytes, 24, 2));
  } else {
    header.width = static_cast<int32_t>(little(bytes, 18, 4));
    header.height = static_cast<int32_t>(little(bytes, 22, 4));
    header.top_down = header.height < 0;
    header.height = header.top_down ? -header.height : header.height;
    header.bits = static_cast<int>(little(bytes, 28, 2));
    if (size >= 40) {
      header.compression = little(bytes, 30, 4);
      used = little(bytes, 46, 4);
    }
  }
  const bool indexed = header.bits == 1 || header.bits == 4 || header.bits == 8;
  const bool masked = header.compression == masks_of_3 || header.compression == masks_of_4;
  const bool known =
      (header.compression == uncompressed && (indexed || header.bits == 16 || header.bits == 24 || header.bits == 32)) ||
      (header.compression == run_lengths_8 && header.bits == 8 && !header.top_down) ||
      (header.compression == run_lengths_4 && header.bits == 4 && !header.top_down) ||
      (masked && size >= 40 && (header.bits == 16 || header.bits == 32));
  if (!known) {
    raise<DecodeError>("decode_bmp: pixels of {} bits with compression {} cannot be decoded", header.bits, header.compression);
  }

  size_t at = file_header + size;
  if (header.bits == 16) header.masks = {0x7C00, 0x03E0, 0x001F, 0};
  if (header.bits == 32) header.masks = {0xFF0000, 0x00FF00, 0x0000FF, 0};
  if (masked) {
    // The old header has its masks behind it, the newer ones within, where alpha came last.
    const size_t count = size >= 56 || header.compression == masks_of_4 ? 4 : 3;
    for (size_t i = 0; i < count; ++i) header.masks[i] = little(bytes, file_header + 40 + 4 * i, 4);
    if (size == 40) at += 4 * count;
  }
  for (const auto mask : header.masks) {
    const auto bits = mask == 0 ? 0 : mask >> std::countr_zero(mask);
    if ((bits & (bits + 1)) != 0) raise<DecodeError>("decode_bmp: a mask of scattered bits, {}", mask);
  }
  if (indexed) read_palette(header, bytes, at, used, size == 12 ? 3 : 4);
  if (header.pixels_at < at) raise<DecodeError>("decode_bmp: the pixels begin within the header, at {}", header.pixels_at);
  return header;
}

/// What a mask's bits are, in 8: a multiple of 255 through their largest.
uint8_t masked_value(uint32_t pixel, uint32_t mask) {
  if (mask == 0) return 0;
  const int shift = std::countr_zero(mask);
  return static_cast<uint8_t>(uint64_t{(pixel & mask) >> shift} * 255 / (mask >> shift));
}

/// Runs of equal pixels, and pixels one by one, to an index a byte; what is skipped over is 0.
std::vector<uint8_t> unpack_runs(const Header& header, Bytes runs) {
  std::vector<uint8_t> indices(static_cast<size_t>(header.height * header.width));
  const bool nibbles = header.compression == run_lengths_4;
  int64_t x = 0, y = 0;
  size_t at = 0;
  const auto next = [&]() -> uint8_t {
    if (at >= runs.size()) raise<DecodeError>("decode_bmp: the image is incomplete or truncated");
    return runs[at++];
  };
  const auto put = [&](int index) {
    if (x >= header.width || y >= header.height) raise<DecodeError>("decode_bmp: a run leaves the image");
    indices[static_cast<size_t>(y * header.width + x++)] = static_cast<uint8_t>(index);
  };
  while (y < header.height) {
    const int count = next(), value = next();
    if (count > 0) {
      for (int i = 0; i < count; ++i) put(nibbles ? (i % 2 == 0 ? value >> 4 : value & 15) : value);
    } else if (value == 0) {  // the end of a row
      x = 0;
      ++y;
    } else if (value == 1) {  // the end of the image
      break;
    } else if (value == 2) {  // a jump
      x += next();
      y += next();
      if (x > header.width || y > header.height) raise<DecodeError>("decode_bmp: a jump leaves the image");
    } else {
      const auto begin = at;
      int byte = 0;
      for (int i = 0; i < value; ++i) {
        if (!nibbles || i % 2 == 0) byte = next();
        put(nibbles ? (i % 2 == 0 ? byte >> 4 : byte & 15) : byte);
      }
      if ((at - begin) % 2 != 0) next();  // they are padded to 16 bits
    }
  }
  return indices;
}

/// A row of the file as 1 (gray), 3 (RGB) or 4 (RGBA) channels.
void read_row(const Header& header, const uint8_t* row, int64_t channels, bool strict, uint8_t* out) {
  for (int64_t x = 0; x < header.width; ++x, out += channels) {
    if (header.bits <= 8) {
      const auto place = static_cast<size_t>(x * header.bits / 8);
      const int shift = 8 - header.bits - static_cast<int>(x * header.bits % 8);
      const auto index = static_cast<size_t>(row[place] >> shift & ((1 << header.bits) - 1));
      if (strict && index >= header.colors) {
        raise<DecodeError>("decode_bmp: color {} of a palette of {}", index, header.colors);
      }
      const auto& color = header.palette[index];
      for (int64_t c = 0; c < channels; ++c) out[c] = color[static_cast<size_t>(c)];
    } else if (header.bits == 24) {
      for (int64_t c = 0; c < 3; ++c) out[c] = row[x * 3 + 2 - c];
    } else {
      const auto width = static_cast<size_t>(header.bits / 8);
      uint32_t pixel = 0;
      for (size_t i = width; i-- > 0;) pixel = pixel << 8 | row[static_cast<size_t>(x) * width + i];
      for (int64_t c = 0; c < channels; ++c) out[c] = masked_value(pixel, header.masks[static_cast<size_t>(c)]);
    }
  }
}

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  if (!matches(bytes))
    raise<DecodeError>("decode_bmp: a BMP begins with BM and a header of a known size ({} bytes)", bytes.size());
  auto header = read_header(bytes);
  const int64_t channels = header.bits <= 8 ? (header.is_gray ? 1 : 3) : header.masks[3] != 0 ? 4 : 3;
  if (header.height < 1 || header.width < 1) raise<DecodeError>("decode_bmp: the image is {}x{}", header.height, header.width);
  ImageInfo info{.height = header.height, .width = header.width, .channels = channels};
  check_limits("decode_bmp", info, options.limits);
  const auto stored = bytes.subspan(std::min(header.pixels_at, bytes.size()));
  const auto row_bytes = static_cast<size_t>((header.width * header.bits + 31) / 32 * 4);
  std::vector<uint8_t> unpacked;
  const uint8_t* pixels = stored.data();
  size_t stride = row_bytes;
  if (header.compression == run_lengths_8 || header.compression == run_lengths_4) {
    if (info.height * info.width > options.limits.codec_bytes) {
      over_limit("decode_bmp: {} pixels in runs are over limits.codec_bytes, {}", info.height * info.width,
                 options.limits.codec_bytes);
    }
    unpacked = unpack_runs(header, stored);
    header.bits = 8;
    header.palette.resize(256);
    pixels = unpacked.data();
    stride = static_cast<size_t>(header.width);
  } else if (stored.size() / row_bytes < static_cast<size_t>(header.height)) {
    raise<DecodeError>("decode_bmp: the image is incomplete or truncated ({} bytes, {}x{})", bytes.size(), header.height,
                       header.width);
  }

  info.channels = converted_channels("decode_bmp", options.mode, channels);
  check_limits("decode_bmp", info, options.limits);
  auto* const out = static_cast<uint8_t*>(destination(info));
  std::vector<uint8_t> row(static_cast<size_t>(header.width * channels));
  for (int64_t y = 0; y < header.height; ++y) {
    const auto from = static_cast<size_t>(header.top_down ? y : header.height - 1 - y);
    read_row(header, pixels + from * stride, channels, options.strict, row.data());
    convert_channels(row.data(), channels, out + y * header.width * info.channels, info, header.width);
  }
}

}  // namespace opsis::inline v1::io::bmp
