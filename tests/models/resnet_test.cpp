#include "opsis/models/resnet.h"

#include <torch/torch.h>

#include <map>

#include "opsis/models/registry.h"
#include "tests/support/expect.h"
#include "tests/support/model.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using models::ResNet;
using models::ResNetBlock;
using models::ResNetOptions;

struct Variant {
  ResNetBlock block = ResNetBlock::BOTTLENECK;
  std::array<int64_t, 4> depths{1, 1, 1, 1};
  ResNetOptions options{};
};

// The same as in tests/oracle/models.py.
const std::map<std::string, Variant>& resnet_variants() {
  static const std::map<std::string, Variant> all{
      {"small_head", {.options = {.num_classes = 7}}},
      {"zero_bottleneck", {.options = {.zero_init_residual = true}}},
      {"zero_basic", {ResNetBlock::BASIC, {1, 2, 1, 1}, {.zero_init_residual = true}}},
      {"grouped", {.depths = {1, 2, 1, 1}, .options = {.groups = 4, .width_per_group = 24}}},
      {"dilated_last", {.depths = {1, 1, 2, 2}, .options = {.replace_stride_with_dilation = {false, false, true}}}},
      {"dilated_all", {.depths = {1, 2, 2, 2}, .options = {.replace_stride_with_dilation = {true, true, true}}}},
      {"group_norm",
       {.options = {.zero_init_residual = true, .norm_layer = [](int64_t c) { return torch::nn::GroupNorm(8, c); }}}},
      {"instance_norm",
       {.block = ResNetBlock::BASIC,
        .options = {.zero_init_residual = true, .norm_layer = [](int64_t c) { return torch::nn::InstanceNorm2d(c); }}}},
  };
  return all;
}

TEST(ResNet, EveryOptionDoesWhatTorchvisionsDoes) {
  for (const auto& c : oracle::cases("models/resnet_options")) {
    SCOPED_TRACE(c.name());
    const auto& variant = resnet_variants().at(c.text("options"));
    torch::manual_seed(0);
    ResNet model(variant.block, variant.depths, variant.options);
    support::expect_same_computed(*model, c);
  }
}

TEST(ResNet, TakesOneSmallImageAndAnEmptyBatch) {
  const torch::NoGradGuard no_grad;
  ResNet model(ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1}, ResNetOptions{.num_classes = 5});
  model->eval();
  EXPECT_EQ(model(torch::rand({1, 3, 1, 1})).sizes(), (std::vector<int64_t>{1, 5}));
  EXPECT_EQ(model(torch::rand({0, 3, 32, 32})).sizes(), (std::vector<int64_t>{0, 5}));
  const auto images = torch::rand({2, 32, 40, 3});
  const auto view = images.permute({0, 3, 1, 2});  // channels last in memory: other kernels, so other roundings
  EXPECT_TENSOR_NEAR(model(view), model(view.contiguous()), 1e-5, 0);
}

TEST(ResNet, ComputesInTheTypeOfItsParameters) {
  const torch::NoGradGuard no_grad;
  ResNet model(ResNetBlock::BOTTLENECK, std::array<int64_t, 4>{1, 1, 1, 1}, ResNetOptions{.num_classes = 5});
  model->eval();
  const auto images = torch::rand({2, 3, 32, 32});
  const auto expected = model(images);
  model->to(torch::kFloat64);
  EXPECT_TENSOR_NEAR(model(images.to(torch::kFloat64)).to(torch::kFloat32), expected, 1e-5, 0);
  model->to(torch::kBFloat16);
  // bfloat16 has 8 bits of mantissa: 0.4 % a rounding, a dozen roundings on the way.
  EXPECT_TENSOR_NEAR(model(images.to(torch::kBFloat16)).to(torch::kFloat32), expected, 0.05, 0);
}

TEST(ResNet, LeavesItsInputAlone) {
  const auto images = torch::rand({2, 3, 32, 32});
  const auto before = images.clone();
  ResNet(ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1})(images);
  EXPECT_TENSOR_EQ(images, before);
}

TEST(ResNet, TakesAnotherHead) {
  ResNet model(ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1});
  model->fc = model->replace_module("fc", torch::nn::Linear(512, 3));
  EXPECT_EQ(model(torch::rand({2, 3, 32, 32})).sizes(), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(model->named_parameters()["fc.weight"].sizes(), (std::vector<int64_t>{3, 512}));
}

TEST(ResNet, RefusesWhatBasicBlocksCannot) {
  EXPECT_ERROR(models::resnet18({}, {.groups = 2}), ValueError,
               "ResNet: basic blocks have groups 1 and width_per_group 64, got 2 and 64");
  EXPECT_ERROR(models::resnet18({}, {.width_per_group = 128}), ValueError, "got 1 and 128");
  EXPECT_ERROR(models::resnet18({}, {.replace_stride_with_dilation = {false, false, true}}), ValueError,
               "ResNet: basic blocks cannot be dilated");
}

TEST(ResNet, RefusesOptionsThatContradictTheVariantOrTheWeights) {
  EXPECT_ERROR(models::resnext50_32x4d({}, {.groups = 16}), ValueError, "resnext50_32x4d: groups must be 32, got 16");
  EXPECT_ERROR(models::wide_resnet50_2({}, {.width_per_group = 64}), ValueError,
               "wide_resnet50_2: width_per_group must be 128, got 64");
  EXPECT_ERROR(models::resnet18({}, {.num_classes = -1}), ValueError, "ResNet: num_classes must not be negative, got -1");
}

}  // namespace
}  // namespace opsis
