// An Inception v3 that can be quantized.
#pragma once

#include <optional>
#include <string>

#include "opsis/core/api.h"
#include "opsis/models/inception_v3.h"
#include "opsis/models/quantization/quantize.h"

namespace opsis::inline v1::models::quantization {

/// Inception3Options, and whether to quantize.
struct QuantizableInception3Options : Inception3Options {
  bool quantize = false;           ///< integer weights and activations; implied by quantized weights
  std::string backend = "fbgemm";  ///< the kernels; with weights, theirs
};

/// Images (N, 3, H, W), normalised -> logits (N, num_classes). Float, it has the parameters that models::Inception3 has.
/// Source   torchvision.models.quantization.QuantizableInception3
class OPSIS_API QuantizableInception3Impl : public QuantizableClassifier {
 public:
  explicit QuantizableInception3Impl(const Inception3Options& options = {});
  torch::Tensor forward(torch::Tensor images) override;
  /// As models::Inception3's; of a float model in training.
  InceptionOutputs outputs(torch::Tensor images);
  std::vector<std::string> heads() const override;
  void fuse_model() override;
  void remove_aux();

  bool transform_input;

 private:
  bool aux_ = false;
  QuantStub quant_{nullptr};
  DeQuantStub dequant_{nullptr};
};
TORCH_MODULE(QuantizableInception3);

struct OPSIS_API Inception_V3_QuantizedWeights : Weights {
  static const Inception_V3_QuantizedWeights IMAGENET1K_FBGEMM_V1;
  static constexpr const Inception_V3_QuantizedWeights& DEFAULT = IMAGENET1K_FBGEMM_V1;
  static List all() { return {&IMAGENET1K_FBGEMM_V1}; }
};

/// Builds the network: float unless `quantize` or quantized weights are given.
/// Throws   as quantization::resnet18
/// Source   torchvision.models.quantization.inception_v3
OPSIS_API QuantizableInception3 inception_v3(std::optional<Inception_V3_QuantizedWeights> weights = {},
                                             QuantizableInception3Options options = {});
OPSIS_API QuantizableInception3 inception_v3(std::reference_wrapper<const Inception_V3_Weights> weights,
                                             QuantizableInception3Options options = {});

}  // namespace opsis::inline v1::models::quantization
