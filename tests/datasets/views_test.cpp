// Data sets made of others, held against torch.utils.data where it has them, and read by the loader.
#include "opsis/datasets/views.h"

#include <atomic>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include <ATen/CPUGeneratorImpl.h>

#include "opsis/core/random.h"
#include "opsis/data/loader.h"
#include "opsis/datasets/digits.h"
#include "opsis/datasets/fake_data.h"
#include "opsis/datasets/vision_dataset.h"
#include "opsis/transforms/geometry.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis::datasets {
namespace {

// Example i is (part, i).
class Pairs final : public Dataset<std::pair<int64_t, int64_t>> {
 public:
  explicit Pairs(size_t size, int64_t part = 0) : size_(size), part_(part) {}
  size_t size() const override { return size_; }
  std::pair<int64_t, int64_t> get(size_t index) const override {
    detail::check_index("Pairs", index, size_);
    return {part_, static_cast<int64_t>(index)};
  }

 private:
  size_t size_;
  int64_t part_;
};

TEST(ConcatDataset, EqualsPythons) {
  for (const auto& c : oracle::cases("datasets_views/concat")) {
    SCOPED_TRACE(c.name());
    std::vector<SharedDataset<Pairs::Example>> parts;
    for (const auto size : c.ints("sizes")) parts.emplace_back(Pairs(static_cast<size_t>(size), std::ssize(parts)));
    const ConcatDataset all(parts);
    const auto pairs = c.tensor("pairs");
    ASSERT_EQ(all.size(), static_cast<size_t>(pairs.size(0)));
    for (size_t i = 0; i < all.size(); ++i) {
      const auto [part, within] = all.get(i);
      EXPECT_EQ(part, pairs[static_cast<int64_t>(i)][0].item<int64_t>());
      EXPECT_EQ(within, pairs[static_cast<int64_t>(i)][1].item<int64_t>());
    }
    const auto ends = c.ints("cumulative_sizes");
    EXPECT_EQ(all.cumulative_sizes(), std::vector<size_t>(ends.begin(), ends.end()));
  }
}

TEST(ConcatDataset, TakesDataSetsAndPointersToThem) {
  const ConcatDataset all(Pairs(2, 0), std::make_shared<const Pairs>(3, 1), Subset(Pairs(9, 2), {8}));
  EXPECT_EQ(all.size(), 6);
  EXPECT_EQ(all.get(4), std::pair(int64_t{1}, int64_t{2}));
  EXPECT_EQ(all.get(5), std::pair(int64_t{2}, int64_t{8}));
  EXPECT_ERROR(all.get(6), ValueError, "ConcatDataset: index must be below 6, got 6");
  EXPECT_ERROR(ConcatDataset(std::vector<SharedDataset<Classified>>{}), ValueError, "at least one data set");
}

TEST(RandomSplit, DrawsAndCountsAsPythons) {
  for (const auto& c : oracle::cases("datasets_views/random_split")) {
    SCOPED_TRACE(c.name());
    const random::Scope scope(3);
    const Pairs pairs(static_cast<size_t>(c.integer("size")));
    if (c.boolean("fails")) {
      EXPECT_THROW(random_split(pairs, c.numbers("lengths")), ValueError);
      continue;
    }
    const auto parts = random_split(pairs, c.numbers("lengths"));
    std::vector<std::vector<size_t>> indices;
    for (const auto& part : parts) indices.push_back(part.indices());
    EXPECT_EQ(nlohmann::json(indices), nlohmann::json::parse(c.json("parts")));
    EXPECT_EQ(random::uniform(), c.tensor("next").item<float>());
  }
}

TEST(RandomSplit, TakesAGeneratorAndSaysWhatIsWrong) {
  const auto first = random_split(Digits(), {0.8, 0.2}, at::make_generator<at::CPUGeneratorImpl>(5));
  const auto second = random_split(Digits(), {0.8, 0.2}, at::make_generator<at::CPUGeneratorImpl>(5));
  EXPECT_EQ(first[1].indices(), second[1].indices());
  EXPECT_ERROR(random_split(Pairs(10), {5, 4}), ValueError, "random_split: lengths must sum up to 10, got 9");
  EXPECT_ERROR(random_split(Pairs(10), {0.5, 0.4}), ValueError,
               "fractions that sum up to 1, or whole numbers up to 10, got 0.5");
  EXPECT_ERROR(random_split(Pairs(10), {-0.5, 1.5}), ValueError, "a fraction must be in [0, 1], got -0.5");
}

TEST(StratifiedSplit, GivesEachPartItsShareOfEachClass) {
  std::vector<int64_t> labels;
  for (const auto& [label, count] : {std::pair(7, 500), {1, 100}, {2, 13}, {3, 1}}) labels.insert(labels.end(), count, label);
  const random::Scope scope(0);
  const std::vector<double> lengths{0.7, 0.2, 0.1};
  const auto parts = stratified_split(Pairs(labels.size()), lengths, labels);
  std::set<size_t> seen;
  for (size_t k = 0; k < lengths.size(); ++k) {
    EXPECT_NEAR(static_cast<double>(parts[k].size()), lengths[k] * 614, 1.0);
    std::map<int64_t, int64_t> count;
    for (const auto i : parts[k].indices()) {
      EXPECT_TRUE(seen.insert(i).second);
      ++count[labels[i]];
    }
    for (const auto& [label, of] : {std::pair(7, 500), {1, 100}, {2, 13}, {3, 1}}) {
      EXPECT_NEAR(static_cast<double>(count[label]), lengths[k] * of, 2.0) << "class " << label << " in part " << k;
    }
  }
  EXPECT_EQ(seen.size(), labels.size());
  const auto again = stratified_split(Pairs(labels.size()), lengths, labels);
  EXPECT_NE(again[0].indices(), parts[0].indices());
}

TEST(StratifiedSplit, KnowsTheLabelsOfDataSetsThatHaveThem) {
  const auto parts = stratified_split(Digits(), {0.5, 0.5});
  EXPECT_EQ(parts[0].size() + parts[1].size(), Digits().size());
  EXPECT_ERROR(stratified_split(Pairs(3), {0.5, 0.5}, std::vector<int64_t>{1, 2}), ValueError,
               "stratified_split: there must be 3 labels, one an example, got 2");
}

TEST(RepeatedDataset, BeginsAgain) {
  const RepeatedDataset twice(Pairs(3), 2);
  EXPECT_EQ(twice.size(), 6);
  EXPECT_EQ(twice.get(4).second, 1);
  EXPECT_ERROR(twice.get(6), ValueError, "RepeatedDataset: index must be below 6, got 6");
  EXPECT_ERROR(RepeatedDataset(Pairs(3), 0), ValueError, "times must be positive");
  EXPECT_ERROR(RepeatedDataset(Pairs(3), SIZE_MAX), ValueError, "are too many");
  EXPECT_EQ(RepeatedDataset(Pairs(0), 5).size(), 0);
}

TEST(MappedDataset, TakesFunctionsAndTransforms) {
  const MappedDataset labels(Digits(), [](const Classified& example) { return example.label; });
  EXPECT_EQ(labels.get(3), Digits().get(3).label);
  static_assert(std::is_base_of_v<Dataset<int64_t>, std::remove_const_t<decltype(labels)>>);
  const MappedDataset mirrored(Digits(), transforms::RandomHorizontalFlip(1.0));
  EXPECT_TENSOR_EQ(mirrored.get(3).image.data, Digits().get(3).image.data.flip(-1));
}

TEST(Filter, KeepsByNumberOrByExample) {
  EXPECT_EQ(filter(Pairs(9), [](size_t i) { return i % 4 == 1; }).indices(), (std::vector<size_t>{1, 5}));
  const auto threes = filter(Digits(), [](const Classified& example) { return example.label == 3; });
  EXPECT_GT(threes.size(), 100);
  EXPECT_EQ(threes.get(7).label, 3);
  EXPECT_EQ(filter(Digits(), [](size_t) { return false; }).size(), 0);
}

// Counts how often examples are read.
class Counted final : public Dataset<Classified> {
 public:
  explicit Counted(std::shared_ptr<std::atomic<int>> reads) : reads_(std::move(reads)) {}
  size_t size() const override { return 10; }
  Classified get(size_t index) const override {
    ++*reads_;
    return {Image(torch::full({1, 10, 10}, static_cast<int64_t>(index), torch::kUInt8)), static_cast<int64_t>(index)};
  }

 private:
  std::shared_ptr<std::atomic<int>> reads_;
};

TEST(CachedDataset, ReadsOnceWhatFits) {
  const auto reads = std::make_shared<std::atomic<int>>(0);
  const CachedDataset cached(Counted(reads), 750);
  const std::vector copies(3, cached);  // each for an epoch: they share what is read
  for (const auto& copy : copies) {
    for (size_t i = 0; i < 10; ++i) {
      const auto example = copy.get(i);
      EXPECT_EQ(example.label, static_cast<int64_t>(i));
      EXPECT_TRUE(example.image.data.eq(static_cast<int64_t>(i)).all().item<bool>());
      example.image.data.zero_();  // of one's own
    }
  }
  EXPECT_EQ(cached.cached(), 7);
  EXPECT_EQ(*reads, 10 + 2 * 3);
  EXPECT_ERROR(cached.get(10), ValueError, "CachedDataset: index must be below 10, got 10");
}

TEST(CachedDataset, IsReadByManyThreads) {
  const auto reads = std::make_shared<std::atomic<int>>(0);
  const CachedDataset cached(Counted(reads), 10'000);
  std::vector<std::jthread> threads;
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < 200; ++i) EXPECT_EQ(cached.get(i % 10).label, static_cast<int64_t>(i % 10));
    });
  }
  threads.clear();
  EXPECT_EQ(cached.cached(), 10);
}

TEST(Views, AreReadByTheLoader) {
  const ConcatDataset both(CachedDataset(Digits(), 10'000), Digits({.train = false}));
  const auto parts = stratified_split(both, {0.5, 0.5}, std::vector<int64_t>(both.size(), 0));
  data::DataLoader loader(RepeatedDataset(MappedDataset(parts[0], transforms::RandomHorizontalFlip(1.0)), 2),
                          {.batch_size = 64, .num_workers = 2});
  int64_t count = 0;
  for (const auto& [images, labels] : loader) count += labels.size(0);
  EXPECT_EQ(count, 2 * std::ssize(parts[0].indices()));
}

// --- VisionDataset --------------------------------------------------------------------------------------------------------

class Slides final : public VisionDataset<Classified> {
 public:
  explicit Slides(const std::string& root, transforms::AnyTransform transforms = {}, std::string extra = {})
      : VisionDataset("Slides", root, std::move(transforms)), extra_(std::move(extra)) {}
  size_t size() const override { return 60; }

 private:
  Classified read(size_t index) const override {
    return {Image(torch::arange(6, torch::kUInt8).view({1, 2, 3})), static_cast<int64_t>(index)};
  }
  std::string extra_repr() const override { return extra_; }
  std::string extra_;
};

TEST(VisionDataset, PrintsItselfAsTorchvisions) {
  for (const auto& c : oracle::cases("datasets_views/vision_dataset")) {
    EXPECT_EQ(Slides(c.text("root"), {}, c.text("extra")).repr(), c.text("repr")) << c.name();
  }
  EXPECT_NE(Slides("", transforms::RandomHorizontalFlip(1.0)).repr().find("\n    RandomHorizontalFlip(p=1.0)"),
            std::string::npos);
}

TEST(VisionDataset, ChecksTheIndexAndTransforms) {
  const Slides slides("slides", transforms::RandomHorizontalFlip(1.0));
  const auto example = slides.get(59);
  EXPECT_EQ(example.label, 59);
  EXPECT_EQ(example.image.data[0][0][0].item<int>(), 2);
  EXPECT_ERROR(slides.get(60), ValueError, "Slides: index must be below 60, got 60");
}

}  // namespace
}  // namespace opsis::datasets
