// A MobileNetV2 that can be quantized.
#pragma once

#include <optional>
#include <string>

#include "opsis/core/api.h"
#include "opsis/models/mobilenet_v2.h"
#include "opsis/models/quantization/quantize.h"

namespace opsis::inline v1::models::quantization {

/// MobileNetV2Options, and whether to quantize.
struct QuantizableMobileNetV2Options : MobileNetV2Options {
  bool quantize = false;            ///< integer weights and activations; implied by quantized weights
  std::string backend = "qnnpack";  ///< the kernels; with weights, theirs
};

/// Images (N, 3, H, W), normalised -> logits (N, num_classes). Float, it has the parameters that models::MobileNetV2 has, and ReLU
/// where that has ReLU6.
/// Source   torchvision.models.quantization.QuantizableMobileNetV2
class OPSIS_API QuantizableMobileNetV2Impl : public QuantizableClassifier {
 public:
  explicit QuantizableMobileNetV2Impl(const MobileNetV2Options& options = {});
  torch::Tensor forward(torch::Tensor images) override;
  void fuse_model() override;

 private:
  QuantStub quant_{nullptr};
  DeQuantStub dequant_{nullptr};
};
TORCH_MODULE(QuantizableMobileNetV2);

struct OPSIS_API MobileNet_V2_QuantizedWeights : Weights {
  static const MobileNet_V2_QuantizedWeights IMAGENET1K_QNNPACK_V1;
  static constexpr const MobileNet_V2_QuantizedWeights& DEFAULT = IMAGENET1K_QNNPACK_V1;
  static List all() { return {&IMAGENET1K_QNNPACK_V1}; }
};

/// Builds the network: float unless `quantize` or quantized weights are given.
/// Throws   as quantization::resnet18
/// Source   torchvision.models.quantization.mobilenet_v2
OPSIS_API QuantizableMobileNetV2 mobilenet_v2(std::optional<MobileNet_V2_QuantizedWeights> weights = {},
                                              QuantizableMobileNetV2Options options = {});
OPSIS_API QuantizableMobileNetV2 mobilenet_v2(std::reference_wrapper<const MobileNet_V2_Weights> weights,
                                              QuantizableMobileNetV2Options options = {});

}  // namespace opsis::inline v1::models::quantization
