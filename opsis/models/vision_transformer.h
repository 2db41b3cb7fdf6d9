// ViT: An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale, https://arxiv.org/abs/2010.11929
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"
#include "opsis/transforms/functional/interpolation.h"

namespace opsis::inline v1::models {

/// A convolution of a stem that stands for the patches: https://arxiv.org/abs/2106.14881
/// Source   torchvision.models.vision_transformer.ConvStemConfig
struct ConvStemConfig {
  int64_t out_channels, kernel_size, stride;
  NormLayer norm_layer{};              ///< torch::nn::BatchNorm2d
  ActivationLayer activation_layer{};  ///< ReLU
};

/// What can be chosen of a ViT.
struct VisionTransformerOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  std::optional<int64_t> image_size{};   ///< of both sides of the images it takes, a multiple of the patches': 224
  double dropout = 0;
  double attention_dropout = 0;
  std::optional<int64_t> representation_size{};  ///< of one more linear layer before the head; none: there is none
  NormLayer norm_layer{};                        ///< torch::nn::LayerNorm with eps 1e-6
  std::vector<ConvStemConfig> conv_stem_configs{};
  int64_t in_channels = 3;  ///< of the images
};

/// The sizes of a variant.
struct VisionTransformerSize {
  int64_t patch_size, num_layers, num_heads, hidden_dim, mlp_dim;
};

/// Images (N, C, image_size, image_size), normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the
/// parameters that Python's has after torch.manual_seed(s).
/// Throws   ValueError when the patches do not divide the image size, and from forward when images have another
/// Source   torchvision.models.VisionTransformer
class OPSIS_API VisionTransformerImpl : public ImageClassifier {
 public:
  explicit VisionTransformerImpl(const VisionTransformerSize& size, const VisionTransformerOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  int64_t image_size, patch_size, hidden_dim;
  Layer conv_proj;
  torch::Tensor class_token;
  Layer encoder;
  Sequential heads{nullptr};
};
TORCH_MODULE(VisionTransformer);

/// A ViT's state dict for another image size: the position embeddings are resampled, and the heads left out if asked for.
/// Throws   ValueError when there are no position embeddings or they are not of a square image
/// Source   torchvision.models.vision_transformer.interpolate_embeddings
OPSIS_API hub::StateDict interpolate_embeddings(
    int64_t image_size, int64_t patch_size, const hub::StateDict& state,
    transforms::InterpolationMode interpolation = transforms::InterpolationMode::BICUBIC, bool reset_heads = false);

struct OPSIS_API ViT_B_16_Weights : Weights {
  static const ViT_B_16_Weights IMAGENET1K_V1, IMAGENET1K_SWAG_E2E_V1, IMAGENET1K_SWAG_LINEAR_V1;
  static constexpr const ViT_B_16_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_SWAG_E2E_V1, &IMAGENET1K_SWAG_LINEAR_V1}; }
};
struct OPSIS_API ViT_B_32_Weights : Weights {
  static const ViT_B_32_Weights IMAGENET1K_V1;
  static constexpr const ViT_B_32_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API ViT_L_16_Weights : Weights {
  static const ViT_L_16_Weights IMAGENET1K_V1, IMAGENET1K_SWAG_E2E_V1, IMAGENET1K_SWAG_LINEAR_V1;
  static constexpr const ViT_L_16_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1, &IMAGENET1K_SWAG_E2E_V1, &IMAGENET1K_SWAG_LINEAR_V1}; }
};
struct OPSIS_API ViT_L_32_Weights : Weights {
  static const ViT_L_32_Weights IMAGENET1K_V1;
  static constexpr const ViT_L_32_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API ViT_H_14_Weights : Weights {
  static const ViT_H_14_Weights IMAGENET1K_SWAG_E2E_V1, IMAGENET1K_SWAG_LINEAR_V1;
  static constexpr const ViT_H_14_Weights& DEFAULT = IMAGENET1K_SWAG_E2E_V1;
  static List all() { return {&IMAGENET1K_SWAG_E2E_V1, &IMAGENET1K_SWAG_LINEAR_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// With another image_size than theirs the position embeddings are resampled (interpolate_embeddings, bicubic).
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API VisionTransformer vit_b_16(std::optional<ViT_B_16_Weights> weights = {}, VisionTransformerOptions options = {});
OPSIS_API VisionTransformer vit_b_32(std::optional<ViT_B_32_Weights> weights = {}, VisionTransformerOptions options = {});
OPSIS_API VisionTransformer vit_l_16(std::optional<ViT_L_16_Weights> weights = {}, VisionTransformerOptions options = {});
OPSIS_API VisionTransformer vit_l_32(std::optional<ViT_L_32_Weights> weights = {}, VisionTransformerOptions options = {});
OPSIS_API VisionTransformer vit_h_14(std::optional<ViT_H_14_Weights> weights = {}, VisionTransformerOptions options = {});

}  // namespace opsis::inline v1::models
