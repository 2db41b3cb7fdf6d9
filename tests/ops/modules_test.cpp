// The modules of detectors, each against torchvision's.
#include <torch/torch.h>

#include <map>
#include <sstream>

#include "opsis/hub/state_dict.h"
#include "opsis/models/renames.h"
#include "opsis/ops.h"
#include "tests/support/expect.h"
#include "tests/support/gradcheck.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using torch::Tensor;

void expect_state(const torch::nn::Module& module, const oracle::Case& c) {
  std::vector<std::string> names;
  std::vector<int64_t> begins;
  for (const auto& [name, tensor] : hub::state_dict(module)) {
    names.push_back(name);
    begins.push_back(support::checksum(tensor));
  }
  EXPECT_EQ(names, c.texts("names"));
  EXPECT_EQ(begins, c.ints("begins"));
}

template <class Module>
std::string printed(const Module& module) {
  std::ostringstream out;
  out << *module;
  return out.str();
}

TEST(Modules, PrintThemselvesAsTorchvisions) {
  using namespace ops;  // NOLINT
  const auto pair = [](int64_t a, int64_t b) { return torch::ExpandingArray<2>({a, b}); };
  const std::map<std::string, std::string> all{
      {"roi_align",
       printed(RoIAlign(pair(7, 5), RoIAlignOptions{.spatial_scale = 0.25, .sampling_ratio = 2, .aligned = true}))},
      {"roi_align_one", printed(RoIAlign(7, RoIAlignOptions{}))},
      {"ps_roi_align", printed(PSRoIAlign(3, PSRoIAlignOptions{.spatial_scale = 0.0625, .sampling_ratio = 2}))},
      {"roi_pool", printed(RoIPool(pair(3, 4), 0.5))},
      {"ps_roi_pool", printed(PSRoIPool(3, 1.0 / 3))},
      {"multi_scale", printed(MultiScaleRoIAlign({"0", "pool"}, 7, 2))},
      {"frozen", printed(FrozenBatchNorm2d(64, 1e-3))},
      {"deform", printed(DeformConv2d(6, 4, 3))},
      {"deform_all", printed(DeformConv2d(6, 4, pair(3, 1),
                                          {.stride = 2, .padding = pair(1, 0), .dilation = 2, .groups = 2, .bias = false}))},
      {"drop_block", printed(DropBlock2d(0.1, 3))},
      {"drop_block_3d", printed(DropBlock3d(0.25, 5, DropBlockOptions{.inplace = true}))},
  };
  for (const auto& c : oracle::cases("ops_regions/repr")) EXPECT_EQ(all.at(c.text("module")), c.text("expected"));
}

TEST(DeformConv2dModule, IsTorchvisionsFromTheSameSeed) {
  for (const auto& c : oracle::cases("ops_regions/deform_module")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(4);
    ops::DeformConv2d layer(4, 6, torch::ExpandingArray<2>({3, 2}), {.groups = c.integer("groups"), .bias = c.boolean("bias")});
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
    expect_state(*layer, c);
    EXPECT_TENSOR_NEAR(layer(c.tensor("x"), c.tensor("offset"), c.tensor("mask")).detach(), c.tensor("expected"), 1e-5, 0);
  }
  EXPECT_ERROR(ops::DeformConv2d(4, 6, 3, {.groups = 4}), ValueError,
               "DeformConv2d: in_channels and out_channels must be multiples of groups, got 4, 6 and 4");
}

ops::FeatureMaps maps_of(const oracle::Case& c) {
  ops::FeatureMaps maps;
  for (int i = 0; c.has_tensor("feat" + std::to_string(i)); ++i) {
    const auto name = "feat" + std::to_string(i);
    maps.emplace_back(name, c.tensor(name));
  }
  return maps;
}

TEST(FeaturePyramidNetwork, IsTorchvisionsFromTheSameSeed) {
  using namespace ops;  // NOLINT
  for (const auto& c : oracle::cases("ops_regions/fpn")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(2);
    FeaturePyramidNetworkOptions options;
    if (c.text("extra") == "pool") options.extra_blocks = LastLevelMaxPool().ptr();
    if (c.text("extra") == "p6p7") options.extra_blocks = LastLevelP6P7(5, 5).ptr();
    if (c.text("extra") == "p6p7_of_input") options.extra_blocks = LastLevelP6P7(8, 5).ptr();
    if (c.boolean("norm")) options.norm_layer = batch_norm_2d();
    FeaturePyramidNetwork fpn(c.ints("channels"), 5, options);
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
    expect_state(*fpn, c);
    std::vector<std::string> modules, names;
    for (const auto& entry : fpn->named_modules()) modules.push_back(entry.key());
    EXPECT_EQ(modules, c.texts("modules"));
    for (const auto& [name, map] : fpn(maps_of(c))) {
      names.push_back(name);
      EXPECT_TENSOR_NEAR(map.detach(), c.tensor("out_" + name), 1e-5, 0);
    }
    EXPECT_EQ(names, c.texts("out_names"));
  }
}

TEST(FeaturePyramidNetwork, RefusesOtherNumbersOfMapsAndNoChannels) {
  EXPECT_ERROR(ops::FeaturePyramidNetwork({4, 0}, 5), ValueError, "FeaturePyramidNetwork: channels must be positive, got 0");
  EXPECT_ERROR(ops::FeaturePyramidNetwork({4}, 5)(ops::FeatureMaps{}), ValueError,
               "FeaturePyramidNetwork: it is made for 1 maps, got 0");
}

TEST(FeaturePyramidNetwork, HasNamesThatOldCheckpointsKnowOtherwise) {
  using models::detail::renamed;
  EXPECT_EQ(renamed("backbone.fpn.inner_blocks.2.weight"), "backbone.fpn.inner_blocks.2.0.weight");
  EXPECT_EQ(renamed("fpn.layer_blocks.0.bias"), "fpn.layer_blocks.0.0.bias");
  EXPECT_EQ(renamed("fpn.layer_blocks.0.0.bias"), std::nullopt);
  EXPECT_EQ(renamed("inner_blocks.x.weight"), std::nullopt);
}

TEST(MultiScaleRoIAlign, IsTorchvisions) {
  for (const auto& c : oracle::cases("ops_regions/multi_scale")) {
    SCOPED_TRACE(c.name());
    if (c.boolean("skip")) continue;
    ops::MultiScaleRoIAlign pool(c.texts("names"), torch::ExpandingArray<2>({3, 2}), c.integer("ratio"),
                                 {.canonical_scale = 100});
    const auto out =
        pool(maps_of(c), std::vector<Tensor>{c.tensor("first"), c.tensor("second")}, std::vector<Size>{{250, 300}, {256, 318}});
    EXPECT_TENSOR_NEAR(out, c.tensor("expected"), 1e-5, 1e-6);
    EXPECT_EQ(pool->scales, c.numbers("scales"));
  }
}

TEST(MultiScaleRoIAlign, HasTheGradientThatFiniteDifferencesConfirm) {
  torch::manual_seed(0);
  ops::MultiScaleRoIAlign pool({"0", "1"}, 2, 2, {.canonical_scale = 20});
  const auto large = torch::rand({1, 2, 12, 14}, torch::kFloat64), small = torch::rand({1, 2, 6, 7}, torch::kFloat64);
  const auto boxes = torch::tensor({{1., 2., 9., 8.}, {3., 1., 55., 46.}, {-4., 8., 30., 80.}}, torch::kFloat64);
  const auto pooled = [&](const Tensor& first, const Tensor& second) {
    return pool(ops::FeatureMaps{{"0", first}, {"1", second}}, std::vector<Tensor>{boxes}, std::vector<Size>{{48, 56}});
  };
  EXPECT_TRUE(support::gradcheck([&](const Tensor& map) { return pooled(map, small); }, large));
  EXPECT_TRUE(support::gradcheck([&](const Tensor& map) { return pooled(large, map); }, small));
}

TEST(MultiScaleRoIAlign, RefusesNoImagesAndMapsOfOtherNames) {
  const auto pool = [](const std::vector<Size>& images, const std::string& name) {
    ops::MultiScaleRoIAlign module({name}, 7, 2);
    return module(ops::FeatureMaps{{"0", torch::rand({1, 2, 8, 8})}}, std::vector<Tensor>{torch::zeros({0, 4})}, images);
  };
  EXPECT_ERROR(pool({}, "0"), ValueError, "MultiScaleRoIAlign: image_shapes must name the size of each image, got none");
  EXPECT_ERROR(pool({{8, 8}}, "1"), ValueError, "MultiScaleRoIAlign: none of the 1 maps has one of its names");
  EXPECT_EQ(pool({{8, 8}}, "0").sizes(), (std::vector<int64_t>{0, 2, 7, 7}));
}

TEST(FrozenBatchNorm2d, LoadsWhatBatchNormSavedAndIsTorchvisions) {
  for (const auto& c : oracle::cases("ops_regions/frozen_batch_norm")) {
    SCOPED_TRACE(c.name());
    ops::FrozenBatchNorm2d norm(5, c.number("eps"));
    hub::StateDict trained;
    for (const auto* const name : {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"})
      trained.emplace_back(name, c.tensor(std::string("bn_") + name));
    EXPECT_TRUE(hub::load_state_dict(*norm, trained).ok());
    std::vector<std::string> names;
    for (const auto& [name, tensor] : hub::state_dict(*norm)) names.push_back(name);
    EXPECT_EQ(names, c.texts("names"));
    EXPECT_TRUE(norm->parameters().empty());
    norm->to(c.tensor("x").scalar_type());
    EXPECT_TENSOR_EQ(norm(c.tensor("x")), c.tensor("expected"));
  }
  const auto layer = ops::frozen_batch_norm_2d()(3);
  EXPECT_EQ(layer(torch::rand({1, 3, 2, 2})).sizes(), (std::vector<int64_t>{1, 3, 2, 2}));
}

TEST(FrozenBatchNorm2d, RefusesChannelsThatTorchvisionRefuses) {
  ops::FrozenBatchNorm2d norm(3);
  for (const auto& c : oracle::cases("ops_regions/frozen_batch_norm_shapes")) {
    SCOPED_TRACE(c.name());
    if (c.boolean("fails")) {
      EXPECT_ERROR(norm(c.tensor("x")), ValueError, "FrozenBatchNorm2d: input must be (N, 3, H, W), got (2, ");
    } else {
      EXPECT_TENSOR_EQ(norm(c.tensor("x")), c.tensor("expected"));
    }
  }
}

TEST(DropBlock, RefusesTypesThatTorchvisionRefuses) {
  for (const auto& c : oracle::cases("ops_regions/drop_block_types")) {
    SCOPED_TRACE(c.name());
    const bool flat = c.integer("axes") == 2;
    const auto drop = flat ? ops::drop_block2d : ops::drop_block3d;
    const auto call = [&] { return drop(c.tensor("x"), c.number("p"), 3, {.inplace = c.boolean("inplace")}, true); };
    if (c.boolean("fails")) {
      EXPECT_ERROR(call(), ValueError, flat ? "drop_block2d: input must be float32" : "drop_block3d: input must be float32");
      continue;
    }
    torch::manual_seed(3);
    EXPECT_TENSOR_NEAR(call(), c.tensor("expected"), 1e-6, 0);
  }
}

TEST(DropBlock, DrawsAndRefusesAsTorchvisions) {
  for (const auto& c : oracle::cases("ops_regions/drop_block")) {
    SCOPED_TRACE(c.name());
    const bool flat = c.integer("axes") == 2;
    const ops::DropBlockOptions options{.inplace = c.boolean("inplace"), .eps = 1e-4};
    const auto call = [&](const Tensor& x) {
      return flat ? ops::drop_block2d(x, c.number("p"), c.integer("block"), options, c.boolean("training"))
                  : ops::drop_block3d(x, c.number("p"), c.integer("block"), options, c.boolean("training"));
    };
    const auto x = c.tensor("x").clone();
    if (c.boolean("fails")) {
      EXPECT_ERROR(call(x), ValueError, flat ? "drop_block2d: " : "drop_block3d: ");
      continue;
    }
    torch::manual_seed(3);
    EXPECT_TENSOR_EQ(call(x), c.tensor("expected"));
    EXPECT_TENSOR_EQ(x, c.tensor("after"));
    EXPECT_TENSOR_EQ(torch::rand(1), c.tensor("next_draw"));
  }
  EXPECT_ERROR(ops::drop_block2d(torch::rand({2, 3, 4}), 0.5, 3), ValueError,
               "drop_block2d: input must have 4 dimensions, got (2, 3, 4)");
}

TEST(DropBlock, LayersDropWhileTrainingOnly) {
  const auto x = torch::ones({2, 3, 4, 8, 8});
  ops::DropBlock3d layer(0.5, 3);
  EXPECT_LT(layer(x).count_nonzero().item<int64_t>(), x.numel());
  layer->eval();
  EXPECT_TENSOR_EQ(layer(x), x);
  EXPECT_LT(ops::DropBlock2d(0.5, 3)(x[0]).count_nonzero().item<int64_t>(), x[0].numel());
}

TEST(Conv3dNormActivation, IsTorchvisionsFromTheSameSeed) {
  for (const auto& c : oracle::cases("ops_regions/conv3d")) {
    SCOPED_TRACE(c.name());
    torch::manual_seed(1);
    ops::Conv3dNormActivationOptions options;
    if (c.text("kind") == "all") {
      options.kernel_size = torch::ExpandingArray<3>({1, 3, 5});
      options.stride = torch::ExpandingArray<3>({1, 2, 2});
      options.dilation = torch::ExpandingArray<3>({1, 1, 2});
      options.norm_layer = nullptr;
      options.activation_layer = [] { return ops::silu(); };
    }
    ops::Conv3dNormActivation module(3, 4, options);
    expect_state(*module, c);
    module->eval();
    EXPECT_TENSOR_NEAR(module(c.tensor("x")).detach(), c.tensor("expected"), 1e-5, 0);
  }
}

// --- Beyond torchvision ------------------------------------------------------------------------------------------------

Tensor three_boxes() {
  return torch::tensor({{0., 0., 10., 10.}, {0., 0., 10., 8.}, {20., 20., 30., 30.}}, torch::kFloat64);  // overlap 0.8, 0
}

TEST(SoftNms, LowersScoresByOverlap) {
  const auto scores = torch::tensor({0.9, 0.8, 0.5}, torch::kFloat64);
  const auto linear = ops::soft_nms(three_boxes(), scores);
  EXPECT_TENSOR_EQ(linear.keep, torch::tensor({0, 2, 1}, torch::kInt64));
  EXPECT_TENSOR_NEAR(linear.scores, torch::tensor({0.9, 0.5, 0.8 * 0.2}, torch::kFloat64), 1e-12, 0);
  const auto gaussian = ops::soft_nms(three_boxes(), scores, {.decay = ops::Decay::Gaussian, .sigma = 0.5});
  EXPECT_TENSOR_NEAR(gaussian.scores, torch::tensor({0.9, 0.5, 0.8 * std::exp(-0.64 / 0.5)}, torch::kFloat64), 1e-12, 0);
  const auto above = ops::soft_nms(three_boxes(), scores, {.score_threshold = 0.3});
  EXPECT_TENSOR_EQ(above.keep, torch::tensor({0, 2}, torch::kInt64));
  EXPECT_EQ(ops::soft_nms(torch::zeros({0, 4}), torch::zeros({0})).keep.size(0), 0);
  // Boxes without an area overlap nothing, and three of one place leave the best.
  const auto points = torch::tensor({{0.f, 0.f, 4.f, 4.f}, {7.f, 7.f, 7.f, 7.f}, {9.f, 9.f, 9.f, 9.f}});
  const auto given = torch::tensor({0.9f, 0.8f, 0.7f});
  EXPECT_TENSOR_EQ(ops::soft_nms(points, given, {.decay = ops::Decay::Gaussian}).scores, given);
  for (const auto decay : {ops::Decay::Gaussian, ops::Decay::Linear}) {
    const auto same = torch::zeros({3}, torch::kInt64);
    EXPECT_TENSOR_EQ(ops::matrix_nms(points, given, same, {.decay = decay}), given);
    const auto equal = ops::matrix_nms(points.slice(0, 0, 1).expand({3, 4}), given, same, {.decay = decay});
    EXPECT_FALSE(equal.isnan().any().item<bool>());
    EXPECT_EQ(equal[0].item<float>(), given[0].item<float>());
    EXPECT_LT(equal[2].item<float>(), 0.2F);
  }
  EXPECT_ERROR(ops::soft_nms(three_boxes(), scores, {.sigma = 0}), ValueError, "soft_nms: sigma must be positive, got 0");
  EXPECT_ERROR(ops::soft_nms(three_boxes(), torch::zeros({3})), ValueError,
               "soft_nms: boxes and scores must both be float32 or float64, got Double and Float");
}

TEST(MatrixNms, LowersScoresWithinAClass) {
  const auto scores = torch::tensor({0.5, 0.9, 0.7}, torch::kFloat64);
  const auto one = torch::zeros({3}, torch::kInt64), apart = torch::arange(3);
  const auto gaussian = ops::matrix_nms(three_boxes(), scores, one);
  EXPECT_TENSOR_NEAR(gaussian, torch::tensor({0.5 * std::exp(-2 * 0.64), 0.9, 0.7}, torch::kFloat64), 1e-12, 0);
  const auto linear = ops::matrix_nms(three_boxes(), scores, one, {.decay = ops::Decay::Linear});
  EXPECT_TENSOR_NEAR(linear, torch::tensor({0.5 * 0.2, 0.9, 0.7}, torch::kFloat64), 1e-12, 0);
  EXPECT_TENSOR_EQ(ops::matrix_nms(three_boxes(), scores, apart), scores);
  EXPECT_EQ(ops::matrix_nms(torch::zeros({0, 4}), torch::zeros({0}), torch::zeros({0})).size(0), 0);
}

TEST(WeightedBoxesFusion, MeansWhatModelsAgreeOn) {
  const auto boxes = [](std::initializer_list<double> numbers) {
    return torch::tensor(std::vector<double>(numbers), torch::kFloat64).view({-1, 4});
  };
  const auto numbers = [](std::initializer_list<double> n) { return torch::tensor(std::vector<double>(n), torch::kFloat64); };
  const ops::LabelledBoxes a{boxes({0, 0, 10, 10, 50, 50, 60, 60}), numbers({0.9, 0.6}), torch::tensor({1, 2}, torch::kInt64)};
  const ops::LabelledBoxes b{boxes({0, 0, 10, 9}), numbers({0.3}), torch::tensor({1}, torch::kInt64)};
  const auto fused = ops::weighted_boxes_fusion({a, b});
  EXPECT_TENSOR_NEAR(fused.boxes, boxes({0, 0, 10, (9 + 2.7) / 1.2, 50, 50, 60, 60}), 1e-12, 0);
  EXPECT_TENSOR_NEAR(fused.scores, numbers({0.6, 0.3}), 1e-12, 0);  // the second was seen by one model of two
  EXPECT_TENSOR_EQ(fused.labels, torch::tensor({1, 2}, torch::kInt64));
  EXPECT_EQ(ops::weighted_boxes_fusion({a, b}, {.score_threshold = 0.95}).boxes.size(0), 0);
  EXPECT_ERROR(ops::weighted_boxes_fusion({}), ValueError, "weighted_boxes_fusion: there must be a model's boxes, got none");
  EXPECT_ERROR(ops::weighted_boxes_fusion({a, b}, {.weights = {1}}), ValueError,
               "weighted_boxes_fusion: weights must be positive, one for each of 2 models");
  const auto fuse = [](std::vector<float> corners) {
    return ops::weighted_boxes_fusion(
        {{torch::tensor(corners).view({1, 4}), torch::ones({1}), torch::ones({1}, torch::kInt64)}});
  };
  EXPECT_EQ(fuse({1, 2, 3, 2}).boxes.size(0), 0);  // no area
  EXPECT_ERROR(fuse({3, 2, 1, 4}), ValueError,
               "weighted_boxes_fusion: boxes must be XYXY with their corners in order, got 3, 2, 1, 4");
}

}  // namespace
}  // namespace opsis
