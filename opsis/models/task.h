// What a model does, as types: get_model gives a pointer to one of these, and every model is one.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::models {

/// What models of every task have in common. eval(), to(), parameters() and the rest are those of every LibTorch module. A model
/// starts in training mode, as in Python: call eval() before predicting.
class OPSIS_API Model : public torch::nn::Module {
 public:
  ~Model() override;

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
  /// Where `old` is a frozen norm, `fresh` becomes one too: for models that make layers anew.
  void freeze_as(const torch::nn::Module& old, std::shared_ptr<torch::nn::Module> fresh);

 private:
  friend OPSIS_API void freeze(Model& model, std::string_view name);
  friend OPSIS_API void unfreeze(Model& model, std::string_view name);
  std::vector<std::shared_ptr<torch::nn::Module>> frozen_norms_;
};

/// Tells what an image shows: images (N, C, H, W), floating point and normalised -> logits (N, classes).
class OPSIS_API ImageClassifier : public Model {
 public:
  ~ImageClassifier() override;
  virtual torch::Tensor forward(torch::Tensor images) = 0;

 protected:
  using Model::Model;
};

/// Tells what happens in a clip: clips (N, C, T, H, W), floating point and normalised -> logits (N, classes).
class OPSIS_API VideoClassifier : public Model {
 public:
  ~VideoClassifier() override;
  virtual torch::Tensor forward(torch::Tensor clips) = 0;

 protected:
  using Model::Model;
};

/// Scores of every class for every pixel, (N, classes, H, W): the model's own and, where it has a second classifier in the middle
/// for training, that one's.
struct SegmentationOutput {
  torch::Tensor out;
  torch::Tensor aux;  ///< undefined where there is none
};

/// Tells what every pixel belongs to: images (N, C, H, W), floating point and normalised.
///     auto classes = model->forward(images).argmax(1);          // (N, H, W)
///     auto [out, aux] = model->outputs(images);                 // to train: loss(out) + 0.5 * loss(aux)
class OPSIS_API SegmentationModel : public Model {
 public:
  ~SegmentationModel() override;
  /// The scores alone, (N, classes, H, W); the second classifier is not computed.
  virtual torch::Tensor forward(torch::Tensor images) = 0;
  /// All that torchvision's model gives.
  virtual SegmentationOutput outputs(torch::Tensor images) { return {forward(std::move(images)), {}}; }

 protected:
  using Model::Model;
};

/// Tells how far every pixel moves from an image to the next, in pixels to the right and down. Images are (N, 3, H, W), floating
/// point in [-1, 1].
///     auto flow = model->forward(first, second);                // (N, 2, H, W)
///     auto flows = model->outputs(first, second);               // to train: every estimate has its loss
class OPSIS_API FlowModel : public Model {
 public:
  ~FlowModel() override;
  /// Every estimate of the flow, each (N, 2, H, W) and better than the one before: what torchvision's model gives.
  virtual std::vector<torch::Tensor> outputs(torch::Tensor first, torch::Tensor second, int64_t num_flow_updates) = 0;
  std::vector<torch::Tensor> outputs(torch::Tensor first, torch::Tensor second) {
    return outputs(std::move(first), std::move(second), kUpdates);
  }
  /// The last of them alone; no other is brought to the images' size.
  virtual torch::Tensor forward(torch::Tensor first, torch::Tensor second, int64_t num_flow_updates) = 0;
  torch::Tensor forward(torch::Tensor first, torch::Tensor second) {
    return forward(std::move(first), std::move(second), kUpdates);
  }
  /// Of pairs (N, 2, 3, H, W), for what takes a model of one tensor: summary(model, {1, 2, 3, 128, 128}).
  torch::Tensor forward(const torch::Tensor& pairs);

  static constexpr int64_t kUpdates = 12;

 protected:
  using Model::Model;
};

/// The layer that gives the logits.
struct Head {
  std::string name;  ///< "fc", "classifier.1"
  std::shared_ptr<torch::nn::Module> module;
};

///     for (auto& parameter : head(*model).module->parameters()) ...
/// Throws   ValueError when the model has no layer that could be it
OPSIS_API Head head(const Model& model);

/// What has that name (a module, "layer1" or "features.0.1", or a single parameter) stops learning, with all below it: its
/// parameters need no gradients, and batch norms below it normalise by their running statistics and gather none, also after
/// model.train(). An empty name is the whole model.
///     freeze(*model);
///     unfreeze(*model, head(*model).name);   // a new head first
/// Differs  in torch a batch norm whose parameters need no gradients still gathers statistics while training
/// Throws   NotFoundError, offering the nearest names
OPSIS_API void freeze(Model& model, std::string_view name = {});

/// Takes freeze back.
OPSIS_API void unfreeze(Model& model, std::string_view name = {});

namespace detail {
/// heads() of a model, and the same guess for any other module.
OPSIS_API std::vector<std::string> heads_of(const torch::nn::Module& model);
}  // namespace detail

}  // namespace opsis::inline v1::models
