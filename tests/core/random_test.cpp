#include "opsis/core/random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <limits>
#include <thread>
#include <utility>

#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

void expect_draws(const oracle::Case& c) {
  for (const auto expected : c.numbers("uniform")) EXPECT_EQ(random::uniform(), expected);
  for (const auto expected : c.numbers("between")) EXPECT_EQ(random::uniform(-3.0, 9.5), expected);
  for (const auto expected : c.ints("integer")) EXPECT_EQ(random::integer(2, 100), expected);
  EXPECT_TENSOR_EQ(random::permutation(17), torch::tensor(c.ints("permutation")));
  EXPECT_EQ(random::uniform(), c.number("next"));
}

TEST(Random, DrawsEqualTorchsAfterManualSeed) {
  for (const auto& c : oracle::cases("core/draws")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(c.integer("seed"));
    expect_draws(c);
  }
}

TEST(Random, DrawsInAScopeEqualTorchsAfterItsSeed) {
  for (const auto& c : oracle::cases("core/draws")) {
    SCOPED_TRACE(c.name());
    const random::Scope scope(c.integer("seed"));
    expect_draws(c);
  }
}

// One after the other from one seed: a word too many or too few would show in what follows.
TEST(Random, DrawsWhatTensorsOfOneNumberAreFilledWith) {
  const auto ours = at::make_generator<at::CPUGeneratorImpl>(uint64_t{11}),
             theirs = at::make_generator<at::CPUGeneratorImpl>(uint64_t{11});
  const random::Scope scope(ours);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(random::uniform(), at::rand({1}, theirs, at::kFloat).item<float>());
    for (const auto& [low, high] : {std::pair<double, double>{0.08, 1.0},
                                    {-3.0, 9.5},
                                    {-0.2876820724517809, 0.2876820724517808},
                                    {1e-3, 1e30},
                                    {5.0, 5.0},
                                    {1.0, 1.0000001},
                                    {-1.7e38, 1.7e38}}) {
      ASSERT_EQ(random::uniform(low, high), at::empty({1}, at::kFloat).uniform_(low, high, theirs).item<double>())
          << low << high;
    }
    for (const auto& [low, high] : {std::pair<int64_t, int64_t>{0, 1},
                                    {0, 152},
                                    {-7, 9},
                                    {0, (1 << 28) - 1},
                                    {0, 1 << 28},
                                    {-5, int64_t{1} << 32},
                                    {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}}) {
      ASSERT_EQ(random::integer(low, high), at::randint(low, high, {1}, theirs, at::kLong).item<int64_t>())
          << low << " " << high;
    }
  }
  EXPECT_TENSOR_EQ(ours.get_state(), theirs.get_state());
}

TEST(Random, LeavesTheSpareNormalNumberOfAGenerator) {
  const auto ours = at::make_generator<at::CPUGeneratorImpl>(uint64_t{3}),
             theirs = at::make_generator<at::CPUGeneratorImpl>(uint64_t{3});
  const random::Scope scope(ours);
  at::empty({1}, at::kFloat).normal_(0, 1, ours);
  at::empty({1}, at::kFloat).normal_(0, 1, theirs);
  EXPECT_EQ(random::uniform(), at::rand({1}, theirs, at::kFloat).item<float>());
  EXPECT_TENSOR_EQ(at::empty({3}, at::kFloat).normal_(0, 1, ours), at::empty({3}, at::kFloat).normal_(0, 1, theirs));
}

TEST(RandomScope, LeavesTheDefaultGeneratorAlone) {
  torch::manual_seed(3);
  const auto expected = torch::rand({1});
  torch::manual_seed(3);
  {
    const random::Scope scope(9);
    random::uniform();
  }
  EXPECT_TENSOR_EQ(torch::rand({1}), expected);
}

TEST(RandomScope, NestsAndReturnsToTheOuterOne) {
  const random::Scope outer(5);
  const auto first = random::uniform();
  float inner_draw = 0;
  {
    const random::Scope inner(5);
    inner_draw = random::uniform();
  }
  EXPECT_EQ(inner_draw, first);
  EXPECT_NE(random::uniform(), first);
}

TEST(RandomScope, BelongsToItsThread) {
  const random::Scope scope(5);
  bool seen_elsewhere = true;
  std::thread([&] { seen_elsewhere = random::current().has_value(); }).join();
  EXPECT_FALSE(seen_elsewhere);
  EXPECT_TRUE(random::current().has_value());
}

TEST(Random, RefusesAnEmptyRange) {
  EXPECT_ERROR(random::integer(4, 4), ValueError, "random::integer: low must be below high, got 4 and 4");
}

}  // namespace
}  // namespace opsis
