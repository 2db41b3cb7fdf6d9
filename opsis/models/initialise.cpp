#include "opsis/models/initialise.h"

#include <algorithm>
#include <cmath>

#include "opsis/models/skip_initialisation.h"

namespace opsis::inline v1::models::detail {
namespace {

double normal_cdf(double x) { return (1 + std::erf(x / std::sqrt(2.0))) / 2; }

// A bound as the tensor's type rounds it, so that the comparison can be met exactly.
torch::Scalar rounded(double bound, const torch::Tensor& like) { return torch::full({}, bound, like.options()).item(); }

}  // namespace

torch::Tensor trunc_normal_(torch::Tensor tensor, double mean, double std, double a, double b) {
  if (tensor.is_meta() || initialisation_is_skipped()) return tensor;
  const torch::NoGradGuard no_grad;
  if (normal_cdf((b - mean) / std) - normal_cdf((a - mean) / std) > 0.3) {
    const auto low = rounded(a, tensor), high = rounded(b, tensor);
    tensor.normal_(mean, std);
    for (;;) {
      const auto outside = (tensor < low).logical_or(tensor > high);
      if (!outside.any().item<bool>()) return tensor;
      tensor.copy_(torch::where(outside, torch::empty_like(tensor).normal_(mean, std), tensor));
    }
  }
  // Uniform numbers, each kept with the probability that its density has of the largest in the interval.
  const double mode = std::max(a, std::min(mean, b));
  const double log_peak = -0.5 * std::pow((mode - mean) / std, 2);
  auto draws = torch::empty_like(tensor), chances = torch::empty_like(tensor), pending = torch::Tensor();
  for (;;) {
    const auto candidates = draws.uniform_(a, b);
    tensor.copy_(pending.defined() ? torch::where(pending, candidates, tensor) : candidates);
    const auto density = candidates.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(log_peak);
    const auto refused = chances.uniform_().log_().gt(density);
    pending = pending.defined() ? pending.logical_and(refused) : refused;
    if (!pending.any().item<bool>()) return tensor;
  }
}

}  // namespace opsis::inline v1::models::detail
