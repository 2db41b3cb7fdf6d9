#include "opsis/transforms/decode.h"

#include <ATen/ops/zeros.h>

#include <optional>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/core/telling_where.h"
#include "opsis/core/work.h"
#include "opsis/io/file.h"
#include "opsis/io/image.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::transforms {
namespace {

struct JpegFrame {
  Size size;
  int64_t components;
};

// What the frame header of a JPEG says; none when there is none to be found. A promise only: the codec checks. None either of a
// file that was cut short: decoding a part of it alone might not notice.
std::optional<JpegFrame> jpeg_frame(io::Bytes bytes) {
  if (!io::has_magic(bytes, 0, "\xFF\xD8\xFF") || !io::has_magic(bytes, bytes.size() - 2, "\xFF\xD9")) return std::nullopt;
  size_t at = 2;
  while (at + 10 <= bytes.size() && bytes[at] == 0xFF) {
    const int marker = bytes[at + 1];
    if (marker == 0xFF) {  // fill bytes
      ++at;
      continue;
    }
    const bool is_frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    const auto two = [&](size_t offset) { return int64_t{bytes[at + offset]} * 256 + bytes[at + offset + 1]; };
    if (is_frame) return JpegFrame{{two(5), two(7)}, bytes[at + 9]};
    if (marker == 0xDA || marker == 0xD9 || (marker >= 0xD0 && marker <= 0xD7) || marker == 0x01) return std::nullopt;
    at += 2 + static_cast<size_t>(two(2));
  }
  return std::nullopt;
}

// What decoding will give; none where it cannot be told before.
std::optional<JpegFrame> expected(io::Bytes bytes, const io::DecodeOptions& options) {
  if (options.apply_exif_orientation || options.region || options.min_size > 0 || options.strict) return std::nullopt;
  auto frame = jpeg_frame(bytes);
  if (!frame || frame->size.height <= 0 || frame->size.width <= 0) return std::nullopt;
  switch (options.mode) {
    case io::ImageReadMode::UNCHANGED: break;
    case io::ImageReadMode::GRAY: frame->components = 1; break;
    case io::ImageReadMode::RGB: frame->components = 3; break;
    default: return std::nullopt;
  }
  if (frame->components != 1 && frame->components != 3) return std::nullopt;
  const auto& limits = options.limits;
  const auto [height, width] = frame->size;
  if (height > limits.side || width > limits.side || height * width > limits.pixels) return std::nullopt;  // decoding says so
  return frame;
}

// What the transforms make of a picture that waits.
Image run_fused(const Compose& compose, detail::FusedImage waiting, const ImagePlace& place) {
  std::vector<Value> values{Image()};
  detail::FusedRun run(values);
  run.hold(0, std::move(waiting));
  compose.apply_fused(values, run);
  run.settle(0, place);  // only now: what comes before the last transform may be a view of it, and lie in the way
  const auto* image = std::get_if<Image>(&values[0]);
  OPSIS_CHECK(image, "decode: the transforms turned the image into another kind of value");
  return *image;
}

}  // namespace

std::optional<detail::FusedImage> detail::waiting_image(io::Bytes bytes, const io::DecodeOptions& options, std::string where) {
  const auto frame = expected(bytes, options);
  if (!frame) return std::nullopt;
  const auto decode_part = [=](std::optional<functional::Region> part) {
    auto partly = options;
    if (part) partly.region = io::Region{part->top, part->left, part->height, part->width};
    auto pixels = io::decode_image(bytes, partly).data;
    const auto size = part ? Size{part->height, part->width} : frame->size;
    if (pixels.dim() != 3 || pixels.size(0) != frame->components || pixels.size(1) != size.height ||
        pixels.size(2) != size.width) {
      raise<DecodeError>("decode: the file's header promises ({}, {}, {}), its pixels are {}", frame->components, size.height,
                         size.width, opsis::detail::shape(pixels));
    }
    return pixels;
  };
  if (where.empty()) return FusedImage(frame->components, frame->size, decode_part);
  return FusedImage(frame->components, frame->size, [decode_part, where = std::move(where)](const auto& part) {
    return telling_where(where, [&] { return decode_part(part); });
  });
}

Image decode(const Compose& compose, io::Bytes bytes, const io::DecodeOptions& options, const ImagePlace& place) {
  const WorkScope transforming(Work::Transforming);  // but for the decoding in between
  auto waiting = compose.fuses() ? detail::waiting_image(bytes, options) : std::nullopt;
  if (!waiting) return compose(io::decode_image(bytes, options));
  return run_fused(compose, *std::move(waiting), place);
}

std::string explain(const Compose& compose, io::Bytes bytes, const io::DecodeOptions& options) {
  const auto frame = compose.fuses() ? expected(bytes, options) : std::nullopt;
  if (!frame) return "alone   decode_image\n" + compose.explain(io::decode_image(bytes, options));
  const auto [height, width] = frame->size;
  const auto pixels = at::zeros({height, width, frame->components}, torch::kUInt8).permute({2, 0, 1});
  std::optional<functional::Region> decoded;
  const auto load = [&decoded, pixels](std::optional<functional::Region> part) {
    decoded = part;
    return part ? pixels.narrow(1, part->top, part->height).narrow(2, part->left, part->width) : pixels;
  };
  {
    const random::Scope scope(0);  // as Compose::explain
    run_fused(compose, detail::FusedImage(frame->components, frame->size, load), {});
  }
  const auto steps = compose.explain(Image(pixels));
  const auto line = decoded ? text("decode_image, rows [{}, {}) and columns [{}, {}) of {}x{}", decoded->top,
                                   decoded->top + decoded->height, decoded->left, decoded->left + decoded->width, height, width)
                            : text("decode_image, all of {}x{}", height, width);
  return (steps.starts_with("pass 1") ? "pass 1  " : "alone   ") + line + "\n" + steps;
}

std::string explain(const Compose& compose, const std::filesystem::path& path, const io::DecodeOptions& options) {
  const auto bytes = io::read_bytes(path, options.limits);
  return telling_where(path, [&] { return explain(compose, io::Bytes(bytes), options); });
}

Image decode(const Compose& compose, const std::filesystem::path& path, const io::DecodeOptions& options) {
  const auto bytes = io::read_bytes(path, options.limits);
  return telling_where(path, [&] { return decode(compose, io::Bytes(bytes), options); });
}

}  // namespace opsis::inline v1::transforms
