#include "opsis/transforms/presets.h"

#include "opsis/core/check.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/transforms/functional/type.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {
namespace {

bool is_integer(torch::ScalarType type) {
  switch (type) {
    case torch::kUInt8:
    case torch::kInt8:
    case torch::kInt16:
    case torch::kInt32:
    case torch::kInt64: return true;
    default: return false;
  }
}

bool blends(InterpolationMode mode) { return mode == InterpolationMode::BILINEAR || mode == InterpolationMode::BICUBIC; }

// Integers resized with antialias by way of float32. A 12-megapixel photo is 144 MB of float32, and touching that much fresh
// memory takes longer than the resampling, so large images go in bands of rows that stay in the cache. ATen resamples along
// rows first and along columns then, so the bits are the same.
torch::Tensor resize_by_float(std::string_view where, const torch::Tensor& images, Size size, InterpolationMode mode) {
  constexpr int64_t large = int64_t{1} << 22, rows = 128;
  const auto resized = [&](const torch::Tensor& pixels, Size to) {
    return detail::interpolate(where, pixels.to(torch::kFloat32), to, mode, true);
  };
  const int64_t height = images.size(-2);
  if (images.numel() < large || height <= rows || size.width <= 0) return resized(images, size);
  const auto narrow = images.new_empty({images.size(0), images.size(1), height, size.width}, torch::kFloat32);
  for (int64_t top = 0; top < height; top += rows) {
    const auto band = images.slice(-2, top, top + rows);
    narrow.slice(-2, top, top + rows).copy_(resized(band, {band.size(-2), size.width}));
  }
  return resized(narrow, size);
}

// torchvision.transforms.functional.resize, the older one: every type but float32 and float64 goes by way of float32.
torch::Tensor resize_v1(std::string_view where, const torch::Tensor& image, torch::IntArrayRef wanted, InterpolationMode mode,
                        bool antialias) {
  detail::check_dims(where, image, 3);
  const auto size = detail::resized_size({image.size(-2), image.size(-1)}, wanted, {});
  if (size == Size{image.size(-2), image.size(-1)}) return image;

  const auto type = image.scalar_type();
  const bool by_float = type != torch::kFloat32 && type != torch::kFloat64;
  auto pixels = image.dim() < 4 ? image.unsqueeze(0) : image;
  antialias = antialias && blends(mode);
  if (antialias && is_integer(type)) {
    pixels = resize_by_float(where, pixels, size, mode);
  } else {
    if (by_float) pixels = pixels.to(torch::kFloat32);
    pixels = detail::interpolate(where, pixels, size, mode, antialias);
  }
  if (mode == InterpolationMode::BICUBIC && type == torch::kUInt8) pixels.clamp_(0, 255);  // it overshoots at edges
  if (image.dim() < 4) pixels = pixels.squeeze(0);
  if (is_integer(type)) pixels.round_();
  return by_float ? pixels.to(type) : pixels;
}

// torchvision.transforms.functional.convert_image_dtype, the older one: it divides.
torch::Tensor to_unit_range_v1(const torch::Tensor& image) {
  const auto pixels = image.to(torch::kFloat32);
  return image.is_floating_point() ? pixels : pixels.div_(detail::largest_pixel(image.scalar_type()));
}

std::string list_of(const std::array<double, 3>& numbers) {
  return detail::python(std::vector<double>(numbers.begin(), numbers.end()));
}

// Presets print a line for each setting.
std::string repr_of_preset(std::string_view name, std::initializer_list<detail::Attribute> settings) {
  std::string out = std::string(name) + "(";
  for (const auto& [key, value] : settings) out += "\n    " + std::string(key) + "=" + value;
  return out + "\n)";
}

}  // namespace

ImageClassification::ImageClassification(ImageClassificationOptions options) : options_(options) {}

Value ImageClassification::transform(const Value& value) const {
  return apply_kernel<Image>(value, [&](const Image& image) {
    auto pixels =
        resize_v1("ImageClassification", image.data, options_.resize_size, options_.interpolation, options_.antialias);
    pixels = functional::center_crop(pixels, options_.crop_size);
    pixels = to_unit_range_v1(pixels);
    return wrap(functional::normalize(pixels, options_.mean, options_.std), image);
  });
}

std::string ImageClassification::repr() const {
  return repr_of_preset("ImageClassification", {{"crop_size", text("[{}]", options_.crop_size)},
                                                {"resize_size", text("[{}]", options_.resize_size)},
                                                {"mean", list_of(options_.mean)},
                                                {"std", list_of(options_.std)},
                                                {"interpolation", std::string(detail::enum_name(options_.interpolation))}});
}

std::string ImageClassification::describe() const {
  return text(
      "Takes an image (C, H, W) or a batch of them (N, C, H, W). The shorter side is resized to {} by {} interpolation, a "
      "square of {} is cut from the middle, and values are brought to [0, 1] and normalised.",
      options_.resize_size, options_.interpolation, options_.crop_size);
}

Value ObjectDetection::transform(const Value& value) const {
  return apply_kernel<Image>(value, [&](const Image& image) { return wrap(to_unit_range_v1(image.data), image); });
}

std::string ObjectDetection::describe() const {
  return "Takes an image (C, H, W) or a batch of them (N, C, H, W). Values are brought to [0, 1].";
}

Value SemanticSegmentation::transform(const Value& value) const {
  return apply_kernel<Image>(value, [&](const Image& image) {
    auto pixels = image.data;
    if (options_.resize_size) {
      pixels = resize_v1("SemanticSegmentation", pixels, *options_.resize_size, options_.interpolation, options_.antialias);
    }
    return wrap(functional::normalize(to_unit_range_v1(pixels), options_.mean, options_.std), image);
  });
}

std::string SemanticSegmentation::repr() const {
  return repr_of_preset("SemanticSegmentation",
                        {{"resize_size", options_.resize_size ? text("[{}]", *options_.resize_size) : "None"},
                         {"mean", list_of(options_.mean)},
                         {"std", list_of(options_.std)},
                         {"interpolation", std::string(detail::enum_name(options_.interpolation))}});
}

std::string SemanticSegmentation::describe() const {
  const auto resized = options_.resize_size ? text("The shorter side is resized to {} by {} interpolation. ",
                                                   *options_.resize_size, options_.interpolation)
                                            : std::string();
  return text("Takes an image (C, H, W) or a batch of them (N, C, H, W). {}Values are brought to [0, 1] and normalised.",
              resized);
}

VideoClassification::VideoClassification(VideoClassificationOptions options) : options_(std::move(options)) {
  const auto numbers = options_.resize_size.size();
  OPSIS_CHECK(numbers == 1 || numbers == 2, "VideoClassification: resize_size must have 1 or 2 numbers, got {}", numbers);
}

Value VideoClassification::transform(const Value& value) const {
  return apply_kernel<Image, Video>(value, [&](auto video) {
    const auto& data = video.data;
    detail::check_dims("VideoClassification", data, 4);
    OPSIS_CHECK(data.dim() <= 5, "VideoClassification: the video must be (T, C, H, W) or (N, T, C, H, W), got {}",
                opsis::detail::shape(data));
    auto shape = data.sizes().vec();
    const std::vector<int64_t> frame(shape.end() - 3, shape.end());
    auto frames = data.reshape({-1, frame[0], frame[1], frame[2]});
    frames = resize_v1("VideoClassification", frames, options_.resize_size, options_.interpolation, false);
    frames = functional::center_crop(frames, {options_.crop_size.height, options_.crop_size.width});
    frames = functional::normalize(to_unit_range_v1(frames), options_.mean, options_.std);
    shape[shape.size() - 2] = options_.crop_size.height;
    shape[shape.size() - 1] = options_.crop_size.width;
    video.data = frames.view(shape).transpose(-4, -3);
    return video;
  });
}

std::string VideoClassification::repr() const {
  return repr_of_preset("VideoClassification",
                        {{"crop_size", text("[{}, {}]", options_.crop_size.height, options_.crop_size.width)},
                         {"resize_size", detail::python(options_.resize_size)},
                         {"mean", list_of(options_.mean)},
                         {"std", list_of(options_.std)},
                         {"interpolation", std::string(detail::enum_name(options_.interpolation))}});
}

std::string VideoClassification::describe() const {
  return text(
      "Takes a video (T, C, H, W) or a batch of them (N, T, C, H, W). Frames are resized to {} by {} interpolation, {} is cut "
      "from "
      "the middle, values are brought to [0, 1] and normalised, and the channels go before the frames.",
      detail::python(options_.resize_size), options_.interpolation, options_.crop_size);
}

std::tuple<torch::Tensor, torch::Tensor> OpticalFlow::operator()(const torch::Tensor& first,
                                                                 const torch::Tensor& second) const {
  auto [one, other] = (*this)(Image(first), Image(second));
  return {one.data, other.data};
}

Value OpticalFlow::transform(const Value& value) const {
  return apply_kernel<Image>(value, [&](const Image& image) {
    return wrap(functional::normalize(to_unit_range_v1(image.data), {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}).contiguous(), image);
  });
}

std::string OpticalFlow::describe() const {
  return "Takes images (C, H, W) or batches of them (N, C, H, W). Values are brought to [-1, 1].";
}

}  // namespace opsis::inline v1::transforms
