// ResNets that can be quantized.
#pragma once

#include <torch/nn/modules/pooling.h>

#include <array>
#include <optional>
#include <string>

#include "opsis/core/api.h"
#include "opsis/models/quantization/quantize.h"
#include "opsis/models/resnet.h"

namespace opsis::inline v1::models::quantization {

/// ResNetOptions, and whether to quantize.
struct QuantizableResNetOptions : ResNetOptions {
  bool quantize = false;           ///< integer weights and activations; implied by quantized weights
  std::string backend = "fbgemm";  ///< the kernels; with weights, theirs
};

/// Images (N, 3, H, W), normalised -> logits (N, num_classes). Float, it has the parameters that models::ResNet has.
/// Source   torchvision.models.quantization.QuantizableResNet
class OPSIS_API QuantizableResNetImpl : public QuantizableClassifier {
 public:
  QuantizableResNetImpl(ResNetBlock block, std::array<int64_t, 4> depths, const ResNetOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;
  void fuse_model() override;

 private:
  QuantStub quant_{nullptr};
  DeQuantStub dequant_{nullptr};
};
TORCH_MODULE(QuantizableResNet);

struct OPSIS_API ResNet18_QuantizedWeights : Weights {
  static const ResNet18_QuantizedWeights IMAGENET1K_FBGEMM_V1;
  static constexpr const ResNet18_QuantizedWeights& DEFAULT = IMAGENET1K_FBGEMM_V1;
  static List all() { return {&IMAGENET1K_FBGEMM_V1}; }
};
struct OPSIS_API ResNet50_QuantizedWeights : Weights {
  static const ResNet50_QuantizedWeights IMAGENET1K_FBGEMM_V1, IMAGENET1K_FBGEMM_V2;
  static constexpr const ResNet50_QuantizedWeights& DEFAULT = IMAGENET1K_FBGEMM_V2;
  static List all() { return {&IMAGENET1K_FBGEMM_V1, &IMAGENET1K_FBGEMM_V2}; }
};
struct OPSIS_API ResNeXt101_32X8D_QuantizedWeights : Weights {
  static const ResNeXt101_32X8D_QuantizedWeights IMAGENET1K_FBGEMM_V1, IMAGENET1K_FBGEMM_V2;
  static constexpr const ResNeXt101_32X8D_QuantizedWeights& DEFAULT = IMAGENET1K_FBGEMM_V2;
  static List all() { return {&IMAGENET1K_FBGEMM_V1, &IMAGENET1K_FBGEMM_V2}; }
};
struct OPSIS_API ResNeXt101_64X4D_QuantizedWeights : Weights {
  static const ResNeXt101_64X4D_QuantizedWeights IMAGENET1K_FBGEMM_V1;
  static constexpr const ResNeXt101_64X4D_QuantizedWeights& DEFAULT = IMAGENET1K_FBGEMM_V1;
  static List all() { return {&IMAGENET1K_FBGEMM_V1}; }
};

/// Each builds its network: float unless `quantize` or quantized weights are given. Float weights, handed to the second of each
/// pair, make a float model, which `quantize` can quantize.
///     auto model = quantization::resnet50(quantization::ResNet50_QuantizedWeights::IMAGENET1K_FBGEMM_V2);
///     auto logits = model->forward(images);
/// Throws   ValueError when an option contradicts the weights or the variant, or the backend is not there; what load_weights
///          throws
/// Source   the function of the same name in torchvision.models.quantization
OPSIS_API QuantizableResNet resnet18(std::optional<ResNet18_QuantizedWeights> weights = {},
                                     QuantizableResNetOptions options = {});
OPSIS_API QuantizableResNet resnet18(std::reference_wrapper<const ResNet18_Weights> weights,
                                     QuantizableResNetOptions options = {});
OPSIS_API QuantizableResNet resnet50(std::optional<ResNet50_QuantizedWeights> weights = {},
                                     QuantizableResNetOptions options = {});
OPSIS_API QuantizableResNet resnet50(std::reference_wrapper<const ResNet50_Weights> weights,
                                     QuantizableResNetOptions options = {});
OPSIS_API QuantizableResNet resnext101_32x8d(std::optional<ResNeXt101_32X8D_QuantizedWeights> weights = {},
                                             QuantizableResNetOptions options = {});
OPSIS_API QuantizableResNet resnext101_32x8d(std::reference_wrapper<const ResNeXt101_32X8D_Weights> weights,
                                             QuantizableResNetOptions options = {});
OPSIS_API QuantizableResNet resnext101_64x4d(std::optional<ResNeXt101_64X4D_QuantizedWeights> weights = {},
                                             QuantizableResNetOptions options = {});
OPSIS_API QuantizableResNet resnext101_64x4d(std::reference_wrapper<const ResNeXt101_64X4D_Weights> weights,
                                             QuantizableResNetOptions options = {});

}  // namespace opsis::inline v1::models::quantization
