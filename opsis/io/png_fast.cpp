// What libpng does for the common file, in fewer passes: libdeflate inflates in half of zlib's time, but only all at once. To
// filter and deflate takes a fraction of libpng's too.
// Whatever is not plainly right is left to libpng, whose errors, warnings and indulgences are those of torchvision.
#include "opsis/io/png_fast.h"

#include <libdeflate.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "opsis/core/frees.h"
#include "opsis/core/memory.h"
#include "opsis/io/deflate.h"
#include "opsis/io/exif.h"
#include "opsis/simd/png_filter.h"
#include "opsis/simd/png_unfilter.h"

namespace opsis::inline v1::io::png {
namespace {

using namespace std::string_view_literals;

enum ColorType : uint8_t { gray = 0, rgb = 2, palette = 3, gray_alpha = 4, rgb_alpha = 6 };

struct Chunk {
  std::string_view name;
  Bytes data;
};

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

/// Takes the next chunk off the bytes; none when it is cut short or its checksum is wrong.
std::optional<Chunk> next_chunk(Bytes& rest) {
  constexpr size_t frame = 12;  // length, name, checksum
  if (rest.size() < frame) return {};
  const size_t length = big_endian(rest.data());
  if (length > rest.size() - frame) return {};
  const auto named = rest.subspan(4, 4 + length);
  if (libdeflate_crc32(0, named.data(), named.size()) != big_endian(rest.data() + 8 + length)) return {};
  rest = rest.subspan(frame + length);
  return Chunk{as_text(named.first(4)), named.subspan(4)};
}

bool is_ancillary(std::string_view name) {
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  return is_small(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_small(c) || (c >= 'A' && c <= 'Z'); });
}

/// What stands before the pixels.
struct Header {
  int64_t height = 0, width = 0;
  int bits = 0;
  ColorType color_type = gray;
  Bytes colors, alphas;            ///< of a palette
  std::optional<int> orientation;  ///< of the first eXIf chunk: libpng passes over others

  size_t channels() const {
    switch (color_type) {
      case rgb: return 3;
      case gray_alpha: return 2;
      case rgb_alpha: return 4;
      default: return 1;
    }
  }
  size_t pixel_bytes() const { return channels() * static_cast<size_t>(bits / 8); }
  size_t row_bytes() const { return pixel_bytes() * static_cast<size_t>(width); }
  size_t filtered_bytes() const { return (row_bytes() + 1) * static_cast<size_t>(height); }
};

/// The kinds of files that are done here.
bool read_size_and_kind(Bytes data, Header& header) {
  if (data.size() != 13) return false;
  header.width = big_endian(data.data());
  header.height = big_endian(data.data() + 4);
  header.bits = data[8];
  header.color_type = static_cast<ColorType>(data[9]);
  const bool plain = data[10] == 0 && data[11] == 0 && data[12] == 0;  // deflate, adaptive filters, not interlaced
  const bool known = header.color_type <= rgb_alpha && header.color_type != 1 && header.color_type != 5;
  const bool deep = header.bits == 8 || (header.bits == 16 && header.color_type != palette);
  return plain && known && deep && header.width > 0 && header.height > 0;
}

bool fits(const Header& header, const ImageInfo& info, const Limits& limits) {
  return std::max(header.height, header.width) <= limits.side && header.height <= limits.pixels / header.width &&
         header.height * header.width <= limits.image_bytes / 8 &&
         static_cast<int64_t>(header.filtered_bytes()) <= limits.codec_bytes / 2 &&
         static_cast<int64_t>(info.width * info.channels * 2) <= limits.codec_bytes / 4;
}

/// Reads one of the chunks before the pixels; false when it is not as it should be.
bool read_chunk(const Chunk& chunk, const DecodeOptions& options, Header& header) {
  const auto& [name, data] = chunk;
  if (name == "PLTE"sv) {
    if (header.color_type != palette || !header.colors.empty()) return false;
    header.colors = data;
    return !data.empty() && data.size() % 3 == 0 && data.size() <= 768;
  }
  if (name == "tRNS"sv) {
    if (!header.alphas.empty()) return false;
    header.alphas = data;
    return !data.empty() && data.size() <= header.colors.size() / 3;
  }
  if (name == "eXIf"sv && options.apply_exif_orientation) {
    if (header.orientation || data.size() < 2 || data[0] != data[1]) return false;
    header.orientation = exif_orientation(data);
    return true;
  }
  return is_ancillary(name);
}

/// The channels of the result, when it comes about by copying samples; 0 when not.
int64_t choose_channels(const Header& header, ImageReadMode mode) {
  const bool has_color = header.color_type != gray && header.color_type != gray_alpha;
  switch (mode) {
    case ImageReadMode::UNCHANGED: return static_cast<int64_t>(header.channels());
    case ImageReadMode::GRAY: return has_color ? 0 : 1;
    case ImageReadMode::GRAY_ALPHA: return has_color ? 0 : 2;
    case ImageReadMode::RGB: return 3;
    default: return 4;
  }
}

/// The compressed pixels, of all chunks after each other. `joined` holds them when they are of more than one.
bool read_data(Bytes rest, Bytes first, size_t largest, Memory& joined, Bytes& data) {
  auto ahead = rest;
  size_t total = first.size();
  bool more = false;
  while (has_magic(ahead, 4, "IDAT")) {
    const auto chunk = next_chunk(ahead);
    if (!chunk || chunk->data.size() > largest) return false;
    total += chunk->data.size();
    more = true;
  }
  if (ahead.size() < 12) return false;  // not even the end
  data = first;
  if (!more) return true;
  joined = make_memory(total);
  auto* to = std::copy(first.begin(), first.end(), joined.get());
  while (has_magic(rest, 4, "IDAT")) {
    const auto length = big_endian(rest.data());
    to = std::copy_n(rest.data() + 8, length, to);
    rest = rest.subspan(length + 12);
  }
  data = {joined.get(), total};
  return true;
}

bool inflate(Bytes data, uint8_t* out, size_t size) {
  if (data.size() < 6) return false;
  // zlib refuses to look back further than the window that the stream declares, libdeflate does not mind.
  const size_t window = size_t{256} << (data[0] >> 4);
  if (window < std::min<size_t>(size, 32768)) return false;
  const std::unique_ptr<libdeflate_decompressor, Frees<libdeflate_free_decompressor>> decompressor(
      libdeflate_alloc_decompressor());
  if (!decompressor) return false;
  size_t read = 0, written = 0;
  return libdeflate_zlib_decompress_ex(decompressor.get(), data.data(), data.size(), out, size, &read, &written) ==
             LIBDEFLATE_SUCCESS &&
         read == data.size() && written == size;
}

// Rows into rows.

template <class Sample>
Sample load(const uint8_t* from) {
  if constexpr (sizeof(Sample) == 1) {
    return *from;
  } else {
    return static_cast<Sample>(from[0] << 8 | from[1]);
  }
}

template <class Sample, size_t in, size_t out>
void convert(const uint8_t* from, size_t width, uint8_t* to) {
  constexpr size_t in_colors = in >= 3 ? 3 : 1, out_colors = out >= 3 ? 3 : 1;
  for (size_t x = 0; x < width; ++x, from += in * sizeof(Sample), to += out * sizeof(Sample)) {
    std::array<Sample, out> pixel;
    for (size_t c = 0; c < out_colors; ++c) pixel[c] = load<Sample>(from + (c % in_colors) * sizeof(Sample));
    if constexpr (out == 2 || out == 4) {
      pixel[out - 1] = in == 2 || in == 4 ? load<Sample>(from + (in - 1) * sizeof(Sample)) : static_cast<Sample>(~Sample{0});
    }
    std::memcpy(to, pixel.data(), sizeof pixel);
  }
}

using Convert = void (*)(const uint8_t*, size_t, uint8_t*);

template <class Sample>
Convert find_convert(size_t in, size_t out) {
  constexpr std::array<std::array<Convert, 4>, 4> table{{
      {convert<Sample, 1, 1>, convert<Sample, 1, 2>, convert<Sample, 1, 3>, convert<Sample, 1, 4>},
      {convert<Sample, 2, 1>, convert<Sample, 2, 2>, convert<Sample, 2, 3>, convert<Sample, 2, 4>},
      {nullptr, nullptr, convert<Sample, 3, 3>, convert<Sample, 3, 4>},
      {nullptr, nullptr, convert<Sample, 4, 3>, convert<Sample, 4, 4>},
  }};
  return table[in - 1][out - 1];
}

/// A palette's colors, 4 bytes each.
std::array<uint8_t, 1024> color_table(const Header& header) {
  std::array<uint8_t, 1024> table{};
  for (size_t i = 0; i < header.colors.size() / 3; ++i) {
    std::copy_n(header.colors.data() + 3 * i, 3, table.data() + 4 * i);
    table[4 * i + 3] = i < header.alphas.size() ? header.alphas[i] : 255;
  }
  return table;
}

void look_up(const std::array<uint8_t, 1024>& table, const uint8_t* from, size_t width, size_t channels, uint8_t* to) {
  for (size_t x = 0; x < width; ++x, to += channels) std::copy_n(table.data() + 4 * size_t{from[x]}, channels, to);
}

// Encoding.

std::array<uint8_t, 4> big_endian_bytes(uint64_t value) {
  return {static_cast<uint8_t>(value >> 24), static_cast<uint8_t>(value >> 16), static_cast<uint8_t>(value >> 8),
          static_cast<uint8_t>(value)};
}

void put_chunk(std::string_view name, Bytes data, std::vector<uint8_t>& out) {
  const auto put = [&](const auto& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
  put(big_endian_bytes(data.size()));
  const auto named = out.size();
  put(name);
  put(data);
  put(big_endian_bytes(libdeflate_crc32(0, out.data() + named, out.size() - named)));
}

}  // namespace

bool decode_fast(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  // What a warning is, libpng knows.
  if (options.strict || !has_magic(bytes, 0, signature)) return false;
  auto rest = bytes.subspan(signature.size());
  Header header;
  const auto size = next_chunk(rest);
  if (!size || size->name != "IHDR"sv || !read_size_and_kind(size->data, header)) return false;
  ImageInfo info{
      .height = header.height, .width = header.width, .channels = choose_channels(header, options.mode), .bits = header.bits};
  if (info.channels == 0 || !fits(header, info, options.limits)) return false;

  // libpng refuses chunks of more than 8 MB but for the pixels, and keeps a thousand at most.
  const size_t largest = static_cast<size_t>(std::clamp<int64_t>(options.limits.codec_bytes, 1, 8'000'000));
  auto chunk = next_chunk(rest);
  for (int count = 0; chunk && chunk->name != "IDAT"sv; chunk = next_chunk(rest), ++count) {
    if (count == 100 || chunk->data.size() > largest || !read_chunk(*chunk, options, header)) return false;
  }
  if (!chunk || (header.color_type == palette && header.colors.empty())) return false;
  info.orientation = header.orientation.value_or(1);

  Memory joined;
  Bytes data;
  const auto filtered_bytes = header.filtered_bytes();
  // As much as deflate may take for what it cannot shrink, as libpng reckons it.
  const auto largest_data = std::max(largest, filtered_bytes + 6 + 5 * (filtered_bytes / 32566 + 1));
  if (chunk->data.size() > largest_data || !read_data(rest, chunk->data, largest_data, joined, data)) return false;
  // Deflate shrinks a thousandfold at most, so that no small file gets much memory here.
  if (filtered_bytes / 1100 > data.size()) return false;
  const auto filtered = make_memory(filtered_bytes);
  if (!inflate(data, filtered.get(), filtered_bytes)) return false;
  const auto row_bytes = header.row_bytes(), stride = row_bytes + 1;
  for (size_t y = 0; y < static_cast<size_t>(header.height); ++y) {
    if (filtered.get()[y * stride] > 4) return false;
  }

  Region region{0, 0, header.height, header.width};
  if (options.region) region = take_region("decode_png", *options.region, info);
  const auto channels = static_cast<size_t>(info.channels);
  const bool is_copy = channels == header.channels() && (header.bits == 8 || std::endian::native == std::endian::big);
  if (is_copy && !info.is_region && header.color_type != palette) {
    auto* const out = static_cast<uint8_t*>(destination(info));
    simd::png_unfilter(filtered.get(), header.height, row_bytes, header.pixel_bytes(), out, row_bytes);
    return true;
  }
  simd::png_unfilter(filtered.get(), region.top + region.height, row_bytes, header.pixel_bytes(), filtered.get() + 1, stride);
  const auto* from =
      filtered.get() + 1 + static_cast<size_t>(region.top) * stride + static_cast<size_t>(region.left) * header.pixel_bytes();
  const auto height = static_cast<size_t>(region.height), width = static_cast<size_t>(region.width);
  if (header.color_type == palette) {
    for (size_t y = 0; y < height; ++y) {
      if (width > 0 && *std::max_element(from + y * stride, from + y * stride + width) >= header.colors.size() / 3)
        return false;
    }
  }
  auto* out = static_cast<uint8_t*>(destination(info));
  const auto out_row_bytes = width * channels * static_cast<size_t>(header.bits / 8);
  const bool looks_up = header.color_type == palette && options.mode != ImageReadMode::UNCHANGED;
  const auto table = looks_up ? color_table(header) : std::array<uint8_t, 1024>{};
  const auto convert_row = header.bits == 16 ? find_convert<uint16_t>(header.channels(), channels)
                                             : find_convert<uint8_t>(header.channels(), channels);
  for (size_t y = 0; y < height; ++y, from += stride, out += out_row_bytes) {
    if (looks_up) {
      look_up(table, from, width, channels, out);
    } else if (is_copy) {
      std::memcpy(out, from, out_row_bytes);
    } else {
      convert_row(from, width, out);
    }
  }
  return true;
}

std::optional<std::vector<uint8_t>> encode_fast(const uint8_t* pixels, Size size, int64_t channels, int64_t compression_level) {
  // What is filtered is in memory whole, and so is what comes of it, twice where it repeats; libpng holds a row.
  constexpr int64_t most = int64_t{1} << 28;
  static_assert(most <= static_cast<int64_t>(Deflater::kMostBytes));
  if (size.height < 1 || size.width < 1 || size.width > most / channels - 1) return {};
  const auto row_bytes = size.width * channels;
  if (size.height > most / (row_bytes + 1)) return {};
  const auto filtered_bytes = static_cast<size_t>(size.height * (row_bytes + 1));
  auto filtered = make_memory(filtered_bytes);
  simd::png_filter(pixels, size.height, static_cast<size_t>(row_bytes), static_cast<size_t>(channels), filtered.get());
  Deflater deflater(compression_level);
  const auto data = deflater.zlib({filtered.get(), filtered_bytes});
  filtered.reset();

  std::array<uint8_t, 13> header{};
  const auto width = big_endian_bytes(static_cast<uint64_t>(size.width));
  const auto height = big_endian_bytes(static_cast<uint64_t>(size.height));
  std::copy(width.begin(), width.end(), header.begin());
  std::copy(height.begin(), height.end(), header.begin() + 4);
  header[8] = 8;  // bits
  header[9] = channels == 1 ? gray : rgb;
  constexpr size_t frame = 12;  // of each chunk
  std::vector<uint8_t> out;
  out.reserve(signature.size() + 3 * frame + header.size() + data.size());
  out.insert(out.end(), signature.begin(), signature.end());
  put_chunk("IHDR", header, out);
  put_chunk("IDAT", data, out);
  put_chunk("IEND", {}, out);
  return out;
}

}  // namespace opsis::inline v1::io::png
