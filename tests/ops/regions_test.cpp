// Operators on regions of feature maps, each against torchvision's.
#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include <map>
#include <sstream>

#include "opsis/ops.h"
#include "tests/simd/every_target.h"
#include "tests/support/expect.h"
#include "tests/support/gradcheck.h"
#include "tests/support/oracle.h"
#include "tests/support/scattered.h"

namespace opsis {
namespace {

using torch::Tensor;

// float32 sums are made in another order; float16 is summed in float32, torchvision's in float16.
double tolerance(const oracle::Case& c) {
  const auto type = c.text("dtype");
  return type == "float64" ? 1e-12 : type == "float32" ? 1e-5 : 2e-2;
}

torch::ExpandingArray<2> size_of(const oracle::Case& c) {
  return torch::ExpandingArray<2>({c.ints("size")[0], c.ints("size")[1]});
}

template <class Call>
void expect_pooled(const oracle::Case& c, const Call& call) {
  SCOPED_TRACE(c.name());
  const auto expected = c.tensor("expected");
  // A region of no size has no samples: torchvision's ps_roi_align divides by their number.
  const auto number = [](const Tensor& t) { return t.nan_to_num(-1, 0, 0); };
  for (const bool last : {false, true}) {
    const auto x = (last ? c.tensor("x").contiguous(torch::MemoryFormat::ChannelsLast) : c.tensor("x")).requires_grad_();
    const auto rois = c.tensor("rois").t().contiguous().t();
    const auto out = call(x, rois);
    EXPECT_TENSOR_NEAR(number(out.detach()), number(expected), tolerance(c), 1e-6);
    EXPECT_TENSOR_EQ(out.detach().isnan(), expected.isnan());
    (out * c.tensor("weights")).sum().backward();
    EXPECT_TENSOR_NEAR(number(x.grad()), number(c.tensor("gradient")), tolerance(c), 1e-6);
  }
}

TEST(RoiAlign, EqualsTorchvisionWithItsGradient) {
  for (const auto& c : oracle::cases("ops_regions/roi_align")) {
    const auto call = [&](const Tensor& x, const Tensor& rois) {
      return ops::roi_align(x, rois, size_of(c),
                            {.spatial_scale = 0.3, .sampling_ratio = c.integer("ratio"), .aligned = c.boolean("aligned")});
    };
    if (c.text("dtype") == "float32" && c.text("kind") == "plain") {
      support::on_every_target([&] { expect_pooled(c, call); });
    } else {
      expect_pooled(c, call);
    }
  }
}

TEST(PsRoiAlign, EqualsTorchvisionWithItsGradient) {
  for (const auto& c : oracle::cases("ops_regions/ps_roi_align")) {
    expect_pooled(c, [&](const Tensor& x, const Tensor& rois) {
      return ops::ps_roi_align(x, rois, size_of(c), {.spatial_scale = 0.3, .sampling_ratio = c.integer("ratio")});
    });
  }
}

TEST(RoiPool, EqualsTorchvisionWithItsGradient) {
  for (const auto& c : oracle::cases("ops_regions/roi_pool")) {
    expect_pooled(c, [&](const Tensor& x, const Tensor& rois) { return ops::roi_pool(x, rois, size_of(c), 0.3); });
  }
}

TEST(RoiPool, TakesTheFirstOfEqualsAndPassesOverWhatIsNoNumber) {
  for (const auto& c : oracle::cases("ops_regions/roi_pool_strange")) {
    SCOPED_TRACE(c.name());
    support::on_every_target([&] {
      const auto x = c.tensor("x").requires_grad_();
      const auto out = ops::roi_pool(x, c.tensor("rois"), torch::ExpandingArray<2>({2, 3}));
      EXPECT_TENSOR_EQ(out.detach(), c.tensor("expected"));
      out.nan_to_num(0, 0, 0).sum().backward();
      EXPECT_TENSOR_EQ(x.grad(), c.tensor("gradient"));
    });
  }
}

TEST(PsRoiPool, EqualsTorchvisionWithItsGradient) {
  for (const auto& c : oracle::cases("ops_regions/ps_roi_pool")) {
    expect_pooled(c, [&](const Tensor& x, const Tensor& rois) { return ops::ps_roi_pool(x, rois, size_of(c), 0.3); });
  }
}

TEST(Rois, OfListsAreTorchvisions) {
  for (const auto& c : oracle::cases("ops_regions/list_of_boxes")) {
    SCOPED_TRACE(c.name());
    const std::vector<Tensor> boxes{c.tensor("first"), c.tensor("second")};
    EXPECT_TENSOR_NEAR(ops::roi_align(c.tensor("x"), boxes, 4, {.sampling_ratio = 2}), c.tensor("expected"), 1e-5, 1e-6);
    EXPECT_TENSOR_EQ(ops::roi_pool(c.tensor("x"), boxes, torch::ExpandingArray<2>({2, 3})), c.tensor("pooled"));
  }
  EXPECT_ERROR(ops::Rois(std::vector<Tensor>{}), ValueError, "Rois: boxes must be a tensor (L, 4) for each image, got none");
  EXPECT_ERROR(ops::Rois(std::vector<Tensor>{torch::zeros({2, 4}), torch::zeros({3, 5})}), ValueError,
               "Rois: the boxes of image 1 must be (L, 4), got (3, 5)");
}

// The four, called alike.
const std::map<std::string, std::function<Tensor(const Tensor&, const Tensor&)>>& four() {
  static const std::map<std::string, std::function<Tensor(const Tensor&, const Tensor&)>> all{
      {"roi_align", [](const Tensor& x, const Tensor& r) { return ops::roi_align(x, r, 2, {.sampling_ratio = 2}); }},
      {"roi_pool", [](const Tensor& x, const Tensor& r) { return ops::roi_pool(x, r, 2); }},
      {"ps_roi_align", [](const Tensor& x, const Tensor& r) { return ops::ps_roi_align(x, r, 2, {.sampling_ratio = 2}); }},
      {"ps_roi_pool", [](const Tensor& x, const Tensor& r) { return ops::ps_roi_pool(x, r, 2); }},
  };
  return all;
}

TEST(Regions, AreRefusedWhereTorchvisionRefusesThem) {
  for (const auto& c : oracle::cases("ops_regions/refusals")) {
    SCOPED_TRACE(c.name());
    for (const auto& [name, op] : four()) EXPECT_ERROR(op(c.tensor("x"), c.tensor("rois")), ValueError, name + ": ");
  }
}

TEST(Regions, ThatGiveNothingAreOfAnyType) {
  for (const auto& c : oracle::cases("ops_regions/nothing")) {
    SCOPED_TRACE(c.name());
    const auto x = c.tensor("x");
    if (x.is_floating_point()) x.requires_grad_();
    for (const auto& [name, op] : four()) {
      const auto out = op(x, c.tensor("rois"));
      EXPECT_TENSOR_EQ(out.detach(), c.tensor(name));
      if (!x.requires_grad()) continue;
      out.sum().backward();
      EXPECT_EQ(x.grad().count_nonzero().item<int64_t>(), 0);
    }
  }
}

TEST(RoiAlign, TakesNothingFromOffTheMaps) {
  auto x = torch::ones({1, 1, 4, 4});
  x[0][0][0][0] = std::nan("");
  for (const auto sampling_ratio : {-1, 2}) {
    const auto rois = torch::tensor({{0.f, 100.f, 100.f, 110.f, 110.f}, {0.f, -50.f, -50.f, -40.f, -40.f}});
    EXPECT_TENSOR_EQ(ops::roi_align(x, rois, 2, {.sampling_ratio = sampling_ratio}), torch::zeros({2, 1, 2, 2}));
  }
}

TEST(Regions, OfImagesThatAreNotThereAreRefused) {
  const auto x = torch::rand({2, 4, 6, 6});
  for (const auto image : {2.0, -1.0, -0.5, 1e30, std::nan("")}) {
    const auto rois = torch::tensor({{image, 0., 0., 3., 3.}}, torch::kFloat32);
    for (const auto& [name, op] : four()) EXPECT_ERROR(op(x, rois), ValueError, name + ": region 0 names image ");
  }
  // Between two numbers it is the lower one's, as torchvision has it.
  for (const auto& [name, op] : four()) {
    EXPECT_TENSOR_EQ(op(x, torch::tensor({{1.5f, 0.f, 0.f, 3.f, 3.f}})), op(x, torch::tensor({{1.f, 0.f, 0.f, 3.f, 3.f}})));
  }
  for (const auto& [name, op] : four())
    EXPECT_ERROR(op({}, torch::zeros({1, 5})), ValueError, name + ": input and regions must be tensors");
  EXPECT_ERROR(ops::ps_roi_pool(x, torch::zeros({1, 5}), 3), ValueError,
               "ps_roi_pool: the channels of input must be a multiple of the 9 bins of output_size, got 4");
  EXPECT_ERROR(ops::roi_align(x, torch::zeros({1, 5}), -1), ValueError,
               "roi_align: output_size must not be negative, got (-1, -1)");
}

TEST(Regions, ThatAreNoNumbersOrFarTooLargeDoNoHarm) {
  const auto x = torch::rand({1, 4, 6, 6}, torch::kFloat64).requires_grad_();
  const auto inf = std::numeric_limits<double>::infinity();
  for (const auto bad : {std::nan(""), inf, -inf, 1e300, -1e300, 1e12}) {
    for (int64_t i = 1; i < 5; ++i) {
      auto rois = torch::tensor({{0., 1., 1., 4., 4.}}, torch::kFloat64);
      rois[0][i] = bad;
      for (const auto& [name, op] : four()) op(x, rois).sum().backward();
      ops::roi_align(x, rois, 2).sum().backward();
      ops::roi_align(x, rois, 2, {.aligned = true}).sum().backward();
      ops::ps_roi_align(x, rois, 2).sum().backward();
    }
  }
  for (const auto& [name, op] : four()) {
    const auto empty = torch::rand({1, 4, 0, 6}, torch::kFloat64);
    EXPECT_EQ(op(empty, torch::tensor({{0., 1., 1., 4., 4.}}, torch::kFloat64)).size(0), 1) << name;
  }
}

TEST(Regions, OfManyPixelsAreTakenFromThoseThatThereAre) {
  // A region 1e6 times the map: its samples are one a pixel, and all but those of one bin are off.
  const auto x = torch::ones({1, 1, 8, 8}, torch::kFloat64);
  const auto out = ops::roi_align(x, torch::tensor({{0., -4e6, -4e6, 4e6, 4e6}}, torch::kFloat64), 1);
  EXPECT_NEAR(out.item<double>() * 8e6 * 8e6, 81.0, 20.0);
}

TEST(Regions, HaveGradientsThatFiniteDifferencesConfirm) {
  torch::manual_seed(0);
  const auto x = torch::rand({2, 8, 7, 6}, torch::kFloat64);
  const auto rois = torch::tensor({{0., 0.3, 0.6, 4.2, 5.1}, {1., 2., 1., 9., 4.}, {0., 5., 5., 3., 3.}}, torch::kFloat64);
  for (const auto& [name, op] : four()) {
    // torchvision's ps_roi_pool has not the gradient of what it computes: its last row and column.
    if (name == "ps_roi_pool") continue;
    SCOPED_TRACE(name);
    EXPECT_TRUE(support::gradcheck([&, &op = op](const Tensor& maps) { return op(maps, rois); }, x));
  }
}

TEST(Regions, CanBeDifferentiatedOnceOnly) {
  for (const auto& [name, op] : four()) {
    SCOPED_TRACE(name);
    const auto x = torch::rand({1, 4, 6, 6}).requires_grad_();
    const auto out = op(x, torch::tensor({{0.f, 1.f, 1.f, 4.f, 4.f}})).square().sum();
    const auto gradient = torch::autograd::grad({out}, {x}, {}, /*retain_graph=*/true, /*create_graph=*/true)[0];
    EXPECT_ERROR(gradient.sum().backward(), ValueError, name + ": it can be differentiated once only");
  }
}

TEST(Regions, OfMetaTensorsHaveTheirShape) {
  const auto meta = torch::device(torch::kMeta);
  EXPECT_EQ(ops::roi_align_rotated(torch::empty({2, 8, 7, 6}, meta), torch::empty({3, 6}, meta), 2).sizes(),
            (std::vector<int64_t>{3, 8, 2, 2}));
  for (const auto& [name, op] : four()) {
    const auto out = op(torch::empty({2, 8, 7, 6}, meta), torch::empty({3, 5}, meta));
    EXPECT_EQ(out.sizes(), (std::vector<int64_t>{3, name.starts_with("ps") ? 2 : 8, 2, 2})) << name;
  }
}

TEST(RoiAlign, UnderAutocastGivesBackTheTypeThatCameIn) {
  const auto x = torch::rand({1, 2, 6, 6}), rois = torch::tensor({{0.f, 1.f, 1.f, 4.f, 4.f}});
  const auto expected = ops::roi_align(x, rois, 2);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const auto out = ops::roi_align(x.to(torch::kBFloat16), rois, 2);
  at::autocast::set_autocast_enabled(at::kCPU, false);
  at::autocast::clear_cache();
  EXPECT_EQ(out.scalar_type(), torch::kBFloat16);
  EXPECT_TENSOR_NEAR(out.to(torch::kFloat32), expected, 2e-2, 0);
}

TEST(Regions, UnderAutocastAreOfTorchvisionsTypesOrRefused) {
  for (const auto& c : oracle::cases("ops_regions/autocast")) {
    SCOPED_TRACE(c.name());
    const auto call = [&] {
      const auto name = c.text("op");
      if (name == "deform_conv2d") return ops::deform_conv2d(c.tensor("x"), c.tensor("offset"), c.tensor("weight"));
      if (name == "roi_align") return ops::roi_align(c.tensor("x"), c.tensor("rois"), 2);
      if (name == "ps_roi_align") return ops::ps_roi_align(c.tensor("x"), c.tensor("rois"), 2);
      return four().at(name)(c.tensor("x"), c.tensor("rois"));
    };
    at::autocast::set_autocast_enabled(at::kCPU, true);
    try {
      const auto out = call();
      EXPECT_FALSE(c.boolean("fails"));
      EXPECT_TENSOR_NEAR(out, c.tensor("expected"), 2e-2, 0);
    } catch (const ValueError& error) {
      EXPECT_TRUE(c.boolean("fails")) << error.what();
    }
    at::autocast::set_autocast_enabled(at::kCPU, false);
    at::autocast::clear_cache();
  }
}

TEST(RoiAlignRotated, OfUprightRegionsIsRoiAlign) {
  torch::manual_seed(0);
  const auto x = torch::rand({2, 3, 12, 15}, torch::kFloat64).requires_grad_();
  const auto rois = torch::tensor({{0., 3., 2., 11., 8.}, {1., -4.3, 1., 30., 9.}, {0., 6., 6., 6., 9.}}, torch::kFloat64);
  const auto c = rois.unbind(1);
  const auto turned =
      torch::stack({c[0], (c[1] + c[3]) / 2, (c[2] + c[4]) / 2, c[3] - c[1], c[4] - c[2], torch::zeros_like(c[0])}, 1);
  for (const int64_t ratio : {2, -1}) {
    const auto out =
        ops::roi_align_rotated(x, turned, torch::ExpandingArray<2>({3, 4}), {.spatial_scale = 0.8, .sampling_ratio = ratio});
    const auto expected = ops::roi_align(x, rois, torch::ExpandingArray<2>({3, 4}),
                                         {.spatial_scale = 0.8, .sampling_ratio = ratio, .aligned = true});
    EXPECT_TENSOR_NEAR(out.detach(), expected.detach(), 1e-9, 1e-12);
    EXPECT_TENSOR_NEAR(torch::autograd::grad({out.sum()}, {x})[0], torch::autograd::grad({expected.sum()}, {x})[0], 1e-9,
                       1e-12);
  }
}

TEST(RoiAlignRotated, OfHugeRegionsAndBesideTheMapsDoesNoHarm) {
  auto maps = torch::ones({1, 2, 4, 4});
  maps[0][0][0][0] = NAN;
  const auto beside = ops::roi_align_rotated(maps, torch::tensor({{0.f, -20.f, -20.f, 2.f, 2.f, 0.f}}), 1);
  EXPECT_TENSOR_EQ(beside, torch::zeros({1, 2, 1, 1}));
  const auto huge = ops::roi_align_rotated(maps, torch::tensor({{0.f, 2.f, 2.f, 3000.f, 3000.f, 30.f}}), 2);
  EXPECT_TRUE(huge[0][1].gt(0).logical_and(huge[0][1].lt(1e-4)).all().item<bool>());  // 16 pixels of 2 million
}

TEST(RoiAlignRotated, ByAQuarterTurnSeesTheMapTurned) {
  torch::manual_seed(0);
  const auto x = torch::rand({1, 2, 10, 10}, torch::kFloat64);
  const auto region = [](double cx, double cy, double w, double h, double angle) {
    return torch::tensor({{0., cx, cy, w, h, angle}}, torch::kFloat64);
  };
  // Turned by 90 degrees counter-clockwise the region's upper side is the map's left one.
  const auto out = ops::roi_align_rotated(x, region(4, 6, 6, 3, 90), 4, {.sampling_ratio = 2});
  const auto turned = ops::roi_align_rotated(x.rot90(-1, {2, 3}), region(4, 4, 6, 3, 0), 4, {.sampling_ratio = 2});
  EXPECT_TENSOR_NEAR(out, turned, 1e-9, 1e-12);
  EXPECT_EQ(ops::roi_align_rotated(x, torch::zeros({0, 6}, torch::kFloat64), 4).sizes(), (std::vector<int64_t>{0, 2, 4, 4}));
  EXPECT_ERROR(ops::roi_align_rotated(x, torch::zeros({1, 5}, torch::kFloat64), 4), ValueError,
               "roi_align_rotated: regions must be (K, 6), an image and its box, got (1, 5)");
}

// --- Deformable convolution --------------------------------------------------------------------------------------------

ops::DeformConv2dFuncOptions deform_options(const oracle::Case& c, bool scattered) {
  const auto tensor = [&](std::string_view key) { return scattered ? support::scattered(c.tensor(key)) : c.tensor(key); };
  const auto pair = [&](std::string_view key) { return torch::ExpandingArray<2>({c.ints(key)[0], c.ints(key)[1]}); };
  ops::DeformConv2dFuncOptions options{.stride = pair("stride"), .padding = pair("padding"), .dilation = pair("dilation")};
  if (c.has_tensor("mask_tensor")) options.mask = tensor("mask_tensor").requires_grad_();
  if (c.has_tensor("bias_tensor")) options.bias = tensor("bias_tensor").requires_grad_();
  return options;
}

TEST(DeformConv2d, EqualsTorchvisionWithItsGradients) {
  for (const auto& c : oracle::cases("ops_regions/deform_conv2d")) {
    SCOPED_TRACE(c.name());
    for (const bool scattered : {false, true}) {
      const auto tensor = [&](std::string_view key) { return scattered ? support::scattered(c.tensor(key)) : c.tensor(key); };
      const auto x = (scattered ? tensor("x") : c.tensor("x").contiguous(torch::MemoryFormat::ChannelsLast)).requires_grad_();
      const auto offset = tensor("offset").requires_grad_(), weight = tensor("weight").requires_grad_();
      const auto options = deform_options(c, scattered);
      const auto out = ops::deform_conv2d(x, offset, weight, options);
      EXPECT_TENSOR_NEAR(out.detach(), c.tensor("expected"), tolerance(c), 1e-6);
      (out * tensor("weights")).sum().backward();
      EXPECT_TENSOR_NEAR(x.grad(), c.tensor("grad_x"), tolerance(c), 1e-6);
      EXPECT_TENSOR_NEAR(offset.grad(), c.tensor("grad_offset"), tolerance(c), 1e-6);
      EXPECT_TENSOR_NEAR(weight.grad(), c.tensor("grad_weight"), tolerance(c), 1e-6);
      if (options.mask.defined()) {
        EXPECT_TENSOR_NEAR(options.mask.grad(), c.tensor("grad_mask"), tolerance(c), 1e-6);
      }
      if (options.bias.defined()) {
        EXPECT_TENSOR_NEAR(options.bias.grad(), c.tensor("grad_bias"), tolerance(c), 1e-6);
      }
    }
  }
}

TEST(DeformConv2d, TakesABiasOfAnotherType) {
  for (const auto& c : oracle::cases("ops_regions/deform_bias")) {
    SCOPED_TRACE(c.name());
    const auto x = c.tensor("x").requires_grad_(), bias = c.tensor("biases");
    const auto call = [&] { return ops::deform_conv2d(x, c.tensor("offset"), c.tensor("weight"), {.bias = bias}); };
    if (c.boolean("fails")) {
      EXPECT_ERROR(call(), ValueError, "deform_conv2d: bias must be floating point or whole numbers, got ");
      continue;
    }
    bias.requires_grad_(bias.is_floating_point());
    const auto out = call();
    EXPECT_TENSOR_NEAR(out.detach(), c.tensor("expected"), tolerance(c), 1e-6);
    out.sum().backward();
    if (c.has_tensor("grad_x")) {
      EXPECT_TENSOR_NEAR(x.grad(), c.tensor("grad_x"), tolerance(c), 1e-6);
    }
    if (bias.requires_grad()) {
      EXPECT_TENSOR_EQ(bias.grad(), torch::full({3}, 18, bias.options().requires_grad(false)));
    }
  }
}

TEST(DeformConv2d, RefusesWhatTorchvisionRefuses) {
  for (const auto& c : oracle::cases("ops_regions/deform_refusals")) {
    SCOPED_TRACE(c.name());
    const auto call = [&] {
      return ops::deform_conv2d(c.tensor("x"), c.tensor("offset"), c.tensor("weight"),
                                {.bias = c.tensor("bias"), .mask = c.tensor("mask")});
    };
    if (c.boolean("fails")) {
      EXPECT_ERROR(call(), ValueError, "deform_conv2d: ");
    } else {
      EXPECT_NO_THROW(call());
    }
  }
}

TEST(DeformConv2d, HasGradientsThatFiniteDifferencesConfirmAndNoSecondOnes) {
  torch::manual_seed(0);
  const auto numbers = torch::kFloat64;
  const auto x = torch::rand({2, 4, 5, 5}, numbers), offset = torch::rand({2, 16, 4, 4}, numbers) + 0.1;
  const auto weight = torch::rand({4, 2, 2, 2}, numbers), mask = torch::rand({2, 8, 4, 4}, numbers);
  const auto call = [&](const Tensor& a, const Tensor& b, const Tensor& c, const Tensor& d) {
    return ops::deform_conv2d(a, b, c, {.mask = d});
  };
  EXPECT_TRUE(support::gradcheck([&](const Tensor& t) { return call(t, offset, weight, mask); }, x));
  EXPECT_TRUE(support::gradcheck([&](const Tensor& t) { return call(x, t, weight, mask); }, offset));
  EXPECT_TRUE(support::gradcheck([&](const Tensor& t) { return call(x, offset, t, mask); }, weight));
  EXPECT_TRUE(support::gradcheck([&](const Tensor& t) { return call(x, offset, weight, t); }, mask));
  const auto leaf = x.clone().requires_grad_();
  const auto gradient =
      torch::autograd::grad({call(leaf, offset, weight, mask).square().sum()}, {leaf}, {}, true, /*create_graph=*/true)[0];
  EXPECT_ERROR(gradient.sum().backward(), ValueError, "deform_conv2d: it can be differentiated once only");
}

TEST(DeformConv2d, OfMetaTensorsHasItsShapeAndBadOffsetsDoNoHarm) {
  const auto meta = torch::device(torch::kMeta);
  EXPECT_EQ(ops::deform_conv2d(torch::empty({4, 3, 10, 10}, meta), torch::empty({4, 18, 8, 8}, meta),
                               torch::empty({5, 3, 3, 3}, meta))
                .sizes(),
            (std::vector<int64_t>{4, 5, 8, 8}));
  for (const auto bad : {std::nan(""), std::numeric_limits<double>::infinity(), -1e30, 1e30}) {
    const auto x = torch::rand({1, 2, 5, 5}).requires_grad_();
    ops::deform_conv2d(x, torch::full({1, 8, 4, 4}, bad), torch::rand({2, 2, 2, 2})).sum().backward();
    EXPECT_EQ(x.grad().count_nonzero().item<int64_t>(), 0);
  }
}

}  // namespace
}  // namespace opsis
