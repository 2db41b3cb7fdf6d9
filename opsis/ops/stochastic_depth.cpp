#include "opsis/ops/stochastic_depth.h"

#include "opsis/core/check.h"
#include "opsis/ops/print.h"
#include "opsis/ops/types.h"

namespace opsis::inline v1::ops {

torch::Tensor stochastic_depth(const torch::Tensor& input, double p, std::string_view mode, bool training) {
  OPSIS_CHECK(p >= 0 && p <= 1, "stochastic_depth: p must be in [0, 1], got {}", p);
  OPSIS_CHECK(mode == "batch" || mode == "row", "stochastic_depth: mode must be \"batch\" or \"row\", got \"{}\"", mode);
  if (!training || p == 0) return input;
  OPSIS_CHECK(mode == "batch" || input.dim() > 0, "stochastic_depth: of mode \"row\" the input must have rows, got a scalar");
  const auto type = input.scalar_type();
  // What is kept is scaled; where nothing is, there are zeros of whole numbers too.
  OPSIS_CHECK(p < 1 ? detail::is_usual(type) && input.is_floating_point() : detail::is_usual(type) || type == torch::kBool,
              "stochastic_depth: input must be float32, float64, float16 or bfloat16, got {}; convert it first", type);
  const double survival_rate = 1 - p;
  std::vector<int64_t> size(static_cast<size_t>(input.dim()), 1);
  if (mode == "row") size.at(0) = input.size(0);
  auto noise = torch::empty(size, input.options().requires_grad(false)).bernoulli_(survival_rate);
  if (survival_rate > 0) noise.div_(survival_rate);
  return input * noise;
}

StochasticDepthImpl::StochasticDepthImpl(double probability, std::string_view which)
    : torch::nn::Module("StochasticDepth"), p(probability), mode(which) {}

torch::Tensor StochasticDepthImpl::forward(const torch::Tensor& input) {
  return stochastic_depth(input, p, mode, is_training());
}

void StochasticDepthImpl::pretty_print(std::ostream& out) const {
  out << detail::repr("StochasticDepth", {{"p", detail::python(p)}, {"mode", mode}});
}

}  // namespace opsis::inline v1::ops
