#include "tests/support/gradcheck.h"

#include <torch/torch.h>

#include "tests/support/expect.h"

namespace support {

::testing::AssertionResult gradcheck(const std::function<torch::Tensor(const torch::Tensor&)>& call,
                                     const torch::Tensor& input) {
  const auto leaf = input.detach().clone().requires_grad_();
  const auto out = call(leaf);
  torch::manual_seed(1);
  const auto weights = torch::rand_like(out);
  const auto gradient = torch::autograd::grad({(out * weights).sum()}, {leaf})[0];

  constexpr double step = 1e-6;
  const auto changed = input.detach().clone(torch::MemoryFormat::Contiguous), numeric = torch::zeros_like(changed);
  const torch::NoGradGuard no_grad;
  auto *const numbers = changed.mutable_data_ptr<double>(), *const slopes = numeric.mutable_data_ptr<double>();
  for (int64_t i = 0; i < changed.numel(); ++i) {
    const auto was = numbers[i];
    const auto at = [&](double value) {
      numbers[i] = value;
      return (call(changed) * weights).sum().item<double>();
    };
    slopes[i] = (at(was + step) - at(was - step)) / (2 * step);
    numbers[i] = was;
  }
  return near(gradient, numeric, 1e-5, 1e-7);
}

}  // namespace support
