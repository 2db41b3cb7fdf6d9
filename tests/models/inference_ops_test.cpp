#include "opsis/models/inference_ops.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/torch.h>

#include <limits>

#include "tests/simd/every_target.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using c10::IValue;
using models::detail::pack_weights;
using models::detail::pack_winograd;
using torch::Tensor;
using Ints = std::vector<int64_t>;

constexpr double kEndless = std::numeric_limits<double>::infinity();

Tensor call(const char* name, std::vector<IValue> arguments) {
  c10::Dispatcher::singleton().findSchemaOrThrow(name, "").callBoxed(&arguments);
  return arguments.at(0).toTensor();
}

// Sums of `depth` products of ordinary size, in another order.
void expect_close(const Tensor& found, const Tensor& expected, int64_t depth, double each = 1e-6) {
  ASSERT_EQ(found.sizes(), expected.sizes());
  if (found.numel() == 0) return;
  EXPECT_LT((found.to(torch::kFloat64) - expected).abs().max().item<double>(), each * static_cast<double>(depth + 10));
}

struct Conv {
  int64_t in, out;
  Ints kernel, stride, padding, dilation, size;
};

// Numbers for one, and the sums that torch makes of them in float64.
struct Sums {
  Tensor x, weight, bias, expected;
  explicit Sums(const Conv& conv, int64_t groups = 1)
      : x(torch::randn({conv.size[0], conv.in, conv.size[1], conv.size[2]})),
        weight(torch::randn({conv.out, conv.in / groups, conv.kernel[0], conv.kernel[1]})),
        bias(torch::randn({conv.out})),
        expected(torch::conv2d(x.to(torch::kFloat64), weight.to(torch::kFloat64), bias.to(torch::kFloat64), conv.stride,
                               conv.padding, conv.dilation, groups)) {}
};

TEST(InferenceConv2d, GivesTorchsSums) {
  torch::manual_seed(0);
  const Conv convs[] = {
      {3, 20, {7, 7}, {2, 2}, {3, 3}, {1, 1}, {2, 15, 17}},  // a stem: few channels
      {64, 70, {1, 1}, {1, 1}, {0, 0}, {1, 1}, {2, 5, 7}},   // columns that fill no strip
      {40, 24, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {2, 9, 8}},
      {40, 5, {3, 3}, {2, 2}, {2, 2}, {2, 2}, {1, 9, 8}},    // a window that skips
      {600, 33, {3, 1}, {1, 2}, {1, 0}, {1, 1}, {1, 4, 6}},  // a tap longer than a piece
      {130, 16, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 3, 3}},  // some taps a piece
      {1100, 64, {1, 1}, {2, 2}, {0, 0}, {1, 1}, {1, 5, 5}},
      {8, 8, {5, 5}, {1, 1}, {4, 4}, {1, 1}, {1, 1, 1}},       // mostly border
      {8, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 4, 4}},       // no picture
      {16, 300, {1, 1}, {1, 1}, {0, 0}, {1, 1}, {1, 40, 40}},  // more than one block of rows
      {2, 8, {3, 3}, {1, 1}, {1, 1}, {3, 3}, {1, 9, 9}},       // few channels, far apart
      {3, 40, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {2, 20, 31}},    // the first of a network
      {5, 8, {4, 2}, {5, 1}, {1, 2}, {2, 1}, {1, 19, 8}},      // lines that nobody sees
      {16, 40, {1, 1}, {1, 1}, {0, 0}, {1, 1}, {2, 13, 17}},   // few channels, of each pixel alone
  };
  support::on_every_target([&] {
    for (const auto& conv : convs) {
      SCOPED_TRACE(conv.in);
      const Sums sums(conv);
      const auto addend = torch::randn(sums.expected.sizes());
      auto x = sums.x;
      const auto run = [&](const IValue& more, double low) {
        return call(
            "opsis::inference_conv2d",
            {x, pack_weights(sums.weight, sums.bias), more, IValue(Ints{conv.out, conv.kernel[0], conv.kernel[1]}),
             IValue(conv.stride), IValue(conv.padding), IValue(conv.dilation), IValue("none"), IValue(low), IValue(kEndless)});
      };
      const auto depth = conv.in * conv.kernel[0] * conv.kernel[1];
      expect_close(run(IValue(), -kEndless), sums.expected, depth);
      expect_close(run(addend, 0), (sums.expected + addend).clamp_min(0), depth);
      x = x.contiguous(torch::MemoryFormat::ChannelsLast);
      expect_close(run(IValue(), -kEndless), sums.expected, depth);
    }
  });
}

TEST(InferenceExpansion, GivesTorchsSums) {
  using models::detail::expansion_vectors;
  torch::manual_seed(0);
  // Of the depthwise convolution. `in`: channels before the one of single pixels.
  const Conv convs[] = {
      {16, 70, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {2, 9, 13}},  {5, 200, {5, 5}, {1, 1}, {2, 2}, {1, 1}, {1, 14, 14}},
      {40, 33, {5, 5}, {2, 2}, {2, 2}, {1, 1}, {3, 7, 7}},   {9, 8, {3, 3}, {1, 1}, {5, 5}, {1, 1}, {1, 2, 2}},
      {4, 19, {2, 3}, {3, 3}, {0, 0}, {1, 1}, {1, 11, 100}}, {8, 24, {3, 3}, {1, 1}, {2, 2}, {2, 2}, {1, 30, 9}},
      {8, 24, {7, 7}, {1, 1}, {3, 3}, {1, 1}, {2, 16, 57}},  {8, 16, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 4, 4}},
  };
  const auto threads = torch::get_num_threads();
  support::on_every_target([&] {
    for (const auto& conv : convs) {
      SCOPED_TRACE(conv.out);
      const Conv single{conv.in, conv.out, {1, 1}, {1, 1}, {0, 0}, {1, 1}, conv.size};
      const Sums before(single);
      const auto weight = torch::randn({conv.out, 1, conv.kernel[0], conv.kernel[1]}), bias = torch::randn({conv.out});
      const auto sums = torch::conv2d(torch::hardswish(before.expected), weight.to(torch::kFloat64), bias.to(torch::kFloat64),
                                      conv.stride, conv.padding, conv.dilation, conv.out);
      for (const int count : {1, 2, 3}) {
        torch::set_num_threads(count);
        const auto vectors = expansion_vectors(weight, conv.stride, conv.padding, conv.dilation, before.x.sizes());
        const auto found = call("opsis::inference_expansion",
                                {before.x, models::detail::pack_expansion(before.weight, before.bias, vectors), IValue(vectors),
                                 IValue("hardswish"), IValue(-kEndless), IValue(kEndless),
                                 weight.permute({2, 3, 1, 0}).flatten(2).contiguous(), bias, IValue(conv.stride),
                                 IValue(conv.padding), IValue(conv.dilation), IValue("none"), IValue(-1.0), IValue(6.0)});
        expect_close(found, sums.clamp(-1, 6), 2 * (conv.in + 10) * conv.kernel[0] * conv.kernel[1]);
      }
    }
  });
  torch::set_num_threads(threads);
}

TEST(InferenceWinograd, GivesTorchsSums) {
  torch::manual_seed(0);
  const Conv convs[] = {
      {33, 40, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {2, 9, 13}},  {64, 64, {3, 3}, {1, 1}, {0, 0}, {1, 1}, {1, 30, 31}},
      {16, 8, {3, 3}, {1, 1}, {2, 1}, {1, 1}, {1, 4, 4}},    {8, 20, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 8, 8}},
      {24, 80, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 64, 60}}, {1, 1, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1, 1}},
  };
  support::on_every_target([&] {
    for (const auto& conv : convs) {
      SCOPED_TRACE(conv.in);
      const Sums sums(conv);
      const auto addend = torch::randn(sums.expected.sizes());
      const auto run = [&](const IValue& more, const char* activation, double low) {
        return call("opsis::inference_winograd", {sums.x, pack_winograd(sums.weight), sums.bias, more, IValue(conv.padding),
                                                  IValue(activation), IValue(low), IValue(kEndless)});
      };
      // What is rounded on the way is larger than the sums: factors of up to 5 there and 8 back, twice.
      expect_close(run(IValue(), "none", -kEndless), sums.expected, 9 * conv.in, 4e-6);
      expect_close(run(addend, "none", 0), (sums.expected + addend).clamp_min(0), 9 * conv.in, 4e-6);
      expect_close(run(IValue(), "swish", -kEndless), torch::silu(sums.expected), 9 * conv.in, 4e-6);
    }
  });
}

TEST(InferenceLinear, GivesTorchsSums) {
  torch::manual_seed(0);
  const int64_t shapes[][3] = {{1, 16, 8}, {0, 16, 8}, {7, 1, 1}, {197, 96, 130}, {5, 1300, 64}, {1, 2000, 300}, {600, 20, 12}};
  support::on_every_target([&] {
    for (const auto& shape : shapes) {
      const auto rows = shape[0], depth = shape[1], columns = shape[2];
      SCOPED_TRACE(rows);
      const auto x = torch::randn({rows, depth}), weight = torch::randn({columns, depth});
      const auto expected = torch::linear(x.to(torch::kFloat64), weight.to(torch::kFloat64));
      const auto addend = torch::randn({rows, columns});
      const auto packed = pack_weights(weight, {});
      const auto run = [&](const IValue& more) {
        return call("opsis::inference_linear",
                    {x, packed, more, IValue(columns), IValue("none"), IValue(-kEndless), IValue(kEndless)});
      };
      expect_close(run(IValue()), expected, depth);
      expect_close(run(addend), expected + addend, depth);
    }
  });
}

TEST(InferenceLinear, DoesWhatFollowsIt) {
  const auto x = torch::cat({torch::linspace(-120, 120, 1001), torch::linspace(-4, 4, 999)}).unsqueeze(1);
  const auto exact = x.to(torch::kFloat64).expand({-1, 20}).contiguous();
  const std::pair<const char*, Tensor> activations[] = {
      {"swish", torch::silu(exact)},          {"sigmoid", torch::sigmoid(exact)},
      {"hardswish", torch::hardswish(exact)}, {"hardsigmoid", torch::hardsigmoid(exact)},
      {"gelu", torch::gelu(exact)},           {"tanh", torch::tanh(exact)}};
  support::on_every_target([&] {
    const auto packed = pack_weights(torch::ones({20, 1}), {});
    for (const auto& [name, expected] : activations) {
      SCOPED_TRACE(name);
      const auto found =
          call("opsis::inference_linear", {x, packed, IValue(), IValue(20), IValue(name), IValue(-kEndless), IValue(kEndless)});
      EXPECT_LT(((found - expected).abs() / (expected.abs() + 1)).max().item<double>(), 4e-7);
    }
  });
}

// A relu that hides what is no number would hide that a network is broken.
TEST(InferenceOperators, PassOnWhatIsNoNumber) {
  const auto nan = torch::full({1, 40, 4, 16}, std::numeric_limits<double>::quiet_NaN());
  const auto window = torch::ones({40, 40, 3, 3}), bias = torch::zeros({40});
  const Ints one{1, 1};
  const auto pass_on = [&](const Tensor& x) {
    for (const char* name : {"none", "swish", "sigmoid", "hardswish", "hardsigmoid", "gelu", "tanh"}) {
      SCOPED_TRACE(name);
      const IValue activation(name), low(0.0), high(6.0);
      const Tensor found[] = {
          call("opsis::inference_linear",
               {x, pack_weights(torch::ones({20, 16}), {}), IValue(), IValue(20), activation, low, high}),
          call("opsis::inference_conv2d",
               {x, pack_weights(window, bias), IValue(), IValue(Ints{40, 3, 3}), one, one, one, activation, low, high}),
          call("opsis::inference_winograd", {x, pack_winograd(window), bias, IValue(), one, activation, low, high}),
          call("opsis::inference_depthwise", {x, torch::ones({3, 3, 40}), bias, one, one, one, activation, low, high})};
      for (const auto& tensor : found) EXPECT_TRUE(tensor.isnan().all().item<bool>());
    }
  };
  support::on_every_target([&] {
    pass_on(nan);
    pass_on(-nan);  // whose sign says nothing: inf - inf has the one, 0 * inf the other
  });
}

TEST(InferenceOperators, AreNothingFarBelowZeroAfterASwish) {
  const auto x = torch::tensor({{-3e38, -200.0, -90.0, 90.0}}, torch::kFloat32);
  const auto found = call("opsis::inference_linear", {x, pack_weights(torch::eye(4), {}), IValue(), IValue(4), IValue("swish"),
                                                      IValue(-kEndless), IValue(kEndless)});
  EXPECT_LT(found.narrow(1, 0, 3).abs().max().item<double>(), 1e-30);
  EXPECT_NEAR(found[0][3].item<double>(), 90, 1e-4);
}

TEST(InferenceOperators, RefuseWhatDoesNotFit) {
  const auto x = torch::rand({1, 40, 4, 16}), window = torch::ones({40, 40, 3, 3}), bias = torch::zeros({40});
  const auto packed = pack_weights(window, bias);
  const Ints one{1, 1}, zero{0, 0};
  const IValue none("none"), low(-kEndless), high(kEndless);
  const auto conv = [&](const Tensor& images, const Tensor& weights, const Ints& kernel, const Ints& stride,
                        const IValue& name) {
    return call("opsis::inference_conv2d", {images, weights, IValue(), IValue(kernel), stride, one, one, name, low, high});
  };
  EXPECT_ERROR(conv(x, packed, {40, 3, 3}, zero, none), ValueError, "stride");
  EXPECT_ERROR(conv(x, packed, {40, 5, 5}, one, none), ValueError, "packed has");
  EXPECT_ERROR(conv(x, packed, {40, 3, 3}, one, IValue("softmax")), ValueError, "there is no activation \"softmax\"");
  EXPECT_ERROR(conv(x.to(torch::kFloat64), packed, {40, 3, 3}, one, none), ValueError, "of float32");
  EXPECT_ERROR(conv(x.narrow(3, 0, 0), packed, {40, 3, 3}, one, none), ValueError, "expected (N, C, H, W)");
  EXPECT_ANY_THROW(conv(x, packed, {40}, one, none));
  EXPECT_ERROR(call("opsis::inference_linear", {torch::rand({2, 0}), packed, IValue(), IValue(3), none, low, high}), ValueError,
               "cannot be");
  EXPECT_ERROR(call("opsis::inference_depthwise", {x, torch::rand({3, 3, 1}), bias, one, one, one, none, low, high}),
               ValueError, "are not for");
  EXPECT_ERROR(call("opsis::inference_winograd", {x, packed, bias, IValue(), one, none, low, high}), ValueError, "packed has");
  const auto expansion = [&](const Tensor& images, const IValue& vectors) {
    return call("opsis::inference_expansion", {images, packed, vectors, none, low, high, torch::rand({3, 3, 40}),
                                               torch::rand({40}), one, one, one, none, low, high});
  };
  EXPECT_ERROR(expansion(x, IValue(4)), ValueError, "packed has");
  EXPECT_ERROR(expansion(x, IValue(0)), ValueError, "strips have 1 to 4 vectors, not 0");
  EXPECT_ERROR(expansion(x.to(torch::kFloat64), IValue(4)), ValueError, "are not for");
  EXPECT_ERROR(call("opsis::inference_depthwise", {torch::rand({1, 8, 0, 0}), torch::rand({3, 3, 8}), torch::rand({8}), one,
                                                   IValue(Ints{2, 2}), one, none, low, high}),
               ValueError, "expected (N, C, H, W)");
}

TEST(InferenceDepthwise, GivesTorchsSums) {
  torch::manual_seed(0);
  const Conv convs[] = {
      {19, 19, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {2, 9, 13}}, {32, 32, {5, 5}, {2, 2}, {2, 2}, {1, 1}, {1, 14, 14}},
      {8, 8, {7, 7}, {1, 1}, {3, 3}, {1, 1}, {1, 4, 5}},    {33, 33, {3, 3}, {2, 1}, {2, 2}, {2, 2}, {1, 9, 30}},
      {5, 5, {3, 3}, {1, 1}, {5, 5}, {1, 1}, {1, 2, 2}},    {4, 4, {2, 3}, {3, 3}, {0, 0}, {1, 1}, {0, 8, 8}},
  };
  support::on_every_target([&] {
    for (const auto& conv : convs) {
      SCOPED_TRACE(conv.in);
      const Sums sums(conv, conv.in);
      const auto found = call("opsis::inference_depthwise", {sums.x, sums.weight.permute({2, 3, 1, 0}).flatten(2).contiguous(),
                                                             sums.bias, IValue(conv.stride), IValue(conv.padding),
                                                             IValue(conv.dilation), IValue("none"), IValue(0.0), IValue(6.0)});
      expect_close(found, sums.expected.clamp(0, 6), conv.kernel[0] * conv.kernel[1]);
    }
  });
}

// Rounded once, after sums of the rounded numbers that differ by their order alone, or after an activation to 12 bits.
void expect_rounded(const Tensor& found, const Tensor& expected, int64_t depth, bool activated = false) {
  ASSERT_EQ(found.scalar_type(), torch::kBFloat16);
  ASSERT_EQ(found.sizes(), expected.sizes());
  if (found.numel() == 0) return;
  const auto off = (found.to(torch::kFloat64) - expected).abs() - expected.abs() * (1.0 / 256 + (activated ? 1.0 / 4096 : 0.0));
  EXPECT_LT(off.max().item<double>(), 1e-6 * static_cast<double>(depth + 10));
}

Tensor rounded(const Tensor& x) { return x.to(torch::kBFloat16); }
Tensor exactly(const Tensor& x) { return x.to(torch::kFloat64); }

TEST(InferenceConv2d, GivesTheSumsOfBfloat16) {
  if (!models::detail::has_products_of(torch::kBFloat16))
    GTEST_SKIP() << "this machine has neither AMX nor AVX-512's products of bfloat16";
  torch::manual_seed(0);
  const Conv convs[] = {
      {3, 20, {7, 7}, {2, 2}, {3, 3}, {1, 1}, {2, 15, 17}},    // a stem: few channels
      {64, 70, {1, 1}, {1, 1}, {0, 0}, {1, 1}, {2, 5, 7}},     // columns that fill no strip
      {40, 24, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {2, 9, 8}},     // depth that fills no register
      {40, 5, {3, 3}, {2, 2}, {2, 2}, {2, 2}, {1, 9, 8}},      // a window that skips
      {130, 400, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 5, 5}},   // more columns than rows
      {8, 8, {5, 5}, {1, 1}, {4, 4}, {1, 1}, {1, 1, 1}},       // mostly border
      {8, 8, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 4, 4}},       // no picture
      {64, 512, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {0, 9, 9}},    // nor here, of many weights
      {16, 300, {1, 1}, {1, 1}, {0, 0}, {1, 1}, {1, 40, 40}},  // many tiles
      {2, 8, {3, 3}, {1, 1}, {1, 1}, {3, 3}, {1, 9, 9}},       // few channels, far apart
      {512, 64, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 20, 20}},  // more than one block of tiles
  };
  for (const auto& conv : convs) {
    SCOPED_TRACE(conv.in);
    const Sums sums(conv);
    const auto x = rounded(sums.x), weight = rounded(sums.weight), bias = rounded(sums.bias);
    const auto expected = torch::conv2d(exactly(x), exactly(weight), exactly(bias), conv.stride, conv.padding, conv.dilation);
    const auto addend = rounded(torch::randn(expected.sizes()));
    const auto packed = pack_weights(weight, bias, conv.dilation);
    const auto run = [&](const IValue& more, const char* activation, double low) {
      return call("opsis::inference_conv2d",
                  {x, packed, more, IValue(Ints{conv.out, conv.kernel[0], conv.kernel[1]}), IValue(conv.stride),
                   IValue(conv.padding), IValue(conv.dilation), IValue(activation), IValue(low), IValue(kEndless)});
    };
    const auto depth = conv.in * conv.kernel[0] * conv.kernel[1];
    expect_rounded(run(IValue(), "none", -kEndless), expected, depth);
    expect_rounded(run(addend, "none", 0), (expected + exactly(addend)).clamp_min(0), depth);
    expect_rounded(run(IValue(), "swish", -kEndless), torch::silu(expected), depth, true);
  }
}

TEST(InferenceLinear, GivesTheSumsOfBfloat16) {
  if (!models::detail::has_products_of(torch::kBFloat16))
    GTEST_SKIP() << "this machine has neither AMX nor AVX-512's products of bfloat16";
  torch::manual_seed(0);
  const int64_t shapes[][3] = {{1, 16, 8},     {0, 16, 8},    {0, 512, 1000}, {7, 1, 1},
                               {197, 96, 130}, {5, 1300, 64}, {1, 2000, 300}, {600, 20, 12}};
  for (const auto& shape : shapes) {
    const auto rows = shape[0], depth = shape[1], columns = shape[2];
    SCOPED_TRACE(rows);
    const auto x = rounded(torch::randn({rows, depth})), weight = rounded(torch::randn({columns, depth}));
    const auto found = call("opsis::inference_linear", {x, pack_weights(weight, {}), IValue(), IValue(columns), IValue("gelu"),
                                                        IValue(-kEndless), IValue(kEndless)});
    expect_rounded(found, torch::gelu(torch::linear(exactly(x), exactly(weight))), depth, true);
  }
}

TEST(InferenceLinear, DoesWhatFollowsItInBfloat16) {
  if (!models::detail::has_products_of(torch::kBFloat16))
    GTEST_SKIP() << "this machine has neither AMX nor AVX-512's products of bfloat16";
  const auto x = rounded(torch::cat({torch::linspace(-120, 120, 1001), torch::linspace(-7, 7, 999)})).unsqueeze(1);
  const auto exact = exactly(x).expand({-1, 20}).contiguous();
  const std::pair<const char*, Tensor> activations[] = {
      {"swish", torch::silu(exact)},          {"sigmoid", torch::sigmoid(exact)},
      {"hardswish", torch::hardswish(exact)}, {"hardsigmoid", torch::hardsigmoid(exact)},
      {"gelu", torch::gelu(exact)},           {"tanh", torch::tanh(exact)}};
  const auto packed = pack_weights(rounded(torch::ones({20, 1})), {});
  for (const auto& [name, expected] : activations) {
    SCOPED_TRACE(name);
    const auto found =
        call("opsis::inference_linear", {x, packed, IValue(), IValue(20), IValue(name), IValue(-kEndless), IValue(kEndless)});
    expect_rounded(found, expected, 20, true);
  }
  const auto nothing = torch::full({1, 1}, std::numeric_limits<double>::quiet_NaN()).to(torch::kBFloat16);
  for (const auto& [name, expected] : activations) {
    const auto found =
        call("opsis::inference_linear", {nothing, packed, IValue(), IValue(20), IValue(name), IValue(0.0), IValue(6.0)});
    EXPECT_TRUE(found.isnan().all().item<bool>()) << name;
  }
}

TEST(InferenceDepthwise, GivesTheSumsOfBfloat16) {
  torch::manual_seed(0);
  const Conv conv{19, 19, {3, 3}, {2, 1}, {1, 1}, {1, 1}, {2, 9, 13}};
  const Sums sums(conv, conv.in);
  const auto x = rounded(sums.x);
  const auto expected =
      torch::conv2d(exactly(x), exactly(sums.weight), exactly(sums.bias), conv.stride, conv.padding, conv.dilation, conv.in);
  support::on_every_target([&] {
    const auto found =
        call("opsis::inference_depthwise",
             {x, sums.weight.permute({2, 3, 1, 0}).flatten(2).contiguous(), sums.bias, IValue(conv.stride),
              IValue(conv.padding), IValue(conv.dilation), IValue("hardswish"), IValue(-kEndless), IValue(kEndless)});
    expect_rounded(found, torch::hardswish(expected), 9);
  });
}

TEST(InferenceChannels, AreTorchsMeansProductsAndMaxima) {
  torch::manual_seed(0);
  const Ints shapes[] = {{2, 19, 9, 13}, {1, 1, 1, 1}, {0, 8, 4, 4}, {1, 130, 40, 40}, {3, 64, 7, 2}};
  support::on_every_target([&] {
    for (const auto& shape : shapes) {
      SCOPED_TRACE(shape[1]);
      for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
        const auto x = torch::randn(shape).to(type), factors = torch::randn({shape[0], shape[1], 1, 1}).to(type);
        const auto expect = [&](const Tensor& found, const Tensor& expected, int64_t depth) {
          type == torch::kFloat32 ? expect_close(found, expected, depth, 1e-7) : expect_rounded(found, expected, depth);
        };
        expect(call("opsis::inference_mean", {x}), exactly(x).mean({2, 3}, true), 1);
        expect(call("opsis::inference_scale", {x, factors}), exactly(x) * exactly(factors), 1);
        for (const Ints& window : {Ints{3, 2, 1}, Ints{2, 2, 0}, Ints{1, 1, 0}}) {
          if (std::min(shape[2], shape[3]) + 2 * window[2] < window[0]) continue;
          const Ints kernel(2, window[0]), stride(2, window[1]), padding(2, window[2]);
          const auto found = call("opsis::inference_max_pool2d", {x, kernel, stride, padding});
          EXPECT_TRUE(found.equal(torch::max_pool2d(x, kernel, stride, padding)));
        }
      }
    }
  });
}

TEST(InferenceChannels, SumManyPixelsAlikeWithAnyNumberOfThreads) {
  const auto x = torch::full({1, 2, 1024, 700}, 0.1F, torch::kFloat32);
  const auto threads = at::get_num_threads();
  std::vector<Tensor> means;
  for (const int count : {1, 2, 3}) {
    at::set_num_threads(count);
    means.push_back(call("opsis::inference_mean", {x}));
    EXPECT_LT((means.back() - 0.1F).abs().max().item<double>(), 1e-6);
    EXPECT_TRUE(means.back().equal(means.front()));
  }
  at::set_num_threads(threads);
}

TEST(InferenceChannels, DoNotDependOnTheDefaultType) {
  const auto x = torch::rand({1, 40, 4, 4}, torch::kFloat32);
  torch::set_default_dtype(caffe2::TypeMeta::Make<double>());
  const auto type = call("opsis::inference_mean", {x}).scalar_type();
  torch::set_default_dtype(caffe2::TypeMeta::Make<float>());
  EXPECT_EQ(type, torch::kFloat32);
}

TEST(InferenceChannels, PassOnWhatIsNoNumber) {
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    auto x = torch::rand({1, 40, 4, 4}).to(type);
    x[0][7][2][2] = std::numeric_limits<double>::quiet_NaN();
    const auto ones = torch::ones({1, 40, 1, 1}, type);
    EXPECT_EQ(call("opsis::inference_mean", {x}).isnan().sum().item<int64_t>(), 1);
    EXPECT_EQ(call("opsis::inference_scale", {x, ones}).isnan().sum().item<int64_t>(), 1);
    EXPECT_EQ(call("opsis::inference_max_pool2d", {x, Ints{2, 2}, Ints{2, 2}, Ints{0, 0}}).isnan().sum().item<int64_t>(), 1);
  }
}

TEST(InferenceChannels, RefuseWhatDoesNotFit) {
  const auto x = torch::rand({1, 40, 4, 4});
  EXPECT_ERROR(call("opsis::inference_mean", {x[0]}), ValueError, "expected (N, C, H, W)");
  EXPECT_ERROR(call("opsis::inference_mean", {x.to(torch::kInt32)}), ValueError, "float32 or bfloat16");
  EXPECT_ERROR(call("opsis::inference_scale", {x, torch::rand({1, 41, 1, 1})}), ValueError, "are not for");
  EXPECT_ERROR(call("opsis::inference_max_pool2d", {x, Ints{2, 2}, Ints{1, 1}, Ints{2, 2}}), ValueError, "more than half");
  EXPECT_ERROR(call("opsis::inference_max_pool2d", {x, Ints{5, 5}, Ints{1, 1}, Ints{0, 0}}), ValueError, "nothing comes of");
}

// Of float64, which the operators do not take.
Tensor attention_of(const Tensor& query, const Tensor& key, const Tensor& value, const std::optional<Tensor>& mask,
                    double scale) {
  const auto hidden = mask ? std::optional<Tensor>(exactly(*mask)) : std::nullopt;
  return torch::scaled_dot_product_attention(exactly(query), exactly(key), exactly(value), hidden, 0, false, scale);
}

void expect_attention(const Tensor& found, const Tensor& expected, int64_t depth) {
  found.scalar_type() == torch::kFloat32 ? expect_close(found, expected, depth) : expect_rounded(found, expected, depth);
  EXPECT_TRUE(found.transpose(-3, -2).is_contiguous());  // who joins the heads need not copy
}

TEST(InferenceAttention, GivesTorchsForHeadsThatLieAnyhow) {
  torch::manual_seed(0);
  const Ints shapes[] = {{4, 3, 49, 32}, {1, 2, 197, 64}, {2, 1, 5, 7}, {1, 1, 1, 1}, {0, 2, 9, 8}, {2, 2, 400, 24}};
  const auto threads = torch::get_num_threads();
  support::on_every_target([&] {
    for (const auto& shape : shapes) {
      SCOPED_TRACE(shape[2]);
      const auto batch = shape[0], heads = shape[1], tokens = shape[2], depth = shape[3];
      for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
        const auto parts = torch::randn({batch, tokens, 3, heads, depth}).to(type).permute({2, 0, 3, 1, 4});
        const auto mask = torch::randn({1, heads, tokens, tokens});
        const auto without = attention_of(parts[0], parts[1], parts[2], std::nullopt, 0.3),
                   with = attention_of(parts[0], parts[1], parts[2], mask, 0.3);
        const auto turned = parts[1].transpose(2, 3).contiguous().transpose(2, 3);
        const auto run = [&](const Tensor& key, const IValue& added) {
          return call("opsis::inference_attention", {parts[0], key, parts[2], added, Ints{}, IValue(std::vector{0.3})});
        };
        for (const int count : {1, 2, 3}) {
          torch::set_num_threads(count);
          expect_attention(run(parts[1], IValue()), without, depth);
          expect_attention(run(turned, mask), with, depth);
        }
      }
    }
  });
  torch::set_num_threads(threads);
}

TEST(InferenceAttention, TakesOtherCountsOfKeysAndGroupsOfBatches) {
  torch::manual_seed(0);
  const auto query = torch::randn({2, 3, 4, 10, 16}), key = torch::randn({2, 3, 4, 33, 16}),
             value = torch::randn({2, 3, 4, 33, 20});
  const auto found = call("opsis::inference_attention", {query, key, value, IValue(), Ints{}, IValue(std::vector{1.0})});
  expect_attention(found, attention_of(query, key, value, std::nullopt, 1), 16);
  const auto none = key.narrow(3, 0, 0), nothing = value.narrow(3, 0, 0);
  EXPECT_EQ(call("opsis::inference_attention", {query, none, nothing, IValue(), Ints{}, IValue(std::vector{1.0})})
                .abs()
                .max()
                .item<double>(),
            0);
}

TEST(InferenceAttention, AddsMasksInTurnAndScalesEachHead) {
  torch::manual_seed(0);
  const auto x = torch::randn({6, 2, 9, 16});
  const auto run = [&](const Tensor& mask, const Ints& which, const std::vector<double>& scale) {
    return call("opsis::inference_attention", {x, x, x, mask, which, IValue(scale)});
  };
  const auto masks = torch::randn({2, 2, 9, 9});
  const auto in_turn = masks.index_select(0, torch::tensor({1, 0, 1, 1, 0, 1}));
  expect_attention(run(masks, {1, 0, 1}, {0.5}), attention_of(x, x, x, in_turn, 0.5), 16);
  expect_attention(run(masks, {}, {0.5}), attention_of(x, x, x, masks.repeat({3, 1, 1, 1}), 0.5), 16);
  expect_attention(run(in_turn, {}, {0.5}), attention_of(x, x, x, in_turn, 0.5), 16);
  for (const Ints& shape : {Ints{1, 2, 1, 9}, Ints{1, 1, 9, 9}, Ints{1, 2, 9, 1}, Ints{2, 1, 1, 9}}) {
    const auto some = torch::randn(shape);
    const auto all = some.repeat({6 / shape[0], 1, 1, 1}).expand({6, 2, 9, 9});
    expect_attention(run(some, {}, {0.5}), attention_of(x, x, x, all, 0.5), 16);
  }
  const auto each = torch::tensor({0.5, -2.0}, torch::kFloat32).view({2, 1, 1});
  expect_attention(run(masks, {0}, {0.5, -2.0}), attention_of(x * each, x, x, masks.narrow(0, 0, 1), 1), 16);
}

TEST(InferenceAttention, RefusesWhatDoesNotFit) {
  const auto x = torch::rand({6, 2, 9, 16});
  const auto run = [&](const Tensor& key, const IValue& mask, const Ints& which, const std::vector<double>& scale) {
    return call("opsis::inference_attention", {x, key, key, mask, which, IValue(scale)});
  };
  const std::vector<double> one{1};
  EXPECT_ERROR(run(x[0], IValue(), {}, one), ValueError, "expected (..., heads, tokens, numbers)");
  EXPECT_ERROR(run(torch::rand({6, 2, 9, 15}), IValue(), {}, one), ValueError, "are not for");
  EXPECT_ERROR(run(torch::rand({6, 1, 9, 16}), IValue(), {}, one), ValueError, "are not for");
  EXPECT_ERROR(run(torch::rand({6, 2, 513, 16}), IValue(), {}, one), ValueError, "more than 512");
  EXPECT_ERROR(run(x.to(torch::kBFloat16), IValue(), {}, one), ValueError, "queries, keys and values are of");
  EXPECT_ERROR(run(x, IValue(), {0}, one), ValueError, "there is no mask");
  EXPECT_ERROR(run(x, torch::rand({9, 9}), {}, one), ValueError, "a mask must be");
  EXPECT_ERROR(run(x, torch::rand({1, 1, 9, 9}).to(torch::kBFloat16), {}, one), ValueError, "a mask must be");
  EXPECT_ERROR(run(x, torch::rand({1, 1, 9, 8}), {}, one), ValueError, "are not for scores");
  EXPECT_ERROR(run(x, torch::rand({4, 1, 9, 9}), {}, one), ValueError, "cannot be those of a batch of 6");
  EXPECT_ERROR(run(x, torch::rand({2, 1, 9, 9}), {0, 2}, one), ValueError, "cannot be those of a batch of 6");
  EXPECT_ERROR(run(x, torch::rand({2, 1, 9, 9}), {0, -1}, one), ValueError, "cannot be those of a batch of 6");
  EXPECT_ERROR(run(x, IValue(), {}, {1, 2, 3}), ValueError, "3 scales are not for 2 heads");
  const auto double_x = x.to(torch::kFloat64);
  EXPECT_ERROR(call("opsis::inference_attention", {double_x, double_x, double_x, IValue(), Ints{}, IValue(one)}), ValueError,
               "of float32 or bfloat16");
}

TEST(InferenceOperators, MakeTheirResultsInMemoryThatIsKept) {
  const TensorPool memory(4);
  const auto x = torch::rand({1, 64, 64, 64}), ones = torch::ones({1, 64, 1, 1});
  const auto place = [&] { return call("opsis::inference_scale", {x, ones}).data_ptr(); };
  const models::detail::ResultsIn here(memory);
  const auto* const first = place();
  const auto other = torch::rand({1, 64, 64, 64});  // takes what malloc has
  EXPECT_EQ(place(), first);
}

}  // namespace
}  // namespace opsis
