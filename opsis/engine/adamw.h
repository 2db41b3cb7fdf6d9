// AdamW whose every bit is Python's.
#pragma once

#include <torch/optim/adamw.h>

#include "opsis/core/api.h"

namespace opsis::inline v1::engine {

/// Options and state are LibTorch's; the step is that of torch.optim.AdamW on a CPU. LibTorch's own sums in another order, and
/// where gradients are small AdamW makes large differences of small ones: after ten steps the losses have nothing in common.
/// Source   torch.optim.AdamW, https://arxiv.org/abs/1711.05101
class OPSIS_API AdamW : public torch::optim::AdamW {
 public:
  using torch::optim::AdamW::AdamW;
  torch::Tensor step(LossClosure closure = nullptr) override;
};

}  // namespace opsis::inline v1::engine
