// A MobileNetV3 that can be quantized.
#pragma once

#include <optional>
#include <string>

#include "opsis/core/api.h"
#include "opsis/models/mobilenet_v3.h"
#include "opsis/models/quantization/quantize.h"

namespace opsis::inline v1::models::quantization {

/// MobileNetV3Options, and whether to quantize.
struct QuantizableMobileNetV3Options : MobileNetV3Options {
  bool quantize = false;            ///< integer weights and activations; implied by quantized weights
  std::string backend = "qnnpack";  ///< how to measure; with weights, theirs
};

/// Images (N, 3, H, W), normalised -> logits (N, num_classes). Float, it has the parameters that models::MobileNetV3 has.
/// Source   torchvision.models.quantization.QuantizableMobileNetV3
class OPSIS_API QuantizableMobileNetV3Impl : public QuantizableClassifier {
 public:
  QuantizableMobileNetV3Impl(const std::vector<MobileNetV3Block>& blocks, int64_t last_channel,
                             const MobileNetV3Options& options = {});
  torch::Tensor forward(torch::Tensor images) override;
  void fuse_model() override;

 private:
  QuantStub quant_{nullptr};
  DeQuantStub dequant_{nullptr};
};
TORCH_MODULE(QuantizableMobileNetV3);

struct OPSIS_API MobileNet_V3_Large_QuantizedWeights : Weights {
  static const MobileNet_V3_Large_QuantizedWeights IMAGENET1K_QNNPACK_V1;
  static constexpr const MobileNet_V3_Large_QuantizedWeights& DEFAULT = IMAGENET1K_QNNPACK_V1;
  static List all() { return {&IMAGENET1K_QNNPACK_V1}; }
};

/// Builds the network: float unless `quantize` or quantized weights are given. Unlike the others', its weights are those of a
/// model prepared for quantization aware training, which is converted once they are loaded; and the kernels are the process's,
/// see set_engine.
/// Throws   as quantization::resnet18
/// Source   torchvision.models.quantization.mobilenet_v3_large
OPSIS_API QuantizableMobileNetV3 mobilenet_v3_large(std::optional<MobileNet_V3_Large_QuantizedWeights> weights = {},
                                                    QuantizableMobileNetV3Options options = {});
OPSIS_API QuantizableMobileNetV3 mobilenet_v3_large(std::reference_wrapper<const MobileNet_V3_Large_Weights> weights,
                                                    QuantizableMobileNetV3Options options = {});

}  // namespace opsis::inline v1::models::quantization
