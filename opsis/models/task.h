// What a model does, as types: get_model gives a pointer to one of these, and every model is one.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include "opsis/core/api.h"

namespace opsis::inline v1::models {

/// Tells what an image shows: images (N, 3, H, W), floating point and normalised -> logits (N, classes).
/// train(), eval(), to(), parameters() and the rest are those of every LibTorch module. A model starts in training mode, as in
/// Python: call eval() before predicting.
class OPSIS_API ImageClassifier : public torch::nn::Module {
 public:
  ~ImageClassifier() override;
  virtual torch::Tensor forward(torch::Tensor images) = 0;

  // As Python's: only what is floating point takes the type. LibTorch's cast counters and indices too.
  using torch::nn::Module::to;
  void to(torch::Device device, torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Dtype dtype, bool non_blocking = false) override;

 protected:
  using torch::nn::Module::Module;
};

}  // namespace opsis::inline v1::models
