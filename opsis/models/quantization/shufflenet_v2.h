// ShuffleNetV2s that can be quantized.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "opsis/core/api.h"
#include "opsis/models/quantization/quantize.h"
#include "opsis/models/shufflenet_v2.h"

namespace opsis::inline v1::models::quantization {

/// ShuffleNetV2Options, and whether to quantize.
struct QuantizableShuffleNetV2Options : ShuffleNetV2Options {
  bool quantize = false;           ///< integer weights and activations; implied by quantized weights
  std::string backend = "fbgemm";  ///< the kernels; with weights, theirs
};

/// Images (N, 3, H, W), normalised -> logits (N, num_classes). Float, it has the parameters that models::ShuffleNetV2 has.
/// Source   torchvision.models.quantization.QuantizableShuffleNetV2
class OPSIS_API QuantizableShuffleNetV2Impl : public QuantizableClassifier {
 public:
  /// `channels`: of the first convolution, the three stages and the last convolution.
  explicit QuantizableShuffleNetV2Impl(std::array<int64_t, 5> channels, const ShuffleNetV2Options& options = {});
  torch::Tensor forward(torch::Tensor images) override;
  void fuse_model() override;

 private:
  QuantStub quant_{nullptr};
  DeQuantStub dequant_{nullptr};
};
TORCH_MODULE(QuantizableShuffleNetV2);

struct OPSIS_API ShuffleNet_V2_X0_5_QuantizedWeights : Weights {
  static const ShuffleNet_V2_X0_5_QuantizedWeights IMAGENET1K_FBGEMM_V1;
  static constexpr const ShuffleNet_V2_X0_5_QuantizedWeights& DEFAULT = IMAGENET1K_FBGEMM_V1;
  static List all() { return {&IMAGENET1K_FBGEMM_V1}; }
};
struct OPSIS_API ShuffleNet_V2_X1_0_QuantizedWeights : Weights {
  static const ShuffleNet_V2_X1_0_QuantizedWeights IMAGENET1K_FBGEMM_V1;
  static constexpr const ShuffleNet_V2_X1_0_QuantizedWeights& DEFAULT = IMAGENET1K_FBGEMM_V1;
  static List all() { return {&IMAGENET1K_FBGEMM_V1}; }
};
struct OPSIS_API ShuffleNet_V2_X1_5_QuantizedWeights : Weights {
  static const ShuffleNet_V2_X1_5_QuantizedWeights IMAGENET1K_FBGEMM_V1;
  static constexpr const ShuffleNet_V2_X1_5_QuantizedWeights& DEFAULT = IMAGENET1K_FBGEMM_V1;
  static List all() { return {&IMAGENET1K_FBGEMM_V1}; }
};
struct OPSIS_API ShuffleNet_V2_X2_0_QuantizedWeights : Weights {
  static const ShuffleNet_V2_X2_0_QuantizedWeights IMAGENET1K_FBGEMM_V1;
  static constexpr const ShuffleNet_V2_X2_0_QuantizedWeights& DEFAULT = IMAGENET1K_FBGEMM_V1;
  static List all() { return {&IMAGENET1K_FBGEMM_V1}; }
};

/// Each builds its network: float unless `quantize` or quantized weights are given.
/// Throws   as quantization::resnet18
/// Source   the function of the same name in torchvision.models.quantization
OPSIS_API QuantizableShuffleNetV2 shufflenet_v2_x0_5(std::optional<ShuffleNet_V2_X0_5_QuantizedWeights> weights = {},
                                                     QuantizableShuffleNetV2Options options = {});
OPSIS_API QuantizableShuffleNetV2 shufflenet_v2_x0_5(std::reference_wrapper<const ShuffleNet_V2_X0_5_Weights> weights,
                                                     QuantizableShuffleNetV2Options options = {});
OPSIS_API QuantizableShuffleNetV2 shufflenet_v2_x1_0(std::optional<ShuffleNet_V2_X1_0_QuantizedWeights> weights = {},
                                                     QuantizableShuffleNetV2Options options = {});
OPSIS_API QuantizableShuffleNetV2 shufflenet_v2_x1_0(std::reference_wrapper<const ShuffleNet_V2_X1_0_Weights> weights,
                                                     QuantizableShuffleNetV2Options options = {});
OPSIS_API QuantizableShuffleNetV2 shufflenet_v2_x1_5(std::optional<ShuffleNet_V2_X1_5_QuantizedWeights> weights = {},
                                                     QuantizableShuffleNetV2Options options = {});
OPSIS_API QuantizableShuffleNetV2 shufflenet_v2_x1_5(std::reference_wrapper<const ShuffleNet_V2_X1_5_Weights> weights,
                                                     QuantizableShuffleNetV2Options options = {});
OPSIS_API QuantizableShuffleNetV2 shufflenet_v2_x2_0(std::optional<ShuffleNet_V2_X2_0_QuantizedWeights> weights = {},
                                                     QuantizableShuffleNetV2Options options = {});
OPSIS_API QuantizableShuffleNetV2 shufflenet_v2_x2_0(std::reference_wrapper<const ShuffleNet_V2_X2_0_Weights> weights,
                                                     QuantizableShuffleNetV2Options options = {});

}  // namespace opsis::inline v1::models::quantization
