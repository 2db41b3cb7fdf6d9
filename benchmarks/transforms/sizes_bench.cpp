// Resizing, cutting, padding and mirroring of 8-bit pictures, both layouts, on one thread.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/parallel.h"
#include "opsis/transforms.h"

namespace {

namespace F = opsis::transforms::functional;
using opsis::transforms::InterpolationMode;
using opsis::transforms::PaddingMode;
using Kernel = std::function<torch::Tensor(const torch::Tensor&)>;

Kernel resize(std::vector<int64_t> size, InterpolationMode mode = InterpolationMode::BILINEAR, bool antialias = true) {
  return [=](const auto& image) { return F::resize(image, size, {.interpolation = mode, .antialias = antialias}); };
}

Kernel pad(PaddingMode mode) {
  return [=](const auto& image) { return F::pad(image, {16}, {}, mode); };
}

const std::vector<std::pair<std::string, Kernel>>& sizes_kernels() {
  static const std::vector<std::pair<std::string, Kernel>> kernels{
      {"resize/224", resize({224})},
      {"resize/256", resize({256})},
      {"resize/224_aliased", resize({224}, InterpolationMode::BILINEAR, false)},
      {"resize/224_bicubic", resize({224}, InterpolationMode::BICUBIC)},
      {"resize/224_nearest", resize({224}, InterpolationMode::NEAREST)},
      {"resize/224_nearest_exact", resize({224}, InterpolationMode::NEAREST_EXACT)},
      {"resize/600", resize({600})},
      {"resized_crop/224",
       [](const auto& image) {
         return F::resized_crop(image, {20, 30, 300, 400}, {224, 224});
       }},
      {"center_crop/224", [](const auto& image) { return F::center_crop(image, {224}); }},
      {"crop/beyond",
       [](const auto& image) {
         return F::crop(image, {-10, -10, image.size(-2), image.size(-1)});
       }},
      {"horizontal_flip", [](const auto& image) { return F::horizontal_flip(image); }},
      {"vertical_flip", [](const auto& image) { return F::vertical_flip(image); }},
      {"pad/constant", pad(PaddingMode::Constant)},
      {"pad/edge", pad(PaddingMode::Edge)},
      {"pad/reflect", pad(PaddingMode::Reflect)},
      {"pad/symmetric", pad(PaddingMode::Symmetric)},
  };
  return kernels;
}

void sizes(benchmark::State& state, const Kernel& kernel, int64_t height, int64_t width, torch::MemoryFormat format) {
  const opsis::SerialScope one_thread;
  const torch::InferenceMode inference;
  const auto image = torch::randint(256, {1, 3, height, width}, torch::kUInt8).contiguous(format).squeeze(0);
  for (auto _ : state) benchmark::DoNotOptimize(kernel(image));
  state.SetItemsProcessed(state.iterations());
}

[[maybe_unused]] const bool registered = [] {
  const std::pair<int64_t, int64_t> pictures[] = {{375, 500}, {768, 1024}, {3000, 4000}};
  for (const auto& [name, kernel] : sizes_kernels()) {
    for (const auto& [height, width] : pictures) {
      for (const auto format : {torch::MemoryFormat::Contiguous, torch::MemoryFormat::ChannelsLast}) {
        const auto layout = format == torch::MemoryFormat::ChannelsLast ? "channels_last" : "planes";
        const auto title = "transforms/" + name + "/" + std::to_string(width) + "x" + std::to_string(height) + "/" + layout;
        benchmark::RegisterBenchmark(title.c_str(), sizes, kernel, height, width, format)->Unit(benchmark::kMillisecond);
      }
    }
  }
  return true;
}();

}  // namespace
