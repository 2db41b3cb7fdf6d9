// The kernels of colour on a decoded photo, in both layouts, on one thread. The rivals are in scripts/bench.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <functional>
#include <string>
#include <vector>

#include "benchmarks/files.h"
#include "opsis/core/parallel.h"
#include "opsis/io.h"
#include "opsis/transforms.h"

namespace {

namespace T = opsis::transforms;
namespace F = opsis::transforms::functional;
using opsis::Image;

struct ColorCase {
  std::string name;
  std::function<Image(const Image&)> call;
};

const std::vector<ColorCase>& color_cases() {
  static const T::ColorJitter jitter({.brightness = 0.4, .contrast = 0.4, .saturation = 0.4, .hue = 0.1});
  static const std::vector<ColorCase> cases{
      {"adjust_brightness", [](const Image& image) { return F::adjust_brightness(image, 1.3); }},
      {"adjust_contrast", [](const Image& image) { return F::adjust_contrast(image, 1.3); }},
      {"adjust_saturation", [](const Image& image) { return F::adjust_saturation(image, 1.3); }},
      {"adjust_hue", [](const Image& image) { return F::adjust_hue(image, 0.1); }},
      {"adjust_gamma", [](const Image& image) { return F::adjust_gamma(image, 0.8); }},
      {"adjust_sharpness", [](const Image& image) { return F::adjust_sharpness(image, 2.0); }},
      {"ColorJitter", [](const Image& image) { return jitter(image); }},
      {"gaussian_blur_5", [](const Image& image) { return F::gaussian_blur(image, {5}, {.sigma = {1.1}}); }},
      {"gaussian_blur_23", [](const Image& image) { return F::gaussian_blur(image, {23}, {.sigma = {3.8}}); }},
      {"gaussian_noise", [](const Image& image) { return F::gaussian_noise(image); }},
      {"posterize", [](const Image& image) { return F::posterize(image, 4); }},
      {"solarize", [](const Image& image) { return F::solarize(image, 128); }},
      {"invert", [](const Image& image) { return F::invert(image); }},
      {"autocontrast", [](const Image& image) { return F::autocontrast(image); }},
      {"equalize", [](const Image& image) { return F::equalize(image); }},
      {"grayscale", [](const Image& image) { return F::rgb_to_grayscale(image); }},
      {"permute_channels",
       [](const Image& image) {
         return F::permute_channels(image, {2, 1, 0});
       }},
      {"jpeg_75", [](const Image& image) { return F::jpeg(image, 75); }},
      {"to_float", [](const Image& image) { return F::to_dtype(image, torch::kFloat32, {.scale = true}); }},
      {"to_normalized",
       [](const Image& image) {
         return F::to_normalized(image, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225});
       }},
  };
  return cases;
}

void color(benchmark::State& state, const ColorCase& c, const std::string& size, bool channels_last) {
  const opsis::SerialScope one_thread;
  const torch::InferenceMode inference;
  auto image = opsis::io::decode_image(opsis::io::read_file(bench::folder() / (size + ".jpg")));
  if (!channels_last) image.data = image.data.contiguous();
  for (auto _ : state) benchmark::DoNotOptimize(c.call(image));
  state.SetBytesProcessed(state.iterations() * image.data.numel());
}

const int registered = [] {
  for (const auto& c : color_cases()) {
    for (const bool channels_last : {false, true}) {
      const auto name = "transforms/" + c.name + "/500x375" + (channels_last ? "/channels_last" : "");
      benchmark::RegisterBenchmark(name.c_str(), color, c, "500x375", channels_last)->Unit(benchmark::kMicrosecond);
    }
  }
  return 0;
}();

}  // namespace
