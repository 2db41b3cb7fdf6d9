#include "opsis/io/image.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <initializer_list>

#include "opsis/core/check.h"
#include "opsis/core/listed.h"
#include "opsis/core/memory.h"
#include "opsis/core/parallel.h"
#include "opsis/core/telling_where.h"
#include "opsis/core/work.h"
#include "opsis/io/avif.h"
#include "opsis/io/bmp.h"
#include "opsis/io/byte_tensor.h"
#include "opsis/io/codecs.h"
#include "opsis/io/file.h"
#include "opsis/io/flo.h"
#include "opsis/io/gif.h"
#include "opsis/io/heic.h"
#include "opsis/io/jpeg.h"
#include "opsis/io/pfm.h"
#include "opsis/io/png.h"
#include "opsis/io/pnm.h"
#include "opsis/io/tiff.h"
#include "opsis/io/webp.h"
#include "opsis/simd/interleave.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::io {
namespace {

/// Turns a picture (C, H, W) upright. Orientation 1 to 8 says where its first row and column belong.
torch::Tensor upright(const torch::Tensor& image, int orientation) {
  // Not every kernel knows uint16 and uint32; moving pixels about needs only their size.
  if (image.scalar_type() == torch::kUInt16) return upright(image.view(torch::kInt16), orientation).view(torch::kUInt16);
  if (image.scalar_type() == torch::kUInt32) return upright(image.view(torch::kInt32), orientation).view(torch::kUInt32);
  switch (orientation) {
    case 2: return image.flip(-1);
    case 3: return image.flip({-2, -1});
    case 4: return image.flip(-2);
    case 5: return image.transpose(-1, -2);
    case 6: return image.transpose(-1, -2).flip(-1);
    case 7: return image.transpose(-1, -2).flip({-2, -1});
    case 8: return image.transpose(-1, -2).flip(-2);
    default: return image;
  }
}

torch::ScalarType dtype_of(const ImageInfo& info) {
  switch (info.type) {
    case SampleType::UNSIGNED: return info.bits == 32 ? torch::kUInt32 : info.bits == 16 ? torch::kUInt16 : torch::kUInt8;
    case SampleType::SIGNED: return info.bits == 32 ? torch::kInt32 : info.bits == 16 ? torch::kInt16 : torch::kInt8;
    default: return info.bits == 64 ? torch::kFloat64 : info.bits == 16 ? torch::kFloat16 : torch::kFloat32;
  }
}

/// A tensor that nobody has written yet.
torch::Tensor make_tensor(at::IntArrayRef sizes, torch::ScalarType type) {
  constexpr int64_t large = int64_t{4} << 20;
  const auto bytes = c10::multiply_integers(sizes) * static_cast<int64_t>(c10::elementSize(type));
  if (bytes < large) return torch::empty(sizes, type);
  auto memory = make_memory(static_cast<size_t>(bytes));
  const auto free = memory.get_deleter();
  auto* const start = memory.release();
  return torch::from_blob(
      start, sizes, [free](void* data) { free(static_cast<uint8_t*>(data)); }, type);
}

/// Runs a codec's decode with a new tensor as its destination, and crops where the codec did not.
template <class Decode>
Decoded decode_into_tensor(Decode decode, Bytes bytes, const DecodeOptions& options) {
  const WorkScope decoding(Work::Decoding);
  torch::Tensor pixels;
  ImageInfo info;
  decode(bytes, options, [&](const ImageInfo& found) {
    info = found;
    const std::array<int64_t, 4> sizes{info.frames, info.height, info.width, info.channels};
    pixels = make_tensor(at::IntArrayRef(sizes).slice(info.frames == 1 ? 1 : 0), dtype_of(info));
    return pixels.mutable_data_ptr();
  });
  Decoded out;
  out.scale_y = out.scale_x = 1.0 / info.scale;
  auto image = upright(info.frames == 1 ? pixels.permute({2, 0, 1}) : pixels.permute({0, 3, 1, 2}), info.orientation);
  if (info.scale != 1 || info.is_region) {
    const Region whole{0, 0, info.height, info.width};
    const auto part = options.region && info.is_region
                          ? scaled_region(stored_region(*options.region, info.orientation, info.picture), info.scale)
                          : whole;
    const Region in_picture{part.top * info.scale, part.left * info.scale, part.height * info.scale, part.width * info.scale};
    const auto place = upright_region(in_picture, info.orientation, info.picture);
    out.top = static_cast<double>(place.top);
    out.left = static_cast<double>(place.left);
  }
  if (options.region && !info.is_region) {
    const auto& region = *options.region;
    check_region("decode_image", region, {image.size(-2), image.size(-1)});
    // A copy, so that the rest of the picture need not be kept.
    image = image.narrow(-2, region.top, region.height).narrow(-1, region.left, region.width);
    image = image.movedim(-3, -1).clone(at::MemoryFormat::Contiguous).movedim(-1, -3);
    out.top = static_cast<double>(region.top);
    out.left = static_cast<double>(region.left);
  }
  out.image = Image(image);
  return out;
}

/// Decodes a file in whose errors its name must stand.
template <class Decode>
torch::Tensor read_numbers(const std::filesystem::path& path, const DecodeOptions& options, Decode decode) {
  const auto bytes = read_bytes(path, options.limits);
  return telling_where(path, [&] { return decode(Bytes(bytes)); });
}

/// The pixels of an image or an animation to encode, channels last and without gaps: (T, H, W, C).
torch::Tensor frames_to_encode(std::string_view function, const Image& image, std::initializer_list<int64_t> channels,
                               std::initializer_list<torch::ScalarType> types, bool several) {
  const auto& data = image.data;
  const bool shaped = data.defined() && (data.dim() == 3 || (several && data.dim() == 4 && data.size(0) > 0));
  const auto has = [](const auto& list, auto value) { return std::find(list.begin(), list.end(), value) != list.end(); };
  OPSIS_CHECK(shaped && (channels.size() == 0 || has(channels, data.size(-3))),
              "{}: the image must be {}(C, H, W) with {} channels, got {}", function, several ? "(T, C, H, W) or " : "",
              channels.size() == 0 ? "any number of" : alternatives(channels), opsis::detail::shape(data));
  OPSIS_CHECK(has(types, data.scalar_type()), "{}: the image must be {}, got {}", function, alternatives(types),
              data.scalar_type());
  OPSIS_CHECK(data.device().is_cpu(), "{}: the image must be on the CPU, got {}", function, data.device());
  OPSIS_CHECK(data.size(-1) > 0 && data.size(-2) > 0, "{}: the image must have a pixel, it is {} high and {} wide", function,
              data.size(-2), data.size(-1));
  return (data.dim() == 3 ? data.unsqueeze(0) : data).permute({0, 2, 3, 1}).contiguous();
}

/// The pixels of an image to encode, channels last and without gaps; no copy where they lie so already, as after decoding.
torch::Tensor pixels_to_encode(std::string_view function, const Image& image) {
  const auto& data = image.data;
  OPSIS_CHECK(data.defined() && data.dim() == 3 && (data.size(0) == 1 || data.size(0) == 3),
              "{}: the image must be (1, H, W) or (3, H, W), got {}", function, opsis::detail::shape(data));
  OPSIS_CHECK(data.scalar_type() == torch::kUInt8, "{}: the image must be uint8, got {}", function, data.scalar_type());
  OPSIS_CHECK(data.device().is_cpu(), "{}: the image must be on the CPU, got {}", function, data.device());
  const auto last = data.permute({1, 2, 0});
  if (data.size(0) == 1 || last.is_contiguous()) return last.contiguous();
  // Planes, as most tensors have them; ATen's own copy takes longer than to encode.
  const auto planes = data.contiguous();
  const auto count = planes.size(1) * planes.size(2);
  const auto* first = planes.const_data_ptr<uint8_t>();
  const uint8_t* const starts[] = {first, first + count, first + 2 * count};
  auto out = torch::empty(last.sizes(), torch::kUInt8);
  simd::interleave3(starts, static_cast<size_t>(count), out.mutable_data_ptr<uint8_t>());
  return out;
}

/// decode_scaled for each of the inputs.
template <class Input>
std::vector<DecodeResult> decode_all(std::span<const Input> inputs, const DecodeOptions& options, int64_t threads) {
  OPSIS_CHECK(threads >= 0, "decode_images: threads must be 0 or more, got {}", threads);
  const auto count = std::ssize(inputs);
  std::vector<DecodeResult> results(inputs.size());
  std::atomic<int64_t> next = 0;
  // Not by ranges: one may hold all the large ones.
  const auto work = [&](int64_t, int64_t) {
    for (int64_t i = next++; i < count; i = next++) {
      auto& result = results[static_cast<size_t>(i)];
      try {
        result.decoded = decode_scaled(inputs[static_cast<size_t>(i)], options);
      } catch (...) {
        result.error = std::current_exception();
      }
    }
  };
  parallel_for(0, std::min(count, threads > 0 ? threads : int64_t{at::get_num_threads()}), 1, work);
  return results;
}

}  // namespace

const Image& DecodeResult::image() const {
  if (error) std::rethrow_exception(error);
  return decoded.image;
}

std::string DecodeResult::message() const {
  try {
    image();
    return {};
  } catch (const std::exception& reason) {
    return reason.what();
  }
}

std::vector<DecodeResult> decode_images(std::span<const std::filesystem::path> files, const DecodeOptions& options,
                                        int64_t threads) {
  return decode_all(files, options, threads);
}

std::vector<DecodeResult> decode_images(std::span<const Bytes> buffers, const DecodeOptions& options, int64_t threads) {
  return decode_all(buffers, options, threads);
}

std::vector<DecodeResult> decode_images(std::span<const torch::Tensor> buffers, const DecodeOptions& options, int64_t threads) {
  return decode_all(buffers, options, threads);
}

Decoded decode_scaled(Bytes bytes, const DecodeOptions& options) {
  return decode_into_tensor(find_codec(bytes, options).decode, bytes, options);
}

Decoded decode_scaled(const torch::Tensor& bytes, const DecodeOptions& options) {
  const auto checked = detail::check_bytes("decode_image", bytes);
  return decode_scaled(detail::view(checked), options);
}

Decoded decode_scaled(const std::filesystem::path& path, const DecodeOptions& options) {
  const auto bytes = read_bytes(path, options.limits);
  return telling_where(path, [&] { return decode_scaled(Bytes(bytes), options); });
}

Image decode_image(Bytes bytes, const DecodeOptions& options) { return decode_scaled(bytes, options).image; }

Image decode_image(const torch::Tensor& bytes, const DecodeOptions& options) { return decode_scaled(bytes, options).image; }

Image decode_image(const std::filesystem::path& path, const DecodeOptions& options) {
  return decode_scaled(path, options).image;
}

// decode_jpeg and so on, of bytes and of a tensor.
#define OPSIS_DECODER(format)                                                       \
  Image decode_##format(Bytes bytes, const DecodeOptions& options) {                \
    return decode_into_tensor(format::decode, bytes, options).image;                \
  }                                                                                 \
  Image decode_##format(const torch::Tensor& bytes, const DecodeOptions& options) { \
    const auto checked = detail::check_bytes("decode_" #format, bytes);             \
    return decode_##format(detail::view(checked), options);                         \
  }
OPSIS_DECODER(jpeg)
OPSIS_DECODER(png)
OPSIS_DECODER(gif)
OPSIS_DECODER(webp)
OPSIS_DECODER(avif)
OPSIS_DECODER(heic)
OPSIS_DECODER(tiff)
OPSIS_DECODER(bmp)
OPSIS_DECODER(pnm)
OPSIS_DECODER(pfm)
#undef OPSIS_DECODER

torch::Tensor decode_flo(Bytes bytes, const DecodeOptions& options) {
  return decode_into_tensor(flo::decode, bytes, options).image.data.contiguous();
}

torch::Tensor decode_flo(const torch::Tensor& bytes, const DecodeOptions& options) {
  const auto checked = detail::check_bytes("decode_flo", bytes);
  return decode_flo(detail::view(checked), options);
}

torch::Tensor read_flo(const std::filesystem::path& path, const DecodeOptions& options) {
  return read_numbers(path, options, [&](Bytes bytes) { return decode_flo(bytes, options); });
}

torch::Tensor read_pfm(const std::filesystem::path& path, const DecodeOptions& options) {
  return read_numbers(path, options, [&](Bytes bytes) { return decode_pfm(bytes, options).data.contiguous(); });
}

torch::Tensor encode_jpeg(const Image& image, int64_t quality) {
  OPSIS_CHECK(quality >= 1 && quality <= 100, "encode_jpeg: quality must be in [1, 100], got {}", quality);
  const auto pixels = pixels_to_encode("encode_jpeg", image);
  return detail::to_tensor(
      jpeg::encode(pixels.const_data_ptr<uint8_t>(), {pixels.size(0), pixels.size(1)}, pixels.size(2), quality));
}

torch::Tensor encode_png(const Image& image, int64_t compression_level, const PngOptions& options) {
  OPSIS_CHECK(compression_level >= 0 && compression_level <= 9, "encode_png: compression_level must be in [0, 9], got {}",
              compression_level);
  const auto pixels = pixels_to_encode("encode_png", image);
  const auto encode = options.quick ? png::encode_quickly : png::encode;
  return detail::to_tensor(
      encode(pixels.const_data_ptr<uint8_t>(), {pixels.size(0), pixels.size(1)}, pixels.size(2), compression_level));
}

torch::Tensor encode_gif(const Image& image, const GifOptions& options) {
  OPSIS_CHECK(options.delay_ms >= 0 && options.delay_ms <= 655'350, "encode_gif: delay_ms must be in [0, 655350], got {}",
              options.delay_ms);
  OPSIS_CHECK(options.loops >= 0 && options.loops <= 65535, "encode_gif: loops must be in [0, 65535], got {}", options.loops);
  const auto pixels = frames_to_encode("encode_gif", image, {1, 3, 4}, {torch::kUInt8}, true);
  return detail::to_tensor(gif::encode(pixels.const_data_ptr<uint8_t>(), pixels.size(0), {pixels.size(1), pixels.size(2)},
                                       pixels.size(3), options.delay_ms, options.loops));
}

torch::Tensor encode_webp(const Image& image, const WebpOptions& options) {
  OPSIS_CHECK(options.quality >= 0 && options.quality <= 100, "encode_webp: quality must be in [0, 100], got {}",
              options.quality);
  OPSIS_CHECK(options.effort >= 0 && options.effort <= 6, "encode_webp: effort must be in [0, 6], got {}", options.effort);
  auto pixels = frames_to_encode("encode_webp", image, {1, 3, 4}, {torch::kUInt8}, false).squeeze(0);
  if (pixels.size(2) == 1) pixels = pixels.expand({-1, -1, 3}).contiguous();  // WebP has no gray
  return detail::to_tensor(webp::encode(pixels.const_data_ptr<uint8_t>(), {pixels.size(0), pixels.size(1)}, pixels.size(2),
                                        options.quality, options.lossless, options.effort));
}

torch::Tensor encode_avif(const Image& image, const AvifOptions& options) {
  OPSIS_CHECK(options.quality >= 0 && options.quality <= 100, "encode_avif: quality must be in [0, 100], got {}",
              options.quality);
  OPSIS_CHECK(options.speed >= 0 && options.speed <= 10, "encode_avif: speed must be in [0, 10], got {}", options.speed);
  OPSIS_CHECK(options.depth == 0 || options.depth == 8 || options.depth == 10 || options.depth == 12,
              "encode_avif: depth must be 8, 10, 12 or 0 for that of the image, got {}", options.depth);
  const auto pixels = frames_to_encode("encode_avif", image, {1, 3, 4}, {torch::kUInt8, torch::kUInt16}, false).squeeze(0);
  const int bits = pixels.scalar_type() == torch::kUInt16 ? 16 : 8;
  const avif::Encoding encoding{.depth = options.depth == 0 ? (bits == 16 ? 12 : 8) : static_cast<int>(options.depth),
                                .quality = static_cast<int>(options.quality),
                                .speed = static_cast<int>(options.speed),
                                .lossless = options.lossless};
  return detail::to_tensor(
      avif::encode(pixels.const_data_ptr(), {pixels.size(0), pixels.size(1)}, pixels.size(2), bits, encoding));
}

torch::Tensor encode_tiff(const Image& image, const TiffOptions& options) {
  const auto pixels = frames_to_encode("encode_tiff", image, {},
                                       {torch::kUInt8, torch::kUInt16, torch::kUInt32, torch::kInt8, torch::kInt16,
                                        torch::kInt32, torch::kFloat16, torch::kFloat32, torch::kFloat64},
                                       true);
  const auto type = pixels.scalar_type();
  const bool is_unsigned = type == torch::kUInt8 || type == torch::kUInt16 || type == torch::kUInt32;
  const ImageInfo info{.height = pixels.size(1),
                       .width = pixels.size(2),
                       .channels = pixels.size(3),
                       .bits = static_cast<int>(pixels.element_size() * 8),
                       .frames = pixels.size(0),
                       .type = at::isFloatingType(type) ? SampleType::FLOATING
                               : is_unsigned            ? SampleType::UNSIGNED
                                                        : SampleType::SIGNED};
  return detail::to_tensor(tiff::encode(pixels.const_data_ptr(), info, options.compression));
}

// write_jpeg and so on, and both of a bare tensor.
#define OPSIS_ENCODER(format, How)                                                                                          \
  torch::Tensor encode_##format(const torch::Tensor& image, How how) { return encode_##format(wrap(image, Image()), how); } \
  void write_##format(const Image& image, const std::filesystem::path& path, How how) {                                     \
    const auto bytes = encode_##format(image, how);                                                                         \
    write_bytes(path, detail::view(bytes));                                                                                 \
  }                                                                                                                         \
  void write_##format(const torch::Tensor& image, const std::filesystem::path& path, How how) {                             \
    write_##format(wrap(image, Image()), path, how);                                                                        \
  }
OPSIS_ENCODER(jpeg, int64_t)
OPSIS_ENCODER(gif, const GifOptions&)
OPSIS_ENCODER(webp, const WebpOptions&)
OPSIS_ENCODER(avif, const AvifOptions&)
OPSIS_ENCODER(tiff, const TiffOptions&)
#undef OPSIS_ENCODER

torch::Tensor encode_png(const torch::Tensor& image, int64_t compression_level, const PngOptions& options) {
  return encode_png(wrap(image, Image()), compression_level, options);
}
void write_png(const Image& image, const std::filesystem::path& path, int64_t compression_level, const PngOptions& options) {
  const auto bytes = encode_png(image, compression_level, options);
  write_bytes(path, detail::view(bytes));
}
void write_png(const torch::Tensor& image, const std::filesystem::path& path, int64_t compression_level,
               const PngOptions& options) {
  write_png(wrap(image, Image()), path, compression_level, options);
}

}  // namespace opsis::inline v1::io
