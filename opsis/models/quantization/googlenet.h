// A GoogLeNet that can be quantized.
#pragma once

#include <optional>
#include <string>

#include "opsis/core/api.h"
#include "opsis/models/googlenet.h"
#include "opsis/models/quantization/quantize.h"

namespace opsis::inline v1::models::quantization {

/// GoogLeNetOptions, and whether to quantize.
struct QuantizableGoogLeNetOptions : GoogLeNetOptions {
  bool quantize = false;           ///< integer weights and activations; implied by quantized weights
  std::string backend = "fbgemm";  ///< the kernels; with weights, theirs
};

/// Images (N, 3, H, W), normalised -> logits (N, num_classes). Float, it has the parameters that models::GoogLeNet has.
/// Source   torchvision.models.quantization.QuantizableGoogLeNet
class OPSIS_API QuantizableGoogLeNetImpl : public QuantizableClassifier {
 public:
  explicit QuantizableGoogLeNetImpl(const GoogLeNetOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;
  /// As models::GoogLeNet's; of a float model in training.
  GoogLeNetOutputs outputs(torch::Tensor images);
  std::vector<std::string> heads() const override;
  void fuse_model() override;
  void remove_aux();

  bool transform_input;

 private:
  bool aux_ = false;
  QuantStub quant_{nullptr};
  DeQuantStub dequant_{nullptr};
};
TORCH_MODULE(QuantizableGoogLeNet);

struct OPSIS_API GoogLeNet_QuantizedWeights : Weights {
  static const GoogLeNet_QuantizedWeights IMAGENET1K_FBGEMM_V1;
  static constexpr const GoogLeNet_QuantizedWeights& DEFAULT = IMAGENET1K_FBGEMM_V1;
  static List all() { return {&IMAGENET1K_FBGEMM_V1}; }
};

/// Builds the network: float unless `quantize` or quantized weights are given.
/// Throws   as quantization::resnet18
/// Source   torchvision.models.quantization.googlenet
OPSIS_API QuantizableGoogLeNet googlenet(std::optional<GoogLeNet_QuantizedWeights> weights = {},
                                         QuantizableGoogLeNetOptions options = {});
OPSIS_API QuantizableGoogLeNet googlenet(std::reference_wrapper<const GoogLeNet_Weights> weights,
                                         QuantizableGoogLeNetOptions options = {});

}  // namespace opsis::inline v1::models::quantization
