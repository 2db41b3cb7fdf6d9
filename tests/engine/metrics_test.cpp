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

TEST(ConfusionMatrix, CountsAsTorchvisionsReference) {
  for (const auto& c : oracle::cases("engine/confusion_matrix")) {
    SCOPED_TRACE(c.name());
    ConfusionMatrix matrix(c.integer("classes"));
    matrix.update(c.tensor("labels"), c.tensor("predictions"));
    EXPECT_TENSOR_EQ(matrix.counts(), c.tensor("counts"));
    EXPECT_TENSOR_EQ(torch::tensor(matrix.pixel_accuracy(), torch::kFloat64), c.tensor("global"));
    EXPECT_TENSOR_EQ(matrix.class_accuracy(), c.tensor("accuracy"));
    EXPECT_TENSOR_EQ(matrix.iou(), c.tensor("iou"));
    EXPECT_NEAR(matrix.mean_iou(), c.tensor("iou").nanmean().item<double>(), 1e-12);
    auto twice = matrix;
    twice.merge(matrix);
    EXPECT_TENSOR_EQ(twice.iou(), matrix.iou());
  }
}

TEST(ConfusionMatrix, RefusesWhatItCannotCount) {
  ConfusionMatrix matrix(3);
  const auto labels = torch::tensor({0, 255, 2}, torch::kInt64);
  EXPECT_ERROR(matrix.update(labels, torch::tensor({0, 1}, torch::kInt64)), ValueError, "of one shape, got (3,) and (2,)");
  EXPECT_ERROR(matrix.update(labels, torch::zeros({3})), ValueError, "whole numbers");
  EXPECT_ERROR(matrix.update(labels, torch::tensor({0, 9, 3}, torch::kInt64)), ValueError, "from 0 to 2, got 0 to 3");
  EXPECT_ERROR(matrix.merge(ConfusionMatrix(2)), ValueError, "as many classes, got 3 and 2");
  EXPECT_ERROR(ConfusionMatrix(0), ValueError, "there must be a class, got 0");
  EXPECT_EQ(matrix.counts().sum().item<int64_t>(), 0);
}

TEST(FlowErrors, AreThoseOfTorchvisionsReference) {
  for (const auto& c : oracle::cases("engine/flow_errors")) {
    SCOPED_TRACE(c.name());
    const auto errors =
        flow_errors(c.tensor("predicted"), c.tensor("truth"), c.boolean("masked") ? c.tensor("valid") : torch::Tensor());
    EXPECT_TENSOR_NEAR(
        torch::tensor({errors.epe, errors.within_1, errors.within_3, errors.within_5, errors.f1}, torch::kFloat64),
        c.tensor("expected"), 1e-6, 0);
  }
  EXPECT_ERROR(flow_errors(torch::zeros({1, 2, 3, 3}), torch::zeros({1, 3, 3, 3})), ValueError, "flows must be (N, 2, H, W)");
  EXPECT_ERROR(flow_errors(torch::zeros({1, 2, 3, 3}), torch::zeros({1, 2, 3, 3}), torch::ones({3, 3})), ValueError,
               "valid must be (N, H, W), got (3, 3)");
}

}  // namespace
}  // namespace opsis::engine
