// The traps of libavif: what its container says of the size, the AV1 within may contradict, so the decoder below is given the
// container's as its limit; its own rotations are told, never applied.
#include "opsis/io/avif.h"

#include <avif/avif.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/core/frees.h"
#include "opsis/io/exif.h"
#include "opsis/io/over_limit.h"

namespace opsis::inline v1::io::avif {
namespace {

/// The EXIF orientation that means the same as these: first turned by quarters counter-clockwise, then mirrored.
int orientation_of(int quarters, bool mirrored, bool top_to_bottom) {
  constexpr int turned[] = {1, 8, 3, 6}, left_right[] = {2, 7, 4, 5}, top_bottom[] = {4, 5, 2, 7};
  return (!mirrored ? turned : top_to_bottom ? top_bottom : left_right)[quarters & 3];
}

// libavif gives what follows the offset of the TIFF header, so with "Exif\0\0" or whatever else stands before that.
int exif_orientation_of_item(Bytes item) {
  using namespace std::string_view_literals;
  const std::string_view bytes(reinterpret_cast<const char*>(item.data()), item.size());
  const auto begin = std::min(bytes.find("II*\0"sv), bytes.find("MM\0*"sv));
  return begin == std::string_view::npos ? 1 : exif_orientation(item.subspan(begin));
}

int avif_orientation(const avifImage& image) {
  const bool turned = (image.transformFlags & AVIF_TRANSFORM_IROT) != 0,
             mirrored = (image.transformFlags & AVIF_TRANSFORM_IMIR) != 0;
  if (turned || mirrored) return orientation_of(turned ? image.irot.angle : 0, mirrored, image.imir.mode == 0);
  return exif_orientation_of_item({image.exif.data, image.exif.size});
}

void check_avif(const avifDecoder& decoder, avifResult result, Bytes bytes) {
  if (result == AVIF_RESULT_OK) return;
  raise<DecodeError>("decode_avif: {}{}{} ({} bytes)", avifResultToString(result), decoder.diag.error[0] ? ": " : "",
                     static_cast<const char*>(decoder.diag.error), bytes.size());
}

// Encoding.

void check_encoding(avifResult result, Size size) {
  if (result == AVIF_RESULT_OK) return;
  raise<ValueError>("encode_avif: {} (the image is {} high and {} wide)", avifResultToString(result), size.height, size.width);
}

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  const std::unique_ptr<avifDecoder, Frees<avifDecoderDestroy>> decoder(avifDecoderCreate());
  if (!decoder) raise<DecodeError>("decode_avif: out of memory");
  decoder->ignoreXMP = AVIF_TRUE;
  decoder->ignoreExif = options.apply_exif_orientation ? AVIF_FALSE : AVIF_TRUE;
  decoder->imageDimensionLimit = 0;  // check_limits has a message that names the way out
  // A table of samples takes memory while it is parsed; 0 would be no limit.
  decoder->imageCountLimit = static_cast<uint32_t>(std::clamp<int64_t>(options.limits.frames, 1, UINT32_MAX));
  check_avif(*decoder, avifDecoderSetIOMemory(decoder.get(), bytes.data(), bytes.size()), bytes);
  check_avif(*decoder, avifDecoderParse(decoder.get()), bytes);
  if (decoder->imageCount != 1 && !options.still) {
    raise<DecodeError>("decode_avif: the file has {} images, sequences are not supported", decoder->imageCount);
  }

  auto* const image = decoder->image;
  const bool alpha = options.mode == ImageReadMode::RGB_ALPHA || (options.mode != ImageReadMode::RGB && decoder->alphaPresent);
  ImageInfo info{.height = image->height, .width = image->width, .channels = alpha ? 4 : 3, .bits = image->depth > 8 ? 16 : 8};
  check_limits("decode_avif", info, options.limits);
  // Three planes and alpha, as decoded.
  const int64_t working = info.height * info.width * 4 * (info.bits / 8);
  if (working > options.limits.codec_bytes) {
    over_limit("decode_avif: {} bytes to decode {}x{} pixels are over limits.codec_bytes, {}", working, info.height, info.width,
               options.limits.codec_bytes);
  }
  if (options.apply_exif_orientation) info.orientation = avif_orientation(*image);
  decoder->imageSizeLimit = static_cast<uint32_t>(std::max<int64_t>(info.height * info.width, 1));
  const auto depth = image->depth;
  check_avif(*decoder, avifDecoderNextImage(decoder.get()), bytes);
  if (image->height != info.height || image->width != info.width || (image->depth > 8) != (depth > 8)) {
    raise<DecodeError>("decode_avif: the file says {}x{} and holds {}x{}", info.height, info.width, image->height,
                       image->width);
  }
  // Pillow drops alpha, where torchvision lays the picture on black.
  if (options.still && !alpha && !image->alphaPremultiplied) avifImageFreePlanes(image, AVIF_PLANES_A);

  avifRGBImage rgb{};
  avifRGBImageSetDefaults(&rgb, image);
  rgb.depth = static_cast<uint32_t>(info.bits);
  rgb.format = alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.ignoreAlpha = alpha ? AVIF_FALSE : AVIF_TRUE;
  rgb.pixels = static_cast<uint8_t*>(destination(info));
  rgb.rowBytes = static_cast<uint32_t>(info.width * info.channels * (info.bits / 8));
  check_avif(*decoder, avifImageYUVToRGB(image, &rgb), bytes);
}

std::vector<uint8_t> encode(const void* pixels, Size size, int64_t channels, int bits, const Encoding& encoding) {
  OPSIS_CHECK(size.height >= 1 && size.width >= 1 && size.height <= 65536 && size.width <= 65536,
              "encode_avif: an AVIF has 1 to 65536 pixels a side, the image is {} high and {} wide", size.height, size.width);
  const auto format = channels == 1       ? AVIF_PIXEL_FORMAT_YUV400
                      : encoding.lossless ? AVIF_PIXEL_FORMAT_YUV444
                                          : AVIF_PIXEL_FORMAT_YUV420;
  const std::unique_ptr<avifImage, Frees<avifImageDestroy>> image(avifImageCreate(
      static_cast<uint32_t>(size.width), static_cast<uint32_t>(size.height), static_cast<uint32_t>(encoding.depth), format));
  const std::unique_ptr<avifEncoder, Frees<avifEncoderDestroy>> encoder(avifEncoderCreate());
  if (!image || !encoder) raise<ValueError>("encode_avif: out of memory");
  image->colorPrimaries = AVIF_COLOR_PRIMARIES_BT709;
  image->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
  image->matrixCoefficients =
      encoding.lossless && channels != 1 ? AVIF_MATRIX_COEFFICIENTS_IDENTITY : AVIF_MATRIX_COEFFICIENTS_BT601;

  // Gray has no format of its own: three equal channels, of which the luma plane is made.
  std::vector<uint8_t> tripled;
  if (channels == 1) {
    const auto sample = static_cast<size_t>(bits / 8), count = static_cast<size_t>(size.height * size.width);
    tripled.resize(count * 3 * sample);
    for (size_t i = 0; i < count * 3; ++i) {
      std::memcpy(tripled.data() + i * sample, static_cast<const uint8_t*>(pixels) + i / 3 * sample, sample);
    }
  }
  avifRGBImage rgb{};
  avifRGBImageSetDefaults(&rgb, image.get());
  rgb.depth = static_cast<uint32_t>(bits);
  rgb.format = channels == 4 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  // libavif only reads through this; its struct serves both directions.
  rgb.pixels = channels == 1 ? tripled.data() : const_cast<uint8_t*>(static_cast<const uint8_t*>(pixels));
  rgb.rowBytes = static_cast<uint32_t>(size.width * (channels == 4 ? 4 : 3) * (bits / 8));
  check_encoding(avifImageRGBToYUV(image.get(), &rgb), size);

  // libavif 1 maps its quality to quantizers like this.
  const int quantizer = encoding.lossless ? 0 : ((100 - encoding.quality) * AVIF_QUANTIZER_WORST_QUALITY + 50) / 100;
  encoder->minQuantizer = encoder->maxQuantizer = quantizer;
  encoder->minQuantizerAlpha = encoder->maxQuantizerAlpha = quantizer;
  encoder->speed = encoding.speed;
  avifRWData data = AVIF_DATA_EMPTY;
  const std::unique_ptr<avifRWData, Frees<avifRWDataFree>> owner(&data);
  check_encoding(avifEncoderWrite(encoder.get(), image.get(), &data), size);
  return {data.data, data.data + data.size};
}

}  // namespace opsis::inline v1::io::avif
