// Inception v3: Rethinking the Inception Architecture for Computer Vision, https://arxiv.org/abs/1512.00567
#pragma once

#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/pooling.h>
#include <torch/nn/options/conv.h>

#include <functional>
#include <optional>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// What an Inception v3 is put together from; what is left out is the paper's. `in` are the channels of what comes in; those that
/// go out must be as many as the paper's.
struct Inception3Blocks {
  /// Of the stem: images (N, in, H, W) -> (N, out, ...) as a convolution with these options would.
  std::function<Layer(const torch::nn::Conv2dOptions& options)> conv{};
  std::function<Layer(int64_t in, int64_t pool_features)> a{};
  std::function<Layer(int64_t in)> b{};
  std::function<Layer(int64_t in, int64_t channels_7x7)> c{};
  std::function<Layer(int64_t in)> d{}, e{};
  /// (N, in, H, W) -> logits (N, num_classes)
  std::function<Layer(int64_t in, int64_t num_classes)> aux{};
};

/// What can be chosen of an Inception v3. What its weights fix may be left out or must be the
/// same, but for num_classes, of which another number makes a new head.
struct Inception3Options {
  std::optional<int64_t> num_classes{};   ///< 1000
  std::optional<bool> aux_logits{};       ///< one more head in the middle, for training: true
  std::optional<bool> transform_input{};  ///< takes images normalised as ImageNet's: false without weights, true with them
  std::optional<bool> init_weights{};     ///< truncated normal numbers: true without weights or for a new head, else false
  double dropout = 0.5;                   ///< before the head
  int64_t in_channels = 3;                ///< of the images
  Inception3Blocks inception_blocks{};
};

/// What an Inception v3 gives in training. The auxiliary logits are undefined in evaluation or when there is no such head.
/// Source   torchvision.models.InceptionOutputs
struct InceptionOutputs {
  torch::Tensor logits, aux_logits;
};

/// Images (N, C, H, W), normalised, 75 x 75 and up, made for 299 x 299 -> logits (N, num_classes). Built after
/// torch::manual_seed(s), it has the parameters that Python's has after torch.manual_seed(s).
/// Differs  forward gives the logits alone, in training too; outputs() gives the auxiliary ones with them
/// Source   torchvision.models.Inception3
class OPSIS_API Inception3Impl : public ImageClassifier {
 public:
  explicit Inception3Impl(const Inception3Options& options = {});
  torch::Tensor forward(torch::Tensor images) override;
  InceptionOutputs outputs(torch::Tensor images);
  std::vector<std::string> heads() const override;
  /// Whether it has an auxiliary head, and taking it off.
  bool aux_logits() const { return static_cast<bool>(AuxLogits); }
  void remove_aux();

  bool transform_input;
  Layer Conv2d_1a_3x3, Conv2d_2a_3x3, Conv2d_2b_3x3;
  Observed<torch::nn::MaxPool2d> maxpool1{nullptr};
  Layer Conv2d_3b_1x1, Conv2d_4a_3x3;
  Observed<torch::nn::MaxPool2d> maxpool2{nullptr};
  Layer Mixed_5b, Mixed_5c, Mixed_5d, Mixed_6a, Mixed_6b, Mixed_6c, Mixed_6d, Mixed_6e;
  Layer AuxLogits;
  Layer Mixed_7a, Mixed_7b, Mixed_7c;
  Observed<torch::nn::AdaptiveAvgPool2d> avgpool{nullptr};
  Observed<torch::nn::Dropout> dropout{nullptr};
  Observed<torch::nn::Linear> fc{nullptr};
};
TORCH_MODULE(Inception3);

struct OPSIS_API Inception_V3_Weights : Weights {
  static const Inception_V3_Weights IMAGENET1K_V1;
  static constexpr const Inception_V3_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Builds the network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   ValueError when an option contradicts the weights; what load_weights throws
/// Source   torchvision.models.inception_v3
OPSIS_API Inception3 inception_v3(std::optional<Inception_V3_Weights> weights = {}, Inception3Options options = {});

}  // namespace opsis::inline v1::models
