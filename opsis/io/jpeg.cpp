// The traps of libjpeg: its errors must not return to it, so they longjmp (see attempt.h); it prints its warnings unless told
// otherwise; a progressive file makes it hold all coefficients and read as many scans as the file has.
#include "opsis/io/jpeg.h"

#include <algorithm>
#include <array>
#include <cstdio>  // jpeglib.h needs FILE

#include <jerror.h>
#include <jpeglib.h>

#include "opsis/core/check.h"
#include "opsis/io/attempt.h"
#include "opsis/io/exif.h"
#include "opsis/io/jpeg_fast.h"
#include "opsis/io/over_limit.h"

namespace opsis::inline v1::io::jpeg {
namespace {

constexpr JDIMENSION rows_a_call = 16;  // libjpeg gives at most a row of blocks at once

/// Where a codec's errors go: into `reason`, and back to the attempt. Every codec's client_data points to one.
struct Errors {
  jpeg_error_mgr manager{};
  std::jmp_buf back;
  bool strict = false;  ///< warnings are errors
  char reason[JMSG_LENGTH_MAX] = "";
};

[[noreturn]] void on_error(j_common_ptr codec) {
  auto* errors = static_cast<Errors*>(codec->client_data);
  codec->err->format_message(codec, errors->reason);
  std::longjmp(errors->back, 1);
}

void on_message(j_common_ptr codec, int level) {
  if (level >= 0) return;
  ++codec->err->num_warnings;
  if (static_cast<Errors*>(codec->client_data)->strict) on_error(codec);
}

void on_output(j_common_ptr) {}

jpeg_error_mgr* listen(Errors& errors) {
  auto* manager = jpeg_std_error(&errors.manager);
  manager->error_exit = on_error;
  manager->emit_message = on_message;
  manager->output_message = on_output;
  return manager;
}

// Decoding.

/// Counts the scans of a progressive file against a limit. `manager` comes first: it is what libjpeg knows of it.
struct Scans {
  jpeg_progress_mgr manager{};
  int64_t limit = 0;
  bool too_many = false;
};

struct Reader {
  jpeg_decompress_struct codec{};
  Errors errors;
  jpeg_source_mgr source{};
  Scans scans;
  Bytes bytes;

  ~Reader() { jpeg_destroy_decompress(&codec); }
};

[[noreturn]] void on_end_of_bytes(j_decompress_ptr codec) {
  auto* errors = static_cast<Errors*>(codec->client_data);
  std::snprintf(errors->reason, sizeof errors->reason, "the image is incomplete or truncated");
  std::longjmp(errors->back, 1);
}

void on_start(j_decompress_ptr) {}

boolean on_more(j_decompress_ptr codec) { on_end_of_bytes(codec); }

void on_skip(j_decompress_ptr codec, long count) {
  if (count <= 0) return;
  auto* source = codec->src;
  if (static_cast<size_t>(count) > source->bytes_in_buffer) on_end_of_bytes(codec);
  source->next_input_byte += count;
  source->bytes_in_buffer -= static_cast<size_t>(count);
}

void on_progress(j_common_ptr codec) {
  auto* scans = reinterpret_cast<Scans*>(codec->progress);
  if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number <= scans->limit) return;
  scans->too_many = true;
  std::longjmp(static_cast<Errors*>(codec->client_data)->back, 1);
}

[[noreturn]] void fail(const Reader& reader, const Limits& limits) {
  if (reader.scans.too_many) {
    over_limit("decode_jpeg: the file has more scans than limits.jpeg_scans, {}", limits.jpeg_scans);
  }
  if (reader.errors.manager.msg_code == JERR_NO_BACKING_STORE) {
    over_limit("decode_jpeg: this progressive {}x{} image needs more memory than limits.codec_bytes, {}",
               reader.codec.image_height, reader.codec.image_width, limits.codec_bytes);
  }
  raise<DecodeError>("decode_jpeg: {} ({} bytes)", reader.errors.reason, reader.bytes.size());
}

void read_header(Reader& reader, const DecodeOptions& options) {
  auto& codec = reader.codec;
  codec.err = listen(reader.errors);
  codec.client_data = &reader.errors;
  jpeg_create_decompress(&codec);
  codec.mem->max_memory_to_use = options.limits.codec_bytes;
  reader.scans.limit = options.limits.jpeg_scans;
  reader.scans.manager.progress_monitor = on_progress;
  codec.progress = &reader.scans.manager;
  auto& source = reader.source;
  source.next_input_byte = reader.bytes.data();
  source.bytes_in_buffer = reader.bytes.size();
  source.init_source = on_start;
  source.fill_input_buffer = on_more;
  source.skip_input_data = on_skip;
  source.resync_to_restart = jpeg_resync_to_restart;
  source.term_source = on_start;
  codec.src = &source;
  if (options.apply_exif_orientation) jpeg_save_markers(&codec, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(&codec, TRUE);
}

bool is_cmyk(const jpeg_decompress_struct& codec) {
  return codec.jpeg_color_space == JCS_CMYK || codec.jpeg_color_space == JCS_YCCK;
}

/// Asks libjpeg for the colors of the mode, and gives their number. CMYK it turns into nothing else: we do (see below).
int64_t choose_colors(jpeg_decompress_struct& codec, ImageReadMode mode) {
  switch (mode) {
    case ImageReadMode::UNCHANGED: return codec.num_components;
    case ImageReadMode::GRAY: codec.out_color_space = is_cmyk(codec) ? JCS_CMYK : JCS_GRAYSCALE; return 1;
    case ImageReadMode::RGB: codec.out_color_space = is_cmyk(codec) ? JCS_CMYK : JCS_RGB; return 3;
    default: raise<ValueError>("decode_jpeg: mode must be UNCHANGED, GRAY or RGB; JPEG has no alpha");
  }
}

/// The orientation by the first APP1 segment; torchvision looks at no other, which matters where XMP stands before EXIF.
int orientation_of(const jpeg_decompress_struct& codec) {
  for (const auto* marker = codec.marker_list; marker; marker = marker->next) {
    if (marker->marker == JPEG_APP0 + 1) return exif_orientation_of_app1({marker->data, marker->data_length});
  }
  return 1;
}

/// A row of CMYK as RGB or gray. Adobe stores ink inverted, 255 is none. The rounding is Pillow's, which torchvision follows.
void convert_cmyk(const uint8_t* cmyk, uint8_t* out, size_t width, int64_t channels) {
  for (size_t x = 0; x < width; ++x, cmyk += 4) {
    const int black = cmyk[3];
    std::array<int, 3> rgb{};
    for (size_t i = 0; i < 3; ++i) {
      const int product = black * (255 - cmyk[i]) + 128;
      rgb[i] = std::clamp(black - (((product >> 8) + product) >> 8), 0, 255);
    }
    if (channels == 3) {
      for (const int value : rgb) *out++ = static_cast<uint8_t>(value);
    } else {
      // BT.601 in 16-bit fixed point.
      *out++ = static_cast<uint8_t>((19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 0x8000) >> 16);
    }
  }
}

/// How what libjpeg gives becomes what was asked for.
struct Plan {
  Region region;            ///< in the picture as it is decoded, so scaled
  bool whole = true;        ///< the region is all of it
  bool from_cmyk = false;   ///< rows come as CMYK, and we convert them
  int64_t channels = 0;     ///< of the result
  JDIMENSION first_column;  ///< where libjpeg's rows begin, in the picture
};

/// Whether libjpeg smooths over the blocks of a progressive file that ended early. How, depends on what lies around a block, so
/// that a part must not be decoded alone then.
bool smooths_blocks(const jpeg_decompress_struct& codec) {
  if (!codec.progressive_mode || !codec.coef_bits) return false;
  constexpr int looked_at = 10;  // coefficients, at most, in any release
  for (int component = 0; component < codec.num_components; ++component) {
    const auto* bits = codec.coef_bits[component];
    if (std::any_of(bits, bits + looked_at, [](int missing) { return missing != 0; })) return true;
  }
  return false;
}

/// Whether libjpeg can leave out columns. When scaling, it may spare itself upsampling a component by scaling it less; of one that
/// this brings only a part of the way, it forgets to widen the columns it is to upsample (seen in 2.1.5).
bool crops_columns(const jpeg_decompress_struct& codec) {
  return std::all_of(codec.comp_info, codec.comp_info + codec.num_components, [&](const jpeg_component_info& component) {
    const auto expected = component.h_samp_factor * static_cast<int64_t>(codec.output_width);
    return component.downsampled_width >= codec.output_width ||
           int64_t{component.downsampled_width} * codec.max_h_samp_factor < expected + codec.max_h_samp_factor;
  });
}

/// Starts decoding, and tells libjpeg which columns are of interest.
void start(jpeg_decompress_struct& codec, Plan& plan) {
  jpeg_start_decompress(&codec);
  plan.first_column = 0;
  if (plan.whole || smooths_blocks(codec) || !crops_columns(codec)) return;
  // A column of blocks more on either side, for the chroma of the outermost pixels is mixed from their neighbors'.
  const auto margin = static_cast<JDIMENSION>(codec.max_h_samp_factor * DCTSIZE) / codec.scale_denom;
  const auto left = static_cast<JDIMENSION>(plan.region.left), width = static_cast<JDIMENSION>(plan.region.width);
  const auto end = std::min(left + width + margin, codec.output_width);
  auto begin = left < margin ? 0 : left - margin;
  auto count = end - begin;
  if (count == codec.output_width) return;
  jpeg_crop_scanline(&codec, &begin, &count);
  plan.first_column = begin;
}

/// Rows straight into the result.
void read_rows(jpeg_decompress_struct& codec, uint8_t* out, size_t row_bytes) {
  JSAMPROW rows[rows_a_call];
  while (codec.output_scanline < codec.output_height) {
    const auto count = std::min(rows_a_call, codec.output_height - codec.output_scanline);
    for (JDIMENSION i = 0; i < count; ++i) rows[i] = out + (codec.output_scanline + i) * row_bytes;
    jpeg_read_scanlines(&codec, rows, count);
  }
  jpeg_finish_decompress(&codec);
}

/// Rows by way of `row`, cut out or converted.
void read_rows_of(jpeg_decompress_struct& codec, const Plan& plan, uint8_t* out, uint8_t* row, bool to_the_end) {
  const auto top = static_cast<JDIMENSION>(plan.region.top), below = top + static_cast<JDIMENSION>(plan.region.height);
  const auto width = static_cast<size_t>(plan.region.width), channels = static_cast<size_t>(plan.channels);
  const auto offset = static_cast<size_t>(plan.region.left - plan.first_column) * static_cast<size_t>(codec.output_components);
  if (!smooths_blocks(codec)) jpeg_skip_scanlines(&codec, top);
  while (codec.output_scanline < below) {
    const auto at = codec.output_scanline;
    jpeg_read_scanlines(&codec, &row, 1);
    if (at < top) continue;
    if (plan.from_cmyk) {
      convert_cmyk(row + offset, out, width, plan.channels);
    } else {
      std::copy_n(row + offset, width * channels, out);
    }
    out += width * channels;
  }
  // To skip to the end would leave the rest unread, to skip to the last row does not.
  if (to_the_end && below < codec.output_height) {
    jpeg_skip_scanlines(&codec, codec.output_height - 1 - below);
    jpeg_read_scanlines(&codec, &row, 1);
  }
  if (codec.output_scanline == codec.output_height) jpeg_finish_decompress(&codec);
}

// Encoding.

/// The bytes written so far. `manager` comes first: it is what libjpeg knows of it.
struct Output {
  jpeg_destination_mgr manager{};
  std::vector<uint8_t> bytes;
};

struct Writer {
  jpeg_compress_struct codec{};
  Errors errors;
  Output output;

  ~Writer() { jpeg_destroy_compress(&codec); }
};

/// Gives libjpeg `more` bytes behind those it has.
void extend(j_compress_ptr codec, size_t more) {
  auto* output = reinterpret_cast<Output*>(codec->dest);
  const auto used = output->bytes.size();
  if (!try_resize(output->bytes, used + more)) ERREXIT1(codec, JERR_OUT_OF_MEMORY, 0);
  output->manager.next_output_byte = output->bytes.data() + used;
  output->manager.free_in_buffer = more;
}

void on_first_buffer(j_compress_ptr codec) { extend(codec, 1 << 16); }

boolean on_full_buffer(j_compress_ptr codec) {
  // All of the buffer is used here, whatever free_in_buffer says.
  extend(codec, reinterpret_cast<Output*>(codec->dest)->bytes.size());
  return TRUE;
}

void on_last_buffer(j_compress_ptr codec) {
  auto* output = reinterpret_cast<Output*>(codec->dest);
  try_resize(output->bytes, output->bytes.size() - output->manager.free_in_buffer);
}

void write_image(Writer& writer, const uint8_t* pixels, Size size, int channels, int quality) {
  auto& codec = writer.codec;
  codec.err = listen(writer.errors);
  codec.client_data = &writer.errors;
  jpeg_create_compress(&codec);
  auto& destination = writer.output.manager;
  destination.init_destination = on_first_buffer;
  destination.empty_output_buffer = on_full_buffer;
  destination.term_destination = on_last_buffer;
  codec.dest = &destination;
  codec.image_height = static_cast<JDIMENSION>(size.height);
  codec.image_width = static_cast<JDIMENSION>(size.width);
  codec.input_components = channels;
  codec.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, quality, TRUE);
  jpeg_start_compress(&codec, TRUE);
  const auto row_bytes = static_cast<size_t>(size.width) * static_cast<size_t>(channels);
  JSAMPROW rows[rows_a_call];
  while (codec.next_scanline < codec.image_height) {
    const auto count = std::min(rows_a_call, codec.image_height - codec.next_scanline);
    // libjpeg only reads through these; its interface is older than const.
    for (JDIMENSION i = 0; i < count; ++i) rows[i] = const_cast<uint8_t*>(pixels + (codec.next_scanline + i) * row_bytes);
    jpeg_write_scanlines(&codec, rows, count);
  }
  jpeg_finish_compress(&codec);
}

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  OPSIS_CHECK(options.min_size >= 0, "decode_jpeg: min_size must be 0 or more, got {}", options.min_size);
  // What the quick way gave up on is written again, to the same memory.
  void* memory = nullptr;
  const auto once = [&](const ImageInfo& info) { return memory ? memory : memory = destination(info); };
  if (!decode_fast(bytes, options, once)) decode_by_libjpeg(bytes, options, once);
}

void decode_by_libjpeg(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  OPSIS_CHECK(options.min_size >= 0, "decode_jpeg: min_size must be 0 or more, got {}", options.min_size);
  Reader reader;
  reader.bytes = bytes;
  reader.errors.strict = options.strict;
  auto& codec = reader.codec;
  auto& back = reader.errors.back;
  if (!attempt(back, [&] { read_header(reader, options); })) fail(reader, options.limits);

  const Size stored{codec.image_height, codec.image_width};
  ImageInfo info{
      .height = stored.height, .width = stored.width, .channels = choose_colors(codec, options.mode), .picture = stored};
  check_limits("decode_jpeg", info, options.limits);
  if (options.apply_exif_orientation) info.orientation = orientation_of(codec);
  Region region{0, 0, stored.height, stored.width};
  if (options.region) region = take_region("decode_jpeg", *options.region, info);
  info.scale = choose_scale({region.height, region.width}, options.min_size);
  codec.scale_num = 1;
  codec.scale_denom = static_cast<unsigned>(info.scale);
  Plan plan{.region = scaled_region(region, info.scale),
            .from_cmyk = options.mode != ImageReadMode::UNCHANGED && is_cmyk(codec),
            .channels = info.channels,
            .first_column = 0};
  const auto all = scaled_region({0, 0, stored.height, stored.width}, info.scale);
  plan.whole = plan.region.height == all.height && plan.region.width == all.width;
  info.height = plan.region.height;
  info.width = plan.region.width;

  // A progressive file is read to its end here, so its errors come before the caller's memory.
  if (!attempt(back, [&] { start(codec, plan); })) fail(reader, options.limits);
  if (codec.output_components != (plan.from_cmyk ? 4 : info.channels)) {
    raise<DecodeError>("decode_jpeg: {} components cannot be decoded", codec.output_components);
  }
  auto* out = static_cast<uint8_t*>(destination(info));
  if (plan.whole && !plan.from_cmyk) {
    const auto row_bytes = static_cast<size_t>(info.width * info.channels);
    if (!attempt(back, [&] { read_rows(codec, out, row_bytes); })) fail(reader, options.limits);
  } else {
    std::vector<uint8_t> row(static_cast<size_t>(codec.output_width) * static_cast<size_t>(codec.output_components));
    const auto read = [&] { read_rows_of(codec, plan, out, row.data(), options.strict); };
    if (!attempt(back, read)) fail(reader, options.limits);
  }
}

std::vector<uint8_t> encode(const uint8_t* pixels, Size size, int64_t channels, int64_t quality) {
  OPSIS_CHECK(size.height <= JPEG_MAX_DIMENSION && size.width <= JPEG_MAX_DIMENSION,
              "encode_jpeg: a JPEG has at most {} pixels a side, the image is {} high and {} wide", JPEG_MAX_DIMENSION,
              size.height, size.width);
  Writer writer;
  const auto count = static_cast<int>(channels), level = static_cast<int>(quality);
  if (!attempt(writer.errors.back, [&] { write_image(writer, pixels, size, count, level); })) {
    raise<ValueError>("encode_jpeg: {} (the image is {} high and {} wide)", writer.errors.reason, size.height, size.width);
  }
  return std::move(writer.output.bytes);
}

}  // namespace opsis::inline v1::io::jpeg
