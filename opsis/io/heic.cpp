// The traps of libheif: before 1.19 it has one limit, for each side of a picture, and none for what it allocates, which is why a
// HEIC is not decoded by content; rows may be padded; 16-bit samples are not stretched to 16 bits.
#include "opsis/io/heic.h"

#include <libheif/heif.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>

#include "opsis/core/check.h"
#include "opsis/core/frees.h"
#include "opsis/io/over_limit.h"

namespace opsis::inline v1::io::heic {
namespace {

void check_heic(const heif_error& error, Bytes bytes) {
  if (error.code != heif_error_Ok) raise<DecodeError>("decode_heic: {} ({} bytes)", error.message, bytes.size());
}

/// Holds all sizes that the file tells of to the limits, also of tiles and of what a picture is derived from: the boxes "ispe".
void check_sizes(Bytes bytes, const Limits& limits) {
  const auto number = [&](size_t at) {
    return at + 4 > bytes.size()
               ? uint32_t{0}
               : uint32_t{bytes[at]} << 24 | uint32_t{bytes[at + 1]} << 16 | uint32_t{bytes[at + 2]} << 8 | bytes[at + 3];
  };
  const auto text = as_text(bytes);
  for (auto name = text.find("ispe"); name != text.npos; name = text.find("ispe", name + 4)) {
    const auto length = name < 4 ? 2 : number(name - 4);  // 0: to the end, 1: of 64 bits behind the name
    if (length > bytes.size() || (length > 1 && length < 20)) continue;
    const auto sides = name + 8 + (length == 1 ? 8 : 0);
    check_limits("decode_heic", {.height = number(sides + 4), .width = number(sides)}, limits);
  }
}

/// Gives libheif its limit. From 1.19 on it is the square of a number; before, for each side, which would keep out panoramas that
/// have fewer pixels than that.
void limit(heif_context* context, Bytes bytes, const Limits& limits) {
  const auto square = std::ceil(std::sqrt(static_cast<double>(std::max<int64_t>(limits.pixels, 1))));
  auto side = static_cast<int64_t>(std::min(square, 46340.0));
  if (heif_get_version_number() < 0x01130000) {
    check_sizes(bytes, limits);
    side = std::clamp<int64_t>(std::min(limits.side, limits.pixels), 1, 65535);
  }
  heif_context_set_maximum_image_size_limit(context, static_cast<int>(side));
}

heif_chroma chroma_of(bool alpha, int bits) {
  if (bits == 8) return alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
  if (std::endian::native == std::endian::little) {
    return alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE;
  }
  return alpha ? heif_chroma_interleaved_RRGGBBAA_BE : heif_chroma_interleaved_RRGGBB_BE;
}

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  const std::unique_ptr<heif_context, Frees<heif_context_free>> context(heif_context_alloc());
  if (!context) raise<DecodeError>("decode_heic: out of memory");
  limit(context.get(), bytes, options.limits);
  heif_context_set_max_decoding_threads(context.get(), 0);
  check_heic(heif_context_read_from_memory_without_copy(context.get(), bytes.data(), bytes.size(), nullptr), bytes);

  heif_image_handle* raw_handle = nullptr;
  const auto found = heif_context_get_primary_image_handle(context.get(), &raw_handle);
  const std::unique_ptr<heif_image_handle, Frees<heif_image_handle_release>> handle(raw_handle);
  check_heic(found, bytes);
  const int depth = heif_image_handle_get_luma_bits_per_pixel(handle.get());
  if (depth < 1 || depth > 16) raise<DecodeError>("decode_heic: {} bits a sample", depth);
  const bool file_alpha = heif_image_handle_has_alpha_channel(handle.get()) != 0;
  const bool alpha = options.mode == ImageReadMode::RGB_ALPHA || (options.mode != ImageReadMode::RGB && file_alpha);
  const ImageInfo info{.height = heif_image_handle_get_height(handle.get()),
                       .width = heif_image_handle_get_width(handle.get()),
                       .channels = alpha ? 4 : 3,
                       .bits = depth > 8 ? 16 : 8};
  if (info.height < 1 || info.width < 1) raise<DecodeError>("decode_heic: the image is {}x{}", info.height, info.width);
  check_limits("decode_heic", info, options.limits);
  // The planes as decoded, and their RGB.
  const int64_t working = info.height * info.width * 8 * (info.bits / 8);
  if (working > options.limits.codec_bytes) {
    over_limit("decode_heic: {} bytes to decode {}x{} pixels are over limits.codec_bytes, {}", working, info.height, info.width,
               options.limits.codec_bytes);
  }

  const std::unique_ptr<heif_decoding_options, Frees<heif_decoding_options_free>> how(heif_decoding_options_alloc());
  if (!how) raise<DecodeError>("decode_heic: out of memory");
  how->strict_decoding = 0;  // with it libheif 1.15 loses the memory of the image that it refuses; its warnings tell as much
  heif_image* raw_image = nullptr;
  const auto decoded = heif_decode_image(handle.get(), &raw_image, heif_colorspace_RGB, chroma_of(alpha, info.bits), how.get());
  const std::unique_ptr<heif_image, Frees<heif_image_release>> image(raw_image);
  check_heic(decoded, bytes);
  if (options.strict && heif_image_get_decoding_warnings(image.get(), 0, nullptr, 0) > 0) {
    heif_error warning{};
    heif_image_get_decoding_warnings(image.get(), 0, &warning, 1);
    raise<DecodeError>("decode_heic: {} ({} bytes)", warning.message, bytes.size());
  }
  int stride = 0;
  const auto* rows = heif_image_get_plane_readonly(image.get(), heif_channel_interleaved, &stride);
  const auto row_bytes = static_cast<size_t>(info.width * info.channels * (info.bits / 8));
  if (!rows || stride < 0 || static_cast<size_t>(stride) < row_bytes ||
      heif_image_get_height(image.get(), heif_channel_interleaved) != info.height ||
      heif_image_get_width(image.get(), heif_channel_interleaved) != info.width) {
    raise<DecodeError>("decode_heic: the file says {}x{} and holds another size ({} bytes)", info.height, info.width,
                       bytes.size());
  }

  auto* out = static_cast<uint8_t*>(destination(info));
  for (int64_t y = 0; y < info.height; ++y, rows += stride, out += row_bytes) {
    std::memcpy(out, rows, row_bytes);
    if (info.bits == 8) continue;
    auto* samples = reinterpret_cast<uint16_t*>(out);
    for (int64_t x = 0; x < info.width * info.channels; ++x) samples[x] = static_cast<uint16_t>(samples[x] << (16 - depth));
  }
}

}  // namespace opsis::inline v1::io::heic
