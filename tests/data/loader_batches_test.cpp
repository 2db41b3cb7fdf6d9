#include "opsis/data/loader.h"

#include <torch/torch.h>

#include <atomic>
#include <optional>
#include <span>

#include "opsis/core/random.h"
#include "opsis/datasets/digits.h"
#include "opsis/datasets/views.h"
#include "opsis/transforms/container.h"
#include "opsis/transforms/crop.h"
#include "opsis/transforms/geometry.h"
#include "opsis/transforms/type.h"
#include "tests/data/loader_examples.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using data::DataLoader;
using data::SampleSeeds;
using datasets::Dataset;
using datasets::Digits;

// A data set in memory, one by one and at once.
TEST(DataLoader, BatchesThatAreMadeAtOnceEqualTheirSamples) {
  using namespace transforms;  // NOLINT
  const std::vector<AnyTransform> pipelines{
      {},
      ToDtype(torch::kFloat32, {.scale = true}),
      Compose{ToImage(), ToDtype(torch::kFloat32, {.scale = true}), Normalize({0.1307}, {0.3081})},
      Compose{Compose{ToDtype(torch::kFloat32, {.scale = true})}, Normalize({0.1307}, {0.3081})}.with_fusion(false),
      Compose{ToDtype(torch::kFloat64), Normalize({0.5}, {2.0})}};
  for (const auto& pipeline : pipelines) {
    SCOPED_TRACE(pipeline.repr());
    const Digits digits({.train = true, .transforms = pipeline});
    EXPECT_TRUE(digits.gives_batches());
    for (const size_t workers : {0, 2}) {
      DataLoader at_once(digits, {.batch_size = 50, .shuffle = true, .num_workers = workers, .seed = 3});
      size_t samples = 0;
      for (auto batch = at_once.begin(); batch != at_once.end(); ++batch) {
        std::vector<datasets::Classified> one_by_one;
        for (const auto index : batch.indices()) one_by_one.push_back(digits.get(index));
        const auto expected = data::collate(std::move(one_by_one));
        EXPECT_TENSOR_EQ(batch->images, expected.images);
        EXPECT_TENSOR_EQ(batch->labels, expected.labels);
        EXPECT_TRUE(batch->images.is_contiguous());
        samples += batch.indices().size();
      }
      EXPECT_EQ(samples, digits.size());
      EXPECT_EQ(at_once.report().samples, digits.size());
    }
  }
  EXPECT_FALSE(Digits({.transforms = RandomHorizontalFlip()}).gives_batches());
  EXPECT_FALSE(Digits({.transforms = Compose{ToImage(), RandomCrop({8})}}).gives_batches());
}

// Pictures in memory that count how often one is asked for by itself.
class Counted final : public datasets::Dataset<datasets::Classified>, public datasets::BatchSource<datasets::ClassifiedBatch> {
 public:
  explicit Counted(torch::Tensor pixels, int64_t first_label = 0)
      : pixels_(std::move(pixels)), labels_(torch::arange(first_label, first_label + pixels_.size(0))) {}
  size_t size() const override { return static_cast<size_t>(pixels_.size(0)); }
  datasets::Classified get(size_t index) const override {
    ++*alone_;
    const auto i = static_cast<int64_t>(index);
    return {Image(pixels_[i].clone()), labels_[i].item<int64_t>()};
  }
  bool gives_batches() const override { return true; }
  datasets::ClassifiedBatch get_batch(std::span<const size_t> indices) const override {
    const auto rows = torch::tensor(std::vector<int64_t>(indices.begin(), indices.end()), torch::kInt64);
    return {pixels_.index_select(0, rows), labels_.index_select(0, rows)};
  }
  int alone() const { return *alone_; }

 private:
  torch::Tensor pixels_, labels_;
  std::shared_ptr<std::atomic<int>> alone_ = std::make_shared<std::atomic<int>>(0);
};

std::vector<datasets::ClassifiedBatch> batches_of(std::shared_ptr<const datasets::Dataset<datasets::Classified>> set,
                                                  data::BadSamples on_error, size_t workers) {
  DataLoader loader(set, {.batch_size = 7, .shuffle = true, .num_workers = workers, .seed = 2, .on_error = on_error});
  std::vector<datasets::ClassifiedBatch> out;
  for (auto& batch : loader) out.push_back(batch);
  return out;
}

TEST(DataLoader, BatchesAreMadeAtOnceBehindViews) {
  using namespace datasets;  // NOLINT
  using Set = std::shared_ptr<const Dataset<Classified>>;
  const Counted one(torch::rand({23, 1, 4, 5})), two(torch::rand({9, 1, 4, 5}), 100);
  const auto parts = random_split(one, {20, 3});
  const ConcatDataset both(one, two);
  const std::vector<Set> views{std::make_shared<const Subset<Classified>>(one, std::vector<size_t>{3, 1, 22, 1}),
                               std::make_shared<const Subset<Classified>>(parts[0]),
                               std::make_shared<const ConcatDataset<Classified>>(both),
                               std::make_shared<const RepeatedDataset<Classified>>(both, 3),
                               std::make_shared<const Subset<Classified>>(RepeatedDataset(ConcatDataset(parts[1], two, one), 2),
                                                                          std::vector<size_t>{0, 34, 69, 12, 5, 4, 3})};
  for (size_t view = 0; view < views.size(); ++view) {
    SCOPED_TRACE(view);
    for (const size_t workers : {0, 2}) {
      const auto before = one.alone() + two.alone();
      const auto at_once = batches_of(views[view], data::BadSamples::Raise, workers);
      EXPECT_EQ(one.alone() + two.alone(), before);
      // Where bad samples are passed over, each is read by itself.
      const auto one_by_one = batches_of(views[view], data::BadSamples::SkipAndCount, workers);
      EXPECT_EQ(one.alone() + two.alone(), before + static_cast<int>(views[view]->size()));
      ASSERT_EQ(at_once.size(), one_by_one.size());
      for (size_t i = 0; i < at_once.size(); ++i) {
        EXPECT_TENSOR_EQ(at_once[i].images, one_by_one[i].images);
        EXPECT_TENSOR_EQ(at_once[i].labels, one_by_one[i].labels);
      }
    }
  }
}

// What makes batches may read them from a disk.
TEST(DataLoader, ACacheIsNotPassedOver) {
  const Counted pictures(torch::rand({6, 1, 4, 5}));
  const datasets::CachedDataset<datasets::Classified> cache(pictures, 1 << 20);
  DataLoader loader(cache, {.batch_size = 3});
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (const auto& batch : loader) EXPECT_EQ(batch.images.size(0), 3);
  }
  EXPECT_EQ(cache.cached(), 6U);
  EXPECT_EQ(pictures.alone(), 6);
}

TEST(DataLoader, PartsOfABatchThatAreUnlikeAreReadOneByOne) {
  using namespace datasets;  // NOLINT
  const Counted one(torch::rand({3, 1, 4, 5})), wider(torch::rand({3, 1, 4, 6})),
      whole(torch::ones({3, 1, 4, 5}, torch::kUInt8));
  DataLoader unequal(ConcatDataset(one, wider), {.batch_size = 6});
  EXPECT_ERROR(unequal.begin(), ValueError, "sample 0 is (1, 4, 5), sample 3 is (1, 4, 6)");
  // As torch.stack has it.
  DataLoader of_two_types(ConcatDataset(one, whole), {.batch_size = 6});
  EXPECT_EQ(of_two_types.begin()->images.scalar_type(), torch::kFloat32);
  // And one that makes no batches.
  DataLoader mixed(
      ConcatDataset(Digits({.train = true}), Digits({.train = true, .transforms = transforms::RandomHorizontalFlip()})),
      {.batch_size = 1000});
  size_t samples = 0;
  for (auto& batch : mixed) samples += static_cast<size_t>(batch.labels.size(0));
  EXPECT_EQ(samples, 2 * Digits({.train = true}).size());
}

struct Given final : data::Sampler {
  explicit Given(std::vector<size_t> indices) : indices(std::move(indices)) {}
  size_t size() const override { return indices.size(); }
  data::Indices epoch() override {
    return data::detail::drawn_at_once([this] { return indices; });
  }
  std::vector<size_t> indices;
};

TEST(DataLoader, ABatchThatIsMadeAtOnceNamesTheIndexThatIsNotThere) {
  const auto sampler = std::make_shared<Given>(std::vector<size_t>{3, 99'999, 4});
  DataLoader loader(Digits({.train = true}), {.batch_size = 3, .sampler = sampler});
  EXPECT_ERROR(loader.begin(), SampleError, "sample 99999: ");
}

}  // namespace
}  // namespace opsis
