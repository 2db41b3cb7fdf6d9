// The traps of libpng: its errors must not return to it, so they longjmp (see attempt.h); it prints its warnings unless told
// otherwise; text chunks unpack to many times their size, and are skipped here. So are profiles of colors: before 1.6.45 libpng
// knows that of sRGB by sight, and makes gray in linear light then; torchvision's libpng does not.
#include "opsis/io/png.h"

#include <png.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/io/attempt.h"
#include "opsis/io/exif.h"
#include "opsis/io/over_limit.h"
#include "opsis/io/png_fast.h"

namespace opsis::inline v1::io::png {
namespace {

/// Where libpng's errors go: into `reason`, and back to the attempt.
struct Errors {
  std::jmp_buf back;
  bool strict = false;  ///< warnings are errors
  char reason[128] = "";
};

[[noreturn]] void on_error(png_structp codec, png_const_charp reason) {
  auto* errors = static_cast<Errors*>(png_get_error_ptr(codec));
  std::snprintf(errors->reason, sizeof errors->reason, "%s", reason);
  std::longjmp(errors->back, 1);
}

void on_warning(png_structp codec, png_const_charp reason) {
  if (static_cast<Errors*>(png_get_error_ptr(codec))->strict) on_error(codec, reason);
}

// Decoding.

/// What a file may carry that no pixel depends on. Five bytes each: a name and its end.
constexpr png_byte skipped_chunks[] = "iCCP\0tEXt\0zTXt\0iTXt\0sPLT\0hIST\0pHYs\0oFFs\0pCAL\0sCAL\0tIME\0bKGD";

struct Reader {
  png_structp codec = nullptr;
  png_infop info = nullptr;
  Errors errors;
  Bytes rest;

  ~Reader() { png_destroy_read_struct(&codec, &info, nullptr); }
};

void on_read(png_structp codec, png_bytep out, size_t count) {
  auto* rest = static_cast<Bytes*>(png_get_io_ptr(codec));
  if (count > rest->size()) png_error(codec, "the image is incomplete or truncated");
  std::memcpy(out, rest->data(), count);
  *rest = rest->subspan(count);
}

void read_header(Reader& reader, const DecodeOptions& options, bool with_profile = false) {
  reader.codec = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader.errors, on_error, on_warning);
  if (!reader.codec) return;
  reader.info = png_create_info_struct(reader.codec);
  if (!reader.info) return;
  png_set_read_fn(reader.codec, &reader.rest, on_read);
  // Sides are checked by check_limits, whose message names the way out.
  png_set_user_limits(reader.codec, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_chunk_malloc_max(reader.codec, std::clamp<int64_t>(options.limits.codec_bytes, 1, 8'000'000));
  const size_t kept = with_profile ? 1 : 0;
  png_set_keep_unknown_chunks(reader.codec, PNG_HANDLE_CHUNK_NEVER, skipped_chunks + 5 * kept,
                              static_cast<int>(sizeof skipped_chunks / 5 - kept));
  png_read_info(reader.codec, reader.info);
}

/// Whether a chunk that libpng would read, those behind the pixels too if so asked, is longer than what there is of the file.
/// For an eXIf it makes room by the gigabyte before it comes to the end.
bool claims_too_much(Bytes bytes, bool behind_pixels) {
  if (!has_magic(bytes, 0, signature)) return false;
  constexpr size_t around = 12;  // length, name and checksum
  for (size_t at = signature.size(); at < bytes.size() && bytes.size() - at >= around;) {
    const auto chunk = bytes.subspan(at);
    const size_t length = size_t{chunk[0]} << 24 | size_t{chunk[1]} << 16 | size_t{chunk[2]} << 8 | size_t{chunk[3]};
    const bool pixels = std::memcmp(chunk.data() + 4, "IDAT", 4) == 0;
    if ((pixels && !behind_pixels) || std::memcmp(chunk.data() + 4, "IEND", 4) == 0) return false;
    if (length > chunk.size() - around) return !pixels;
    at += length + around;
  }
  return false;
}

[[noreturn]] void fail(const Reader& reader, Bytes bytes) {
  raise<DecodeError>("decode_png: {} ({} bytes)", reader.errors.reason, bytes.size());
}

/// The warnings of a profile are errors under `strict`, though no pixel depends on it.
void check_profile(Bytes bytes, const DecodeOptions& options) {
  Reader reader;
  reader.rest = bytes;
  reader.errors.strict = true;
  if (!attempt(reader.errors.back, [&] { read_header(reader, options, /*with_profile=*/true); })) fail(reader, bytes);
}

/// Asks libpng for the channels of the mode, by the same transformations as torchvision; gives their number.
int64_t choose_channels(png_structp codec, png_infop info, ImageReadMode mode) {
  const int color_type = png_get_color_type(codec, info);
  const int depth = png_get_bit_depth(codec, info);
  const bool palette = color_type == PNG_COLOR_TYPE_PALETTE;
  if (color_type == PNG_COLOR_TYPE_GRAY && depth < 8) png_set_expand_gray_1_2_4_to_8(codec);
  if (mode == ImageReadMode::UNCHANGED) {
    if (palette) png_set_packing(codec);  // an index a byte
    return png_get_channels(codec, info);
  }

  const bool wants_alpha = mode == ImageReadMode::GRAY_ALPHA || mode == ImageReadMode::RGB_ALPHA;
  const bool wants_color = mode == ImageReadMode::RGB || mode == ImageReadMode::RGB_ALPHA;
  const bool has_color = (color_type & PNG_COLOR_MASK_COLOR) != 0;
  // A tRNS chunk counts for palettes only: torchvision does not look at that of gray and RGB images.
  const bool has_alpha = palette ? png_get_valid(codec, info, PNG_INFO_tRNS) != 0 : (color_type & PNG_COLOR_MASK_ALPHA) != 0;
  if (palette) png_set_palette_to_rgb(codec);
  if (has_color && !wants_color) png_set_rgb_to_gray(codec, PNG_ERROR_ACTION_NONE, 0.2989, 0.587);
  if (!has_color && wants_color) png_set_gray_to_rgb(codec);
  if (has_alpha && !wants_alpha) png_set_strip_alpha(codec);
  // Opaque is the largest number of the file's depth, so 1, 3 or 15 for gray of 1, 2 or 4 bits: torchvision's, to the letter.
  if (!has_alpha && wants_alpha) png_set_add_alpha(codec, palette ? 255 : (1U << depth) - 1, PNG_FILLER_AFTER);
  return (wants_color ? 3 : 1) + (wants_alpha ? 1 : 0);
}

int orientation_of(png_structp codec, png_infop info) {
  png_uint_32 size = 0;
  png_bytep block = nullptr;
  return png_get_eXIf_1(codec, info, &size, &block) != 0 ? exif_orientation({block, size}) : 1;
}

void read_rows(png_structp codec, uint8_t* out, int64_t height, size_t row_bytes, int passes) {
  for (int pass = 0; pass < passes; ++pass) {
    for (int64_t y = 0; y < height; ++y) png_read_row(codec, out + static_cast<size_t>(y) * row_bytes, nullptr);
  }
  // No png_read_end: what stands behind the pixels, torchvision does not look at.
}

/// The same for a part of the rows and columns, by way of `row`.
void read_rows_of(png_structp codec, const Region& region, uint8_t* out, uint8_t* row, size_t pixel_bytes) {
  const auto bytes = static_cast<size_t>(region.width) * pixel_bytes;
  for (int64_t y = 0; y < region.top + region.height; ++y) {
    png_read_row(codec, row, nullptr);
    if (y < region.top) continue;
    std::memcpy(out, row + static_cast<size_t>(region.left) * pixel_bytes, bytes);
    out += bytes;
  }
}

// Encoding.

struct Writer {
  png_structp codec = nullptr;
  png_infop info = nullptr;
  Errors errors;
  std::vector<uint8_t> bytes;

  ~Writer() { png_destroy_write_struct(&codec, &info); }
};

void on_write(png_structp codec, png_bytep data, size_t count) {
  auto* bytes = static_cast<std::vector<uint8_t>*>(png_get_io_ptr(codec));
  const auto used = bytes->size();
  if (!try_resize(*bytes, used + count)) png_error(codec, "out of memory");
  std::memcpy(bytes->data() + used, data, count);
}

void on_flush(png_structp) {}

void write_image(Writer& writer, const uint8_t* pixels, Size size, int64_t channels, int compression_level) {
  writer.codec = png_create_write_struct(PNG_LIBPNG_VER_STRING, &writer.errors, on_error, on_warning);
  if (!writer.codec) return;
  writer.info = png_create_info_struct(writer.codec);
  if (!writer.info) return;
  png_set_write_fn(writer.codec, &writer.bytes, on_write, on_flush);
  png_set_user_limits(writer.codec, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(writer.codec, writer.info, static_cast<png_uint_32>(size.width), static_cast<png_uint_32>(size.height), 8,
               channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(writer.codec, compression_level);
  png_write_info(writer.codec, writer.info);
  const auto row_bytes = static_cast<size_t>(size.width * channels);
  for (int64_t y = 0; y < size.height; ++y) png_write_row(writer.codec, pixels + static_cast<size_t>(y) * row_bytes);
  png_write_end(writer.codec, writer.info);
}

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  if (!decode_fast(bytes, options, destination)) decode_by_libpng(bytes, options, destination);
}

void decode_by_libpng(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  if (claims_too_much(bytes, options.strict)) {
    raise<DecodeError>("decode_png: the image is incomplete or truncated ({} bytes)", bytes.size());
  }
  if (options.strict) check_profile(bytes, options);
  Reader reader;
  reader.rest = bytes;
  reader.errors.strict = options.strict;
  const auto run = [&](auto calls) {
    if (!attempt(reader.errors.back, calls)) fail(reader, bytes);
  };
  run([&] { read_header(reader, options); });
  auto* const codec = reader.codec;
  auto* const header = reader.info;
  if (!header) raise<DecodeError>("decode_png: out of memory");

  const int depth = png_get_bit_depth(codec, header);
  ImageInfo info{
      .height = png_get_image_height(codec, header), .width = png_get_image_width(codec, header), .bits = depth == 16 ? 16 : 8};
  check_limits("decode_png", info, options.limits);

  int passes = 1;
  run([&] {
    info.channels = choose_channels(codec, header, options.mode);
    if (info.bits == 16 && std::endian::native == std::endian::little) png_set_swap(codec);
    passes = png_set_interlace_handling(codec);
    png_read_update_info(codec, header);
    if (options.apply_exif_orientation) info.orientation = orientation_of(codec, header);
  });
  check_limits("decode_png", info, options.limits);  // now with the channels
  const auto pixel_bytes = static_cast<size_t>(info.channels * (info.bits / 8));
  const auto row_bytes = static_cast<size_t>(info.width) * pixel_bytes;
  if (png_get_rowbytes(codec, header) != row_bytes) {
    raise<DecodeError>("decode_png: rows of {} bytes where {} were due", png_get_rowbytes(codec, header), row_bytes);
  }
  // libpng keeps up to four rows of its own.
  if (options.limits.codec_bytes / 4 < static_cast<int64_t>(row_bytes)) {
    over_limit("decode_png: four rows of {} bytes are over limits.codec_bytes, {}", row_bytes, options.limits.codec_bytes);
  }
  // An interlaced picture is whole or nothing; with strict, the bytes behind the region are to be looked at.
  if (options.region && passes == 1 && !options.strict) {
    const auto region = take_region("decode_png", *options.region, info);
    std::vector<uint8_t> row(row_bytes);
    auto* const out = static_cast<uint8_t*>(destination(info));
    run([&] { read_rows_of(codec, region, out, row.data(), pixel_bytes); });
    return;
  }
  auto* const out = static_cast<uint8_t*>(destination(info));
  run([&] { read_rows(codec, out, info.height, row_bytes, passes); });
  if (options.strict) run([&] { png_read_end(codec, header); });  // without `header` it looks at nothing there
}

std::vector<uint8_t> encode_quickly(const uint8_t* pixels, Size size, int64_t channels, int64_t compression_level) {
  auto bytes = encode_fast(pixels, size, channels, compression_level);
  return bytes ? std::move(*bytes) : encode(pixels, size, channels, compression_level);
}

std::vector<uint8_t> encode(const uint8_t* pixels, Size size, int64_t channels, int64_t compression_level) {
  OPSIS_CHECK(size.height <= PNG_UINT_31_MAX && size.width <= PNG_UINT_31_MAX,
              "encode_png: a PNG has at most {} pixels a side, the image is {} high and {} wide", PNG_UINT_31_MAX, size.height,
              size.width);
  Writer writer;
  const auto level = static_cast<int>(compression_level);
  if (!attempt(writer.errors.back, [&] { write_image(writer, pixels, size, channels, level); })) {
    raise<ValueError>("encode_png: {} (the image is {} high and {} wide)", writer.errors.reason, size.height, size.width);
  }
  if (!writer.info) raise<ValueError>("encode_png: out of memory");
  return std::move(writer.bytes);
}

}  // namespace opsis::inline v1::io::png
