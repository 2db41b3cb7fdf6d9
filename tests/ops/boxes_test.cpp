// Boxes, their overlaps and their suppression, each against torchvision's.
#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include <map>

#include "opsis/ops.h"
#include "tests/simd/every_target.h"
#include "tests/support/expect.h"
#include "tests/support/gradcheck.h"
#include "tests/support/oracle.h"
#include "tests/support/scattered.h"

namespace opsis {
namespace {

using ops::BoundingBoxFormat;
using support::scattered;
using tv_tensors::bounding_box_format;

BoundingBoxFormat format(const oracle::Case& c, std::string_view key) {
  auto name = c.text(key);
  for (auto& letter : name) letter = static_cast<char>(std::toupper(letter));
  return bounding_box_format(name);
}

TEST(BoxConvert, EqualsTorchvision) {
  for (const auto& c : oracle::cases("ops_boxes/box_convert")) {
    SCOPED_TRACE(c.name());
    const auto boxes = c.tensor("boxes");
    const auto from = format(c, "old"), to = format(c, "new");
    if (c.boolean("fails")) {
      EXPECT_ERROR(ops::box_convert(boxes, from, to), ValueError, "are upright and rotated; neither becomes the other");
      continue;
    }
    EXPECT_TENSOR_EQ(ops::box_convert(boxes, from, to), c.tensor("expected"));
    EXPECT_TENSOR_EQ(ops::box_convert(scattered(boxes), from, to), c.tensor("expected"));
    EXPECT_FALSE(ops::box_convert(boxes, from, to).is_alias_of(boxes) && from == to);
  }
}

TEST(BoxConvert, RefusesTypesThatTorchvisionRefuses) {
  int refused = 0;
  for (const auto& c : oracle::cases("ops_boxes/odd_conversions")) {
    SCOPED_TRACE(c.name());
    const auto convert = [&] { return ops::box_convert(c.tensor("boxes"), format(c, "old"), format(c, "new")); };
    if (!c.boolean("fails")) {
      EXPECT_TENSOR_NEAR(convert(), c.tensor("expected"), 0, 0);  // float8 is not compared as it is
      continue;
    }
    EXPECT_ERROR(convert(), ValueError, "box_convert: boxes must be numbers that LibTorch computes with, got ");
    ++refused;
  }
  EXPECT_GT(refused, 10);
}

TEST(BoxConvert, RefusesOtherNumbersOfNumbers) {
  EXPECT_ERROR(ops::box_convert(torch::zeros({2, 5}), BoundingBoxFormat::XYXY, BoundingBoxFormat::XYWH), ValueError,
               "box_convert: XYXY needs 4 numbers a box, got (2, 5)");
}

TEST(BoxArea, EqualsTorchvision) {
  for (const auto& c : oracle::cases("ops_boxes/box_area")) {
    SCOPED_TRACE(c.name());
    EXPECT_TENSOR_EQ(ops::box_area(c.tensor("boxes"), format(c, "fmt")), c.tensor("expected"));
    EXPECT_TENSOR_EQ(ops::box_area(scattered(c.tensor("boxes")), format(c, "fmt")), c.tensor("expected"));
  }
  EXPECT_ERROR(ops::box_area(torch::zeros({2, 5}), BoundingBoxFormat::XYWHR), ValueError,
               "box_area: the format must be XYXY, XYWH or CXCYWH, got XYWHR");
}

TEST(BoxIou, EqualsTorchvisionOnEveryTypeAndInstructionSet) {
  for (const auto& c : oracle::cases("ops_boxes/box_iou")) {
    SCOPED_TRACE(c.name());
    const auto a = c.tensor("a"), b = c.tensor("b");
    const auto fmt = format(c, "fmt");
    EXPECT_TENSOR_EQ(ops::box_iou(a, b, fmt), c.tensor("expected"));
    if (a.dim() == 2 && fmt == BoundingBoxFormat::XYXY) {
      support::on_every_target([&] { EXPECT_TENSOR_EQ(ops::box_iou(scattered(a), scattered(b)), c.tensor("expected")); });
    }
    if (!c.has_tensor("generalized")) continue;
    EXPECT_TENSOR_EQ(ops::generalized_box_iou(a, b), c.tensor("generalized"));
    EXPECT_TENSOR_EQ(ops::distance_box_iou(a, b), c.tensor("distance"));
    EXPECT_TENSOR_EQ(ops::complete_box_iou(a, b, 1e-6), c.tensor("complete"));
  }
}

TEST(BoxIou, HasTorchvisionsGradients) {
  const std::map<std::string, std::function<torch::Tensor(const torch::Tensor&, const torch::Tensor&)>> all{
      {"box_iou", [](const auto& a, const auto& b) { return ops::box_iou(a, b); }},
      {"generalized_box_iou", [](const auto& a, const auto& b) { return ops::generalized_box_iou(a, b); }},
      {"distance_box_iou", [](const auto& a, const auto& b) { return ops::distance_box_iou(a, b); }},
      {"complete_box_iou", [](const auto& a, const auto& b) { return ops::complete_box_iou(a, b); }},
  };
  for (const auto& c : oracle::cases("ops_boxes/gradients")) {
    SCOPED_TRACE(c.name());
    const auto a = c.tensor("a").requires_grad_(), b = c.tensor("b").requires_grad_();
    (all.at(c.text("kind"))(a, b) * c.tensor("weights")).sum().backward();
    EXPECT_TENSOR_NEAR(a.grad(), c.tensor("grad_a"), 1e-12, 0);
    EXPECT_TENSOR_NEAR(b.grad(), c.tensor("grad_b"), 1e-12, 0);
  }
}

// The operators that are differentiated, called alike.
const std::map<std::string, std::function<torch::Tensor(const torch::Tensor&, const torch::Tensor&)>>& differentiable() {
  using torch::Tensor;
  static const std::map<std::string, std::function<Tensor(const Tensor&, const Tensor&)>> all{
      {"box_iou", [](const auto& a, const auto& b) { return ops::box_iou(a, b); }},
      {"generalized_box_iou", [](const auto& a, const auto& b) { return ops::generalized_box_iou(a, b); }},
      {"distance_box_iou", [](const auto& a, const auto& b) { return ops::distance_box_iou(a, b); }},
      {"complete_box_iou", [](const auto& a, const auto& b) { return ops::complete_box_iou(a, b); }},
      {"generalized_box_iou_loss", [](const auto& a, const auto& b) { return ops::generalized_box_iou_loss(a, b); }},
      {"distance_box_iou_loss", [](const auto& a, const auto& b) { return ops::distance_box_iou_loss(a, b); }},
      {"complete_box_iou_loss", [](const auto& a, const auto& b) { return ops::complete_box_iou_loss(a, b); }},
      {"sigmoid_focal_loss",
       [](const auto& a, const auto& b) { return ops::sigmoid_focal_loss(a, (b > 50).to(torch::kFloat64)); }},
  };
  return all;
}

TEST(BoxIou, AndLossesHaveGradientsThatFiniteDifferencesConfirm) {
  for (const auto& c : oracle::cases("ops_boxes/second_derivatives")) {
    SCOPED_TRACE(c.name());
    // Of the complete ones a part is held fixed on purpose, by the paper's advice.
    if (c.text("kind").starts_with("complete")) continue;
    const auto& op = differentiable().at(c.text("kind"));
    EXPECT_TRUE(support::gradcheck([&](const torch::Tensor& a) { return op(a, c.tensor("b")); }, c.tensor("a")));
  }
}

TEST(BoxIou, AndLossesHaveTorchvisionsSecondDerivatives) {
  for (const auto& c : oracle::cases("ops_boxes/second_derivatives")) {
    SCOPED_TRACE(c.name());
    const auto a = c.tensor("a").requires_grad_();
    const auto value = differentiable().at(c.text("kind"))(a, c.tensor("b")).square().sum();
    const auto first = torch::autograd::grad({value}, {a}, {}, /*retain_graph=*/true, /*create_graph=*/true)[0];
    const auto second = torch::autograd::grad({(first * c.tensor("directions")).sum()}, {a})[0];
    EXPECT_TENSOR_NEAR(first.detach(), c.tensor("first"), 1e-10, 0);
    EXPECT_TENSOR_NEAR(second, c.tensor("second"), 1e-10, 0);
  }
}

TEST(BoxIou, OfRotatedBoxesIsTorchvisions) {
  for (const auto& c : oracle::cases("ops_boxes/box_iou_rotated")) {
    SCOPED_TRACE(c.name());
    const auto actual = ops::box_iou(c.tensor("a"), c.tensor("b"), format(c, "fmt")), expected = c.tensor("expected");
    EXPECT_TENSOR_EQ(ops::box_iou(scattered(c.tensor("a")), scattered(c.tensor("b")), format(c, "fmt")), actual);
    // torchvision works in the type of the boxes, with tolerances of 1e-5 of a pixel; Opsis in float64.
    const auto tolerance = c.text("dtype") == "float32" ? 2e-5 : 1e-6;
    if (c.text("kind") == "turned") {
      // Box i of both sets is the same, but for quarter turns. Of those torchvision now and then loses a corner.
      const auto upright =
          c.text("fmt") == "cxcywhr" ? c.tensor("a").select(1, 4) - c.tensor("b").select(1, 4) : torch::ones({40});
      const auto same = torch::where(upright.remainder(180).abs() < 1)[0];
      EXPECT_TRUE((actual.diagonal().index({same}) - 1).abs().lt(1e-5).all().item<bool>());
      actual.diagonal().zero_();
      expected.diagonal().zero_();
    }
    EXPECT_TENSOR_NEAR(actual, expected, tolerance, 0);
  }
}

TEST(BoxIou, OfRotatedBoxesThatAreNoNumbersIsNone) {
  auto boxes = torch::full({2, 5}, std::nan(""), torch::kFloat64);
  boxes[1].fill_(std::numeric_limits<double>::infinity());
  for (int64_t i = 0; i < 5; ++i) {
    auto one = torch::full({1, 5}, 3.0, torch::kFloat64);
    one[0][i] = std::nan("");
    ops::box_iou(torch::cat({boxes, one}), torch::cat({one, boxes}), BoundingBoxFormat::CXCYWHR);
  }
}

TEST(BoxIou, RefusesWhatAreNotBoxes) {
  const auto boxes = torch::zeros({2, 4});
  EXPECT_ERROR(ops::box_iou(boxes, torch::zeros({2, 3})), ValueError, "box_iou: XYXY needs 4 numbers a box, got (2, 3)");
  EXPECT_ERROR(ops::box_iou(boxes[0], boxes), ValueError, "box_iou: boxes must be (..., N, 4), got (4,) and (2, 4)");
  EXPECT_ERROR(ops::box_iou({}, boxes), ValueError, "box_iou: XYXY needs 4 numbers a box, got an undefined tensor");
  const auto turned = torch::zeros({2, 5});
  EXPECT_ERROR(ops::box_iou(turned, turned.to(torch::kFloat64), BoundingBoxFormat::CXCYWHR), ValueError,
               "box_iou: rotated boxes must be of one type, got Float and Double");
  EXPECT_ERROR(ops::box_iou(turned.unsqueeze(0), turned, BoundingBoxFormat::CXCYWHR), ValueError,
               "box_iou: rotated boxes must be (N, 5), got (1, 2, 5)");
  EXPECT_ERROR(ops::box_iou(turned.to(torch::kHalf), turned.to(torch::kHalf), BoundingBoxFormat::CXCYWHR), ValueError,
               "box_iou: rotated boxes must be float32 or float64, got Half");
}

TEST(Boxes, ThatAreNoneGiveWhatTheyGiveInTorchvision) {
  using enum BoundingBoxFormat;
  using torch::Tensor;
  auto all = differentiable();
  all["box_area"] = [](const Tensor& a, const Tensor&) { return ops::box_area(a); };
  all["clip_boxes_to_image"] = [](const Tensor& a, const Tensor&) { return ops::clip_boxes_to_image(a, {50, 70}); };
  all["remove_small_boxes"] = [](const Tensor& a, const Tensor&) { return ops::remove_small_boxes(a, 1.5); };
  all["to xywh"] = [](const Tensor& a, const Tensor&) { return ops::box_convert(a, XYXY, XYWH); };
  all["from xywh"] = [](const Tensor& a, const Tensor&) { return ops::box_convert(a, XYWH, XYXY); };
  all["to cxcywh"] = [](const Tensor& a, const Tensor&) { return ops::box_convert(a, XYXY, CXCYWH); };
  all["from cxcywh"] = [](const Tensor& a, const Tensor&) { return ops::box_convert(a, CXCYWH, XYXY); };
  // Of each number its own share may differ, for they go from 1e-25 to infinity; a code stands for what is none.
  const auto number = [](const Tensor& t) { return t.to(torch::kFloat64).nan_to_num(-7, -8, -9); };
  for (const auto& c : oracle::cases("ops_boxes/strange")) {
    SCOPED_TRACE(c.name());
    const auto out = all.at(c.text("op"))(c.tensor("a"), c.tensor("b")), expected = c.tensor("expected");
    ASSERT_EQ(out.scalar_type(), expected.scalar_type());
    ASSERT_EQ(out.sizes(), expected.sizes());
    const auto apart = (number(out) - number(expected)).abs() / number(expected).abs().clamp_min(1e-6);
    EXPECT_LT(apart.max().item<double>(), 1e-5);
  }
}

TEST(Boxes, OfTypesThatTorchvisionRefusesAreRefusedByName) {
  using torch::Tensor;
  auto all = differentiable();
  all["clip_boxes_to_image"] = [](const Tensor& a, const Tensor&) { return ops::clip_boxes_to_image(a, {50, 70}); };
  all["remove_small_boxes"] = [](const Tensor& a, const Tensor&) { return ops::remove_small_boxes(a, 12.5); };
  for (const auto& c : oracle::cases("ops_boxes/odd_types")) {
    SCOPED_TRACE(c.name());
    const auto op = [&] { return all.at(c.text("op"))(c.tensor("a"), c.tensor("b")); };
    if (c.boolean("fails")) {
      EXPECT_ERROR(op(), ValueError, c.text("op") + ": boxes must be numbers that LibTorch computes with, got ");
    } else {
      EXPECT_TENSOR_NEAR(op(), c.tensor("expected"), 1e-6, 0);
    }
  }
  const auto boxes = torch::ones({2, 4});
  EXPECT_ERROR(ops::box_iou(boxes.to(torch::kBool), boxes.to(torch::kBool)), ValueError,
               "box_iou: boxes must be numbers that LibTorch computes with, got Bool; convert them first");
  EXPECT_ERROR(ops::box_iou(boxes, boxes.to(torch::kComplexFloat)), ValueError, "got ComplexFloat");
}

TEST(Boxes, OnSeveralDevicesAreRefusedByName) {
  const auto here = torch::ones({2, 4}), elsewhere = here.to(torch::kMeta);
  for (const auto& [name, op] : differentiable()) {
    if (name == "sigmoid_focal_loss") continue;
    EXPECT_ERROR(op(here, elsewhere), ValueError, name + ": boxes");
    EXPECT_ERROR(op(elsewhere, here), ValueError, "must be on one device, got meta and cpu");
  }
  EXPECT_ERROR(ops::box_iou(torch::ones({2, 5}), torch::ones({2, 5}, torch::kMeta), BoundingBoxFormat::CXCYWHR), ValueError,
               "box_iou: boxes must be on one device, got cpu and meta");
  EXPECT_ERROR(ops::sigmoid_focal_loss(here, elsewhere), ValueError,
               "sigmoid_focal_loss: inputs and targets must be on one device, got cpu and meta");
  EXPECT_ERROR(ops::nms(here, torch::ones({2}, torch::kMeta), 0.5), ValueError,
               "nms: boxes and scores must be on one device, got cpu and meta");
  EXPECT_ERROR(ops::batched_nms(here, torch::ones({2}), torch::ones({2}, torch::kMeta), 0.5), ValueError,
               "batched_nms: idxs must have values, as boxes have, got them on meta");
  EXPECT_ERROR(ops::soft_nms(here, torch::ones({2}, torch::kMeta)), ValueError,
               "soft_nms: boxes and scores must be on one device, got cpu and meta");
}

TEST(Boxes, OfMetaTensorsHaveTheirShape) {
  using enum BoundingBoxFormat;
  const auto meta = [](std::vector<int64_t> size) { return torch::empty(size, torch::device(torch::kMeta)); };
  const auto expect = [](const torch::Tensor& out, std::vector<int64_t> shape) {
    EXPECT_TRUE(out.is_meta());
    EXPECT_EQ(out.sizes(), shape);
  };
  const auto three = meta({3, 4}), five = meta({5, 4});
  expect(ops::box_iou(three, five), {3, 5});
  expect(ops::box_iou(meta({3, 5}), meta({5, 5}), CXCYWHR), {3, 5});
  expect(ops::generalized_box_iou(three, five), {3, 5});
  expect(ops::distance_box_iou(three, five), {3, 5});
  expect(ops::complete_box_iou(three, five), {3, 5});
  expect(ops::box_area(three), {3});
  expect(ops::box_convert(three, XYXY, CXCYWH), {3, 4});
  expect(ops::box_convert(meta({3, 5}), CXCYWHR, XYXYXYXY), {3, 8});
  expect(ops::clip_boxes_to_image(three, {5, 5}), {3, 4});
  expect(ops::masks_to_boxes(meta({3, 7, 6})), {3, 4});
  expect(ops::matrix_nms(three, meta({3}), meta({3})), {3});
  const auto refuses = [](const std::string& name, const auto& call) {
    EXPECT_ERROR(call(), ValueError, name + ": how many boxes stay depends on their values, which tensors of the meta device");
  };
  const auto scores = meta({3}), labels = torch::empty({3}, torch::dtype(torch::kInt64).device(torch::kMeta));
  refuses("nms", [&] { return ops::nms(three, scores, 0.5); });
  refuses("batched_nms", [&] { return ops::batched_nms(three, scores, labels, 0.5); });
  refuses("batched_nms", [&] { return ops::batched_nms(meta({2000, 4}), meta({2000}), meta({2000}), 0.5); });
  refuses("nms_per_class", [&] { return ops::nms_per_class(three, scores, labels, 0.5); });
  refuses("nms_rotated", [&] { return ops::nms_rotated(meta({3, 5}), scores, 0.5); });
  refuses("remove_small_boxes", [&] { return ops::remove_small_boxes(three, 1); });
  refuses("soft_nms", [&] { return ops::soft_nms(three, scores).keep; });
  refuses("weighted_boxes_fusion", [&] { return ops::weighted_boxes_fusion({{three, scores, labels}}).boxes; });
}

TEST(ClipAndRemoveSmallBoxes, EqualTorchvision) {
  for (const auto& c : oracle::cases("ops_boxes/clip")) {
    SCOPED_TRACE(c.name());
    EXPECT_TENSOR_EQ(ops::clip_boxes_to_image(c.tensor("boxes"), {50, 70}), c.tensor("clipped"));
    EXPECT_TENSOR_EQ(ops::clip_boxes_to_image(scattered(c.tensor("boxes")), {50, 70}), c.tensor("clipped"));
    EXPECT_TENSOR_EQ(ops::remove_small_boxes(c.tensor("boxes"), 20), c.tensor("small"));
    EXPECT_TENSOR_EQ(ops::remove_small_boxes(c.tensor("boxes"), 12.5), c.tensor("smallest"));
  }
}

TEST(MasksToBoxes, EqualsTorchvisionOnEveryInstructionSet) {
  for (const auto& c : oracle::cases("ops_boxes/masks_to_boxes")) {
    SCOPED_TRACE(c.name());
    const auto masks = c.tensor("masks");
    support::on_every_target([&] { EXPECT_TENSOR_EQ(ops::masks_to_boxes(masks), c.tensor("expected")); });
    EXPECT_TENSOR_EQ(ops::masks_to_boxes(scattered(masks)), c.tensor("expected"));
    EXPECT_TENSOR_EQ(ops::masks_to_boxes(masks.transpose(1, 2).contiguous().transpose(1, 2)), c.tensor("expected"));
  }
  EXPECT_ERROR(ops::masks_to_boxes(torch::ones({3, 4})), ValueError, "masks_to_boxes: masks must be (N, H, W), got (3, 4)");
}

TEST(Nms, KeepsWhatTorchvisionKeepsOnEveryInstructionSet) {
  for (const auto* const table : {"ops_boxes/nms", "ops_boxes/nms_crowds"}) {
    for (const auto& c : oracle::cases(table)) {
      SCOPED_TRACE(c.name());
      const auto boxes = c.tensor("boxes"), scores = c.tensor("scores");
      const auto threshold = c.number("threshold");
      support::on_every_target([&] {
        EXPECT_TENSOR_EQ(ops::nms(boxes, scores, threshold), c.tensor("expected"));
        EXPECT_TENSOR_EQ(ops::nms(boxes.to(torch::kFloat64), scores.to(torch::kFloat64), threshold),
                         c.tensor("expected_double"));
      });
      EXPECT_TENSOR_EQ(ops::nms(scattered(boxes), scattered(scores), threshold), c.tensor("expected"));
      EXPECT_TENSOR_EQ(ops::nms(scattered(boxes.to(torch::kFloat64)), scattered(scores.to(torch::kFloat64)), threshold),
                       c.tensor("expected_double"));
    }
  }
}

TEST(Nms, OfManyBoxesKeepsWhatEachPairSays) {
  torch::manual_seed(0);
  for (const auto& [extent, threshold] : {std::pair{1500.0, 0.6}, {200.0, 0.3}}) {
    const auto low = torch::rand({6000, 2}) * extent;
    const auto boxes = torch::cat({low, low + torch::rand({6000, 2}).pow(3) * 90 + 1}, 1), scores = torch::rand({6000});
    const auto order = std::get<1>(scores.sort(/*stable=*/true, 0, true));
    const auto overlaps = (ops::box_iou(boxes, boxes).to(torch::kFloat64) > threshold).contiguous();
    std::vector<int64_t> kept;
    for (int64_t i = 0; i < 6000; ++i) {
      const auto box = order.const_data_ptr<int64_t>()[i];
      const auto* const row = overlaps.const_data_ptr<bool>() + box * 6000;
      if (std::none_of(kept.begin(), kept.end(), [&](int64_t better) { return row[better]; })) kept.push_back(box);
    }
    EXPECT_TENSOR_EQ(ops::nms(boxes, scores, threshold), torch::tensor(kept, torch::kInt64));
  }
}

TEST(Nms, KeepsAllForAThresholdThatIsNoNumber) {
  const auto boxes = torch::ones({70, 4}).cumsum(1);
  EXPECT_EQ(ops::nms(boxes, torch::rand({70}), std::nan("")).size(0), 70);
}

TEST(Nms, RefusesWhatTorchvisionRefuses) {
  for (const auto& c : oracle::cases("ops_boxes/nms_refusals")) {
    SCOPED_TRACE(c.name());
    EXPECT_ERROR(ops::nms(c.tensor("boxes"), c.tensor("scores"), 0.5), ValueError, "nms: ");
  }
  const auto boxes = torch::zeros({3, 4});
  EXPECT_ERROR(ops::nms(boxes, torch::zeros({2}), 0.5), ValueError,
               "nms: scores must be (3,), a number for each box, got (2,)");
  EXPECT_ERROR(ops::nms({}, torch::zeros({2}), 0.5), ValueError, "nms: boxes and scores must be tensors");
  EXPECT_ERROR(ops::nms(boxes.to(torch::kMeta), torch::zeros({3}, torch::kMeta), 0.5), ValueError,
               "nms: how many boxes stay depends on their values");
}

TEST(Nms, TakesFloat16UnderAutocast) {
  const auto boxes = torch::tensor({{0.f, 0.f, 4.f, 4.f}, {0.f, 0.f, 4.f, 3.f}}).to(torch::kBFloat16);
  const auto scores = torch::tensor({0.5f, 0.75f}).to(torch::kBFloat16);
  EXPECT_ERROR(ops::nms(boxes, scores, 0.5), ValueError, "nms: boxes must be float32 or float64, got BFloat16");
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const auto keep = ops::nms(boxes, scores, 0.5);
  at::autocast::set_autocast_enabled(at::kCPU, false);
  at::autocast::clear_cache();
  EXPECT_TENSOR_EQ(keep, torch::tensor({1}, torch::kInt64));
}

TEST(BatchedNms, KeepsWhatTorchvisionKeeps) {
  for (const auto& c : oracle::cases("ops_boxes/batched_nms")) {
    SCOPED_TRACE(c.name());
    const auto boxes = c.tensor("boxes"), scores = c.tensor("scores"), idxs = c.tensor("idxs");
    EXPECT_TENSOR_EQ(ops::batched_nms(boxes, scores, idxs, 0.4), c.tensor("expected"));
    EXPECT_TENSOR_EQ(ops::nms_per_class(boxes, scores, idxs, 0.4), c.tensor("vanilla"));
    EXPECT_TENSOR_EQ(ops::batched_nms(scattered(boxes), scattered(scores), scattered(idxs), 0.4), c.tensor("expected"));
    EXPECT_TENSOR_EQ(ops::nms_per_class(scattered(boxes), scattered(scores), scattered(idxs), 0.4), c.tensor("vanilla"));
  }
  EXPECT_TENSOR_EQ(ops::batched_nms(torch::empty(0), torch::empty(0), torch::empty(0), 0.5), torch::empty(0, torch::kLong));
  EXPECT_ERROR(ops::batched_nms(torch::zeros({3, 4}), torch::zeros({3}), torch::zeros({2}), 0.5), ValueError,
               "batched_nms: idxs must be (3,), a class for each box, got (2,)");
}

TEST(BatchedNms, TakesOneClassForAllBoxes) {
  for (const auto& c : oracle::cases("ops_boxes/batched_nms_of_one_class")) {
    SCOPED_TRACE(c.name());
    EXPECT_TENSOR_EQ(ops::batched_nms(c.tensor("boxes"), c.tensor("scores"), c.tensor("idxs"), 0.4), c.tensor("expected"));
  }
  torch::manual_seed(0);
  const auto corners = torch::rand({2000, 2}) * 90, scores = torch::rand({2000});
  const auto boxes = torch::cat({corners, corners + 10}, 1);
  const auto one = torch::full({1}, 3, torch::kInt64);
  EXPECT_TENSOR_EQ(ops::batched_nms(boxes, scores, one, 0.4), ops::nms(boxes, scores, 0.4));
  EXPECT_ERROR(ops::batched_nms(boxes, scores, torch::zeros({2}), 0.4), ValueError,
               "batched_nms: idxs must be (2000,), a class for each box, got (2,)");
}

TEST(BatchedNms, TakesMixedTypesUnderAutocastAsNmsDoes) {
  const auto boxes = torch::tensor({{0.f, 0.f, 4.f, 4.f}, {0.f, 0.f, 4.f, 3.f}, {0.f, 0.f, 4.f, 3.f}});
  const auto scores = torch::tensor({0.5f, 0.75f, 0.25f}).to(torch::kBFloat16), idxs = torch::tensor({0, 0, 1}, torch::kInt64);
  EXPECT_ERROR(ops::batched_nms(boxes, scores, idxs, 0.5), ValueError, "must be of one type, got Float and BFloat16");
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const auto mixed = ops::batched_nms(boxes, scores, idxs, 0.5);
  const auto half = ops::nms_per_class(boxes.to(torch::kBFloat16), scores, idxs, 0.5);
  at::autocast::set_autocast_enabled(at::kCPU, false);
  at::autocast::clear_cache();
  EXPECT_TENSOR_EQ(mixed, torch::tensor({1, 2}, torch::kInt64));
  EXPECT_TENSOR_EQ(half, mixed);
}

TEST(BoxIouFamily, RefusesOtherShapesInItsOwnName) {
  const auto one = torch::zeros({4}), three = torch::zeros({3, 4});
  EXPECT_ERROR(ops::generalized_box_iou(one, three), ValueError, "generalized_box_iou: boxes must be (..., N, 4)");
  EXPECT_ERROR(ops::distance_box_iou(one, three), ValueError, "distance_box_iou: boxes must be (..., N, 4)");
  const auto two_batches = torch::zeros({2, 3, 4}), three_batches = torch::zeros({3, 5, 4});
  for (const auto* const name : {"box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou"}) {
    EXPECT_ERROR(differentiable().at(name)(two_batches, three_batches), ValueError,
                 std::string(name) + ": batches of boxes must be as many, or one for all of the others, got (2, 3, 4) and ");
    EXPECT_EQ(differentiable().at(name)(two_batches, three).sizes(), (std::vector<int64_t>{2, 3, 3}));
  }
  EXPECT_ERROR(ops::generalized_box_iou_loss(torch::zeros({1, 4}), three), ValueError,
               "generalized_box_iou_loss: boxes and targets must be of one shape, or a target serve several boxes, got (1, 4)");
}

TEST(NmsRotated, OfUprightBoxesIsNms) {
  torch::manual_seed(0);
  const auto middle = torch::rand({300, 2}, torch::kFloat64) * 100, sides = torch::rand({300, 2}, torch::kFloat64) * 30 + 1;
  const auto boxes = torch::cat({middle, sides, torch::zeros({300, 1}, torch::kFloat64)}, 1);
  const auto scores = torch::rand({300}, torch::kFloat64);
  const auto upright = ops::box_convert(boxes.slice(1, 0, 4), BoundingBoxFormat::CXCYWH, BoundingBoxFormat::XYXY);
  EXPECT_TENSOR_EQ(ops::nms_rotated(boxes, scores, 0.4), ops::nms(upright, scores, 0.4));
  boxes.select(1, 4).fill_(90);
  EXPECT_TENSOR_EQ(ops::nms_rotated(boxes.index_select(1, torch::tensor({0, 1, 3, 2, 4})), scores, 0.4),
                   ops::nms(upright, scores, 0.4));
  EXPECT_EQ(ops::nms_rotated(boxes.slice(0, 0, 0), scores.slice(0, 0, 0), 0.4).size(0), 0);
}

TEST(SigmoidFocalLoss, IsTorchvisionsWithItsGradient) {
  for (const auto& c : oracle::cases("ops_boxes/focal")) {
    SCOPED_TRACE(c.name());
    const auto inputs = c.tensor("inputs").requires_grad_();
    const auto loss = [&] {
      return ops::sigmoid_focal_loss(inputs, c.tensor("targets"), c.number("alpha"), c.number("gamma"), c.text("reduction"));
    };
    if (c.boolean("fails")) {
      EXPECT_ERROR(loss(), ValueError, "sigmoid_focal_loss: ");
      continue;
    }
    EXPECT_TENSOR_NEAR(loss(), c.tensor("expected"), 1e-6, 0);
    loss().sum().backward();
    EXPECT_TENSOR_NEAR(inputs.grad(), c.tensor("gradient"), 1e-6, 0);
  }
}

TEST(SigmoidFocalLoss, RefusesNumbersThatAreNotFloatingPoint) {
  const auto inputs = torch::zeros({3, 4}), targets = torch::ones({3, 4});
  for (const auto type : {torch::kInt64, torch::kUInt8, torch::kBool}) {  // as torchvision does
    EXPECT_ERROR(ops::sigmoid_focal_loss(inputs, targets.to(type)), ValueError,
                 "sigmoid_focal_loss: inputs and targets must be floating point, got Float and ");
    EXPECT_ERROR(ops::sigmoid_focal_loss(inputs.to(type), targets), ValueError, "must be floating point, got ");
  }
  EXPECT_EQ(ops::sigmoid_focal_loss(inputs, targets.to(torch::kFloat64)).scalar_type(), torch::kFloat64);
}

using IouLoss = torch::Tensor (*)(const torch::Tensor&, const torch::Tensor&, std::string_view, double);
const std::map<std::string, IouLoss>& iou_losses() {
  static const std::map<std::string, IouLoss> all{{"generalized", ops::generalized_box_iou_loss},
                                                  {"distance", ops::distance_box_iou_loss},
                                                  {"complete", ops::complete_box_iou_loss}};
  return all;
}

TEST(BoxIouLosses, AreTorchvisionsWithTheirGradients) {
  for (const auto& c : oracle::cases("ops_boxes/iou_losses")) {
    SCOPED_TRACE(c.name());
    auto a = c.tensor("a");
    const auto loss = [&] { return iou_losses().at(c.text("kind"))(a, c.tensor("b"), c.text("reduction"), c.number("eps")); };
    if (c.boolean("fails")) {
      EXPECT_ERROR(loss(), ValueError, "_box_iou_loss: reduction must be \"none\", \"mean\" or \"sum\", got \"most\"");
      continue;
    }
    if (c.has_tensor("gradient")) a.requires_grad_();
    EXPECT_TENSOR_NEAR(loss().detach(), c.tensor("expected"), 1e-6, 1e-7);
    if (!c.has_tensor("gradient")) continue;
    loss().sum().backward();
    EXPECT_TENSOR_NEAR(a.grad(), c.tensor("gradient"), 1e-5, 1e-7);
  }
}

TEST(BoxIouLosses, OfInfiniteBoxesHaveTorchvisionsGradients) {
  // Some are 1e20, others infinite: the arc tangent brings each to where it can be held against its own.
  const auto squashed = [](const torch::Tensor& numbers) { return torch::atan(numbers); };
  for (const auto& c : oracle::cases("ops_boxes/iou_losses_strange")) {
    SCOPED_TRACE(c.name());
    const auto a = c.tensor("a").requires_grad_(), b = c.tensor("b").requires_grad_();
    const auto loss = iou_losses().at(c.text("kind"))(a, b, "none", 1e-7);
    EXPECT_TENSOR_NEAR(squashed(loss.detach()), squashed(c.tensor("expected")), 1e-5, 0);
    loss.sum().backward();
    EXPECT_TENSOR_NEAR(squashed(a.grad()), squashed(c.tensor("gradient")), 1e-5, 0);
    EXPECT_TENSOR_EQ(a.grad().isinf(), c.tensor("gradient").isinf());
    EXPECT_TENSOR_NEAR(squashed(b.grad()), squashed(c.tensor("of_targets")), 1e-5, 0);
  }
}

TEST(BoxIouLosses, TakeOneTargetForSeveralBoxesAsTorchvisionsDo) {
  for (const auto& c : oracle::cases("ops_boxes/iou_losses_of_one_target")) {
    SCOPED_TRACE(c.name());
    const auto loss = [&] { return iou_losses().at(c.text("kind"))(c.tensor("a"), c.tensor("b"), "none", 1e-7); };
    if (c.boolean("fails")) {
      EXPECT_ERROR(loss(), ValueError, "_box_iou_loss: boxes and targets must be of one shape, or a target serve several");
    } else {
      EXPECT_TENSOR_NEAR(loss(), c.tensor("expected"), 1e-6, 1e-7);
    }
  }
}

}  // namespace
}  // namespace opsis
