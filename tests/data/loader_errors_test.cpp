// What a loader does about samples that cannot be read, and what it reports.
#include <gmock/gmock.h>
#include <torch/torch.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "opsis/core/random.h"
#include "opsis/core/work.h"
#include "opsis/data.h"
#include "opsis/datasets/folder.h"
#include "opsis/io/image.h"
#include "opsis/transforms.h"
#include "tests/data/loader_examples.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using data::BadSamples;
using data::DataLoader;
using Indices = std::vector<size_t>;

template <class Loader>
std::vector<Indices> indices_given(Loader& loader) {
  std::vector<Indices> out;
  for (auto batch = loader.begin(); batch != loader.end(); ++batch) {
    EXPECT_EQ(batch->size(0), std::ssize(batch.indices()));
    out.push_back(batch.indices());
  }
  return out;
}

std::vector<size_t> indices_of(const std::vector<data::BadSample>& samples) {
  std::vector<size_t> out;
  for (const auto& sample : samples) out.push_back(sample.index);
  return out;
}

TEST(BadSamples, SkippedOnesMakeTheirBatchShorterAndAreReported) {
  for (const size_t workers : {0, 1, 4}) {
    SCOPED_TRACE(workers);
    DataLoader loader(Failing(12, {7, 1, 4, 6, 8}),
                      {.batch_size = 3, .num_workers = workers, .on_error = BadSamples::SkipAndCount});
    EXPECT_EQ(indices_given(loader), (std::vector<Indices>{{0, 2}, {3, 5}, {9, 10, 11}})) << "6, 7 and 8 had a batch";
    const auto& report = loader.report();
    EXPECT_EQ(report.batches, 3u);
    EXPECT_EQ(report.samples, 7u);
    EXPECT_EQ(report.bad_samples, 5u);
    EXPECT_EQ(indices_of(report.first_bad_samples), (Indices{1, 4, 6, 7, 8}));
    EXPECT_EQ(report.first_bad_samples[0].cause, "broken on purpose");
  }
}

TEST(BadSamples, NoMoreThanTenAreNamed) {
  Indices bad(25);
  std::iota(bad.begin(), bad.end(), size_t{1});
  DataLoader loader(Failing(30, bad), {.batch_size = 4, .num_workers = 3, .on_error = BadSamples::SkipAndCount});
  indices_given(loader);
  EXPECT_EQ(loader.report().bad_samples, 25u);
  EXPECT_EQ(indices_of(loader.report().first_bad_samples), (Indices{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST(BadSamples, AnEpochOfNothingElseEndsWithAnError) {
  for (const size_t workers : {0, 2}) {
    DataLoader loader(Failing(5, {0, 1, 2, 3, 4}),
                      {.batch_size = 2, .num_workers = workers, .on_error = BadSamples::SkipAndCount});
    EXPECT_ERROR(loader.begin(), SampleError, "sample 0: broken on purpose; none of the epoch's 5 samples could be read");
    DataLoader substituting(Failing(5, {0, 1, 2, 3, 4}),
                            {.batch_size = 2, .num_workers = workers, .on_error = BadSamples::Substitute});
    EXPECT_ERROR(substituting.begin(), SampleError, "nor could 10 others be read in place of sample 0");
  }
}

TEST(BadSamples, SubstitutesAreTheSameWithAnyNumberOfWorkers) {
  struct Drawing : datasets::Dataset<std::pair<int64_t, torch::Tensor>> {
    size_t size() const override { return 40; }
    Example get(size_t index) const override {
      auto drawn = torch::rand({3}, random::current());
      if (index % 3 == 0) throw DecodeError("broken on purpose");
      return {static_cast<int64_t>(index), drawn};
    }
  };
  const Indices subset{0, 1, 2, 3, 5, 6, 30, 31, 33, 35};
  const auto run = [&](size_t workers, size_t prefetch) {
    torch::manual_seed(4);
    DataLoader loader(Drawing(), {.batch_size = 4,
                                  .sampler = std::make_shared<data::SubsetRandomSampler>(subset),
                                  .num_workers = workers,
                                  .prefetch = prefetch,
                                  .on_error = BadSamples::Substitute});
    auto all = all_of(loader, 2);
    EXPECT_GE(loader.report().bad_samples, 5u);
    return std::pair(all, loader.report().first_bad_samples);
  };
  const auto [expected, bad] = run(0, 1);
  EXPECT_EQ(expected.size(0), 20) << "batches are full";
  for (int64_t i = 0; i < 20; ++i) {
    const auto index = static_cast<size_t>(expected[i][0].item<float>());
    EXPECT_NE(index % 3, 0u);
    EXPECT_THAT(subset, testing::Contains(index)) << "what the sampler leaves out is no substitute";
  }
  for (const size_t workers : {1, 2, 4}) {
    const auto [given, reported] = run(workers, workers);
    EXPECT_TENSOR_EQ(given, expected);
    EXPECT_EQ(indices_of(reported), indices_of(bad));
  }
}

TEST(BadSamples, OfFilesAreNamedByTheirPath) {
  const support::TemporaryFolder folder;
  for (const auto* name : {"cat/a.png", "cat/b.png", "dog/c.png"}) {
    const auto path = folder.path() / name;
    std::filesystem::create_directories(path.parent_path());
    io::write_png(Image(torch::zeros({3, 4, 4}, torch::kUInt8)), path);
  }
  std::ofstream(folder.path() / "cat/b.png") << "no picture";
  const auto path = (folder.path() / "cat/b.png").string();
  const datasets::ImageFolder photos({.root = folder.path()});

  DataLoader raising(photos, {.batch_size = 3, .num_workers = 1});
  EXPECT_ERROR(raising.begin(), SampleError, "sample 1: " + path + ": ");
  std::filesystem::remove(path);
  EXPECT_ERROR(raising.begin(), SampleError, path);
  DataLoader skipping(photos, {.batch_size = 3, .on_error = BadSamples::SkipAndCount});
  for (auto& [images, labels] : skipping) EXPECT_EQ(to_vector(labels), (std::vector<int64_t>{0, 1}));
  EXPECT_THAT(skipping.report().str(), testing::HasSubstr("1 bad sample, the first: sample 1: "));
  EXPECT_THAT(skipping.report().str(), testing::HasSubstr(path));
}

TEST(LoaderReport, TellsWhereTheTimeGoes) {
  struct Slow : datasets::Dataset<int64_t> {
    size_t size() const override { return 12; }
    int64_t get(size_t index) const override {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      return static_cast<int64_t>(index);
    }
  };
  const auto slow_collate = [](std::vector<int64_t> samples, std::span<const size_t>) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    return torch::tensor(samples);
  };
  for (const size_t workers : {0, 2}) {
    SCOPED_TRACE(workers);
    DataLoader loader(Slow(), {.batch_size = 4, .num_workers = workers}, slow_collate);
    EXPECT_EQ(loader.report().samples, 0u);
    indices_given(loader);
    indices_given(loader);
    const auto& report = loader.report();
    EXPECT_EQ(report.epoch, 1);
    EXPECT_EQ(report.samples, 12u);
    EXPECT_EQ(report.batches, 3u);
    EXPECT_EQ(report.workers, workers);
    EXPECT_GE(report.load_seconds, 0.024);
    EXPECT_GE(report.collate_seconds, 0.009);
    EXPECT_LE(report.wait_seconds, report.seconds);
    EXPECT_LE(report.load_seconds + report.collate_seconds, static_cast<double>(std::max<size_t>(workers, 1)) * report.seconds);
    EXPECT_GT(report.samples_per_second(), 0);
  }
}

TEST(LoaderReport, PartsReadingDecodingAndTransforming) {
  const support::TemporaryFolder folder;
  for (const std::string name : {"a/0.jpg", "a/1.jpg", "b/2.jpg", "b/3.jpg"}) {
    std::filesystem::create_directories((folder.path() / name).parent_path());
    io::write_jpeg(Image(torch::full({3, 40, 60}, 90, torch::kUInt8)), folder.path() / name);
  }
  const transforms::Lambda slow([](const Image& image) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return image;
  });
  const transforms::Compose steps{transforms::Resize({16, 16}), slow};
  for (const size_t workers : {0, 2}) {
    SCOPED_TRACE(workers);
    DataLoader loader(datasets::ImageFolder({.root = folder.path(), .transforms = steps}),
                      {.batch_size = 2, .num_workers = workers});
    for (auto& batch : loader) EXPECT_EQ(batch.images.size(0), 2);
    const auto report = loader.report();
    EXPECT_GT(report.read_seconds, 0);
    EXPECT_GT(report.decode_seconds, 0);
    EXPECT_GE(report.transform_seconds, 0.008);
    EXPECT_LE(report.read_seconds + report.decode_seconds + report.transform_seconds, report.load_seconds);
  }
  // What a data set of the user's does is told by himself; else it is no part of it.
  struct Told : datasets::Dataset<int64_t> {
    size_t size() const override { return 4; }
    int64_t get(size_t index) const override {
      const WorkScope decoding(Work::Decoding);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return static_cast<int64_t>(index);
    }
  };
  DataLoader loader(Told(), {.batch_size = 2});
  indices_given(loader);
  const auto report = loader.report();
  EXPECT_GE(report.decode_seconds, 0.004);
  EXPECT_EQ(report.read_seconds + report.transform_seconds, 0);
}

TEST(LoaderReport, IsOneLine) {
  data::LoaderReport report{.epoch = 2,
                            .batches = 20,
                            .samples = 1280,
                            .workers = 2,
                            .seconds = 2,
                            .load_seconds = 3,
                            .read_seconds = 0.2,
                            .decode_seconds = 2,
                            .transform_seconds = 0.4,
                            .collate_seconds = 0.5,
                            .wait_seconds = 1.5};
  EXPECT_EQ(report.str(),
            "epoch 2: 1280 samples in 2.0 s, 640/s; 2 workers: 75% loading (5% reading, 50% decoding, 10% transforming), 12% "
            "collating, "
            "12% idle; waited for 75% of the time");
  report.workers = 0;
  report.bad_samples = 3;
  report.first_bad_samples = {{7, "broken"}};
  report.load_seconds = 1;
  report.read_seconds = report.transform_seconds = 0;
  report.decode_seconds = 0.5;
  EXPECT_EQ(report.str(),
            "epoch 2: 1280 samples in 2.0 s, 640/s; 50% loading (0% reading, 25% decoding, 0% transforming), 25% collating; 3 "
            "bad samples, the first: sample 7: broken");
  EXPECT_EQ(data::LoaderReport().str(),
            "epoch 0: 0 samples in 0.0 s, 0/s; 0% loading (0% reading, 0% decoding, 0% transforming), 0% collating");
}

}  // namespace
}  // namespace opsis
