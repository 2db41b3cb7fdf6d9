// Pascal VOC's numbers, held against its development kit's definitions.
#include <torch/torch.h>

#include "opsis/engine/voc_evaluator.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using engine::VocEvaluator;
using torch::Tensor;

void update_all(const oracle::Case& c, const std::function<VocEvaluator&(int64_t image)>& evaluator) {
  for (int64_t image = 0; image < c.integer("images"); ++image) {
    const auto rows = [&](const char* of, const char* name) { return c.tensor(name).index({c.tensor(of).eq(image)}); };
    evaluator(image).update(image,
                            {.boxes = rows("truth_image", "truth_boxes"),
                             .labels = rows("truth_image", "truth_label"),
                             .difficult = rows("truth_image", "difficult")},
                            {.boxes = rows("found_image", "found_boxes"),
                             .labels = rows("found_image", "found_label"),
                             .scores = rows("found_image", "scores")});
  }
}

void expect_equal(const engine::VocResult& result, const Tensor& expected) {
  double sum = 0;
  for (const auto& [label, average] : result.average_precision) {
    EXPECT_NEAR(average, expected[label].item<double>(), 1e-12) << label;
    sum += average;
  }
  EXPECT_EQ(static_cast<int64_t>(result.average_precision.size()), expected.ge(0).sum().item<int64_t>());
  EXPECT_NEAR(result.mean, sum / static_cast<double>(result.average_precision.size()), 1e-12);
}

TEST(VocEvaluator, NumbersAreThoseOfTheDevelopmentKit) {
  for (const auto& c : oracle::cases("voc/numbers")) {
    SCOPED_TRACE(c.name());
    const engine::VocOptions options{
        .average = c.boolean("eleven") ? engine::VocAverage::ElevenPoints : engine::VocAverage::AllPoints,
        .whole_pixels = c.boolean("whole")};
    VocEvaluator whole(options), odd(options), even(options);
    update_all(c, [&](int64_t) -> VocEvaluator& { return whole; });
    expect_equal(whole.compute(), c.tensor("expected"));
    update_all(c, [&](int64_t image) -> VocEvaluator& { return image % 2 == 0 ? even : odd; });
    odd.merge(even);
    expect_equal(odd.compute(), c.tensor("expected"));
  }
}

TEST(VocEvaluator, RefusesWhatDoesNotFit) {
  VocEvaluator evaluator;
  const auto box = torch::tensor({{1., 2., 3., 4.}}), label = torch::tensor({1}, torch::kInt64), score = torch::tensor({0.5});
  EXPECT_ERROR(evaluator.update(1, {.boxes = box}, {}), ValueError, "labels of the target must be");
  EXPECT_ERROR(evaluator.update(1, {.boxes = box, .labels = label}, {.boxes = box, .labels = label}), ValueError,
               "must have scores");
  EXPECT_ERROR(evaluator.update(1, {.boxes = box.slice(1, 0, 3), .labels = label}, {.labels = label}), ValueError,
               "must be (1, 4)");
  EXPECT_ERROR(evaluator.update(1, {.boxes = box, .labels = label}, {.boxes = box * NAN, .labels = label, .scores = score}),
               ValueError, "the boxes of the detections must be finite; row 0 is not");
  EXPECT_EQ(evaluator.images(), 0);
  EXPECT_EQ(evaluator.compute().mean, -1);
  evaluator.update(1, {.boxes = box, .labels = label}, {.boxes = box, .labels = label, .scores = score});
  EXPECT_EQ(evaluator.compute().mean, 1);
  EXPECT_ERROR(evaluator.update(1, {.boxes = box, .labels = label}, {}), ValueError, "image 1 was there before");
  EXPECT_ERROR(VocEvaluator({.iou_threshold = 0.7}).merge(evaluator), ValueError, "the same options");
}

}  // namespace
}  // namespace opsis
