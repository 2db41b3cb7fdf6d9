#include "opsis/core/random.h"

#include <torch/torch.h>

#include <thread>

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
