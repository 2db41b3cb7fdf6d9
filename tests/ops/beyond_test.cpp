// Operators that torchvision has not, each against its definition, written down in tests/oracle/ops_beyond.py.
#include <torch/torch.h>

#include "opsis/ops.h"
#include "tests/support/expect.h"
#include "tests/support/gradcheck.h"
#include "tests/support/oracle.h"
#include "tests/support/scattered.h"

namespace opsis {
namespace {

using support::scattered;
using torch::Tensor;

ops::Decay decay_of(const oracle::Case& c) { return c.text("decay") == "linear" ? ops::Decay::Linear : ops::Decay::Gaussian; }

TEST(NmsRotated, AtAnyAngleKeepsWhatOverlapsWithNothingBetter) {
  for (const auto& c : oracle::cases("ops_beyond/nms_rotated")) {
    SCOPED_TRACE(c.name());
    const auto boxes = c.tensor("boxes"), scores = c.tensor("scores");
    EXPECT_TENSOR_EQ(ops::nms_rotated(boxes, scores, c.number("threshold")), c.tensor("expected"));
    EXPECT_TENSOR_EQ(ops::nms_rotated(scattered(boxes), scattered(scores), c.number("threshold")), c.tensor("expected"));
  }
}

TEST(NmsRotated, OfMoreBoxesThanABlockKeepsTheSame) {
  const auto boxes =
      torch::cat({torch::rand({1100, 2}) * 300, 2 + torch::rand({1100, 2}) * 40, torch::rand({1100, 1}) * 720 - 360}, 1);
  const auto scores = torch::rand({1100}).mul(50).round();  // with ties
  const auto order = std::get<1>(scores.sort(/*stable=*/true, 0, /*descending=*/true));
  const auto overlaps = ops::box_iou(boxes, boxes, ops::BoundingBoxFormat::CXCYWHR);
  for (const auto threshold : {-1.0, 0.0, 0.3, std::nan("")}) {
    std::vector<int64_t> kept;
    for (int64_t i = 0; i < 1100; ++i) {
      const auto box = order[i].item<int64_t>();
      const auto* const row = overlaps.const_data_ptr<float>() + box * 1100;
      if (std::none_of(kept.begin(), kept.end(), [&](int64_t better) { return static_cast<double>(row[better]) > threshold; }))
        kept.push_back(box);
    }
    EXPECT_TENSOR_EQ(ops::nms_rotated(boxes, scores, threshold), torch::tensor(kept, torch::kInt64)) << threshold;
  }
}

TEST(SoftNms, OfManyBoxesIsItsDefinition) {
  for (const auto& c : oracle::cases("ops_beyond/soft_nms")) {
    SCOPED_TRACE(c.name());
    const ops::SoftNmsOptions options{.decay = decay_of(c),
                                      .iou_threshold = c.number("iou_threshold"),
                                      .sigma = c.number("sigma"),
                                      .score_threshold = c.number("score_threshold")};
    for (const bool apart : {false, true}) {
      const auto boxes = c.tensor("boxes"), scores = c.tensor("scores");
      const auto left =
          apart ? ops::soft_nms(scattered(boxes), scattered(scores), options) : ops::soft_nms(boxes, scores, options);
      EXPECT_TENSOR_EQ(left.keep, c.tensor("keep"));
      EXPECT_TENSOR_NEAR(left.scores, c.tensor("kept"), 1e-12, 0);
    }
  }
}

TEST(MatrixNms, OfManyBoxesIsItsDefinition) {
  for (const auto& c : oracle::cases("ops_beyond/matrix_nms")) {
    SCOPED_TRACE(c.name());
    const auto lowered = ops::matrix_nms(scattered(c.tensor("boxes")), scattered(c.tensor("scores")), c.tensor("labels"),
                                         {.decay = decay_of(c), .sigma = c.number("sigma")});
    EXPECT_TENSOR_NEAR(lowered, c.tensor("expected"), 1e-12, 0);
  }
}

// As the paper writes it, with a number for each pair of boxes.
Tensor matrix_nms_of_pairs(const Tensor& boxes, const Tensor& scores, const Tensor& idxs,
                           const ops::MatrixNmsOptions& options) {
  const auto order = std::get<1>(scores.sort(/*stable=*/true, 0, /*descending=*/true));
  const auto sorted = boxes.index_select(0, order), classes = idxs.index_select(0, order);
  const auto all = ops::box_iou(sorted, sorted), none = torch::zeros_like(all);
  const auto same = classes.unsqueeze(0).eq(classes.unsqueeze(1));
  const auto iou = torch::where(same.logical_and(all.eq(all)), all, none).triu(1);
  const auto covered = std::get<0>(iou.max(0)).unsqueeze(1);
  const auto decay = options.decay == ops::Decay::Gaussian ? ((covered.square() - iou.square()) * options.sigma).exp()
                                                           : torch::where(covered >= 1, none + 1, (1 - iou) / (1 - covered));
  return torch::empty_like(scores).index_copy_(0, order, scores.index_select(0, order) * std::get<0>(decay.min(0)));
}

TEST(MatrixNms, OfStrangeBoxesIsThatOfAllPairs) {
  const auto nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  for (const auto type : {torch::kFloat32, torch::kFloat64}) {
    const auto low = torch::rand({700, 2}) * 200;
    const auto boxes = torch::cat({low, low + 1 + torch::rand({700, 2}) * 60}, 1).to(type);
    boxes.slice(0, 0, 20) = boxes.slice(0, 20, 40);  // the same boxes
    boxes.select(0, 50).select(0, 2).fill_(nan);
    boxes.select(0, 51).select(0, 2).fill_(inf);
    boxes.select(0, 52).fill_(-inf);
    boxes.select(0, 53).slice(0, 2, 4).fill_(-50);  // corners out of order
    boxes.select(0, 54).fill_(7);                   // no area
    boxes.select(0, 55).copy_(torch::tensor({-1e6, -1e6, 1e6, 1e6}));
    const auto scores = torch::rand({700}).mul(100).round().div(100).to(type);
    scores.select(0, 60).fill_(nan);
    for (const auto& idxs : {torch::zeros({700}), torch::randint(0, 5, {700}), torch::rand({700}).round().log()}) {
      for (const auto decay : {ops::Decay::Linear, ops::Decay::Gaussian}) {
        const ops::MatrixNmsOptions options{.decay = decay};
        const auto actual = ops::matrix_nms(boxes, scores, idxs, options);
        const auto expected = matrix_nms_of_pairs(boxes, scores, idxs, options);
        EXPECT_TENSOR_NEAR(actual.nan_to_num(-1), expected.nan_to_num(-1), type == torch::kFloat32 ? 1e-5 : 1e-12, 0);
      }
    }
  }
}

// A number for each pair would be 40 GB.
TEST(MatrixNms, TakesAHundredThousandBoxes) {
  const auto low = torch::rand({100'000, 2}) * 10'000;
  const auto boxes = torch::cat({low, low + 4}, 1), scores = torch::rand({100'000});
  const auto lowered = ops::matrix_nms(boxes, scores, torch::zeros({100'000}, torch::kInt64));
  EXPECT_TRUE(lowered.le(scores).all().item<bool>());
  EXPECT_GT(lowered.lt(scores).sum().item<int64_t>(), 1000);
}

TEST(WeightedBoxesFusion, OfThreeModelsIsItsDefinition) {
  for (const auto& c : oracle::cases("ops_beyond/weighted_boxes_fusion")) {
    SCOPED_TRACE(c.name());
    std::vector<ops::LabelledBoxes> models;
    for (int64_t m = 0; m < c.integer("models"); ++m) {
      const auto of_model = [&](const std::string& name) { return scattered(c.tensor(name + std::to_string(m))); };
      models.push_back({of_model("boxes_"), of_model("scores_"), of_model("labels_")});
    }
    const auto fused = ops::weighted_boxes_fusion(models, {.weights = c.numbers("weights"),
                                                           .iou_threshold = c.number("iou_threshold"),
                                                           .score_threshold = c.number("score_threshold")});
    EXPECT_TENSOR_NEAR(fused.boxes, c.tensor("boxes"), 1e-12, 0);
    EXPECT_TENSOR_NEAR(fused.scores, c.tensor("scores"), 1e-12, 0);
    EXPECT_TENSOR_EQ(fused.labels, c.tensor("labels"));
  }
}

TEST(RoiAlignRotated, AtAnyAngleIsItsDefinition) {
  for (const auto& c : oracle::cases("ops_beyond/roi_align_rotated")) {
    SCOPED_TRACE(c.name());
    const auto align = [&](const Tensor& maps) {
      return ops::roi_align_rotated(maps, scattered(c.tensor("rois")), torch::ExpandingArray<2>({3, 4}),
                                    {.spatial_scale = c.number("scale"), .sampling_ratio = c.integer("ratio")});
    };
    EXPECT_TENSOR_NEAR(align(scattered(c.tensor("maps"))), c.tensor("expected"), 1e-10, 0);
    if (c.integer("seed") == 0) {
      EXPECT_TRUE(support::gradcheck(
          [&](const Tensor& maps) {
            return align(maps.view({2, 1, 11, 14}));
          },
          c.tensor("maps").select(1, 0)));
    }
  }
}

// Every sample of a region (x, y, width, height, degrees) of one image, those beside the maps too.
Tensor of_all_samples(const Tensor& maps, const std::array<double, 5>& region, int64_t bins, int64_t ratio) {
  const auto places = [&](double length) {
    const auto all = bins * ratio;
    return (torch::arange(all, torch::kFloat64) + 0.5) * (length / static_cast<double>(all)) - length / 2;
  };
  const auto u = places(region[2]).unsqueeze(0), v = places(region[3]).unsqueeze(1);
  const auto angle = region[4] * 3.14159265358979323846 / 180, cos = std::cos(angle), sin = std::sin(angle);
  const auto x = v * sin + u * cos + (region[0] - 0.5), y = v * cos - u * sin + (region[1] - 0.5);
  const auto h = maps.size(2), w = maps.size(3);
  const auto off = (x < -1).logical_or(x > w).logical_or(y < -1).logical_or(y > h);
  const auto unit = [](const Tensor& places_, int64_t length) { return places_ * (2.0 / static_cast<double>(length - 1)) - 1; };
  const auto grid = torch::stack({unit(x, w), unit(y, h)}, -1).unsqueeze(0);
  const auto sampled = torch::grid_sampler_2d(maps, grid, /*bilinear=*/0, /*border=*/1, /*align_corners=*/true);
  return sampled.masked_fill(off, 0).view({maps.size(1), bins, ratio, bins, ratio}).mean({2, 4}).unsqueeze(0);
}

TEST(RoiAlignRotated, OfRegionsFarLargerThanTheMapsIsThatOfAllSamples) {
  const auto maps = torch::rand({1, 3, 11, 14}, torch::kFloat64);
  for (const auto angle : {0.0, 90.0, -180.0, 33.0, 1e-7, 271.5}) {
    for (const auto& [width, height] : {std::pair{400.0, 300.0}, {1e5, 40.0}, {20.0, 1e6}, {1e5, 1e5}, {-300.0, 200.0}}) {
      for (const int64_t ratio : {1, 7, 60}) {
        const auto rois = torch::tensor({{0.0, 6.13, 4.27, width, height, angle}}, torch::kFloat64);  // no sample on a border
        const auto actual = ops::roi_align_rotated(maps, rois, 2, {.sampling_ratio = ratio});
        EXPECT_TENSOR_NEAR(actual, of_all_samples(maps, {6.13, 4.27, width, height, angle}, 2, ratio), 1e-9, 1e-12)
            << angle << ", " << width << " x " << height << ", " << ratio;
      }
    }
  }
}

// Of such a region there are 100 million samples in each of its bins, of which a few hundred are on the maps.
TEST(RoiAlignRotated, OfAHugeRegionIsFoundAtOnce) {
  const auto maps = torch::ones({1, 2, 20, 30}).requires_grad_();
  auto rois = torch::tensor({{0.f, 15.f, 10.f, 1e5f, 1e5f, 30.f}}).repeat({64, 1});
  rois.select(1, 4).slice(0, 32, 64).fill_(std::numeric_limits<float>::max());
  const auto out = ops::roi_align_rotated(maps, rois, 7);
  EXPECT_TRUE(out.isfinite().all().item<bool>());
  EXPECT_GT(out.sum().item<float>(), 0);
  out.sum().backward();
  EXPECT_TRUE(maps.grad().isfinite().all().item<bool>());
  EXPECT_ERROR(ops::roi_align_rotated(maps, rois, 7, {.sampling_ratio = int64_t{1} << 40}), ValueError,
               "roi_align_rotated: sampling_ratio must be at most 1000000, got 1099511627776");
}

}  // namespace
}  // namespace opsis
