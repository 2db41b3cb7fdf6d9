// Operators on quantized tensors, each against torchvision's, to the last whole number.
#include <torch/library.h>
#include <torch/torch.h>

#include <functional>
#include <map>

#include "opsis/ops.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using torch::Tensor;

Tensor quantized(const Tensor& whole, double scale, int64_t zero_point) {
  return at::_make_per_tensor_quantized_tensor(whole, scale, zero_point);
}

TEST(QuantizedNms, KeepsWhatTorchvisionKeeps) {
  for (const auto& c : oracle::cases("ops_quantized/nms")) {
    SCOPED_TRACE(c.name());
    // What the whole numbers stand for does not matter.
    const auto boxes = quantized(c.tensor("boxes").t().contiguous().t(), 0.3, 7);
    EXPECT_TENSOR_EQ(ops::nms(boxes, quantized(c.tensor("scores"), 0.1, 0), c.number("threshold")), c.tensor("expected"));
  }
}

TEST(QuantizedRoiAlign, EqualsTorchvision) {
  for (const auto& c : oracle::cases("ops_quantized/roi_align")) {
    SCOPED_TRACE(c.name());
    const auto zero_point = c.integer("zero_point");
    const auto x = quantized(c.tensor("x"), c.number("x_scale"), zero_point);
    const auto rois = quantized(c.tensor("rois"), c.number("rois_scale"), zero_point);
    const auto out =
        ops::roi_align(x, rois, torch::ExpandingArray<2>({3, 2}),
                       {.spatial_scale = 0.3, .sampling_ratio = c.integer("ratio"), .aligned = c.boolean("aligned")});
    EXPECT_TENSOR_EQ(out.int_repr(), c.tensor("expected"));
    EXPECT_EQ(out.q_scale(), c.number("expected_scale"));
    EXPECT_EQ(out.q_zero_point(), c.integer("expected_zero_point"));
  }
}

TEST(QuantizedRoiAlign, TakesTheBoxesOfOneImageAndOneLevel) {
  const auto x = quantized(torch::arange(36).view({1, 1, 6, 6}).to(torch::kUInt8), 0.1, 0);
  const auto boxes = quantized(torch::tensor({{2, 2, 8, 8}}).to(torch::kUInt8), 0.5, 0);
  const auto rows = quantized(torch::tensor({{0, 2, 2, 8, 8}}).to(torch::kUInt8), 0.5, 0);
  const auto expected = ops::roi_align(x, rows, 2, {.spatial_scale = 1, .sampling_ratio = 2}).int_repr();
  EXPECT_TENSOR_EQ(ops::roi_align(x, std::vector{boxes}, 2, {.spatial_scale = 1, .sampling_ratio = 2}).int_repr(), expected);
  ops::MultiScaleRoIAlign pool({"0"}, 2, 2);
  EXPECT_TENSOR_EQ(pool(ops::FeatureMaps{{"0", x}}, std::vector{boxes}, std::vector<Size>{{6, 6}}).int_repr(), expected);
}

TEST(QuantizedOperators, TakeEveryWholeNumberAndTellShapesOfMetaTensors) {
  auto& dispatcher = c10::Dispatcher::singleton();
  const auto qnms = dispatcher.findSchemaOrThrow("opsis::qnms", "").typed<Tensor(const Tensor&, const Tensor&, double)>();
  const auto qroi_align = dispatcher.findSchemaOrThrow("opsis::qroi_align", "")
                              .typed<Tensor(const Tensor&, const Tensor&, double, int64_t, double, int64_t, double, c10::SymInt,
                                            c10::SymInt, int64_t, bool)>();
  for (const auto& c : oracle::cases("ops_quantized/operators")) {
    SCOPED_TRACE(c.name());
    const auto boxes = c.tensor("boxes"), x = c.tensor("x");
    const auto rois = torch::cat({torch::zeros_like(boxes.slice(1, 0, 1)), boxes}, 1);
    const auto numbers = c.numbers("numbers");
    const auto pool = [&](const Tensor& maps, const Tensor& regions) {
      return qroi_align.call(maps, regions, numbers[0], static_cast<int64_t>(numbers[1]), numbers[2],
                             static_cast<int64_t>(numbers[3]), 0.5, 2, 3, -1, false);
    };
    EXPECT_TENSOR_EQ(qnms.call(boxes, c.tensor("scores"), 0.4), c.tensor("kept"));
    EXPECT_TENSOR_EQ(pool(x, rois), c.tensor("pooled"));
    EXPECT_EQ(pool(x.to(torch::kMeta), rois.to(torch::kMeta)).sizes(), c.tensor("pooled").sizes());
  }
  EXPECT_ERROR(qnms.call(torch::zeros({3, 4}), torch::zeros({3}), 0.5), ValueError,
               "qnms: boxes must be whole numbers, got Float");
  const auto meta = torch::device(torch::kMeta).dtype(torch::kInt8);
  EXPECT_ERROR(qnms.call(torch::zeros({3, 4}, meta), torch::zeros({3}, meta), 0.5), ValueError,
               "qnms: how many boxes stay depends on their values");
}

TEST(QuantizedOperators, RefuseWhatTorchvisionRefuses) {
  const auto images = [](int64_t count) { return quantized(torch::zeros({count, 2, 6, 6}, torch::kUInt8), 0.05, 2); };
  const auto rois = [](torch::ScalarType type) { return quantized(torch::zeros({3, 5}, type), 0.1, 0); };
  const auto by_channel = [](const Tensor& whole) {
    const auto count = whole.size(1);
    return at::_make_per_channel_quantized_tensor(whole, torch::ones({count}, torch::kFloat64),
                                                  torch::zeros({count}, torch::kInt64), 1);
  };
  const auto whole = rois(torch::kUInt8), boxes = whole.slice(1, 1), scores = whole.select(1, 0);
  struct Refusal {
    std::function<void()> call;
    const char* message;
  };
  const std::map<std::string, Refusal> refusals{
      {"mixed",
       {[&] {
          ops::roi_align(images(1), torch::zeros({3, 5}), 2);
        },
        "roi_align: of input and regions both or neither"}},
      {"mixed_maps",
       {[&] {
          ops::roi_align(torch::rand({1, 2, 6, 6}), whole, 2);
        },
        "must be quantized, got Float and QUInt8"}},
      {"batch", {[&] { ops::roi_align(images(2), whole, 2); }, "qroi_align: input must be one image (1, C, H, W)"}},
      {"types", {[&] { ops::roi_align(images(1), rois(torch::kInt8), 2); }, "must be of one type, got Byte and Char"}},
      {"by_channel",
       {[&] {
          ops::roi_align(by_channel(torch::zeros({1, 2, 6, 6}, torch::kUInt8)), whole, 2);
        },
        "got one quantized per channel"}},
      {"rois_by_channel",
       {[&] {
          ops::roi_align(images(1), by_channel(torch::zeros({3, 5}, torch::kUInt8)), 2);
        },
        "quantized per tensor, got"}},
      {"roi_pool",
       {[&] { ops::roi_pool(images(1), whole, 2); }, "roi_pool: input must be float32, float64 or float16, got QUInt8"}},
      {"levels",
       {[&] {
          const ops::FeatureMaps levels{{"0", images(1)}, {"1", images(1)}};
          ops::MultiScaleRoIAlign({"0", "1"}, 2, 2)(levels, std::vector{boxes}, std::vector<Size>{{16, 16}});
        },
        "MultiScaleRoIAlign: quantized maps must be one, got 2"}},
      {"nms_scores",
       {[&] { ops::nms(boxes, torch::zeros({3}), 0.5); }, "nms: of boxes and scores both or neither must be quantized"}},
      {"nms_boxes",
       {[&] {
          ops::nms(torch::zeros({3, 4}), scores, 0.5);
        },
        "must be quantized, got Float and QUInt8"}},
      {"nms_types", {[&] { ops::nms(boxes, rois(torch::kInt8).select(1, 0), 0.5); }, "must be of one type, got Byte and Char"}},
      {"batched_nms",
       {[&] { ops::batched_nms(boxes, scores, torch::zeros({3}), 0.5); }, "batched_nms: boxes must be float32 or float64"}},
      {"qnms_floats",
       {[] {
          ops::nms(torch::zeros({3, 4}, torch::kInt32), torch::zeros({3}, torch::kInt32), 0.5);
        },
        "nms: boxes must"}},
  };
  const auto cases = oracle::cases("ops_quantized/refusals");
  ASSERT_EQ(cases.size(), refusals.size());
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name());
    const auto& [call, message] = refusals.at(c.text("kind"));
    EXPECT_ERROR(call(), ValueError, message);
  }
}

TEST(BatchedNms, OfNoBoxesIsEmptyWhateverTheirType) {
  for (const auto type : {torch::kBFloat16, torch::kInt64, torch::kFloat32}) {
    const auto kept = ops::batched_nms(torch::zeros({0, 4}, type), torch::zeros({0}), torch::zeros({0}), 0.5);
    EXPECT_TENSOR_EQ(kept, torch::zeros({0}, torch::kInt64));
  }
}

}  // namespace
}  // namespace opsis
