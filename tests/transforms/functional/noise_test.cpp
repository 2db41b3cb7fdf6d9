// Noise on bytes against the operations of ATen that it stands for, on every instruction set: bytes and generators are equal.
#include "opsis/transforms/functional/noise.h"

#include <torch/torch.h>

#include "opsis/core/random.h"
#include "tests/simd/every_target.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using torch::Tensor;

Tensor plainly(const Tensor& image, const transforms::GaussianNoiseOptions& options, at::Generator generator) {
  const auto noise = torch::empty_like(image, torch::kFloat32).normal_(0, 1, std::move(generator));
  auto out = image + noise.mul(options.sigma * 255).add(options.mean * 255).to(torch::kInt16);
  return (options.clip ? out.clamp(0, 255) : out).to(torch::kUInt8);
}

// Twice, so that a number that is left over from the first is found by the second.
void expect_equal(const Tensor& image, const transforms::GaussianNoiseOptions& options) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(11);
  const auto other = generator.clone();
  const random::Scope scope(other);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TENSOR_EQ(transforms::functional::gaussian_noise(image, options), plainly(image, options, generator));
  }
  EXPECT_TENSOR_EQ(generator.get_state(), other.get_state());
}

Tensor interleaved(int64_t height, int64_t width) {
  return torch::randint(256, {height, width, 3}, torch::kUInt8).permute({2, 0, 1});
}

TEST(GaussianNoise, OfBytesIsThatOfFloats) {
  const transforms::GaussianNoiseOptions all[] = {
      {}, {.mean = 0.3, .sigma = 0.25, .clip = false}, {.mean = -0.1, .sigma = 3.0}, {.sigma = 0.0}, {.sigma = 80.0}};
  torch::manual_seed(1);
  for (const auto& options : all) {
    SCOPED_TRACE(options.sigma);
    support::on_every_target([&] {
      for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 5}, {2, 3}, {5, 7}, {31, 53}}) {
        SCOPED_TRACE(width);
        expect_equal(interleaved(height, width), options);
        expect_equal(interleaved(height, width).contiguous(), options);
      }
    });
  }
}

TEST(GaussianNoise, OfManyBytesIsThatOfFloats) {
  torch::manual_seed(2);
  const auto image = interleaved(211, 307);
  expect_equal(image, {});
  expect_equal(image.contiguous(), {});
}

TEST(GaussianNoise, OfPartsOfAnImageIsThatOfFloats) {
  const auto image = interleaved(40, 50);
  expect_equal(image.slice(1, 3, 30).slice(2, 4, 40), {});
  expect_equal(image.contiguous().slice(1, 3, 30).slice(2, 4, 40), {});
  expect_equal(image.transpose(1, 2), {});
}

}  // namespace
}  // namespace opsis
