// Every operator of torchvision alike: as it is, of numbers that lie apart, of nothing, of other types, under autocast, of the
// meta device, and differentiated twice.
#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include <map>
#include <optional>
#include <set>

#include "opsis/core/check.h"
#include "opsis/ops.h"
#include "tests/support/expect.h"
#include "tests/support/meta_device.h"
#include "tests/support/oracle.h"
#include "tests/support/scattered.h"

namespace opsis::every_operator {
namespace {

using torch::Tensor;
using Tensors = std::vector<Tensor>;
using Call = std::function<Tensors(const Tensors&)>;

// A module, made where the first input is and of its type.
template <class Make>
auto made_for(const Tensor& x, const Make& make) {
  auto module = [&] {
    std::optional<support::MetaDevice> meta;
    if (x.is_meta()) meta.emplace();
    return make();
  }();
  if (x.is_floating_point() && x.scalar_type() != torch::kFloat32) module->to(x.scalar_type());
  return module;
}

template <class Make>
Call layer(const Make& make) {
  return [make](const Tensors& in) -> Tensors { return {made_for(in[0], make)(in[0])}; };
}

// Of regions or offsets too.
template <class Make>
Call layer_of_two(const Make& make) {
  return [make](const Tensors& in) -> Tensors { return {made_for(in[0], make)(in[0], in[1])}; };
}

Call of_one(Tensor (*op)(const Tensor&)) {
  return [op](const Tensors& in) -> Tensors { return {op(in[0])}; };
}

Call of_two(const std::function<Tensor(const Tensor&, const Tensor&)>& op) {
  return [op](const Tensors& in) -> Tensors { return {op(in[0], in[1])}; };
}

Tensors multi_scale(const Tensors& in) {
  ops::MultiScaleRoIAlign pool({"0", "1"}, 2, 2, {.canonical_scale = 20});
  return {pool(ops::FeatureMaps{{"0", in[0]}, {"1", in[1]}}, Tensors{in[2]}, std::vector<Size>{{48, 56}})};
}

Tensors pyramid(const Tensors& in) {
  auto fpn = made_for(in[0], [] { return ops::FeaturePyramidNetwork({3, 4}, 5); });
  Tensors out;
  for (const auto& [name, map] : fpn(ops::FeatureMaps{{"0", in[0]}, {"1", in[1]}})) out.push_back(map);
  return out;
}

// The same as in tests/oracle/ops_every.py.
const std::map<std::string, Call>& operators() {
  using namespace ops;  // NOLINT
  using enum BoundingBoxFormat;
  static const std::map<std::string, Call> all{
      {"masks_to_boxes", of_one(masks_to_boxes)},
      {"nms", of_two([](const auto& b, const auto& s) { return nms(b, s, 0.3); })},
      {"batched_nms", [](const Tensors& in) -> Tensors { return {batched_nms(in[0], in[1], in[2], 0.3)}; }},
      {"remove_small_boxes", [](const Tensors& in) -> Tensors { return {remove_small_boxes(in[0], 12)}; }},
      {"clip_boxes_to_image",
       [](const Tensors& in) -> Tensors {
         return {clip_boxes_to_image(in[0], {20, 30})};
       }},
      {"box_convert", [](const Tensors& in) -> Tensors { return {box_convert(in[0], XYXY, CXCYWH)}; }},
      {"box_convert of rotated boxes", [](const Tensors& in) -> Tensors { return {box_convert(in[0], CXCYWHR, XYXYXYXY)}; }},
      {"box_area", [](const Tensors& in) -> Tensors { return {box_area(in[0])}; }},
      {"box_iou", of_two([](const auto& a, const auto& b) { return box_iou(a, b); })},
      {"box_iou of rotated boxes", of_two([](const auto& a, const auto& b) { return box_iou(a, b, CXCYWHR); })},
      {"generalized_box_iou", of_two([](const auto& a, const auto& b) { return generalized_box_iou(a, b); })},
      {"distance_box_iou", of_two([](const auto& a, const auto& b) { return distance_box_iou(a, b); })},
      {"complete_box_iou", of_two([](const auto& a, const auto& b) { return complete_box_iou(a, b); })},
      {"generalized_box_iou_loss", of_two([](const auto& a, const auto& b) { return generalized_box_iou_loss(a, b); })},
      {"distance_box_iou_loss", of_two([](const auto& a, const auto& b) { return distance_box_iou_loss(a, b, "sum"); })},
      {"complete_box_iou_loss", of_two([](const auto& a, const auto& b) { return complete_box_iou_loss(a, b, "mean"); })},
      {"sigmoid_focal_loss", of_two([](const auto& x, const auto& t) { return sigmoid_focal_loss(x, t); })},
      {"roi_align",
       of_two([](const auto& x, const auto& r) { return roi_align(x, r, 2, {.spatial_scale = 0.5, .sampling_ratio = 2}); })},
      {"RoIAlign", layer_of_two([] { return RoIAlign(2, RoIAlignOptions{.spatial_scale = 0.5, .aligned = true}); })},
      {"ps_roi_align",
       of_two([](const auto& x, const auto& r) { return ps_roi_align(x, r, 2, {.spatial_scale = 0.5, .sampling_ratio = 2}); })},
      {"PSRoIAlign", layer_of_two([] { return PSRoIAlign(2, PSRoIAlignOptions{.spatial_scale = 0.5}); })},
      {"roi_pool", of_two([](const auto& x, const auto& r) { return roi_pool(x, r, 2, 0.5); })},
      {"RoIPool", layer_of_two([] { return RoIPool(2, 0.25); })},
      {"ps_roi_pool", of_two([](const auto& x, const auto& r) { return ps_roi_pool(x, r, 2, 0.5); })},
      {"PSRoIPool", layer_of_two([] { return PSRoIPool(2, 0.25); })},
      {"MultiScaleRoIAlign", multi_scale},
      {"deform_conv2d", [](const Tensors& in) -> Tensors { return {deform_conv2d(in[0], in[1], in[2], {.mask = in[3]})}; }},
      {"DeformConv2d", layer_of_two([] { return DeformConv2d(4, 6, 3); })},
      {"FeaturePyramidNetwork", pyramid},
      {"stochastic_depth", [](const Tensors& in) -> Tensors { return {stochastic_depth(in[0], 0.4, "row")}; }},
      {"StochasticDepth", layer([] { return StochasticDepth(0.4, "batch"); })},
      {"drop_block2d", [](const Tensors& in) -> Tensors { return {drop_block2d(in[0], 0.3, 3)}; }},
      {"DropBlock2d", layer([] { return DropBlock2d(0.3, 3); })},
      {"drop_block3d", [](const Tensors& in) -> Tensors { return {drop_block3d(in[0], 0.3, 3)}; }},
      {"DropBlock3d", layer([] { return DropBlock3d(0.3, 3); })},
      {"FrozenBatchNorm2d", layer([] { return FrozenBatchNorm2d(4); })},
      {"Conv2dNormActivation", layer([] { return Conv2dNormActivation(3, 8); })},
      {"Conv3dNormActivation", layer([] { return Conv3dNormActivation(3, 8); })},
      {"SqueezeExcitation", layer([] { return SqueezeExcitation(4, 2); })},
      {"MLP", layer([] {
         return MLP(10, std::vector<int64_t>{7, 5});
       })},
      {"Permute", layer([] {
         return Permute(std::vector<int64_t>{0, 2, 3, 1});
       })},
  };
  return all;
}

Tensors called(const Call& call, const Tensors& inputs) {
  torch::manual_seed(1);
  return call(inputs);
}

// Those of floating point in float64, of which each is differentiated.
Tensors leaves(Tensors& inputs) {
  Tensors out;
  for (auto& input : inputs) {
    if (!input.is_floating_point()) continue;
    input = input.to(torch::kFloat64).detach().clone().requires_grad_();
    out.push_back(input);
  }
  return out;
}

Tensor along(const Tensor& tensor) {
  return (tensor * torch::linspace(-1, 1, tensor.numel(), torch::kFloat64).view(tensor.sizes())).sum();
}

// The gradient by each input, and those of the sum of these in some direction; nothing for an input that has none.
Tensors twice(const Call& call, Tensors inputs) {
  const auto floating = leaves(inputs);
  OPSIS_CHECK(!floating.empty(), "it has no gradient");
  auto squares = torch::zeros({}, torch::kFloat64);
  for (const auto& out : called(call, inputs)) squares = squares + out.square().sum();
  OPSIS_CHECK(squares.requires_grad(), "it has no gradient");
  const auto gradients = [&](const Tensor& of, bool again) {
    return torch::autograd::grad({of}, floating, {}, /*retain_graph=*/again, /*create_graph=*/again, /*allow_unused=*/true);
  };
  auto out = gradients(squares, true);
  auto sum = torch::zeros({}, torch::kFloat64);
  for (const auto& first : out) {
    if (first.defined()) sum = sum + along(first);
  }
  OPSIS_CHECK(sum.requires_grad(), "its gradient has none");
  for (const auto& second : gradients(sum, false)) out.push_back(second);
  for (auto& gradient : out) gradient = gradient.defined() ? gradient.detach() : torch::zeros({0});
  return out;
}

Tensors given(const oracle::Case& c, const std::string& state) {
  Tensors inputs;
  for (int64_t i = 0; i < c.integer("inputs"); ++i) {
    auto input = c.tensor("in" + std::to_string(i));
    if (state == "float64" && input.is_floating_point()) input = input.to(torch::kFloat64);
    if (state == "float16" && input.is_floating_point()) input = input.to(torch::kHalf);
    if (state == "bfloat16" && input.is_floating_point()) input = input.to(torch::kBFloat16);
    inputs.push_back(state == "apart" ? support::scattered(input) : state == "meta" ? input.to(torch::kMeta) : input);
  }
  return inputs;
}

Tensors answer(const Call& call, const Tensors& inputs, const std::string& state) {
  if (state == "twice") return twice(call, inputs);
  at::autocast::set_autocast_enabled(at::kCPU, state == "autocast");
  struct Off {
    ~Off() {
      at::autocast::set_autocast_enabled(at::kCPU, false);
      at::autocast::clear_cache();
    }
  } off;
  return called(call, inputs);
}

// How near what is computed must be to torchvision's. In some states it is of bfloat16, of 8 bits, or float16, of 11, in which
// torchvision sums what Opsis sums in float32.
double tolerance(const std::string& state) {
  if (state == "float16") return 4e-3;
  if (state == "autocast" || state == "bfloat16") return 1e-2;
  return state == "twice" ? 1e-10 : state == "float64" ? 1e-12 : 1e-5;
}

class EveryOperator : public testing::TestWithParam<const char*> {};

TEST_P(EveryOperator, IsTorchvisionsOrRefusedAsThere) {
  const std::string state = GetParam();
  size_t compared = 0;
  for (const auto& c : oracle::cases("ops_every/operators")) {
    if (c.text("state") != state) continue;
    const auto name = c.text("operator");
    SCOPED_TRACE(name);
    ++compared;
    Tensors outputs;
    try {
      outputs = answer(operators().at(name), given(c, state), state);
    } catch (const ValueError& error) {
      EXPECT_TRUE(c.boolean("fails")) << error.what();
      continue;
    } catch (const std::exception& error) {
      ADD_FAILURE() << "a message of LibTorch's: " << std::string(error.what()).substr(0, 300);
      continue;
    }
    for (const auto& out : outputs) EXPECT_EQ(out.is_meta(), state == "meta");
    if (c.boolean("fails")) {
      EXPECT_EQ(state, "meta") << "torchvision refuses";  // where it does not find out a shape that is known
      continue;
    }
    ASSERT_EQ(std::ssize(outputs), c.integer("outputs"));
    for (size_t i = 0; i < outputs.size(); ++i) {
      const auto expected = c.tensor("out" + std::to_string(i));
      if (state == "meta") {
        EXPECT_EQ(outputs[i].sizes(), expected.sizes());
        EXPECT_EQ(outputs[i].scalar_type(), expected.scalar_type());
      } else if (!expected.is_floating_point()) {
        EXPECT_TENSOR_EQ(outputs[i], expected);
      } else {
        EXPECT_TENSOR_NEAR(outputs[i].detach(), expected, tolerance(state), 1e-7);
      }
    }
  }
  EXPECT_EQ(compared, operators().size());
}

INSTANTIATE_TEST_SUITE_P(, EveryOperator,
                         testing::Values("plain", "apart", "empty", "float64", "float16", "bfloat16", "autocast", "meta",
                                         "twice"),
                         [](const auto& info) { return std::string(info.param); });

// The same layers with values and without, on pictures whose sides no stride divides.
TEST(MetaLayers, HaveTheShapesThatLayersWithValuesHave) {
  using namespace ops;  // NOLINT
  const auto expect = [](const std::function<Tensor(const Tensor&)>& made_and_called, const Tensor& x) {
    const auto expected = made_and_called(x);
    const auto actual = made_and_called(x.to(torch::kMeta));
    EXPECT_TRUE(actual.is_meta());
    EXPECT_EQ(actual.sizes(), expected.sizes());
  };
  const auto picture = torch::rand({2, 4, 11, 14});
  const std::vector<Conv2dNormActivationOptions> all{
      {.kernel_size = {{3, 5}}, .stride = {{2, 3}}},
      {.kernel_size = 4, .stride = 3, .padding = torch::ExpandingArray<2>({2, 0}), .groups = 2, .bias = true},
      {.kernel_size = 3, .norm_layer = nullptr, .activation_layer = [] { return relu6(); }, .dilation = {{2, 4}}},
      {.kernel_size = 1, .activation_layer = [] { return hardswish(); }},
  };
  for (const auto& options : all) {
    expect([&](const Tensor& x) { return made_for(x, [&] { return Conv2dNormActivation(4, 6, options); })(x); }, picture);
  }
  expect(
      [](const Tensor& x) {
        auto fpn = made_for(x, [] { return FeaturePyramidNetwork({4}, 5, {.extra_blocks = LastLevelP6P7(4, 5).ptr()}); });
        return fpn({{"0", x}}).back().second;
      },
      picture);
  const auto made = [](int64_t channels) {
    const support::MetaDevice meta;
    return Conv2dNormActivation(channels, 8, Conv2dNormActivationOptions{.kernel_size = 5, .padding = 0});
  };
  EXPECT_ERROR(made(3)(picture.to(torch::kMeta)), ValueError,
               "input must have 3 channels and 2 axes behind them, got (2, 4, 11, 14)");
  EXPECT_ERROR(made(4)(torch::rand({2, 4, 4, 9}).to(torch::kMeta)), ValueError,
               "input must not be smaller than the kernel, got (2, 4, 4, 9)");
  EXPECT_ERROR(made(4)(picture.to(torch::kMeta, torch::kHalf)), ValueError, "input must be Float, as the weight is, got Half");
}

// What is held fixed on purpose, by the paper's advice or by torchvision, so that finite differences tell otherwise.
const std::set<std::string> kHeldFixed{"complete_box_iou", "complete_box_iou_loss", "ps_roi_pool", "PSRoIPool"};

// Along three directions of each floating input.
TEST(Operators, HaveGradientsThatFiniteDifferencesConfirm) {
  size_t confirmed = 0;
  for (const auto& c : oracle::cases("ops_every/operators")) {
    const auto name = c.text("operator");
    if (c.text("state") != "plain" || kHeldFixed.contains(name)) continue;
    SCOPED_TRACE(name);
    auto inputs = given(c, "plain");
    const auto floating = leaves(inputs);
    const auto value = [&] {
      auto sum = torch::zeros({}, torch::kFloat64);
      for (const auto& out : called(operators().at(name), inputs)) {
        if (out.is_floating_point()) sum = sum + out.to(torch::kFloat64).square().sum();
      }
      return sum;
    };
    const auto sum = value();
    if (!sum.requires_grad()) continue;
    const auto gradients = torch::autograd::grad({sum}, floating, {}, {}, /*create_graph=*/false, /*allow_unused=*/true);
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < floating.size(); ++i) {
      if (!gradients[i].defined()) continue;
      for (int trial = 0; trial < 3; ++trial) {
        torch::manual_seed(10 + trial);
        const auto direction = torch::rand(floating[i].sizes(), torch::kFloat64) - 0.5;
        constexpr double step = 1e-6;
        floating[i].add_(direction, step);
        const auto after = value();
        floating[i].sub_(direction, 2 * step);
        const auto slope = (after - value()) / (2 * step);
        floating[i].add_(direction, step);
        EXPECT_TENSOR_NEAR((gradients[i] * direction).sum(), slope, 1e-5, 1e-7) << "by input " << i;
      }
      ++confirmed;
    }
  }
  EXPECT_GE(confirmed, 40u);
}

}  // namespace
}  // namespace opsis::every_operator
