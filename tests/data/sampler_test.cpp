#include "opsis/data/sampler.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "opsis/core/random.h"
#include "opsis/data/clip_sampler.h"
#include "tests/data/generator_of.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

std::vector<int64_t> one_epoch(data::Sampler& sampler) {
  std::vector<int64_t> out;
  const auto indices = sampler.epoch();
  while (const auto index = indices()) out.push_back(static_cast<int64_t>(*index));
  EXPECT_FALSE(indices()) << "at its end, an epoch stays there";
  EXPECT_EQ(out.size(), sampler.size());
  return out;
}

torch::Tensor epochs(data::Sampler& sampler, int64_t count = 3) {
  std::vector<torch::Tensor> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(torch::tensor(one_epoch(sampler), torch::kInt64));
  return torch::stack(out);
}

std::vector<size_t> indices_of(const oracle::Case& c, const char* key) {
  const auto numbers = c.ints(key);
  return {numbers.begin(), numbers.end()};
}

TEST(SequentialSampler, CountsUp) {
  data::SequentialSampler sampler(4);
  EXPECT_EQ(one_epoch(sampler), (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_EQ(one_epoch(sampler), (std::vector<int64_t>{0, 1, 2, 3}));
  data::SequentialSampler empty(0);
  EXPECT_TRUE(one_epoch(empty).empty());
}

TEST(RandomSampler, OrderEqualsPythons) {
  for (const auto& c : oracle::cases("data/random_sampler")) {
    SCOPED_TRACE(c.name());
    data::RandomSamplerOptions options{.replacement = c.boolean("replacement"), .generator = generator_of(c)};
    if (!c.is_null("num_samples")) options.num_samples = static_cast<size_t>(c.integer("num_samples"));
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    data::RandomSampler sampler(static_cast<size_t>(c.integer("size")), options);
    EXPECT_EQ(sampler.size(), options.num_samples.value_or(static_cast<size_t>(c.integer("size"))));
    EXPECT_TENSOR_EQ(epochs(sampler), c.tensor("expected"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
    if (options.generator) {
      EXPECT_TENSOR_EQ(torch::rand({1}, options.generator), c.tensor("next_of_generator"));
    }
  }
}

TEST(RandomSampler, DrawsFromTheCurrentGenerator) {
  data::RandomSampler sampler(20);
  torch::manual_seed(5);
  const auto expected = one_epoch(sampler);
  torch::manual_seed(6);
  const random::Scope scope(5);
  EXPECT_EQ(one_epoch(sampler), expected);
}

TEST(RandomSampler, RefusesToDrawNothing) {
  EXPECT_ERROR(data::RandomSampler(0), ValueError, "RandomSampler: there is nothing to draw from");
  EXPECT_ERROR(data::RandomSampler(3, {.num_samples = 0}), ValueError, "num_samples must be positive, got 0");
}

TEST(SubsetRandomSampler, OrderEqualsPythons) {
  for (const auto& c : oracle::cases("data/subset_random_sampler")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    data::SubsetRandomSampler sampler(indices_of(c, "indices"), generator_of(c));
    EXPECT_TENSOR_EQ(epochs(sampler), c.tensor("expected"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
}

TEST(WeightedRandomSampler, OrderEqualsPythons) {
  for (const auto& c : oracle::cases("data/weighted_random_sampler")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    data::WeightedRandomSampler sampler(c.numbers("weights"), static_cast<size_t>(c.integer("drawn")),
                                        {.replacement = c.boolean("replacement"), .generator = generator_of(c)});
    EXPECT_TENSOR_EQ(epochs(sampler), c.tensor("expected"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
}

TEST(WeightedRandomSampler, RefusesWeightsThatAreNone) {
  EXPECT_ERROR(data::WeightedRandomSampler({1, 2}, 0), ValueError, "num_samples must be positive, got 0");
  EXPECT_ERROR(data::WeightedRandomSampler({1, -2}, 1), ValueError, "weight 1 is -2");
  EXPECT_ERROR(data::WeightedRandomSampler({1, NAN}, 1), ValueError, "weight 1 is nan");
  EXPECT_ERROR(data::WeightedRandomSampler({0, 0}, 1), ValueError, "need 1 weights above 0, got 0");
  EXPECT_ERROR(data::WeightedRandomSampler({1, 0, 2}, 3, {.replacement = false}), ValueError,
               "3 samples without replacement need 3 weights above 0, got 2");
}

TEST(DistributedSampler, SharesEqualPythons) {
  for (const auto& c : oracle::cases("data/distributed_sampler")) {
    SCOPED_TRACE(c.name());
    std::vector<torch::Tensor> shares;
    for (int64_t rank = 0; rank < c.integer("num_replicas"); ++rank) {
      data::DistributedSampler sampler(static_cast<size_t>(c.integer("size")),
                                       {.num_replicas = static_cast<size_t>(c.integer("num_replicas")),
                                        .rank = static_cast<size_t>(rank),
                                        .shuffle = c.boolean("shuffle"),
                                        .seed = static_cast<uint64_t>(c.integer("seed")),
                                        .drop_last = c.boolean("drop_last")});
      std::vector<torch::Tensor> epochs_of_rank;
      for (const int64_t epoch : {0, 1, 5}) {
        sampler.set_epoch(epoch);
        epochs_of_rank.push_back(torch::tensor(one_epoch(sampler), torch::kInt64));
      }
      shares.push_back(torch::stack(epochs_of_rank));
    }
    EXPECT_TENSOR_EQ(torch::stack(shares), c.tensor("expected"));
  }
}

TEST(DistributedSampler, RefusesARankThatIsNot) {
  EXPECT_ERROR(data::DistributedSampler(10, {.num_replicas = 2, .rank = 2}), ValueError,
               "rank must be below num_replicas, got 2 and 2");
  EXPECT_ERROR(data::DistributedSampler(10, {.num_replicas = 0}), ValueError, "got 0 and 0");
}

// torchvision's own: groups, and a share of what another sampler gives.
TEST(DistributedSampler, OfGroupsEqualsTorchvisions) {
  for (const auto& c : oracle::cases("data/group_distributed_sampler")) {
    SCOPED_TRACE(c.name());
    std::vector<torch::Tensor> ranks;
    for (int64_t rank = 0; rank < c.integer("num_replicas"); ++rank) {
      torch::manual_seed(0);
      const data::DistributedSamplerOptions options{.num_replicas = static_cast<size_t>(c.integer("num_replicas")),
                                                    .rank = static_cast<size_t>(rank),
                                                    .shuffle = c.boolean("shuffle"),
                                                    .group_size = static_cast<size_t>(c.integer("group_size"))};
      const auto size = static_cast<size_t>(c.integer("size"));
      auto sampler =
          c.boolean("of_sampler")
              ? data::DistributedSampler(std::make_shared<data::RandomClipSampler>(std::vector<size_t>{size}, size), options)
              : data::DistributedSampler(size, options);
      std::vector<torch::Tensor> of_rank;
      for (const int64_t epoch : {0, 1, 5}) {
        sampler.set_epoch(epoch);
        of_rank.push_back(torch::tensor(one_epoch(sampler), torch::kInt64));
      }
      ranks.push_back(torch::stack(of_rank));
    }
    EXPECT_TENSOR_EQ(torch::stack(ranks), c.tensor("expected"));
  }
  EXPECT_ERROR(data::DistributedSampler(7, {.group_size = 2}), ValueError,
               "DistributedSampler: size must be a multiple of group_size, got 7 and 2");
  EXPECT_ERROR(data::DistributedSampler(7, {.group_size = 0}), ValueError, "got 7 and 0");
  EXPECT_ERROR(data::DistributedSampler(std::shared_ptr<data::Sampler>()), ValueError, "the sampler must not be null");
}

TEST(UniformClipSampler, ClipsEqualTorchvisions) {
  for (const auto& c : oracle::cases("data/uniform_clip_sampler")) {
    SCOPED_TRACE(c.name());
    data::UniformClipSampler sampler(indices_of(c, "clips"), static_cast<size_t>(c.integer("count")));
    EXPECT_TENSOR_EQ(torch::tensor(one_epoch(sampler), torch::kInt64), c.tensor("expected"));
  }
  data::UniformClipSampler none({0, 0}, 3);
  EXPECT_TRUE(one_epoch(none).empty());
  EXPECT_ERROR(data::UniformClipSampler({1}, 0), ValueError, "num_clips_per_video must be positive, got 0");
}

TEST(RandomClipSampler, ClipsAndDrawsEqualTorchvisions) {
  for (const auto& c : oracle::cases("data/random_clip_sampler")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(static_cast<uint64_t>(c.integer("seed")));
    data::RandomClipSampler sampler(indices_of(c, "clips"), static_cast<size_t>(c.integer("count")));
    EXPECT_TENSOR_EQ(epochs(sampler), c.tensor("expected"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
  data::RandomClipSampler none({}, 3);
  EXPECT_TRUE(one_epoch(none).empty());
  EXPECT_ERROR(data::RandomClipSampler({1}, 0), ValueError, "max_clips_per_video must be positive, got 0");
}

TEST(RASampler, RepeatsEachIndexForAnotherProcess) {
  for (const auto& c : oracle::cases("data/ra_sampler")) {
    SCOPED_TRACE(c.name());
    std::vector<torch::Tensor> ranks;
    for (int64_t rank = 0; rank < c.integer("num_replicas"); ++rank) {
      data::RASampler sampler(static_cast<size_t>(c.integer("size")),
                              {.num_replicas = static_cast<size_t>(c.integer("num_replicas")),
                               .rank = static_cast<size_t>(rank),
                               .shuffle = c.boolean("shuffle"),
                               .seed = 5,
                               .repetitions = static_cast<size_t>(c.integer("repetitions"))});
      sampler.set_epoch(2);
      ranks.push_back(torch::tensor(one_epoch(sampler), torch::kInt64));
    }
    EXPECT_TENSOR_EQ(torch::stack(ranks), c.tensor("expected"));
  }
  EXPECT_ERROR(data::RASampler(7, {.num_replicas = 2, .rank = 2}), ValueError, "rank must be below num_replicas, got 2 and 2");
  EXPECT_ERROR(data::RASampler(7, {.repetitions = 0}), ValueError, "repetitions must be positive, got 0");
}

TEST(BatchSampler, BatchesEqualPythons) {
  for (const auto& c : oracle::cases("data/batch_sampler")) {
    SCOPED_TRACE(c.name());
    data::BatchSampler sampler(std::make_shared<data::SequentialSampler>(static_cast<size_t>(c.integer("size"))),
                               static_cast<size_t>(c.integer("batch_size")), c.boolean("drop_last"));
    const auto expected = nlohmann::json::parse(c.json("expected")).get<std::vector<std::vector<size_t>>>();
    EXPECT_EQ(sampler.size(), expected.size());
    std::vector<std::vector<size_t>> batches;
    const auto next = sampler.epoch();
    for (auto batch = next(); !batch.empty(); batch = next()) batches.push_back(batch);
    EXPECT_EQ(batches, expected);
  }
}

TEST(BatchSampler, RefusesNothing) {
  EXPECT_ERROR(data::BatchSampler(nullptr, 1), ValueError, "the sampler must not be null");
  EXPECT_ERROR(data::BatchSampler(std::make_shared<data::SequentialSampler>(3), 0), ValueError,
               "batch_size must be positive, got 0");
}

}  // namespace
}  // namespace opsis
