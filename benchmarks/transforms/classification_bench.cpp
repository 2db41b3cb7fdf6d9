// From the bytes of a JPEG to what a classifier takes, on one thread, and many JPEGs on several. The rivals are in scripts/bench.
#include <benchmark/benchmark.h>
#include <torch/torch.h>

#include <span>
#include <string>
#include <vector>

#include "benchmarks/files.h"
#include "opsis/core/parallel.h"
#include "opsis/hub/safetensors.h"
#include "opsis/io.h"
#include "opsis/transforms.h"

namespace {

void classification(benchmark::State& state, const std::string& size, int64_t min_size) {
  namespace T = opsis::transforms;
  const opsis::SerialScope one_thread;
  const torch::InferenceMode inference;
  const auto bytes = opsis::io::read_file(bench::folder() / (size + ".jpg"));
  const T::Compose prepare{T::Resize(256), T::CenterCrop(224), T::ToDtype(torch::kFloat32, {.scale = true}),
                           T::Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
  torch::Tensor result;
  for (auto _ : state) {
    result = T::decode(prepare, {bytes.data_ptr<uint8_t>(), static_cast<size_t>(bytes.numel())},
                       {.mode = opsis::ImageReadMode::RGB, .min_size = min_size})
                 .data;
    benchmark::DoNotOptimize(result);
  }
  state.SetItemsProcessed(state.iterations());
  if (min_size == 0) opsis::hub::save_safetensors(bench::folder() / ("opsis_" + size + ".safetensors"), {{"result", result}});
}

void decode_images(benchmark::State& state) {
  const torch::InferenceMode inference;
  const auto file = opsis::io::read_file(bench::folder() / "500x375.jpg");
  const std::vector<torch::Tensor> files(64, file);
  const int before = torch::get_num_threads();
  torch::set_num_threads(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    for (const auto& result : opsis::io::decode_images(std::span<const torch::Tensor>(files), {}, state.range(0))) {
      benchmark::DoNotOptimize(result.image());
    }
  }
  torch::set_num_threads(before);
  state.SetItemsProcessed(state.iterations() * 64);
}

BENCHMARK(decode_images)->Name("transforms/decode_images")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

BENCHMARK_CAPTURE(classification, 500x375, "500x375", 0)
    ->Name("transforms/classification/500x375")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(classification, 4000x3000, "4000x3000", 0)
    ->Name("transforms/classification/4000x3000")
    ->Unit(benchmark::kMillisecond);
// Decoded at an eighth of its size: close to the exact result, not equal.
BENCHMARK_CAPTURE(classification, 4000x3000_min_size, "4000x3000", 256)
    ->Name("transforms/classification/4000x3000 min_size")
    ->Unit(benchmark::kMillisecond);

}  // namespace
