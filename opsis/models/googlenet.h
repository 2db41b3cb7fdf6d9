// GoogLeNet, the first Inception: Going Deeper with Convolutions, https://arxiv.org/abs/1409.4842
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

/// The channels inside an inception: of its branches, and of the 1x1 convolutions before the second and the third.
struct InceptionWidths {
  int64_t out_1x1, reduced_3x3, out_3x3, reduced_5x5, out_5x5, out_pool;
};

/// What a GoogLeNet is put together from; what is left out is the paper's.
struct GoogLeNetBlocks {
  /// Of the stem: images (N, in, H, W) -> (N, out, ...) as a convolution with these options would.
  std::function<Layer(const torch::nn::Conv2dOptions& options)> conv{};
  /// (N, in, H, W) -> (N, the sum of the branches' channels, H, W)
  std::function<Layer(int64_t in, const InceptionWidths& widths)> inception{};
  /// (N, in, H, W) -> logits (N, num_classes)
  std::function<Layer(int64_t in, int64_t num_classes, double dropout)> aux{};
};

/// What can be chosen of a GoogLeNet. What its weights fix may be left out or must be the
/// same, but for num_classes, of which another number makes a new head.
struct GoogLeNetOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  /// Two more heads in the middle, for training. Left out: true without weights; with weights they are dropped after loading.
  std::optional<bool> aux_logits{};
  std::optional<bool> transform_input{};  ///< takes images normalised as ImageNet's: false without weights, true with them
  std::optional<bool> init_weights{};     ///< truncated normal numbers: true without weights or for a new head, else false
  double dropout = 0.2;                   ///< before the head
  double dropout_aux = 0.7;               ///< in the auxiliary heads
  int64_t in_channels = 3;                ///< of the images
  GoogLeNetBlocks blocks{};
};

/// What a GoogLeNet gives in training. The auxiliary logits are undefined in evaluation or when there are no such heads.
/// Source   torchvision.models.GoogLeNetOutputs
struct GoogLeNetOutputs {
  torch::Tensor logits, aux_logits2, aux_logits1;
};

/// Images (N, C, H, W), normalised, 15 x 15 and up -> logits (N, num_classes). Built after torch::manual_seed(s), it has the
/// parameters that Python's has after torch.manual_seed(s).
/// Differs  forward gives the logits alone, in training too; outputs() gives the auxiliary ones with them
/// Source   torchvision.models.GoogLeNet
class OPSIS_API GoogLeNetImpl : public ImageClassifier {
 public:
  explicit GoogLeNetImpl(const GoogLeNetOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;
  GoogLeNetOutputs outputs(torch::Tensor images);
  std::vector<std::string> heads() const override;
  /// Whether it has auxiliary heads, and taking them off.
  bool aux_logits() const { return static_cast<bool>(aux1); }
  void remove_aux();

  bool transform_input;
  Layer conv1;
  Observed<torch::nn::MaxPool2d> maxpool1{nullptr};
  Layer conv2, conv3;
  Observed<torch::nn::MaxPool2d> maxpool2{nullptr};
  Layer inception3a, inception3b;
  Observed<torch::nn::MaxPool2d> maxpool3{nullptr};
  Layer inception4a, inception4b, inception4c, inception4d, inception4e;
  Observed<torch::nn::MaxPool2d> maxpool4{nullptr};
  Layer inception5a, inception5b;
  Layer aux1, aux2;
  Observed<torch::nn::AdaptiveAvgPool2d> avgpool{nullptr};
  Observed<torch::nn::Dropout> dropout{nullptr};
  Observed<torch::nn::Linear> fc{nullptr};
};
TORCH_MODULE(GoogLeNet);

struct OPSIS_API GoogLeNet_Weights : Weights {
  static const GoogLeNet_Weights IMAGENET1K_V1;
  static constexpr const GoogLeNet_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Builds the network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   ValueError when an option contradicts the weights; what load_weights throws
/// Source   torchvision.models.googlenet
OPSIS_API GoogLeNet googlenet(std::optional<GoogLeNet_Weights> weights = {}, GoogLeNetOptions options = {});

}  // namespace opsis::inline v1::models
