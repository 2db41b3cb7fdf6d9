// The traps of libtiff: it prints its errors and warnings unless each file is given handlers of its own; it maps the bytes if
// it may, which hostile offsets then reach into, so here it reads by callbacks; strips and tiles may be as large as the file
// says, so their sizes are checked first.
#include "opsis/io/tiff.h"

#include <tiffio.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/frees.h"
#include "opsis/io/channels.h"
#include "opsis/io/deflate.h"
#include "opsis/io/over_limit.h"

namespace opsis::inline v1::io::tiff {
namespace {

using File = std::unique_ptr<TIFF, Frees<TIFFClose>>;

/// What libtiff had to say. The first of each is kept: later ones follow from it.
struct Messages {
  char error[256] = "", warning[256] = "";
};

int on_tiff_message(char (&kept)[256], const char* format, va_list arguments) {
  if (kept[0] == '\0') std::vsnprintf(kept, sizeof kept, format, arguments);
  return 1;
}

int on_tiff_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  return on_tiff_message(static_cast<Messages*>(user)->error, format, arguments);
}

int on_tiff_warning(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  return on_tiff_message(static_cast<Messages*>(user)->warning, format, arguments);
}

/// The bytes as a file: foreign ones to read, or our own to write.
struct Stream {
  Bytes input;
  std::vector<uint8_t> output;
  bool writes = false;
  uint64_t at = 0;

  uint64_t size() const { return writes ? output.size() : input.size(); }
};

tmsize_t on_tiff_read(thandle_t handle, void* out, tmsize_t count) {
  auto& stream = *static_cast<Stream*>(handle);
  if (count <= 0 || stream.at >= stream.size()) return 0;
  const auto given = std::min<uint64_t>(static_cast<uint64_t>(count), stream.size() - stream.at);
  std::memcpy(out, (stream.writes ? stream.output.data() : stream.input.data()) + stream.at, given);
  stream.at += given;
  return static_cast<tmsize_t>(given);
}

tmsize_t on_tiff_write(thandle_t handle, void* data, tmsize_t count) {
  auto& stream = *static_cast<Stream*>(handle);
  if (!stream.writes || count <= 0) return 0;
  const auto end = stream.at + static_cast<uint64_t>(count);
  try {  // no exception may leave a callback
    if (end > stream.output.size()) stream.output.resize(end);
  } catch (const std::exception&) {
    return 0;
  }
  std::memcpy(stream.output.data() + stream.at, data, static_cast<size_t>(count));
  stream.at = end;
  return count;
}

toff_t on_tiff_seek(thandle_t handle, toff_t offset, int from) {
  auto& stream = *static_cast<Stream*>(handle);
  stream.at = offset + (from == SEEK_CUR ? stream.at : from == SEEK_END ? stream.size() : 0);
  return stream.at;
}

int on_tiff_close(thandle_t) { return 0; }
toff_t on_tiff_size(thandle_t handle) { return static_cast<Stream*>(handle)->size(); }

File open_tiff(Stream& stream, Messages& messages, const char* how, int64_t most_bytes) {
  const std::unique_ptr<TIFFOpenOptions, Frees<TIFFOpenOptionsFree>> options(TIFFOpenOptionsAlloc());
  if (!options) return nullptr;
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_tiff_error, &messages);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_tiff_warning, &messages);
  if (most_bytes > 0) TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), most_bytes);
  return File(TIFFClientOpenExt("bytes", how, &stream, on_tiff_read, on_tiff_write, on_tiff_seek, on_tiff_close, on_tiff_size,
                                nullptr, nullptr, options.get()));
}

// Decoding.

/// What a page is made of.
struct Page {
  int64_t height = 0, width = 0;
  int64_t samples = 0;  ///< of a stored pixel
  int bits = 0;         ///< of a stored sample
  int format = SAMPLEFORMAT_UINT, photometric = PHOTOMETRIC_MINISBLACK, planes = PLANARCONFIG_CONTIG;
  int orientation = 1;
  bool as_rgba = false;  ///< libtiff makes colors of it

  bool operator==(const Page&) const = default;
  int64_t channels() const { return as_rgba || photometric == PHOTOMETRIC_PALETTE ? 3 : samples; }
  int out_bits() const { return std::max(bits, 8); }
  SampleType type() const {
    return format == SAMPLEFORMAT_IEEEFP ? SampleType::FLOATING
           : format == SAMPLEFORMAT_INT  ? SampleType::SIGNED
                                         : SampleType::UNSIGNED;
  }
};

class Reader {
 public:
  Reader(Bytes bytes, const DecodeOptions& options) : options_(options) {
    stream_.input = bytes;
    file_ = open_tiff(stream_, messages_, "rm", std::max<int64_t>(options.limits.codec_bytes, 1));
    if (!file_) fail();
  }

  [[noreturn]] void fail() const {
    raise<DecodeError>("decode_tiff: {} ({} bytes)", messages_.error[0] ? messages_.error : "the file cannot be read",
                       stream_.input.size());
  }

  void check_warnings() const {
    if (options_.strict && messages_.warning[0]) {
      raise<DecodeError>("decode_tiff: {} ({} bytes)", messages_.warning, stream_.input.size());
    }
  }

  /// Whether the page that the file stands at is a picture, not the thumbnail or the mask of one.
  bool is_picture() const { return (get<uint32_t>(TIFFTAG_SUBFILETYPE) & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0; }
  bool next() { return TIFFReadDirectory(file_.get()) != 0; }
  bool go_to(int64_t page) { return TIFFSetDirectory(file_.get(), static_cast<tdir_t>(page)) != 0; }
  bool has_failed() const { return messages_.error[0] != '\0'; }

  Page page() {
    Page page{.height = get<uint32_t>(TIFFTAG_IMAGELENGTH),
              .width = get<uint32_t>(TIFFTAG_IMAGEWIDTH),
              .samples = get<uint16_t>(TIFFTAG_SAMPLESPERPIXEL),
              .bits = get<uint16_t>(TIFFTAG_BITSPERSAMPLE),
              .format = get<uint16_t>(TIFFTAG_SAMPLEFORMAT),
              .photometric = get<uint16_t>(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK),
              .planes = get<uint16_t>(TIFFTAG_PLANARCONFIG),
              .orientation = get<uint16_t>(TIFFTAG_ORIENTATION)};
    if (page.height < 1 || page.width < 1 || page.samples < 1) {
      raise<DecodeError>("decode_tiff: a page of {}x{} pixels of {} samples", page.height, page.width, page.samples);
    }
    if (page.format == SAMPLEFORMAT_VOID) page.format = SAMPLEFORMAT_UINT;
    if (page.orientation < 1 || page.orientation > 8) page.orientation = 1;
    if (page.photometric == PHOTOMETRIC_YCBCR && get<uint16_t>(TIFFTAG_COMPRESSION) == COMPRESSION_JPEG) {
      TIFFSetField(file_.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
      page.photometric = PHOTOMETRIC_RGB;
    }
    const bool packed = page.bits == 1 || page.bits == 2 || page.bits == 4;
    const bool whole = page.bits == 8 || page.bits == 16 || page.bits == 32;
    bool known = false;
    switch (page.photometric) {
      case PHOTOMETRIC_MINISWHITE:
      case PHOTOMETRIC_MINISBLACK:
      case PHOTOMETRIC_RGB:
      case PHOTOMETRIC_SEPARATED:
      case PHOTOMETRIC_MASK:
        known = page.format == SAMPLEFORMAT_IEEEFP ? page.bits == 16 || page.bits == 32 || page.bits == 64
                : page.format == SAMPLEFORMAT_INT
                    ? whole
                    : page.format == SAMPLEFORMAT_UINT && (whole || (packed && page.samples == 1));
        break;
      case PHOTOMETRIC_PALETTE:
        known = page.samples == 1 && page.format == SAMPLEFORMAT_UINT && (packed || page.bits == 8);
        break;
      default: break;
    }
    if (!known) {
      page.as_rgba = true;  // what is left, libtiff reads itself or refuses, with the reason
      page.bits = 8;
      page.format = SAMPLEFORMAT_UINT;
    }
    return page;
  }

  /// Gives the rows of the page that the file stands at, as page.samples samples a pixel, from `read(y, row)`.
  template <class Take>
  void read(const Page& page, Take take) {
    if (page.as_rgba) return read_as_rgba(page, take);
    const bool tiled = TIFFIsTiled(file_.get()) != 0;
    const int64_t part_width = tiled ? get<uint32_t>(TIFFTAG_TILEWIDTH) : page.width;
    int64_t part_height = tiled ? get<uint32_t>(TIFFTAG_TILELENGTH) : get<uint32_t>(TIFFTAG_ROWSPERSTRIP);
    if (!tiled) part_height = std::min(part_height, page.height);
    if (part_width < 1 || part_height < 1) raise<DecodeError>("decode_tiff: tiles of {}x{} pixels", part_height, part_width);
    const bool separate = page.planes == PLANARCONFIG_SEPARATE && page.samples > 1;
    const int64_t planes = separate ? page.samples : 1, part_samples = separate ? 1 : page.samples;
    const auto part_bytes = static_cast<int64_t>(tiled ? TIFFTileSize64(file_.get()) : TIFFStripSize64(file_.get()));
    const auto part_row = static_cast<int64_t>(tiled ? TIFFTileRowSize64(file_.get()) : TIFFScanlineSize64(file_.get()));
    const int64_t columns = (page.width + part_width - 1) / part_width;
    const int64_t row_bytes = (page.width * page.samples * page.bits + 7) / 8;
    // A band: the rows that parts side by side give together.
    const int64_t limit = options_.limits.codec_bytes;
    if (part_bytes < 1 || part_bytes > limit || part_height > limit / row_bytes) {
      over_limit("decode_tiff: strips or tiles of {} bytes, {} rows high, are over limits.codec_bytes, {}", part_bytes,
                 part_height, limit);
    }
    const int64_t part_row_due = (part_width * part_samples * page.bits + 7) / 8;
    if (part_row < part_row_due || part_bytes < part_row * part_height) {
      raise<DecodeError>("decode_tiff: rows of {} bytes where {} were due", part_row, part_row_due);
    }
    if (page.bits < 8 && columns > 1 && part_width * page.bits % 8 != 0)
      raise<DecodeError>("decode_tiff: tiles that cut bytes");
    std::vector<uint8_t> part(static_cast<size_t>(part_bytes)), band(static_cast<size_t>(part_height * row_bytes));
    const int64_t sample_bytes = page.bits / 8;
    for (int64_t top = 0; top < page.height; top += part_height) {
      const int64_t rows = std::min(part_height, page.height - top);
      for (int64_t plane = 0; plane < planes; ++plane) {
        for (int64_t column = 0; column < columns; ++column) {
          const int64_t left = column * part_width, width = std::min(part_width, page.width - left);
          read_part(tiled, left, top, plane, part);
          for (int64_t y = 0; y < rows; ++y) {
            const auto* from = part.data() + y * part_row;
            auto* to = band.data() + y * row_bytes;
            if (!separate) {
              std::memcpy(to + left * page.samples * page.bits / 8, from,
                          static_cast<size_t>((width * page.samples * page.bits + 7) / 8));
              continue;
            }
            to += (left * page.samples + plane) * sample_bytes;
            for (int64_t x = 0; x < width; ++x) {
              std::memcpy(to + x * page.samples * sample_bytes, from + x * sample_bytes, static_cast<size_t>(sample_bytes));
            }
          }
        }
      }
      for (int64_t y = 0; y < rows; ++y) take(top + y, band.data() + y * row_bytes);
    }
  }

  /// The colors of a palette of `count`, 8 bits each.
  std::vector<uint8_t> palette(size_t count) const {
    uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
    if (!TIFFGetField(file_.get(), TIFFTAG_COLORMAP, &red, &green, &blue))
      raise<DecodeError>("decode_tiff: there is no palette");
    // Old writers stored 8 bits where 16 were due.
    bool small = true;
    for (size_t i = 0; i < count; ++i) small = small && red[i] < 256 && green[i] < 256 && blue[i] < 256;
    std::vector<uint8_t> colors;
    for (size_t i = 0; i < count; ++i) {
      for (const auto value : {red[i], green[i], blue[i]}) colors.push_back(static_cast<uint8_t>(small ? value : value >> 8));
    }
    return colors;
  }

 private:
  template <class T>
  T get(uint32_t tag, T otherwise = 0) const {
    T value = otherwise;
    TIFFGetFieldDefaulted(file_.get(), tag, &value);
    return value;
  }

  void read_part(bool tiled, int64_t left, int64_t top, int64_t plane, std::vector<uint8_t>& out) {
    const auto x = static_cast<uint32_t>(left), y = static_cast<uint32_t>(top);
    const auto sample = static_cast<uint16_t>(plane);
    const auto size = static_cast<tmsize_t>(out.size());
    const auto got = tiled ? TIFFReadEncodedTile(file_.get(), TIFFComputeTile(file_.get(), x, y, 0, sample), out.data(), size)
                           : TIFFReadEncodedStrip(file_.get(), TIFFComputeStrip(file_.get(), y, sample), out.data(), size);
    if (got < 0) fail();
  }

  template <class Take>
  void read_as_rgba(const Page& page, Take take) {
    if (page.height * page.width > options_.limits.codec_bytes / 4) {
      over_limit("decode_tiff: {}x{} pixels of 4 bytes are over limits.codec_bytes, {}", page.height, page.width,
                 options_.limits.codec_bytes);
    }
    std::vector<uint32_t> raster(static_cast<size_t>(page.height * page.width));
    if (!TIFFReadRGBAImageOriented(file_.get(), static_cast<uint32_t>(page.width), static_cast<uint32_t>(page.height),
                                   raster.data(), page.orientation, 1)) {
      fail();
    }
    std::vector<uint8_t> row(static_cast<size_t>(page.width * 3));
    for (int64_t y = 0; y < page.height; ++y) {
      for (int64_t x = 0; x < page.width; ++x) {
        const auto pixel = raster[static_cast<size_t>(y * page.width + x)];
        auto* rgb = row.data() + x * 3;
        rgb[0] = static_cast<uint8_t>(TIFFGetR(pixel));
        rgb[1] = static_cast<uint8_t>(TIFFGetG(pixel));
        rgb[2] = static_cast<uint8_t>(TIFFGetB(pixel));
      }
      take(y, row.data());
    }
  }

  const DecodeOptions& options_;
  Stream stream_;
  Messages messages_;
  File file_;  // last, as it looks at the others
};

/// Samples of fewer than 8 bits to a byte each.
void unpack_bits(const uint8_t* row, int bits, int64_t count, uint8_t* out) {
  for (int64_t x = 0; x < count; ++x) {
    const int shift = 8 - bits - static_cast<int>(x * bits % 8);
    out[x] = static_cast<uint8_t>(row[x * bits / 8] >> shift & ((1 << bits) - 1));
  }
}

/// Largest minus each, for unsigned numbers of any width.
void invert(uint8_t* samples, int64_t bytes) {
  for (int64_t i = 0; i < bytes; ++i) samples[i] = static_cast<uint8_t>(~samples[i]);
}

/// CMYK of any unsigned type to RGB: what the inks leave of white.
template <class T>
void convert_inks(const uint8_t* from_bytes, int64_t samples, uint8_t* to_bytes, int64_t width) {
  constexpr double top = std::numeric_limits<T>::max();
  for (int64_t x = 0; x < width; ++x) {
    std::array<T, 4> inks;
    std::memcpy(inks.data(), from_bytes + x * samples * static_cast<int64_t>(sizeof(T)), sizeof inks);
    std::array<T, 3> rgb;
    for (size_t c = 0; c < 3; ++c) rgb[c] = static_cast<T>((top - inks[c]) * (top - inks[3]) / top + 0.5);
    std::memcpy(to_bytes + x * 3 * static_cast<int64_t>(sizeof(T)), rgb.data(), sizeof rgb);
  }
}

/// Decodes the page that the reader stands at.
void decode_page(Reader& reader, const Page& page, const ImageInfo& info, uint8_t* out) {
  const int64_t out_bytes = info.width * info.channels * (info.bits / 8);
  std::vector<uint8_t> palette;
  if (!page.as_rgba && page.photometric == PHOTOMETRIC_PALETTE) palette = reader.palette(size_t{1} << page.bits);
  const bool inks = !page.as_rgba && page.photometric == PHOTOMETRIC_SEPARATED && page.samples >= 4 &&
                    info.channels != page.samples && page.type() == SampleType::UNSIGNED && page.bits <= 16;
  const bool white_is_0 = !page.as_rgba && page.photometric == PHOTOMETRIC_MINISWHITE && page.type() == SampleType::UNSIGNED;
  std::vector<uint8_t> wide(static_cast<size_t>(info.width) * 3 * 8);
  reader.read(page, [&](int64_t y, uint8_t* row) {
    int64_t channels = page.channels();
    const uint8_t* pixels = row;
    if (page.bits < 8) {
      unpack_bits(row, page.bits, info.width, wide.data() + 2 * info.width);
      pixels = wide.data() + 2 * info.width;
    }
    if (!palette.empty()) {
      // From the end of the buffer to its beginning: a color is written behind the index that it was read from.
      for (int64_t x = 0; x < info.width; ++x) std::memcpy(wide.data() + 3 * x, palette.data() + int64_t{3} * pixels[x], 3);
      pixels = wide.data();
    } else if (page.bits < 8) {
      const int largest = (1 << page.bits) - 1;
      for (int64_t x = 0; x < info.width; ++x) wide[static_cast<size_t>(x)] = static_cast<uint8_t>(pixels[x] * 255 / largest);
      pixels = wide.data();
    }
    if (white_is_0) {
      auto* gray = page.bits < 8 ? wide.data() : row;
      invert(gray, info.width * channels * (info.bits / 8));
    }
    if (inks) {
      page.bits == 16 ? convert_inks<uint16_t>(row, page.samples, wide.data(), info.width)
                      : convert_inks<uint8_t>(row, page.samples, wide.data(), info.width);
      pixels = wide.data();
      channels = 3;
    }
    convert_channels(pixels, channels, out + y * out_bytes, info, info.width);
  });
}

// Encoding.

void check_encoding(bool good, const Messages& messages) {
  if (!good) raise<ValueError>("encode_tiff: {}", messages.error[0] ? messages.error : "libtiff refused");
}

/// Each sample of a row less that of the pixel before, dropping the carry: the horizontal predictor.
template <class T>
void predict_row(const uint8_t* row_bytes, int64_t samples, int64_t channels, uint8_t* out_bytes) {
  const auto load = [&](int64_t i) {
    T out;
    std::memcpy(&out, row_bytes + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    return out;
  };
  std::memcpy(out_bytes, row_bytes, static_cast<size_t>(channels) * sizeof(T));
  for (int64_t i = channels; i < samples; ++i) {
    const auto less = static_cast<T>(load(i) - load(i - channels));
    std::memcpy(out_bytes + i * static_cast<int64_t>(sizeof(T)), &less, sizeof(T));
  }
}

void predict_row(const uint8_t* row, const ImageInfo& info, uint8_t* out) {
  const auto samples = info.width * info.channels;
  switch (info.bits) {
    case 8: return predict_row<uint8_t>(row, samples, info.channels, out);
    case 16: return predict_row<uint16_t>(row, samples, info.channels, out);
    default: return predict_row<uint32_t>(row, samples, info.channels, out);
  }
}

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  Reader reader(bytes, options);
  Page first;
  ImageInfo info{.frames = 0};
  std::vector<int64_t> pages;
  int64_t place = 0;
  do {
    // The only page is a picture, whatever it calls itself.
    if (!options.still && !reader.is_picture()) continue;
    const auto page = reader.page();
    if (pages.empty()) {
      first = page;
      info = {.height = page.height, .width = page.width, .bits = page.out_bits(), .frames = 0, .type = page.type()};
      check_limits("decode_tiff", info, options.limits);
    } else if (page != first) {
      raise<DecodeError>(
          "decode_tiff: page {} is {}x{} of {} samples of {} bits, the first is {}x{} of {} of {}; pages must be alike", place,
          page.height, page.width, page.samples, page.bits, first.height, first.width, first.samples, first.bits);
    }
    pages.push_back(place);
    info.frames = std::ssize(pages);
    check_limits("decode_tiff", info, options.limits);
  } while (!options.still && (++place, reader.next()));
  if (reader.has_failed()) reader.fail();
  if (pages.empty()) {
    if (!reader.go_to(0)) reader.fail();
    first = reader.page();
    info = {.height = first.height, .width = first.width, .bits = first.out_bits(), .frames = 1, .type = first.type()};
    pages.push_back(0);
  }
  const bool inks = !first.as_rgba && first.photometric == PHOTOMETRIC_SEPARATED && first.samples >= 4;
  const bool half = info.type == SampleType::FLOATING && info.bits == 16;
  info.channels = inks && options.mode != ImageReadMode::UNCHANGED
                      ? converted_channels("decode_tiff", options.mode, 3)
                      : converted_channels("decode_tiff", options.mode, first.channels());
  OPSIS_CHECK(!half || info.channels == first.channels(), "decode_tiff: mode must be UNCHANGED for samples of half precision");
  check_frames("decode_tiff", info, bytes.size(), options.limits);
  if (options.apply_exif_orientation) info.orientation = first.orientation;
  if (first.width > options.limits.codec_bytes / 24 / std::max<int64_t>(first.samples, 1)) {
    over_limit("decode_tiff: rows of {} pixels are over limits.codec_bytes, {}", first.width, options.limits.codec_bytes);
  }
  reader.check_warnings();

  auto* out = static_cast<uint8_t*>(destination(info));
  for (const auto page : pages) {
    if (!reader.go_to(page)) reader.fail();
    reader.page();  // again, as some of it is told to libtiff
    decode_page(reader, first, info, out);
    out += info.height * info.width * info.channels * (info.bits / 8);
  }
  reader.check_warnings();
}

std::vector<uint8_t> encode(const void* pixels, const ImageInfo& info, TiffCompression compression) {
  OPSIS_CHECK(info.height >= 1 && info.width >= 1, "encode_tiff: the image must have a pixel, it is {} high and {} wide",
              info.height, info.width);
  OPSIS_CHECK(info.channels >= 1 && info.channels <= 65535, "encode_tiff: a TIFF has 1 to 65535 channels, got {}",
              info.channels);
  Messages messages;
  Stream stream;
  stream.writes = true;
  const int64_t row_bytes = info.width * info.channels * (info.bits / 8);
  const int64_t all_bytes = row_bytes * info.height * info.frames;
  // Offsets of 32 bits end at 4 GiB.
  auto file = open_tiff(stream, messages, all_bytes > int64_t{3} << 30 ? "w8" : "w", 0);
  check_encoding(file != nullptr, messages);
  const auto set = [&](uint32_t tag, auto value) { check_encoding(TIFFSetField(file.get(), tag, value) != 0, messages); };
  const bool floating = info.type == SampleType::FLOATING;
  const auto* row = static_cast<const uint8_t*>(pixels);
  // Deflated here, in a part of libtiff's time; numbers of floating point it predicts in another way.
  std::optional<Deflater> deflater;
  if (compression == TiffCompression::DEFLATE && !floating && info.bits <= 32 && Deflater::is_built()) deflater.emplace(6);
  const int64_t strip_rows = std::clamp<int64_t>((1 << 16) / row_bytes, 1, info.height);
  std::vector<uint8_t> strip(static_cast<size_t>(strip_rows * row_bytes));
  for (int64_t page = 0; page < info.frames; ++page) {
    set(TIFFTAG_IMAGEWIDTH, static_cast<uint32_t>(info.width));
    set(TIFFTAG_IMAGELENGTH, static_cast<uint32_t>(info.height));
    set(TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(info.channels));
    set(TIFFTAG_BITSPERSAMPLE, info.bits);
    set(TIFFTAG_SAMPLEFORMAT, floating                          ? SAMPLEFORMAT_IEEEFP
                              : info.type == SampleType::SIGNED ? SAMPLEFORMAT_INT
                                                                : SAMPLEFORMAT_UINT);
    set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    const bool color = info.channels == 3 || info.channels == 4;
    set(TIFFTAG_PHOTOMETRIC, color ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
    const int64_t extra = info.channels - (color ? 3 : 1);
    if (extra > 0) {
      const bool alpha = info.channels == 2 || info.channels == 4;
      const std::vector<uint16_t> kinds(static_cast<size_t>(extra),
                                        static_cast<uint16_t>(alpha ? EXTRASAMPLE_UNASSALPHA : EXTRASAMPLE_UNSPECIFIED));
      check_encoding(TIFFSetField(file.get(), TIFFTAG_EXTRASAMPLES, static_cast<int>(extra), kinds.data()) != 0, messages);
    }
    set(TIFFTAG_COMPRESSION, compression == TiffCompression::NONE  ? COMPRESSION_NONE
                             : compression == TiffCompression::LZW ? COMPRESSION_LZW
                                                                   : COMPRESSION_ADOBE_DEFLATE);
    if (compression != TiffCompression::NONE) set(TIFFTAG_PREDICTOR, floating ? PREDICTOR_FLOATINGPOINT : PREDICTOR_HORIZONTAL);
    set(TIFFTAG_ROWSPERSTRIP, static_cast<uint32_t>(strip_rows));
    if (info.frames > 1) set(TIFFTAG_SUBFILETYPE, FILETYPE_PAGE);
    for (int64_t y = 0; y < info.height; y += strip_rows) {
      const auto rows = std::min(strip_rows, info.height - y);
      const auto size = static_cast<tmsize_t>(rows * row_bytes);
      const auto index = TIFFComputeStrip(file.get(), static_cast<uint32_t>(y), 0);
      if (deflater && static_cast<size_t>(size) <= Deflater::kMostBytes) {
        for (int64_t i = 0; i < rows; ++i) predict_row(row + i * row_bytes, info, strip.data() + i * row_bytes);
        const auto data = deflater->zlib({strip.data(), static_cast<size_t>(size)});
        // What libtiff only writes, it does not take as const either.
        auto* const raw = const_cast<uint8_t*>(data.data());
        const auto raw_size = static_cast<tmsize_t>(data.size());
        check_encoding(TIFFWriteRawStrip(file.get(), index, raw, raw_size) == raw_size, messages);
      } else {
        std::memcpy(strip.data(), row, static_cast<size_t>(size));  // libtiff may change what it is given
        check_encoding(TIFFWriteEncodedStrip(file.get(), index, strip.data(), size) == size, messages);
      }
      row += size;
    }
    check_encoding(TIFFWriteDirectory(file.get()) == 1, messages);
  }
  file.reset();
  check_encoding(messages.error[0] == '\0', messages);
  return std::move(stream.output);
}

}  // namespace opsis::inline v1::io::tiff
