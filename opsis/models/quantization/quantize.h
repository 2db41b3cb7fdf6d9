// Quantizing a float model in eager mode. After training: fuse, prepare, calibrate, convert. While training: fuse, prepare_qat,
// train, convert.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "opsis/core/api.h"
#include "opsis/hub/value.h"
#include "opsis/models/load_weights.h"
#include "opsis/models/quantization/layers.h"
#include "opsis/models/task.h"

namespace opsis::inline v1::models::quantization {

/// How activations and weights are measured.
struct QConfig {
  bool histogram = true;    ///< of activations; else their smallest and largest
  int64_t most = 127;       ///< activations become numbers from 0 to this
  bool per_channel = true;  ///< weights have a scale for each output channel
};

/// A classifier that can be quantized: images (N, 3, H, W), float and normalised -> logits (N, classes), float, both before and
/// after. Quantized it runs on LibTorch's integer kernels, on the CPU, and only predicts.
class OPSIS_API QuantizableClassifier : public ImageClassifier, public Slots {
 public:
  /// Joins batch norms and ReLUs with the convolutions before them: in eval mode by folding the norms in, in training mode so
  /// that prepare_qat can make them round while the norms go on learning.
  /// Differs  has no is_qat: the mode decides, as with torchvision's None
  virtual void fuse_model() = 0;
  /// Whether `convert` has been here.
  bool is_quantized() const { return quantized_; }

 protected:
  explicit QuantizableClassifier(std::string name)
      : ImageClassifier(std::move(name)), Slots(static_cast<torch::nn::Module&>(*this)) {}

 private:
  friend void convert(QuantizableClassifier& model);
  friend void prepare(QuantizableClassifier& model, const QConfig& config);
  bool quantized_ = false, per_channel_ = true;
};

/// That of "fbgemm", "x86" or "qnnpack".
/// Throws   ValueError for another
/// Source   torch.ao.quantization.get_default_qconfig
OPSIS_API QConfig get_default_qconfig(std::string_view backend);

/// Chooses the kernels that convert packs weights for, for the whole process, as torch.backends.quantized.engine does.
/// Throws   ValueError for a backend that this LibTorch does not have
OPSIS_API void set_engine(std::string_view backend);

/// Puts an observer behind each layer. Run data through the model afterwards: it sees what it will have to quantize.
/// Source   torch.ao.quantization.prepare
OPSIS_API void prepare(QuantizableClassifier& model, const QConfig& config);

/// Makes the layers of a model in training mode round to the steps that quantization will leave, and measure while they do;
/// train on, then convert. `quantized_state` and `load_quantized_state` write and read its state, with Python's names.
///     model->train();
///     model->fuse_model();
///     quantization::prepare_qat(*model, quantization::get_default_qconfig("qnnpack"));
/// Throws   ValueError when the model is not in training or quantized already
/// Source   torch.ao.quantization.prepare_qat, with get_default_qat_qconfig, whose figures are the same
OPSIS_API void prepare_qat(QuantizableClassifier& model, const QConfig& config);

/// Replaces each layer by a quantized one with what its observer found.
/// Source   torch.ao.quantization.convert
OPSIS_API void convert(QuantizableClassifier& model);

/// All of it: torchvision's recipe of post-training quantization. `calibrate` runs some hundred images through the model.
///     auto model = quantization::resnet18(ResNet18_Weights::IMAGENET1K_V1);
///     quantization::quantize(*model, [&](ImageClassifier& m) { for (auto& batch : batches) m.forward(batch); });
///     hub::save("resnet18_quantized.pth", quantization::quantized_state(*model));
/// Throws   ValueError when the model is quantized already
/// Source   references/classification/train_quantization.py --post-training-quantize
OPSIS_API void quantize(QuantizableClassifier& model, const std::function<void(ImageClassifier&)>& calibrate,
                        std::string_view backend = "fbgemm");

/// Makes the model quantized without anything to calibrate by: as torchvision does before it loads quantized weights.
/// Draws    torch.rand(1, 3, 299, 299)
/// Source   torchvision.models.quantization.utils.quantize_model
OPSIS_API void quantize_model(QuantizableClassifier& model, std::string_view backend, int64_t in_channels = 3);

/// What Python's state_dict() of a quantized model has: names, order and values.
OPSIS_API hub::Value quantized_state(const torch::nn::Module& model);

/// Takes such a state, also of the older kinds that linear layers had.
/// Throws   ValueError unless every name and shape fits; the model is unchanged then
OPSIS_API void load_quantized_state(torch::nn::Module& model, const hub::Value& state);

/// Joins what stands in these slots in the first of them, a convolution, as fuse_model does: {"conv1", "bn1", "relu"}.
OPSIS_API void fuse(Slots& slots, std::initializer_list<std::string_view> names);

namespace detail {
/// The module and all below it, parents first.
OPSIS_API void visit(torch::nn::Module& module, const std::function<void(torch::nn::Module&)>& act);
OPSIS_API void load_quantized_weights(torch::nn::Module& model, const Weights& weights);
}  // namespace detail

}  // namespace opsis::inline v1::models::quantization
