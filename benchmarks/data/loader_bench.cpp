// An epoch of photos in folders, one of MNIST and one of CIFAR10, from files to batches for training, the memory that workers
// take, and the time to open a folder of many files and to index a file of COCO's format. Percent of the epoch in the counters.
// scripts/bench_loader makes the files.
#include <ATen/Parallel.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "benchmarks/files.h"
#include "opsis/core/json.h"
#include "opsis/core/parallel.h"
#include "opsis/data.h"
#include "opsis/datasets/cifar.h"
#include "opsis/datasets/coco_file.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/mnist.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/views.h"
#include "opsis/transforms.h"

namespace {

namespace data = opsis::data;
namespace datasets = opsis::datasets;
namespace T = opsis::transforms;

template <class Set>
void epochs(benchmark::State& state, std::shared_ptr<const Set> examples, size_t batch_size) {
  data::DataLoader loader(
      examples, {.batch_size = batch_size, .shuffle = true, .num_workers = static_cast<size_t>(state.range(0)), .seed = 0});
  double first = 1e9;
  for (auto _ : state) {
    const auto begun = std::chrono::steady_clock::now();
    auto batch = loader.begin();
    first = std::min(first, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
    for (; batch != loader.end(); ++batch) benchmark::DoNotOptimize(batch->images);
  }
  const auto report = loader.report();
  const double time = report.seconds * static_cast<double>(std::max<size_t>(report.workers, 1));
  state.counters["first_ms"] = first;
  state.counters["loading"] = 100 * report.load_seconds / time;
  state.counters["decoding"] = 100 * report.decode_seconds / time;
  state.counters["collating"] = 100 * report.collate_seconds / time;
  state.SetLabel(report.str());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(examples->size()));
}

// Of a folder, or of a file that has one in it and is read in place.
std::shared_ptr<const datasets::ImageFolder> photos(const char* name) {
  const T::Compose train{T::RandomResizedCrop({224}), T::RandomHorizontalFlip(), T::ToDtype(torch::kFloat32, {.scale = true}),
                         T::Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
  return std::make_shared<const datasets::ImageFolder>(datasets::ImageFolder::Options{bench::folder() / name, train});
}

void image_folder(benchmark::State& state) { epochs(state, photos("photos"), 32); }
void packed_folder(benchmark::State& state, const char* file) { epochs(state, photos(file), 32); }

// The most that an epoch of photos has taken of this program's memory. Of a program of its own, which has taken none before.
void loader_memory(benchmark::State& state) {
  epochs(state, photos("photos"), 32);
  std::ifstream status("/proc/self/status");
  double kib = 0;
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") status >> kib;
  }
  state.counters["peak_mb"] = kib * 1024 / 1e6;
}

void mnist(benchmark::State& state) {
  const T::Compose prepare{T::ToDtype(torch::kFloat32, {.scale = true}), T::Normalize({0.1307}, {0.3081})};
  epochs(state,
         std::make_shared<const datasets::MNIST>(datasets::MNIST::Options{.root = bench::folder(), .transforms = prepare}),
         128);
}

// Its pictures are made up, so any hash is right.
void cifar(benchmark::State& state) {
  std::map<std::string, std::string> any;
  for (const auto& file : datasets::resources("CIFAR10")) any["CIFAR10/" + std::string(file.file)] = "";
  const datasets::OtherHashes hashes(any);
  const T::Compose prepare{T::ToDtype(torch::kFloat32, {.scale = true}),
                           T::Normalize({0.4914, 0.4822, 0.4465}, {0.247, 0.2435, 0.2616})};
  epochs(state,
         std::make_shared<const datasets::CIFAR10>(datasets::CIFAR10::Options{.root = bench::folder(), .transforms = prepare}),
         128);
}

// A part of MNIST: batches are still made at once.
void mnist_split(benchmark::State& state) {
  const T::Compose prepare{T::ToDtype(torch::kFloat32, {.scale = true}), T::Normalize({0.1307}, {0.3081})};
  const datasets::MNIST digits({.root = bench::folder(), .transforms = prepare});
  epochs(state, std::make_shared<const datasets::Subset<datasets::Classified>>(datasets::random_split(digits, {0.9, 0.1})[0]),
         128);
}

// A folder of as many files as ImageNet has: as it is, and the second time with an index.
void many_files(benchmark::State& state, bool index) {
  const auto open = [index] { return datasets::ImageFolder({.root = bench::folder() / "many", .index = index}).size(); };
  open();
  for (auto _ : state) benchmark::DoNotOptimize(open());
}

void coco_file(benchmark::State& state) {
  for (auto _ : state) {
    const datasets::CocoFile file(bench::folder() / "instances.json");
    benchmark::DoNotOptimize(file.images().size());
  }
}

// The second time, when what stands where is known.
void coco_index(benchmark::State& state) {
  const datasets::CocoFile first(bench::folder() / "instances.json", true);
  for (auto _ : state) {
    const datasets::CocoFile file(bench::folder() / "instances.json", true);
    benchmark::DoNotOptimize(file.images().size());
  }
}

// As much as the others do: every number is read too, on so many threads.
void coco_annotations(benchmark::State& state) {
  const auto before = at::get_num_threads();
  at::set_num_threads(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    const datasets::CocoFile file(bench::folder() / "instances.json");
    const auto& images = file.images();
    opsis::parallel_for(0, std::ssize(images), 1000, [&](int64_t first, int64_t last) {
      for (; first < last; ++first) {
        for (const auto& part : images[static_cast<size_t>(first)].annotations)
          benchmark::DoNotOptimize(opsis::Json::parse(file.annotation(part)));
      }
    });
  }
  at::set_num_threads(before);
}

BENCHMARK(image_folder)->Name("data/image_folder")->Arg(0)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(packed_folder, zip, "photos.zip")
    ->Name("data/photos.zip")
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(packed_folder, tar, "photos.tar")
    ->Name("data/photos.tar")
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(mnist)->Name("data/mnist")->Arg(0)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(cifar)->Name("data/cifar10")->Arg(0)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(loader_memory)->Name("memory/photos")->Arg(1)->Arg(4)->Iterations(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(mnist_split)->Name("data/mnist_split")->Arg(0)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(many_files, scanned, false)->Name("data/many_files")->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(many_files, indexed, true)
    ->Name("data/many_files_index")
    ->Arg(2)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(coco_annotations)->Name("data/coco_annotations")->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(coco_index)->Name("data/coco_index")->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(coco_file)->Name("data/coco_file")->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
