#include "opsis/io/webp.h"

#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>

#include <cstring>
#include <memory>

#include "opsis/core/check.h"
#include "opsis/core/frees.h"
#include "opsis/io/exif.h"
#include "opsis/io/over_limit.h"

namespace opsis::inline v1::io::webp {
namespace {

const char* reason_of(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_OUT_OF_MEMORY: return "out of memory";
    case VP8_STATUS_UNSUPPORTED_FEATURE: return "the file asks for what libwebp has not";
    case VP8_STATUS_NOT_ENOUGH_DATA: return "the image is incomplete or truncated";
    default: return "the bitstream is corrupt";
  }
}

int webp_orientation(Bytes bytes) {
  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPDemuxer, Frees<WebPDemuxDelete>> demuxer(WebPDemux(&data));
  if (!demuxer) return 1;
  WebPChunkIterator chunk{};
  if (!WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk)) return 1;
  const std::unique_ptr<WebPChunkIterator, Frees<WebPDemuxReleaseChunkIterator>> owner(&chunk);
  const Bytes block(chunk.chunk.bytes, chunk.chunk.size);
  // Some programs put a JPEG's six bytes in front.
  return has_magic(block, 0, "Exif") ? exif_orientation_of_app1(block) : exif_orientation(block);
}

// The first picture of an animation, on a canvas that is transparent where it is not; `pixels` have four channels, or three.
void decode_first_frame(Bytes bytes, const ImageInfo& info, uint8_t* pixels) {
  WebPAnimDecoderOptions options;
  if (!WebPAnimDecoderOptionsInit(&options)) raise<DecodeError>("decode_webp: another libwebp than at build");
  options.color_mode = MODE_RGBA;
  const WebPData data{bytes.data(), bytes.size()};
  const std::unique_ptr<WebPAnimDecoder, Frees<WebPAnimDecoderDelete>> animation(WebPAnimDecoderNew(&data, &options));
  WebPAnimInfo canvas{};
  uint8_t* frame = nullptr;
  int timestamp = 0;
  if (!animation || !WebPAnimDecoderGetInfo(animation.get(), &canvas) || int64_t{canvas.canvas_height} != info.height ||
      int64_t{canvas.canvas_width} != info.width || !WebPAnimDecoderGetNext(animation.get(), &frame, &timestamp)) {
    raise<DecodeError>("decode_webp: the animation ends early or is corrupt ({} bytes, {}x{})", bytes.size(), info.height,
                       info.width);
  }
  for (int64_t i = 0; i < info.height * info.width; ++i) {
    std::memcpy(pixels + i * info.channels, frame + i * 4, static_cast<size_t>(info.channels));
  }
}

// Encoding.

int on_webp_write(const uint8_t* data, size_t count, const WebPPicture* picture) {
  auto* bytes = static_cast<std::vector<uint8_t>*>(picture->custom_ptr);
  try {  // no exception may leave a callback
    bytes->insert(bytes->end(), data, data + count);
  } catch (const std::exception&) {
    return 0;
  }
  return 1;
}

}  // namespace

void decode(Bytes bytes, const DecodeOptions& options, const Destination& destination) {
  WebPBitstreamFeatures features{};
  if (const auto status = WebPGetFeatures(bytes.data(), bytes.size(), &features); status != VP8_STATUS_OK) {
    raise<DecodeError>("decode_webp: {} ({} bytes)", reason_of(status), bytes.size());
  }
  if (features.has_animation && !options.still) {
    raise<DecodeError>("decode_webp: animations are not supported ({} bytes)", bytes.size());
  }
  const bool alpha = options.mode == ImageReadMode::RGB_ALPHA || (options.mode != ImageReadMode::RGB && features.has_alpha);
  ImageInfo info{.height = features.height, .width = features.width, .channels = alpha ? 4 : 3};
  check_limits("decode_webp", info, options.limits);
  // A lossless file is held whole, four bytes a pixel; so, with less, is the alpha of a lossy one.
  // Of an animation there are two canvases besides.
  const int64_t working = info.height * info.width * 4 * (features.has_animation ? 3 : 1);
  if (working > options.limits.codec_bytes) {
    over_limit("decode_webp: {} bytes to decode {}x{} pixels are over limits.codec_bytes, {}", working, info.height, info.width,
               options.limits.codec_bytes);
  }
  if (options.apply_exif_orientation) info.orientation = webp_orientation(bytes);

  auto* const out = static_cast<uint8_t*>(destination(info));
  if (features.has_animation) return decode_first_frame(bytes, info, out);
  const auto row_bytes = static_cast<size_t>(info.width * info.channels);
  const auto out_bytes = row_bytes * static_cast<size_t>(info.height);
  const auto into = alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  if (!into(bytes.data(), bytes.size(), out, out_bytes, static_cast<int>(row_bytes))) {
    raise<DecodeError>("decode_webp: the bitstream ends early or is corrupt ({} bytes, {}x{})", bytes.size(), info.height,
                       info.width);
  }
}

std::vector<uint8_t> encode(const uint8_t* pixels, Size size, int64_t channels, double quality, bool lossless, int64_t effort) {
  OPSIS_CHECK(size.height >= 1 && size.width >= 1 && size.height <= WEBP_MAX_DIMENSION && size.width <= WEBP_MAX_DIMENSION,
              "encode_webp: a WebP has 1 to {} pixels a side, the image is {} high and {} wide", WEBP_MAX_DIMENSION,
              size.height, size.width);
  WebPConfig config;
  WebPPicture picture;
  if (!WebPConfigInit(&config) || !WebPPictureInit(&picture)) raise<ValueError>("encode_webp: another libwebp than at build");
  const std::unique_ptr<WebPPicture, Frees<WebPPictureFree>> owner(&picture);
  config.quality = static_cast<float>(quality);
  config.method = static_cast<int>(effort);
  config.lossless = lossless;
  config.exact = lossless;  // keep the colors of what is transparent
  std::vector<uint8_t> bytes;
  picture.use_argb = lossless;
  picture.height = static_cast<int>(size.height);
  picture.width = static_cast<int>(size.width);
  picture.writer = on_webp_write;
  picture.custom_ptr = &bytes;
  const auto import = channels == 4 ? WebPPictureImportRGBA : WebPPictureImportRGB;
  if (!import(&picture, pixels, static_cast<int>(size.width * channels)) || !WebPEncode(&config, &picture)) {
    raise<ValueError>("encode_webp: libwebp's error {} (the image is {} high and {} wide)", int{picture.error_code},
                      size.height, size.width);
  }
  return bytes;
}

}  // namespace opsis::inline v1::io::webp
