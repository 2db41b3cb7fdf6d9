#include "opsis/ops/drop_block.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "opsis/core/check.h"
#include "opsis/ops/print.h"
#include "opsis/ops/types.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops {
namespace {

using torch::Tensor;

// Of the last `axes` dimensions.
Tensor drop_block(std::string_view where, const Tensor& input, double p, int64_t block_size, const DropBlockOptions& options,
                  bool training, int64_t axes) {
  OPSIS_CHECK(p >= 0 && p <= 1, "{}: p must be in [0, 1], got {}", where, p);
  OPSIS_CHECK(input.defined() && input.dim() == axes + 2, "{}: input must have {} dimensions, got {}", where, axes + 2,
              opsis::detail::shape(input));
  if (!training || p == 0) return input;
  OPSIS_CHECK(detail::is_usual(input.scalar_type()) && (input.is_floating_point() || !options.inplace),
              "{}: input must be float32, float64, float16 or bfloat16, or whole numbers when not in place, got {}", where,
              input.scalar_type());

  auto shape = input.sizes().vec();
  const auto lengths = input.sizes().slice(2);
  const auto block = std::min(block_size, *std::min_element(lengths.begin(), lengths.end()));
  OPSIS_CHECK(block > 0 && block % 2 == 1, "{}: blocks must be odd, got {}", where, block);
  if (input.is_meta()) return options.inplace ? input : torch::empty_like(input);  // LibTorch has no max_pool3d of these
  double all = 1, places = 1;
  for (auto length = shape.begin() + 2; length != shape.end(); ++length) {
    all *= static_cast<double>(*length);
    *length -= block - 1;
    places *= static_cast<double>(*length);
  }
  const auto gamma = p * all / (std::pow(static_cast<double>(block), static_cast<double>(axes)) * places);
  auto noise = torch::empty(shape, input.options().requires_grad(false)).bernoulli_(gamma);
  const std::vector<int64_t> around(static_cast<size_t>(2 * axes), block / 2), size(static_cast<size_t>(axes), block),
      step(static_cast<size_t>(axes), 1), half(static_cast<size_t>(axes), block / 2);
  noise = torch::constant_pad_nd(noise, around);
  noise = 1 - (axes == 2 ? torch::max_pool2d(noise, size, step, half) : torch::max_pool3d(noise, size, step, half));
  const auto scale = (noise.sum() + options.eps).reciprocal() * noise.numel();  // as Python divides a number by a tensor
  if (!options.inplace) return input * noise * scale;
  return input.mul_(noise).mul_(scale);
}

}  // namespace

Tensor drop_block2d(const Tensor& input, double p, int64_t block_size, const DropBlockOptions& options, bool training) {
  return drop_block("drop_block2d", input, p, block_size, options, training, 2);
}

Tensor drop_block3d(const Tensor& input, double p, int64_t block_size, const DropBlockOptions& options, bool training) {
  return drop_block("drop_block3d", input, p, block_size, options, training, 3);
}

DropBlock2dImpl::DropBlock2dImpl(const std::string& name, double probability, int64_t size, const DropBlockOptions& given)
    : torch::nn::Module(name), p(probability), block_size(size), options(given) {}

Tensor DropBlock2dImpl::forward(const Tensor& input) { return drop_block2d(input, p, block_size, options, is_training()); }
Tensor DropBlock3dImpl::forward(const Tensor& input) { return drop_block3d(input, p, block_size, options, is_training()); }

void DropBlock2dImpl::pretty_print(std::ostream& out) const {
  out << detail::repr(
      name(),
      {{"p", detail::python(p)}, {"block_size", detail::python(block_size)}, {"inplace", detail::python(options.inplace)}});
}

}  // namespace opsis::inline v1::ops
