#include "opsis/data/loader.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <nlohmann/json.hpp>
#include <span>

#include "opsis/core/progress.h"
#include "opsis/core/random.h"
#include "opsis/datasets/digits.h"
#include "opsis/datasets/fake_data.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/views.h"
#include "opsis/transforms/container.h"
#include "opsis/transforms/crop.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/mix.h"
#include "opsis/transforms/type.h"
#include "tests/data/generator_of.h"
#include "tests/data/loader_examples.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using data::DataLoader;
using data::SampleSeeds;
using datasets::Dataset;
using datasets::Digits;
using Orders = std::vector<std::vector<std::vector<int64_t>>>;  // epochs of batches of indices

TEST(DataLoader, OrderEqualsPythons) {
  for (const auto& c : oracle::cases("data/loader_order")) {
    for (const size_t workers : {0, 2}) {
      SCOPED_TRACE(c.name() + " workers=" + std::to_string(workers));
      torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
      DataLoader loader(Numbers(static_cast<size_t>(c.integer("size"))),
                        {.batch_size = static_cast<size_t>(c.integer("batch_size")),
                         .shuffle = true,
                         .num_workers = workers,
                         .drop_last = c.boolean("drop_last"),
                         .generator = generator_of(c)});
      EXPECT_EQ(static_cast<int64_t>(loader.size()), c.integer("batches"));
      Orders epochs(3);
      for (auto& epoch : epochs) {
        for (auto& batch : loader) epoch.push_back(to_vector(batch));
      }
      EXPECT_EQ(epochs, nlohmann::json::parse(c.json("expected")).get<Orders>());
      EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
    }
  }
}

TEST(DataLoader, SequentialDrawsEqualPythons) {
  for (const auto& c : oracle::cases("data/loader_draws")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    DataLoader loader(Drawn(9), {.batch_size = static_cast<size_t>(c.integer("batch_size")),
                                 .shuffle = c.boolean("shuffle"),
                                 .sample_seeds = SampleSeeds::Sequential});
    std::vector<torch::Tensor> indices, draws;
    for (int epoch = 0; epoch < 2; ++epoch) {
      for (auto& [index, drawn] : loader) {
        indices.push_back(index);
        draws.push_back(drawn);
        draws.push_back(torch::rand({1, 3}));
      }
    }
    EXPECT_TENSOR_EQ(torch::cat(indices), c.tensor("indices"));
    EXPECT_TENSOR_EQ(torch::cat(draws), c.tensor("draws"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
}

// What two epochs give, one after the other.
template <class Loader>
void expect_two_epochs(Loader& loader, const oracle::Case& c) {
  std::vector<torch::Tensor> images, labels;
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (auto& batch : loader) {
      images.push_back(batch.images);
      labels.push_back(batch.labels);
    }
  }
  EXPECT_TENSOR_EQ(torch::cat(images), c.tensor("images"));
  EXPECT_TENSOR_EQ(torch::cat(labels), c.tensor("labels"));
}

TEST(DataLoader, SequentialPixelsAndLabelsEqualPythons) {
  for (const auto& c : oracle::cases("data/loader_pixels")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    const transforms::Compose augment{transforms::RandomCrop({8}, {.padding = {2}}), transforms::RandomHorizontalFlip()};
    DataLoader loader(
        datasets::FakeData({.size = 12, .image_size = {3, 10, 9}, .transforms = augment}),
        {.batch_size = static_cast<size_t>(c.integer("batch_size")), .shuffle = true, .sample_seeds = SampleSeeds::Sequential});
    expect_two_epochs(loader, c);
  }
}

TEST(DataLoader, SequentialPhotosOfTrainingEqualPythonsToTheBit) {
  const transforms::Compose augment{transforms::RandomResizedCrop({224}), transforms::RandomHorizontalFlip(),
                                    transforms::ToDtype(torch::kFloat32, {.scale = true}),
                                    transforms::Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
  for (const auto& c : oracle::cases("data/loader_photos")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    DataLoader loader(datasets::ImageFolder({.root = c.text("root"), .transforms = augment}),
                      {.batch_size = 2, .shuffle = true, .sample_seeds = SampleSeeds::Sequential});
    expect_two_epochs(loader, c);
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
}

TEST(DataLoader, AfterAnEarlyBreakSequentialOrderEqualsPythons) {
  for (const auto& c : oracle::cases("data/early_break")) {
    SCOPED_TRACE(c.name());
    const auto generator = generator_of(c);
    torch::manual_seed(0);
    const auto sampler = std::make_shared<data::RandomSampler>(
        100, data::RandomSamplerOptions{.replacement = c.boolean("replacement"), .generator = generator});
    DataLoader loader(Numbers(100),
                      {.batch_size = 8, .sampler = sampler, .generator = generator, .sample_seeds = SampleSeeds::Sequential});
    Orders epochs(3);
    for (auto& epoch : epochs) {
      for (auto& batch : loader) {
        epoch.push_back(to_vector(batch));
        if (epoch.size() == 5) break;
      }
    }
    EXPECT_EQ(epochs, nlohmann::json::parse(c.json("expected")).get<Orders>());
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
}

// Counts instead of printing.
class CountedWarnings final : public c10::WarningHandler {
 public:
  void process(const c10::Warning& /*warning*/) override { ++count; }
  int64_t count = 0;

 private:
  c10::WarningUtils::WarningHandlerGuard guard_{this};
};

TEST(DataLoader, PinsBatchesWhereAndOnlyWherePythonDoes) {
  for (const auto& c : oracle::cases("data/pin_memory")) {
    for (const size_t workers : {0, 2}) {
      SCOPED_TRACE(c.name() + " workers=" + std::to_string(workers));
      CountedWarnings warnings;
      DataLoader loader(Drawn(4), {.batch_size = 2, .num_workers = workers, .pin_memory = c.boolean("pin_memory")});
      std::vector<bool> pinned;
      for (auto& [index, draws] : loader) {
        pinned.push_back(index.is_pinned());
        pinned.push_back(draws.is_pinned());
      }
      EXPECT_EQ(pinned, nlohmann::json::parse(c.json("pinned")).get<std::vector<bool>>());
      EXPECT_EQ(warnings.count, c.integer("warnings"));
    }
  }
}

// A batch that says itself what is pinned of it, as DetectionBatch does.
struct PinsOnRequest {
  int64_t pinned = 0;
  PinsOnRequest pin_memory() const { return {pinned + 1}; }
};

TEST(Pin, AsksABatchThatPinsItself) {
  PinsOnRequest batch;
  data::detail::pin(batch);
  EXPECT_EQ(batch.pinned, 1);
  EXPECT_FALSE(data::detail::pinned(torch::Tensor()).defined());
}

TEST(DataLoader, BatchesDoNotDependOnTheWorkers) {
  const auto run = [](size_t workers, size_t prefetch) {
    torch::manual_seed(11);
    DataLoader loader(Drawn(103), {.batch_size = 8, .shuffle = true, .num_workers = workers, .prefetch = prefetch});
    return all_of(loader, 3);
  };
  const auto expected = run(0, 1);
  EXPECT_EQ(expected.size(0), 309);
  for (const size_t workers : {1, 2, 4, 16}) {
    for (const size_t prefetch : {1, 2, 7}) EXPECT_TENSOR_EQ(run(workers, prefetch), expected);
  }
}

TEST(DataLoader, RandomTransformsDoNotDependOnTheWorkers) {
  struct Roll final : transforms::Drawing<Roll> {
    using Params = int64_t;
    Params make_params(std::span<const transforms::Value>) const { return random::integer(0, 8); }
    transforms::Value transform(const transforms::Value& value, Params by) const {
      return Image(std::get<Image>(value).data.roll(by, -1));
    }
    std::string repr() const override { return "Roll()"; }
  };
  const auto run = [](size_t workers) {
    torch::manual_seed(2);
    DataLoader loader(Digits({.train = false, .transforms = Roll{}}),
                      {.batch_size = 64, .shuffle = true, .num_workers = workers});
    std::vector<torch::Tensor> out;
    for (auto& batch : loader) out.push_back(batch.images);
    return torch::cat(out);
  };
  const auto expected = run(0);
  for (const size_t workers : {1, 2, 4}) EXPECT_TENSOR_EQ(run(workers), expected);
}

TEST(DataLoader, EverySampleOfEveryEpochDrawsItsOwn) {
  // With replacement, so that an index comes more than once in an epoch.
  const auto sampler =
      std::make_shared<data::RandomSampler>(5, data::RandomSamplerOptions{.replacement = true, .num_samples = 50});
  DataLoader loader(Drawn(5), {.batch_size = 10, .sampler = sampler});
  const auto first_draws = all_of(loader, 2).select(1, 1);
  EXPECT_EQ(std::get<0>(at::_unique(first_draws)).numel(), 100);
}

// Of one epoch: what each index drew, in the order of indices.
torch::Tensor draws_by_index(data::LoaderOptions options) {
  options.seed = 5;
  DataLoader loader(Drawn(30), std::move(options));
  loader.set_epoch(3);
  const auto all = all_of(loader, 1);
  return all.index_select(0, all.select(1, 0).argsort(/*stable=*/true));
}

TEST(DataLoader, WhatASampleDrawsDependsOnSeedEpochAndIndexAlone) {
  const auto expected = draws_by_index({.batch_size = 4});
  EXPECT_TENSOR_EQ(draws_by_index({.batch_size = 7, .shuffle = true, .num_workers = 2}), expected);
  std::vector<torch::Tensor> ranks;
  for (const size_t rank : {0, 1}) {
    const auto share =
        std::make_shared<data::DistributedSampler>(30, data::DistributedSamplerOptions{.num_replicas = 2, .rank = rank});
    ranks.push_back(draws_by_index({.batch_size = 3, .sampler = share}));
  }
  const auto all = torch::cat(ranks);
  EXPECT_TENSOR_EQ(all.index_select(0, all.select(1, 0).argsort()), expected);
}

// An index that is no place in a list is counted too.
TEST(DataLoader, TheFirstTimeThatAnIndexComesItDrawsTheSame) {
  constexpr size_t far = size_t{1} << 40;
  struct Listed final : data::Sampler {
    explicit Listed(std::vector<size_t> indices) : indices(std::move(indices)) {}
    size_t size() const override { return indices.size(); }
    data::Indices epoch() override {
      return data::detail::drawn_at_once([all = indices] { return all; });
    }
    std::vector<size_t> indices;
  };
  const auto run = [&](std::vector<size_t> indices) {
    DataLoader loader(Drawn(far + 1), {.batch_size = 2, .sampler = std::make_shared<Listed>(std::move(indices)), .seed = 1});
    return all_of(loader, 1).slice(1, 1);
  };
  const auto a = run({7, 7, far, far}), b = run({far, 7, far, 7});
  EXPECT_TENSOR_EQ(a.index_select(0, torch::tensor({2, 0, 3, 1})), b);
  EXPECT_EQ(std::get<0>(at::_unique(a)).numel(), 12);
}

TEST(DataLoader, RepeatedAugmentationDiffersBetweenTheRanks) {
  std::vector<torch::Tensor> ranks;
  for (const size_t rank : {0, 1, 2}) {
    const auto repeated = std::make_shared<data::RASampler>(256, data::RASamplerOptions{.num_replicas = 3, .rank = rank});
    DataLoader loader(Drawn(256), {.batch_size = 5, .sampler = repeated, .seed = 5});
    ranks.push_back(all_of(loader, 1));
  }
  EXPECT_TENSOR_EQ(ranks[0].select(1, 0), ranks[1].select(1, 0));
  EXPECT_EQ(std::get<0>(at::_unique(torch::cat(ranks).select(1, 1))).numel(), 255);
}

TEST(DataLoader, ACollateThatDrawsDoesNotDependOnTheWorkers) {
  const auto noisy = [](std::vector<int64_t> samples, std::span<const size_t>) {
    return torch::tensor(samples) + torch::rand({1}, random::current());
  };
  const auto run = [&](size_t workers) {
    torch::manual_seed(1);
    DataLoader loader(Numbers(20), {.batch_size = 3, .shuffle = true, .num_workers = workers}, noisy);
    std::vector<torch::Tensor> out;
    for (auto& batch : loader) out.push_back(batch);
    return torch::cat(out);
  };
  EXPECT_TENSOR_EQ(run(3), run(0));
}

// Torchvision's recipe: a collate that mixes the batch it has made. Its draws are the batch's own.
TEST(DataLoader, MixesBatchesTheSameWithAnyNumberOfWorkers) {
  const transforms::MixUp mixup({.alpha = 0.2, .num_classes = 10});
  const transforms::CutMix cutmix({.num_classes = 10});
  const auto mix = [&](std::vector<datasets::Classified> samples, std::span<const size_t> indices) {
    auto batch = data::collate(std::move(samples), indices);
    batch.images = batch.images.to(torch::kFloat32);
    const auto labels = [](auto& sample) -> auto& { return sample.labels; };
    return random::integer(0, 2) == 0 ? mixup(std::move(batch), labels) : cutmix(std::move(batch), labels);
  };
  const auto run = [&](size_t workers) {
    torch::manual_seed(2);
    DataLoader loader(Digits({.train = false}), {.batch_size = 32, .shuffle = true, .num_workers = workers}, mix);
    std::vector<torch::Tensor> images, labels;
    for (auto& batch : loader) {
      images.push_back(batch.images);
      labels.push_back(batch.labels);
    }
    return std::pair(torch::cat(images), torch::cat(labels));
  };
  const auto [images, labels] = run(0);
  EXPECT_EQ(labels.sizes(), (std::vector<int64_t>{360, 10}));
  EXPECT_GT((labels.amax(1) < 1).sum().item<int64_t>(), 100) << "labels are mixed";
  for (const size_t workers : {1, 3}) {
    const auto [same_images, same_labels] = run(workers);
    EXPECT_TENSOR_EQ(same_images, images);
    EXPECT_TENSOR_EQ(same_labels, labels);
  }
}

// Samples are put in their places by the workers; those that do not fit there are stacked as ever.
TEST(DataLoader, BatchesAreThoseOfCollateWhateverTheSamplesAre) {
  struct Odd : Dataset<std::tuple<torch::Tensor, Image, int64_t>> {
    explicit Odd(int64_t odd_one) : odd_one(odd_one) {}
    size_t size() const override { return 11; }
    Example get(size_t i) const override {
      const auto index = static_cast<int64_t>(i);
      const auto type = index == odd_one ? torch::kFloat64 : torch::kFloat32;
      return {torch::full({2, 3}, index, type), Image(torch::full({4, 5, 3}, index, torch::kUInt8).permute({2, 0, 1})), index};
    }
    int64_t odd_one;
  };
  for (const int64_t odd_one : {-1, 0, 4, 5}) {
    for (const size_t workers : {0, 3}) {
      SCOPED_TRACE(odd_one);
      const Odd odd(odd_one);
      DataLoader loader(odd, {.batch_size = 4, .num_workers = workers});
      std::vector<torch::Tensor> kept;
      for (auto batch = loader.begin(); batch != loader.end(); ++batch) {
        std::vector<Odd::Example> samples;
        for (const auto index : batch.indices()) samples.push_back(odd.get(index));
        const auto [tensors, images, numbers] = data::collate(samples);
        EXPECT_TENSOR_EQ(std::get<0>(*batch), tensors);
        EXPECT_TENSOR_EQ(std::get<1>(*batch), images);
        EXPECT_TENSOR_EQ(std::get<2>(*batch), numbers);
        EXPECT_TRUE(std::get<1>(*batch).is_contiguous());
        kept.push_back(std::get<1>(*batch));
      }
      EXPECT_EQ(torch::cat(kept).select(1, 0).select(1, 0).select(1, 0).sum().item<int64_t>(), 55) << "batches are kept apart";
    }
  }
}

TEST(DataLoader, ASeedMakesEpochsDependOnNothingElse) {
  DataLoader loader(Drawn(30), {.batch_size = 4, .shuffle = true, .seed = 5});
  torch::manual_seed(3);
  const auto untouched = torch::rand(1);
  torch::manual_seed(3);
  all_of(loader, 2);
  const auto third = all_of(loader, 1);
  EXPECT_TENSOR_EQ(torch::rand(1), untouched);  // nothing was drawn from the current generator

  DataLoader other(Drawn(30), {.batch_size = 4, .shuffle = true, .num_workers = 2, .seed = 5});
  other.set_epoch(2);
  EXPECT_TENSOR_EQ(all_of(other, 1), third);
  other.set_epoch(3);
  EXPECT_FALSE(all_of(other, 1).equal(third));
}

TEST(DataLoader, TellsTheSamplerTheEpoch) {
  const auto sampler = std::make_shared<data::DistributedSampler>(10, data::DistributedSamplerOptions{.num_replicas = 2});
  DataLoader loader(Numbers(10), {.batch_size = 5, .sampler = sampler});
  const auto epoch = [&] { return to_vector(*loader.begin()); };
  const auto zero = epoch(), one = epoch();
  EXPECT_NE(zero, one);
  loader.set_epoch(0);
  EXPECT_EQ(epoch(), zero);
}

TEST(DataLoader, GivesBatchesOfDigits) {
  DataLoader loader(Digits({.train = false}), {.batch_size = 50, .num_workers = 2});
  EXPECT_EQ(loader.size(), 8u);
  int64_t seen = 0;
  for (auto& [images, labels] : loader) {
    EXPECT_EQ(images.sizes().slice(1), (std::vector<int64_t>{1, 8, 8}));
    EXPECT_TENSOR_EQ(labels, Digits({.train = false}).labels().slice(0, seen, seen + images.size(0)));
    seen += images.size(0);
  }
  EXPECT_EQ(seen, 360);
}

TEST(DataLoader, OfNoSamplesGivesNoBatch) {
  for (const size_t workers : {0, 2}) {
    DataLoader loader(Numbers(0), {.batch_size = 4, .num_workers = workers});
    EXPECT_EQ(loader.size(), 0u);
    for (auto& batch : loader) ADD_FAILURE() << batch;
    DataLoader dropping(Numbers(3), {.batch_size = 4, .num_workers = workers, .drop_last = true});
    EXPECT_EQ(dropping.size(), 0u);
    for (auto& batch : dropping) ADD_FAILURE() << batch;
  }
  EXPECT_ERROR(DataLoader(Numbers(0), {.shuffle = true}), ValueError, "the data set is empty");
}

TEST(DataLoader, ThrowsTheFirstBadSampleWhereItsBatchWouldCome) {
  for (const size_t workers : {0, 1, 4}) {
    SCOPED_TRACE(workers);
    DataLoader loader(Failing(40, {22, 21, 30}), {.batch_size = 5, .num_workers = workers, .prefetch = 4});
    size_t batches = 0;
    try {
      for (auto& batch : loader) batches += static_cast<size_t>(batch.numel() > 0);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const SampleError& error) {
      EXPECT_EQ(error.index, 21u);
      EXPECT_STREQ(error.what(), "sample 21: broken on purpose");
      EXPECT_THROW(std::rethrow_if_nested(error), DecodeError);
    }
    EXPECT_EQ(batches, 4u);
    // The loader is as good as new.
    EXPECT_EQ(to_vector(*loader.begin()), (std::vector<int64_t>{0, 1, 2, 3, 4}));
  }
}

TEST(DataLoader, ThrowsWhatCollateThrows) {
  struct Growing : Dataset<torch::Tensor> {
    size_t size() const override { return 6; }
    torch::Tensor get(size_t index) const override { return torch::zeros({index < 4 ? 1 : static_cast<int64_t>(index)}); }
  };
  for (const size_t workers : {0, 2}) {
    DataLoader loader(Growing(), {.batch_size = 2, .num_workers = workers});
    int batches = 0;
    EXPECT_ERROR(
        [&] {
          for (auto& batch : loader) batches += batch.size(0);
        }(),
        ValueError, "sample 4 is (4,), sample 5 is (5,)");
    EXPECT_EQ(batches, 4);
  }
}

TEST(DataLoader, TellsHowFarItIsWhenAsked) {
  struct Recorder final : progress::Reporter {
    void report(const progress::State& state) override { last = state; }
    progress::State last{};
  };
  const auto recorder = std::make_shared<Recorder>();
  const auto outer = progress::reporter();
  progress::set_reporter(recorder);
  DataLoader silent(Numbers(10), {.batch_size = 2});
  for (auto& batch : silent) EXPECT_EQ(batch.numel(), 2);
  EXPECT_EQ(recorder->last.label, "");

  DataLoader loader(Numbers(10), {.batch_size = 2, .num_workers = 2, .progress = true});
  auto batch = loader.begin();
  const auto state = batch.state();
  for (; batch != loader.end(); ++batch) EXPECT_FALSE(recorder->last.finished);
  EXPECT_EQ(recorder->last.label, "epoch 0");
  EXPECT_EQ(recorder->last.unit, "batches");
  EXPECT_EQ(recorder->last.done, 5);
  EXPECT_EQ(recorder->last.total, 5);
  EXPECT_TRUE(recorder->last.finished);

  recorder->last = {};
  loader.load_state(state);
  { const auto left = loader.begin(); }
  progress::set_reporter(outer);
  EXPECT_EQ(recorder->last.done, 2) << "what was had before the state is done";
  EXPECT_TRUE(recorder->last.finished);
}

TEST(DataLoader, TwoEpochsMayBeUnderWay) {
  DataLoader loader(Numbers(6), {.batch_size = 2, .num_workers = 2});
  auto a = loader.begin(), b = loader.begin();
  EXPECT_EQ(to_vector(*a), (std::vector<int64_t>{0, 1}));
  ++b;
  EXPECT_EQ(b.indices(), (std::vector<size_t>{2, 3}));
  ++ ++ ++a;
  EXPECT_EQ(a, loader.end());
  EXPECT_EQ(to_vector(*b), (std::vector<int64_t>{2, 3}));
}

TEST(DataLoader, TakesSharedDataSetsAndBatchesOfItsUser) {
  const auto digits = std::make_shared<const Digits>();
  DataLoader shared(digits, {.batch_size = 2});
  EXPECT_EQ((*shared.begin()).images.size(0), 2);
  EXPECT_EQ(&shared.dataset(), digits.get());

  struct Pairs final : data::BatchSampler {
    Pairs() : BatchSampler(std::make_shared<data::SequentialSampler>(4), 2) {}
    data::Batches epoch() override {
      return [next = std::vector<std::vector<size_t>>{{}, {5, 4}, {3}}]() mutable {
        auto batch = next.back();
        if (!batch.empty()) next.pop_back();
        return batch;
      };
    }
  };
  DataLoader grouped(Numbers(6), {.batch_sampler = std::make_shared<Pairs>()});
  Orders seen(1);
  for (auto& batch : grouped) seen[0].push_back(to_vector(batch));
  EXPECT_EQ(seen, (Orders{{{3}, {5, 4}}}));
}

TEST(DataLoader, RefusesOptionsThatContradict) {
  const auto sampler = std::make_shared<data::SequentialSampler>(3);
  const auto batches = std::make_shared<data::BatchSampler>(sampler, 2);
  EXPECT_ERROR(DataLoader(Numbers(3), {.batch_size = 0}), ValueError, "DataLoader: batch_size must be positive, got 0");
  EXPECT_ERROR(DataLoader(Numbers(3), {.shuffle = true, .sampler = sampler}), ValueError, "sampler excludes shuffle");
  EXPECT_ERROR(DataLoader(Numbers(3), {.batch_size = 2, .batch_sampler = batches}), ValueError,
               "batch_sampler excludes batch_size, shuffle, sampler and drop_last");
  EXPECT_ERROR(DataLoader(Numbers(3), {.prefetch = 0}), ValueError, "prefetch must be positive, got 0");
  EXPECT_ERROR(DataLoader(Numbers(3), {.num_workers = 2, .sample_seeds = SampleSeeds::Sequential}), ValueError,
               "SampleSeeds::Sequential needs num_workers = 0, got 2");
  EXPECT_ERROR(DataLoader(Numbers(3), {.generator = at::make_generator<at::CPUGeneratorImpl>(1), .seed = 1}), ValueError,
               "seed excludes generator");
  EXPECT_ERROR(DataLoader(Numbers(3), {.seed = 1, .sample_seeds = SampleSeeds::Sequential}), ValueError, "excludes seed");
  EXPECT_ERROR(DataLoader(Numbers(3), {.sample_seeds = SampleSeeds::Sequential, .on_error = data::BadSamples::Substitute}),
               ValueError, "SampleSeeds::Sequential excludes BadSamples::Substitute");
}

}  // namespace
}  // namespace opsis
