// What several threads write is what one writes, to the bit.
#include "opsis/core/parallel.h"
#include "tests/support/color_operations.h"
#include "tests/support/expect.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

using operations::Operation;
using transforms::InterpolationMode;
using transforms::Value;
namespace F = transforms::functional;

class OnThreads : public ::testing::Test {
 protected:
  OnThreads() { torch::set_num_threads(4); }
  ~OnThreads() override { torch::set_num_threads(before); }

 private:
  int before = torch::get_num_threads();
};

template <class Kernel>
Operation on_image(Kernel kernel) {
  return [kernel](const Value& value) { return Value(kernel(std::get<Image>(value))); };
}

std::map<std::string, Operation> threaded_operations(Size size) {
  std::map<std::string, Operation> all;
  for (const auto& name : operations::names()) all[name] = operations::named(name);
  for (const auto& name : color_operations::names()) all[name] = color_operations::named(name);
  for (const bool exact : {false, true}) {
    all[exact ? "blur exact" : "blur"] = on_image([=](const Image& v) {
      return F::gaussian_blur(v, {5, 7}, {.exact = exact});
    });
  }
  const auto displacement = torch::rand({1, size.height, size.width, 2}).mul_(0.1);
  const std::vector<double> coefficients{0.8, 0.1, 2, -0.1, 1.2, 1, 2e-4, 1e-4};
  for (const auto mode : {InterpolationMode::NEAREST, InterpolationMode::BILINEAR}) {
    const auto name = [&](const std::string& kernel) { return kernel + " " + std::string(to_string(mode)); };
    all[name("rotate")] = on_image([=](const Image& v) { return F::rotate(v, 30, {.interpolation = mode}); });
    all[name("affine")] = on_image([=](const Image& v) { return F::affine(v, 9, {3, 5}, 0.8, {4}, {.interpolation = mode}); });
    all[name("perspective")] = on_image(
        [=](const Image& v) { return F::perspective(v, {}, {}, {.interpolation = mode, .coefficients = coefficients}); });
    all[name("elastic")] = on_image([=](const Image& v) { return F::elastic(v, displacement, {.interpolation = mode}); });
  }
  return all;
}

TEST_F(OnThreads, KernelsDoWhatTheyDoOnOne) {
  const Size size{500, 641};
  const auto all = threaded_operations(size);
  int computed = 0;
  for (const auto type : {torch::kUInt8, torch::kFloat32}) {
    const auto pixels = (torch::rand({3, size.height, size.width}) * (type == torch::kUInt8 ? 256 : 1)).to(type);
    for (const auto* layout : {"contiguous", "channels_last"}) {
      const Image image(operations::laid_out(pixels, layout));
      for (const auto& [name, operation] : all) {
        SCOPED_TRACE(name + " " + layout + " " + toString(type));
        std::optional<Value> alone;
        try {
          const SerialScope serial;
          alone = operation(image);
        } catch (const ValueError&) {  // not for this type
          EXPECT_THROW(operation(image), ValueError);
          continue;
        }
        const auto& expected = std::get<Image>(*alone).data;
        if (type == torch::kUInt8) {
          EXPECT_TENSOR_EQ(std::get<Image>(operation(image)).data, expected);
        } else {  // ATen's vectors begin where a thread does, and its pow and its sums give other last bits there
          EXPECT_TENSOR_NEAR(std::get<Image>(operation(image)).data, expected, 2e-7, 1e-7);
        }
        ++computed;
      }
    }
  }
  EXPECT_GT(computed, 300);
}

}  // namespace
}  // namespace opsis
