// MaxViT: Multi-Axis Vision Transformer, https://arxiv.org/abs/2204.01697
#pragma once

#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

/// The sizes of a variant.
struct MaxVitSize {
  int64_t stem_channels;
  int64_t partition_size;  ///< of the windows and of the grid
  std::vector<int64_t> block_channels, block_layers;
  int64_t head_dim;  ///< channels of an attention head
  double
      stochastic_depth_prob;  ///< of leaving out the last layer's branches; the first's are never, those between in proportion
};

struct MaxVitOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  std::optional<Size> input_size{};      ///< of the images it takes: {224, 224}
  NormLayer norm_layer{};                ///< of the convolutions: torch::nn::BatchNorm2d with eps 0.001 and momentum 0.01
  ActivationLayer activation_layer{};    ///< of convolutions and MLPs: torch::nn::GELU
  double squeeze_ratio = 0.25;           ///< of the channels that squeeze and excitation squeezes to
  double expansion_ratio = 4;            ///< of the channels between the convolutions
  int64_t mlp_ratio = 4;                 ///< of the channels between the MLPs' layers
  double mlp_dropout = 0;
  double attention_dropout = 0;
  int64_t in_channels = 3;  ///< of the images
};

/// Images (N, C, input_size.height, input_size.width), normalised -> logits (N, num_classes). Built after
/// torch::manual_seed(s), it has the parameters that Python's has after torch.manual_seed(s).
/// Throws   ValueError when the partitions do not divide what a block sees, and from forward when images have another size
/// Source   torchvision.models.MaxVit
class OPSIS_API MaxVitImpl : public ImageClassifier {
 public:
  explicit MaxVitImpl(const MaxVitSize& size, const MaxVitOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  Size input_size;
  Sequential stem{nullptr}, blocks{nullptr}, classifier{nullptr};
};
TORCH_MODULE(MaxVit);

struct OPSIS_API MaxVit_T_Weights : Weights {
  static const MaxVit_T_Weights IMAGENET1K_V1;
  static constexpr const MaxVit_T_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Builds the network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   ValueError when input_size contradicts the weights; what load_weights throws
/// Source   torchvision.models.maxvit_t
OPSIS_API MaxVit maxvit_t(std::optional<MaxVit_T_Weights> weights = {}, MaxVitOptions options = {});

}  // namespace opsis::inline v1::models
