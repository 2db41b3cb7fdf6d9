#include "opsis/transforms/presets.h"

#include "opsis/core/check.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/functional/resize.h"
#include "opsis/transforms/functional/tensor.h"
#include "opsis/transforms/functional/type.h"
#include "opsis/transforms/repr.h"
#include "opsis/transforms/v1/functional.h"

namespace opsis::inline v1::transforms {
namespace {

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
    auto pixels = v1::functional::resize(image.data, options_.resize_size,
                                         {.interpolation = options_.interpolation, .antialias = options_.antialias});
    pixels = functional::center_crop(pixels, options_.crop_size);
    pixels = v1::functional::convert_image_dtype(pixels);
    return wrap(v1::functional::normalize(pixels, options_.mean, options_.std), image);
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
  return apply_kernel<Image>(value,
                             [&](const Image& image) { return wrap(v1::functional::convert_image_dtype(image.data), image); });
}

std::string ObjectDetection::describe() const {
  return "Takes an image (C, H, W) or a batch of them (N, C, H, W). Values are brought to [0, 1].";
}

Value SemanticSegmentation::transform(const Value& value) const {
  return apply_kernel<Image>(value, [&](const Image& image) {
    auto pixels = image.data;
    if (options_.resize_size) {
      pixels = v1::functional::resize(pixels, *options_.resize_size,
                                      {.interpolation = options_.interpolation, .antialias = options_.antialias});
    }
    return wrap(v1::functional::normalize(v1::functional::convert_image_dtype(pixels), options_.mean, options_.std), image);
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

Json json_of(const OneOrTwo& numbers) {
  const std::vector<int64_t> all = numbers;
  return detail::to_json(all);
}

void read_json(const Json& json, OneOrTwo& numbers) {
  std::vector<int64_t> all;
  detail::from_json(json, all);
  if (all.size() != 1 && all.size() != 2) detail::refuse_json("one or two numbers", json);
  numbers = all.size() == 1 ? OneOrTwo{all[0]} : OneOrTwo{all[0], all[1]};
}

std::string code_of(const OneOrTwo& numbers) {
  const std::vector<int64_t> all = numbers;
  return detail::to_code(all);
}

VideoClassification::VideoClassification(VideoClassificationOptions options) : options_(options) {
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
    const std::vector<int64_t> resized = options_.resize_size;
    frames = v1::functional::resize(frames, resized, {.interpolation = options_.interpolation, .antialias = false});
    frames = functional::center_crop(frames, {options_.crop_size.height, options_.crop_size.width});
    frames = v1::functional::normalize(v1::functional::convert_image_dtype(frames), options_.mean, options_.std);
    shape[shape.size() - 2] = options_.crop_size.height;
    shape[shape.size() - 1] = options_.crop_size.width;
    video.data = frames.view(shape).transpose(-4, -3);
    return video;
  });
}

std::string VideoClassification::repr() const {
  return repr_of_preset("VideoClassification",
                        {{"crop_size", text("[{}, {}]", options_.crop_size.height, options_.crop_size.width)},
                         {"resize_size", detail::python(std::vector<int64_t>(options_.resize_size))},
                         {"mean", list_of(options_.mean)},
                         {"std", list_of(options_.std)},
                         {"interpolation", std::string(detail::enum_name(options_.interpolation))}});
}

std::string VideoClassification::describe() const {
  return text(
      "Takes a video (T, C, H, W) or a batch of them (N, T, C, H, W). Frames are resized to {} by {} interpolation, {} is cut "
      "from "
      "the middle, values are brought to [0, 1] and normalised, and the channels go before the frames.",
      detail::python(std::vector<int64_t>(options_.resize_size)), options_.interpolation, options_.crop_size);
}

std::tuple<torch::Tensor, torch::Tensor> OpticalFlow::operator()(const torch::Tensor& first,
                                                                 const torch::Tensor& second) const {
  auto [one, other] = (*this)(Image(first), Image(second));
  return {one.data, other.data};
}

Value OpticalFlow::transform(const Value& value) const {
  return apply_kernel<Image>(value, [&](const Image& image) {
    return wrap(v1::functional::normalize(v1::functional::convert_image_dtype(image.data), {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5})
                    .contiguous(),
                image);
  });
}

std::string OpticalFlow::describe() const {
  return "Takes images (C, H, W) or batches of them (N, C, H, W). Values are brought to [-1, 1].";
}

}  // namespace opsis::inline v1::transforms
