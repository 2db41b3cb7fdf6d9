// Every kernel of images, one row each, on one thread: what scripts/bench_transforms holds beside torchvision, OpenCV and
// Albumentations. Prints {"name": milliseconds, ...} and leaves the results for comparison.
//     opsis_bench_table <photo.jpg> <results.safetensors> [filter]
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "opsis/opsis.h"

namespace {

namespace T = opsis::transforms;
namespace F = opsis::transforms::functional;
using opsis::Image;
using T::InterpolationMode;

struct Row {
  const char* name;
  std::function<torch::Tensor(const Image&)> run;
};

// The names and parameters are those of scripts/bench_transforms. To add one: a line here and a line there.
const std::vector<Row> rows{
    {"adjust_brightness", [](const Image& x) { return F::adjust_brightness(x, 1.3).data; }},
    {"adjust_contrast", [](const Image& x) { return F::adjust_contrast(x, 1.3).data; }},
    {"adjust_saturation", [](const Image& x) { return F::adjust_saturation(x, 1.3).data; }},
    {"adjust_hue", [](const Image& x) { return F::adjust_hue(x, 0.1).data; }},
    {"adjust_gamma", [](const Image& x) { return F::adjust_gamma(x, 1.2).data; }},
    {"adjust_sharpness", [](const Image& x) { return F::adjust_sharpness(x, 2.0).data; }},
    {"ColorJitter",
     [](const Image& x) {
       return T::ColorJitter({.brightness = 0.4, .contrast = 0.4, .saturation = 0.4, .hue = 0.1})(x).data;
     }},
    {"rgb_to_grayscale", [](const Image& x) { return F::rgb_to_grayscale(x).data; }},
    {"rgb_to_grayscale 3", [](const Image& x) { return F::rgb_to_grayscale(x, 3).data; }},
    {"invert", [](const Image& x) { return F::invert(x).data; }},
    {"posterize", [](const Image& x) { return F::posterize(x, 4).data; }},
    {"solarize", [](const Image& x) { return F::solarize(x, 128).data; }},
    {"autocontrast", [](const Image& x) { return F::autocontrast(x).data; }},
    {"equalize", [](const Image& x) { return F::equalize(x).data; }},
    {"permute_channels",
     [](const Image& x) {
       return F::permute_channels(x, {2, 1, 0}).data;
     }},
    {"gaussian_blur 5",
     [](const Image& x) {
       return F::gaussian_blur(x, {5, 5}, {.sigma = {1.1, 1.1}}).data;
     }},
    {"gaussian_blur 23",
     [](const Image& x) {
       return F::gaussian_blur(x, {23, 23}, {.sigma = {3.8, 3.8}}).data;
     }},
    {"to float + normalise",
     [](const Image& x) {
       static const T::Compose prepare{T::ToDtype(torch::kFloat32, {.scale = true}),
                                       T::Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
       return prepare(x).data;
     }},
    {"to float", [](const Image& x) { return F::to_dtype(x, torch::kFloat32, {.scale = true}).data; }},
    {"jpeg 75", [](const Image& x) { return F::jpeg(x, 75).data; }},
    // The codecs: files made of the photo, once.
    {"decode jpeg",
     [](const Image& x) {
       static const auto bytes = opsis::io::encode_jpeg(x, 90);
       return opsis::io::decode_jpeg(bytes).data;
     }},
    {"encode jpeg 75", [](const Image& x) { return opsis::io::encode_jpeg(x, 75); }},
    {"decode png",
     [](const Image& x) {
       static const auto bytes = opsis::io::encode_png(x);
       return opsis::io::decode_png(bytes).data;
     }},
    {"encode png", [](const Image& x) { return opsis::io::encode_png(x); }},
    {"horizontal_flip", [](const Image& x) { return F::horizontal_flip(x).data; }},
    {"vertical_flip", [](const Image& x) { return F::vertical_flip(x).data; }},
    {"pad constant", [](const Image& x) { return F::pad(x, {20}).data; }},
    {"pad reflect", [](const Image& x) { return F::pad(x, {20}, 0, T::PaddingMode::Reflect).data; }},
    {"center_crop 224",
     [](const Image& x) {
       return F::center_crop(x, {224, 224}).data;
     }},
    {"resize 224 bilinear antialias",
     [](const Image& x) {
       return F::resize(x, {224, 224}).data;
     }},
    {"resize 224 bilinear",
     [](const Image& x) {
       return F::resize(x, {224, 224}, {.antialias = false}).data;
     }},
    {"resize 224 bicubic antialias",
     [](const Image& x) {
       return F::resize(x, {224, 224}, {.interpolation = InterpolationMode::BICUBIC}).data;
     }},
    {"resize 224 nearest",
     [](const Image& x) {
       return F::resize(x, {224, 224}, {.interpolation = InterpolationMode::NEAREST}).data;
     }},
    {"resize 2x bilinear",
     [](const Image& x) {
       return F::resize(x, {x.data.size(-2) * 2, x.data.size(-1) * 2}).data;
     }},
    {"resized_crop",
     [](const Image& x) {
       return F::resized_crop(x, {50, 60, 250, 300}, {224, 224}).data;
     }},
    {"rotate 30 nearest", [](const Image& x) { return F::rotate(x, 30).data; }},
    {"rotate 30 bilinear",
     [](const Image& x) { return F::rotate(x, 30, {.interpolation = InterpolationMode::BILINEAR}).data; }},
    {"affine bilinear",
     [](const Image& x) {
       return F::affine(x, 10, {20, 10}, 1.1, {5, 3}, {.interpolation = InterpolationMode::BILINEAR}).data;
     }},
    {"perspective bilinear",
     [](const Image& x) {
       const auto h = static_cast<double>(x.data.size(-2)), w = static_cast<double>(x.data.size(-1));
       return F::perspective(x, {{0, 0}, {w - 1, 0}, {w - 1, h - 1}, {0, h - 1}},
                             {{20, 30}, {w - 40, 10}, {w - 1, h - 21}, {10, h - 1}})
           .data;
     }},
    {"ElasticTransform", [](const Image& x) { return T::ElasticTransform()(x).data; }},
    {"RandomErasing", [](const Image& x) { return T::RandomErasing({.p = 1.0})(x).data; }},
    {"GaussianNoise", [](const Image& x) { return T::GaussianNoise()(x).data; }},
    {"RandomPhotometricDistort", [](const Image& x) { return T::RandomPhotometricDistort()(x).data; }},
    {"RandAugment", [](const Image& x) { return T::RandAugment()(x).data; }},
    {"TrivialAugmentWide", [](const Image& x) { return T::TrivialAugmentWide()(x).data; }},
    {"AutoAugment", [](const Image& x) { return T::AutoAugment()(x).data; }},
    {"AugMix", [](const Image& x) { return T::AugMix()(x).data; }},
};

double milliseconds(const Row& row, const Image& image) {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  std::vector<double> times;
  while (times.size() < 15 || Clock::now() - begun < std::chrono::milliseconds(250)) {
    const auto before = Clock::now();
    const auto result = row.run(image);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
    if (Clock::now() - begun > std::chrono::seconds(4)) break;
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: opsis_bench_table <photo.jpg> <results.safetensors> [filter]\n";
    return 2;
  }
  const std::string filter = argc > 3 ? argv[3] : "";
  const opsis::SerialScope one_thread;
  const torch::InferenceMode inference;
  const auto image = opsis::io::decode_image(argv[1], {.mode = opsis::ImageReadMode::RGB});
  nlohmann::ordered_json times;
  opsis::hub::StateDict results;
  for (const auto& row : rows) {
    if (std::string(row.name).find(filter) == std::string::npos) continue;
    torch::manual_seed(0);
    results.emplace_back(row.name, row.run(image).contiguous());
    torch::manual_seed(0);
    times[row.name] = milliseconds(row, image);
  }
  opsis::hub::save_safetensors(argv[2], results);
  std::cout << times.dump() << '\n';
}
