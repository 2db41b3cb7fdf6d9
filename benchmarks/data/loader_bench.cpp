// An epoch of photos in folders, from files to batches for training. Percent of the epoch in the counters.
#include <benchmark/benchmark.h>

#include <filesystem>
#include <memory>
#include <string>

#include "benchmarks/files.h"
#include "opsis/data.h"
#include "opsis/datasets/folder.h"
#include "opsis/transforms.h"

namespace {

// The same photo under many names.
std::filesystem::path folder_of(const std::string& size, int count) {
  const auto root = bench::folder() / ("folder_" + size);
  for (int i = 0; i < count; ++i) {
    const auto path = root / ("class" + std::to_string(i % 4)) / (std::to_string(i) + ".jpg");
    std::filesystem::create_directories(path.parent_path());
    if (!std::filesystem::exists(path)) std::filesystem::create_hard_link(bench::folder() / (size + ".jpg"), path);
  }
  return root;
}

void image_folder(benchmark::State& state, const std::string& size) {
  namespace T = opsis::transforms;
  const T::Compose train{T::RandomResizedCrop({224}), T::RandomHorizontalFlip(), T::ToDtype(torch::kFloat32, {.scale = true}),
                         T::Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
  const auto photos =
      std::make_shared<const opsis::datasets::ImageFolder>(opsis::datasets::ImageFolder::Options{folder_of(size, 512), train});
  opsis::data::DataLoader loader(
      photos, {.batch_size = 32, .shuffle = true, .num_workers = static_cast<size_t>(state.range(0)), .seed = 0});
  for (auto _ : state) {
    for (auto& batch : loader) benchmark::DoNotOptimize(batch.images);
  }
  const auto& report = loader.report();
  const double time = report.seconds * static_cast<double>(std::max<size_t>(report.workers, 1));
  state.counters["collating"] = 100 * report.collate_seconds / time;
  state.counters["idle"] = 100 * report.idle_seconds() / time;
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(photos->size()));
}

BENCHMARK_CAPTURE(image_folder, 500x375, "500x375")
    ->Name("data/image_folder/500x375")
    ->Arg(0)
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
