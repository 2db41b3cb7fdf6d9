// What a model does, as types: get_model gives a pointer to one of these, and every model is one.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::models {

/// Tells what an image shows: images (N, C, H, W), floating point and normalised -> logits (N, classes).
/// eval(), to(), parameters() and the rest are those of every LibTorch module. A model starts in training mode, as in Python:
/// call eval() before predicting.
class OPSIS_API ImageClassifier : public torch::nn::Module {
 public:
  ~ImageClassifier() override;
  virtual torch::Tensor forward(torch::Tensor images) = 0;

  // As Python's: only what is floating point takes the type. LibTorch's cast counters and indices too.
  using torch::nn::Module::to;
  void to(torch::Device device, torch::Dtype dtype, bool non_blocking = false) override;
  void to(torch::Dtype dtype, bool non_blocking = false) override;
  /// Names of the layers that give a number for each class: the one of the logits, then auxiliary ones. Unless a model says
  /// otherwise it is the last linear layer or, where there is none, the last convolution.
  virtual std::vector<std::string> heads() const;

  /// As every module's; frozen norms stay in evaluation.
  void train(bool on = true) override;

 protected:
  using torch::nn::Module::Module;

 private:
  friend OPSIS_API void freeze(ImageClassifier& model, std::string_view name);
  friend OPSIS_API void unfreeze(ImageClassifier& model, std::string_view name);
  std::vector<std::shared_ptr<torch::nn::Module>> frozen_norms_;
};

/// The layer that gives the logits.
struct Head {
  std::string name;  ///< "fc", "classifier.1"
  std::shared_ptr<torch::nn::Module> module;
};

///     for (auto& parameter : head(*model).module->parameters()) ...
/// Throws   ValueError when the model has no layer that could be it
OPSIS_API Head head(const ImageClassifier& model);

/// What has that name (a module, "layer1" or "features.0.1", or a single parameter) stops learning, with all below it: its
/// parameters need no gradients, and batch norms below it normalise by their running statistics and gather none, also after
/// model.train(). An empty name is the whole model.
///     freeze(*model);
///     unfreeze(*model, head(*model).name);   // a new head first
/// Differs  in torch a batch norm whose parameters need no gradients still gathers statistics while training
/// Throws   NotFoundError, offering the nearest names
OPSIS_API void freeze(ImageClassifier& model, std::string_view name = {});

/// Takes freeze back.
OPSIS_API void unfreeze(ImageClassifier& model, std::string_view name = {});

namespace detail {
/// heads() of a classifier, and the same guess for any other module.
OPSIS_API std::vector<std::string> heads_of(const torch::nn::Module& model);
}  // namespace detail

}  // namespace opsis::inline v1::models
