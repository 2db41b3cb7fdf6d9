#include "opsis/engine/metrics.h"

#include <torch/torch.h>

#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis::engine {
namespace {

TEST(CorrectWithin, CountsAsASortByHandDoes) {
  for (const auto& c : oracle::cases("engine/correct_within")) {
    SCOPED_TRACE(c.name());
    EXPECT_EQ(correct_within(c.tensor("scores"), c.tensor("labels"), {1, 2}), c.ints("expected"));
  }
}

TEST(CorrectWithin, RefusesWhatDoesNotFit) {
  EXPECT_ERROR(correct_within(torch::zeros({2, 3}), torch::zeros({2}, torch::kInt64), {4}), ValueError,
               "correct_within: k must be from 1 to 3 classes, got 4");
  EXPECT_ERROR(correct_within(torch::zeros({2, 3}), torch::zeros({3}, torch::kInt64), {1}), ValueError, "got (2, 3) and (3,)");
}

}  // namespace
}  // namespace opsis::engine
