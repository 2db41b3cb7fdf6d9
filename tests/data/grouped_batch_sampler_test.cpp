#include "opsis/data/grouped_batch_sampler.h"

#include "tests/support/expect.h"

namespace opsis::data {
namespace {

using Batch = std::vector<size_t>;

std::vector<Batch> epoch_of(BatchSampler& sampler) {
  std::vector<Batch> all;
  for (auto batches = sampler.epoch();;) {
    all.push_back(batches());
    if (all.back().empty()) break;
  }
  all.pop_back();
  return all;
}

std::vector<Batch> batches_of(std::vector<size_t> groups, size_t batch_size) {
  GroupedBatchSampler sampler(std::make_shared<SequentialSampler>(groups.size()), groups, batch_size);
  auto all = epoch_of(sampler);
  EXPECT_EQ(all.size(), sampler.size());
  EXPECT_EQ(epoch_of(sampler), all);  // nothing is left over for the next one
  return all;
}

TEST(GroupedBatchSampler, MakesABatchAsSoonAsAGroupHasEnough) {
  EXPECT_EQ(batches_of({0, 1, 0, 1, 1, 0, 0, 1}, 2), (std::vector<Batch>{{0, 2}, {1, 3}, {5, 6}, {4, 7}}));
}

TEST(GroupedBatchSampler, FillsUpWhatIsLeftWithWhatTheGroupHadBefore) {
  // Of the third batch group 2 has 2 7, which it began before group 0 began its 6 9.
  EXPECT_EQ(batches_of({0, 1, 2, 0, 1, 0, 0, 2, 1, 0}, 3), (std::vector<Batch>{{0, 3, 5}, {1, 4, 8}, {2, 7, 2}}));
  // The one with most left comes first.
  EXPECT_EQ(batches_of({1, 0, 0, 0, 1, 2}, 4), (std::vector<Batch>{{1, 2, 3, 1}}));
  // One group with less than a batch, again and again.
  EXPECT_EQ(batches_of({0, 0, 0, 0, 1}, 5), (std::vector<Batch>{{0, 1, 2, 3, 0}}));
}

TEST(GroupedBatchSampler, HasNoBatchWithoutEnoughForOne) {
  EXPECT_EQ(batches_of({0, 0}, 3), std::vector<Batch>{});
  EXPECT_EQ(batches_of({}, 3), std::vector<Batch>{});
}

TEST(GroupedBatchSampler, RefusesAnIndexWithoutAGroup) {
  GroupedBatchSampler sampler(std::make_shared<SequentialSampler>(3), {0, 0}, 4);
  EXPECT_ERROR(sampler.epoch()(), ValueError, "GroupedBatchSampler: there is no group for index 2, only for 2");
  EXPECT_ERROR(GroupedBatchSampler(nullptr, {}, 1), ValueError, "the sampler must not be null");
}

TEST(AspectRatioGroups, AreStepsOfEqualRatio) {
  const std::vector<double> ratios{0.2, 0.5, 0.75, 1, 1.3, 2, 9};
  EXPECT_EQ(aspect_ratio_groups(ratios, 0), (std::vector<size_t>{0, 0, 0, 1, 1, 1, 1}));
  EXPECT_EQ(aspect_ratio_groups(ratios, 1), (std::vector<size_t>{0, 1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(aspect_ratio_groups(ratios, 3), (std::vector<size_t>{0, 1, 2, 4, 5, 7, 7}));
  EXPECT_ERROR(aspect_ratio_groups(std::vector<double>{0}, 3), ValueError, "ratios must be positive, got 0");
}

}  // namespace
}  // namespace opsis::data
