// torchvision's first functional, on every type of number and on images as they should not be.
#include "opsis/transforms/v1/functional.h"

#include <algorithm>
#include <functional>
#include <map>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/transforms/fields.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

namespace V1F = transforms::v1::functional;
using torch::Tensor;
using transforms::Fill;
using transforms::InterpolationMode;
using transforms::Point;
using Call = std::function<Tensor(const Tensor&)>;

constexpr auto kHard = InterpolationMode::NEAREST, kSmooth = InterpolationMode::BILINEAR;

// The images that the tables speak of, by type and shape.
Tensor image_of(const oracle::Case& c) {
  static const auto images = [] {
    std::map<std::string, Tensor> out;
    for (const auto& image : oracle::cases("transforms_v1/image")) {
      out[image.text("dtype") + image.json("shape")] = image.tensor("image");
    }
    return out;
  }();
  return images.at(c.text("dtype") + c.json("shape"));
}

// LibTorch compares no uint16.
Tensor comparable(const Tensor& tensor) {
  return tensor.defined() && tensor.scalar_type() == torch::kUInt16 ? tensor.contiguous().view(torch::kInt16) : tensor;
}

void expect_called(const oracle::Case& c, const Tensor& image, const Call& call) {
  SCOPED_TRACE(c.name());
  const auto before = image.clone();
  if (c.boolean("refused")) {
    EXPECT_THAT([&] { call(image); }, testing::ThrowsMessage<ValueError>(testing::ContainsRegex("^[A-Za-z0-9_:]+: ")));
  } else {
    EXPECT_TENSOR_EQ(comparable(call(image)), comparable(c.tensor("expected")));
  }
  EXPECT_TENSOR_EQ(comparable(image), comparable(before));
}

TEST(FirstFunctional, AdjustsAsTorchvisions) {
  const SerialScope serial;
  using Adjust = Tensor (*)(const Tensor&, double);
  const std::map<std::string, Adjust> all{
      {"brightness", V1F::adjust_brightness},
      {"contrast", V1F::adjust_contrast},
      {"saturation", V1F::adjust_saturation},
      {"sharpness", V1F::adjust_sharpness},
      {"hue", V1F::adjust_hue},
      {"gamma", [](const Tensor& image, double gamma) { return V1F::adjust_gamma(image, gamma); }}};
  for (const auto& c : oracle::cases("transforms_v1/adjust")) {
    if (c.boolean("skipped")) continue;
    const auto adjust = all.at(c.text("op"));
    expect_called(c, image_of(c), [&](const Tensor& image) { return adjust(image, c.number("factor")); });
  }
}

Tensor change_levels(const std::string& op, const Tensor& image) {
  const auto space = op.find(' ');
  const auto name = op.substr(0, space);
  const auto number = space == std::string::npos ? 0.0 : std::stod(op.substr(space));
  if (name == "posterize") return V1F::posterize(image, static_cast<int64_t>(number));
  if (name == "solarize") return V1F::solarize(image, number);
  if (name == "gray") return V1F::rgb_to_grayscale(image, static_cast<int64_t>(number));
  if (name == "equalize") return V1F::equalize(image);
  if (name == "autocontrast") return V1F::autocontrast(image);
  if (name == "invert") return V1F::invert(image);
  if (name == "hflip") return V1F::hflip(image);
  if (name == "vflip") return V1F::vflip(image);
  const bool has_sign = image.scalar_type() == torch::kInt16 || image.scalar_type() == torch::kInt32;
  return V1F::adjust_gamma(has_sign ? image.abs() : image, number, std::stod(op.substr(op.rfind(' '))));
}

TEST(FirstFunctional, ChangesLevelsAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_v1/levels")) {
    expect_called(c, image_of(c), [&](const Tensor& image) { return change_levels(c.text("op"), image); });
  }
}

TEST(FirstFunctional, ConvertsTypesAsTorchvisions) {
  for (const auto& c : oracle::cases("transforms_v1/convert")) {
    if (c.boolean("skipped")) continue;
    expect_called(c, c.tensor("image"), [&](const Tensor& image) {
      return V1F::convert_image_dtype(image, transforms::detail::dtype_named(c.text("to")));
    });
  }
}

// The calls that tests/oracle/transforms_v1.py names, in C++.
std::map<std::string, Call> size_calls() {
  std::map<std::string, Call> all;
  using Ints = std::vector<int64_t>;
  using Numbers = std::vector<double>;
  const auto list = [](const auto& numbers) {  // as Python prints it
    std::string out;
    for (const auto number : numbers) {
      auto digits = text("{}", number);
      if (std::is_floating_point_v<std::remove_cvref_t<decltype(number)>> && digits.find('.') == std::string::npos)
        digits += ".0";
      out += (out.empty() ? "" : ", ") + digits;
    }
    return out;
  };
  for (const auto& [t, l, h, w] :
       {std::array<int64_t, 4>{0, 0, 3, 3}, {-1, -2, 4, 5}, {3, 3, 9, 9}, {50, 50, 3, 3}, {0, 0, 0, 0}, {-5, -5, 3, 3}}) {
    const V1F::Region region{t, l, h, w};
    all["crop (" + list(Ints{t, l, h, w}) + ")"] = [=](const Tensor& image) { return V1F::crop(image, region); };
  }
  for (const auto& size : {Ints{3}, {4, 5}, {20, 20}, {1, 30}, {0, 0}, {1, 2, 3}}) {
    all["center_crop [" + list(size) + "]"] = [=](const Tensor& image) { return V1F::center_crop(image, size); };
  }
  for (const auto mode : {"constant", "edge", "reflect", "symmetric"}) {
    for (const auto& padding : {Ints{1}, {1, 2}, {0, 1, 2, 3}, {-1, 0, 0, 1}, {-9}, {0}, {4}, {1, 2, 3}}) {
      const auto with = transforms::padding_mode(mode);
      all[std::string("pad ") + mode + " [" + list(padding) + "]"] = [=](const Tensor& image) {
        return V1F::pad(image, padding, with == transforms::PaddingMode::Constant ? 3 : 0, with);
      };
    }
  }
  all["pad constant list"] = [](const Tensor& image) { return V1F::pad(image, {1}, {1, 2, 3}); };
  all["pad constant 0.7"] = [](const Tensor& image) { return V1F::pad(image, {1}, 0.7); };
  const std::pair<Ints, std::optional<int64_t>> sizes[] = {{{6}, {}}, {{6}, 7},        {{6, 7}, {}}, {{4, 4}, 9},
                                                           {{}, {}},  {{2, 3, 4}, {}}, {{0, 0}, {}}, {{1, 1}, {}}};
  for (const auto& [size, max_size] : sizes) {
    for (const auto& [mode, antialias] : {std::pair("bilinear", true),
                                          {"bilinear", false},
                                          {"bicubic", true},
                                          {"nearest", true},
                                          {"nearest-exact", false},
                                          {"lanczos", true},
                                          {"box", true}}) {
      const transforms::ResizeOptions options{
          .interpolation = transforms::interpolation_mode(mode), .max_size = max_size, .antialias = antialias};
      all["resize [" + list(size) + "] " + (max_size ? std::to_string(*max_size) : "None") + " " + mode +
          (antialias ? " True" : " False")] = [size = size, options](const Tensor& image) {
        return V1F::resize(image, size, options);
      };
    }
  }
  for (const auto& [t, l] : {std::pair<int64_t, int64_t>(1, 1), {-1, -1}}) {
    for (const auto& size : {Ints{6, 5}, {6}}) {
      all["resized_crop (" + list(Ints{t, l, 4, 3}) + ") [" + list(size) + "]"] =
          [=, region = V1F::Region{t, l, 4, 3}](const Tensor& image) { return V1F::resized_crop(image, region, size); };
    }
  }
  for (const auto& [mean, std] : {std::pair(Numbers{0.5}, Numbers{0.5}),
                                  {{0.1, 0.2, 0.3}, {0.4, 0.5, 0.6}},
                                  {{0.5}, {0.0}},
                                  {{0.1, 0.2}, {0.3, 0.4}},
                                  {{}, {}}}) {
    all["normalize [" + list(mean) + "] [" + list(std) + "]"] = [mean = mean, std = std](const Tensor& image) {
      return V1F::normalize(image, mean, std);
    };
  }
  const std::pair<Ints, Numbers> blurs[] = {{{3, 3}, {}},    {{5, 3}, {0.7, 1.3}}, {{1, 1}, {0.5}},
                                            {{9, 9}, {2.0}}, {{2, 3}, {}},         {{3, 3}, {0.0}},
                                            {{3, 3, 3}, {}}, {{3, 3}, {1, 1, 1}},  {{-1, 3}, {}}};
  for (const auto& [kernel, sigma] : blurs) {
    all["gaussian_blur [" + list(kernel) + "] [" + list(sigma) + "]"] = [kernel = kernel, sigma = sigma](const Tensor& image) {
      return V1F::gaussian_blur(image, kernel, {.sigma = sigma});
    };
  }
  return all;
}

TEST(FirstFunctional, ChangesSizesAsTorchvisions) {
  const SerialScope serial;  // ATen takes another kernel for aliased bilinear when it has several threads
  const auto calls = size_calls();
  for (const auto& c : oracle::cases("transforms_v1/sizes")) {
    const auto found = calls.find(c.text("op"));
    ASSERT_NE(found, calls.end()) << c.text("op");
    expect_called(c, image_of(c), found->second);
  }
}

Fill fill_written(const std::string& name) {
  static const std::map<std::string, Fill> fills{{"none", Fill()},
                                                 {"0", 0},
                                                 {"3.5", 3.5},
                                                 {"[1.0]", Fill(std::vector<double>{1})},
                                                 {"[7.0, 8.0, 9.0]", {7, 8, 9}},
                                                 {"[]", Fill(std::vector<double>())}};
  return fills.at(name);
}

// A wave of halves, as the oracle makes it.
Tensor displacement_for(const Tensor& image, torch::ScalarType type) {
  const int64_t height = image.size(-2), width = image.size(-1);
  return (torch::arange(height * width * 2).reshape({1, height, width, 2}).remainder(7) - 3).to(type) / 16;
}

Tensor warped(const std::string& op, const Tensor& image, InterpolationMode mode, const Fill& fill) {
  const std::vector<Point> corners{{0, 0}, {4, 0}, {4, 4}, {0, 4}}, three(corners.begin(), corners.begin() + 3);
  const transforms::AffineOptions affine{.interpolation = mode, .fill = fill};
  const transforms::PerspectiveOptions perspective{.interpolation = mode, .fill = fill};
  const transforms::ElasticOptions elastic{.interpolation = mode, .fill = fill};
  if (op == "rotate center") return V1F::rotate(image, 20, {.interpolation = mode, .center = Point{1, 2}, .fill = fill});
  if (op == "affine") return V1F::affine(image, 30, {2, -1}, 1.3, {10, 5}, affine);
  if (op == "affine center") {
    return V1F::affine(image, -20, {2, -1}, 0.6, {10}, {.interpolation = mode, .fill = fill, .center = Point{1, 2}});
  }
  if (op == "affine scale") return V1F::affine(image, 30, {0, 0}, 0, {0}, affine);
  if (op == "affine translate") return V1F::affine(image, 30, {0}, 1, {0}, affine);
  if (op == "perspective") return V1F::perspective(image, corners, {{1, 0}, {3, 1}, {4, 3}, {0, 4}}, perspective);
  if (op == "perspective three") return V1F::perspective(image, three, three, perspective);
  if (op == "elastic") return V1F::elastic_transform(image, displacement_for(image, torch::kFloat32), elastic);
  if (op == "elastic float64") return V1F::elastic_transform(image, displacement_for(image, torch::kFloat64), elastic);
  if (op == "elastic other") return V1F::elastic_transform(image, torch::zeros({1, 3, 3, 2}), elastic);
  return V1F::rotate(image, std::stod(op.substr(op.find(' '))),
                     {.interpolation = mode, .expand = op.ends_with("True"), .fill = fill});
}

void expect_warped(const std::string& table) {
  const SerialScope serial;
  for (const auto& c : oracle::cases(table)) {
    expect_called(c, image_of(c), [&](const Tensor& image) {
      return warped(c.text("op"), image, transforms::interpolation_mode(c.text("mode")), fill_written(c.text("fill")));
    });
  }
}

TEST(FirstFunctional, WarpsAsTorchvisions) { expect_warped("transforms_v1/warp"); }

TEST(FirstFunctional, RefusesToWarpWhatTorchvisionRefuses) { expect_warped("transforms_v1/warp_refused"); }

// v2's kernel for bytes is taken where it gives the same: a picture large enough that it goes by several threads.
TEST(FirstFunctional, WarpsLargeBytesAsItsOwnSampling) {
  const auto image = torch::randint(0, 256, {3, 301, 402}, torch::kUInt8);
  const auto pixels = image.to(torch::kFloat32);
  for (const auto mode : {kHard, kSmooth}) {
    const transforms::AffineOptions options{.interpolation = mode, .fill = 0};
    EXPECT_TENSOR_EQ(V1F::affine(image, 17, {3, -9}, 0.8, {4, 11}, options),
                     V1F::affine(pixels, 17, {3, -9}, 0.8, {4, 11}, options).round().to(torch::kUInt8));
  }
}

TEST(FirstFunctional, TakesPixelsInAnyOrderInMemory) {
  const auto image = torch::randint(0, 256, {23, 17, 3}, torch::kUInt8).permute({2, 0, 1});
  for (const Call& call : {Call([](const Tensor& i) { return V1F::adjust_hue(i, 0.2); }), Call(V1F::autocontrast),
                           Call(V1F::equalize), Call([](const Tensor& i) { return V1F::adjust_contrast(i, 1.3); }),
                           Call([](const Tensor& i) { return V1F::rotate(i, 20, {.interpolation = kSmooth, .fill = 9}); }),
                           Call([](const Tensor& i) {
                             return V1F::gaussian_blur(i, {3, 3});
                           }),
                           Call([](const Tensor& i) { return V1F::resize(i, {9}); })}) {
    EXPECT_TENSOR_EQ(call(image), call(image.contiguous()));
  }
}

}  // namespace
}  // namespace opsis
