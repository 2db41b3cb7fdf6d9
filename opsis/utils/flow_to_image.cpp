#include "opsis/utils/flow_to_image.h"

#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "opsis/core/check.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::utils {
namespace {

// The paper's wheel of 55 hues, (55, 3): from red to yellow in 15 steps, on to green in 6, and so on around. In each part one
// channel is full and another rises or falls.
torch::Tensor color_wheel() {
  struct Part {
    int64_t steps, full, changing;
    bool rises;
  };
  constexpr Part parts[] = {{15, 0, 1, true},  {6, 1, 0, false}, {4, 1, 2, true},
                            {11, 2, 1, false}, {13, 2, 0, true}, {6, 0, 2, false}};
  std::vector<torch::Tensor> hues;
  for (const auto& part : parts) {
    const auto grown = torch::floor(torch::arange(part.steps).mul(255).div(part.steps));
    auto colors = torch::zeros({part.steps, 3});
    colors.select(1, part.full).fill_(255);
    colors.select(1, part.changing).copy_(part.rises ? grown : 255 - grown);
    hues.push_back(colors);
  }
  return torch::cat(hues);
}

}  // namespace

torch::Tensor flow_to_image(const torch::Tensor& flow) {
  const torch::NoGradGuard no_grad;
  OPSIS_CHECK(flow.defined() && flow.scalar_type() == torch::kFloat32, "flow_to_image: the flow must be float32");
  const bool batched = flow.dim() == 4;
  OPSIS_CHECK((batched || flow.dim() == 3) && flow.size(-3) == 2,
              "flow_to_image: the flow must be (2, H, W) or (N, 2, H, W), got {}", opsis::detail::shape(flow));
  OPSIS_CHECK(flow.numel() > 0, "flow_to_image: the flow must not be empty, got {}", opsis::detail::shape(flow));

  const auto flows = batched ? flow : flow.unsqueeze(0);
  const auto longest = flows.pow(2).sum(1).sqrt().max();
  const auto parts = flows.div(longest + std::numeric_limits<float>::epsilon());
  const auto length = parts.pow(2).sum(1).sqrt();
  OPSIS_CHECK(length.isfinite().all().item<bool>(), "flow_to_image: the flow must be finite");

  const auto wheel = color_wheel().to(flow.device());
  const auto hues = wheel.size(0);
  const auto angle = torch::atan2(-parts.select(1, 1), -parts.select(1, 0)).div(M_PI);
  const auto hue = (angle + 1).div(2).mul(hues - 1);
  const auto below = hue.floor().to(torch::kInt64);
  const auto above = (below + 1).masked_fill(below + 1 == hues, 0);
  const auto between = hue - below;
  auto out = torch::zeros({flows.size(0), 3, flows.size(2), flows.size(3)}, flow.options().dtype(torch::kUInt8));
  for (int64_t channel = 0; channel < 3; ++channel) {
    const auto levels = wheel.select(1, channel);
    const auto level = (1 - between) * levels.index({below}).div(255.0) + between * levels.index({above}).div(255.0);
    out.select(1, channel).copy_(torch::floor((1 - length * (1 - level)).mul(255)));
  }
  return batched ? out : out[0];
}

}  // namespace opsis::inline v1::utils
