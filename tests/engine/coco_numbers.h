// What pycocotools found, beside what Opsis did.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "opsis/engine/coco_evaluator.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis::engine {

inline void expect_equal_to_pycocotools(const CocoResult& result, const oracle::Case& c) {
  EXPECT_EQ(result.labels, c.ints("seen"));
  EXPECT_TENSOR_NEAR(result.precision, c.tensor("precision"), 0, 1e-12);
  EXPECT_TENSOR_EQ(result.scores, c.tensor("scores"));
  EXPECT_TENSOR_NEAR(result.recall, c.tensor("recall"), 0, 1e-12);
  std::vector<double> numbers;
  for (const auto& number : result.numbers) numbers.push_back(number.value);
  EXPECT_TENSOR_NEAR(torch::tensor(numbers, torch::kFloat64), c.tensor("stats"), 0, 1e-12);
}

}  // namespace opsis::engine
