// Models made quick: the same function of the images, without the freedom to train.
#pragma once

#include <torch/nn/pimpl.h>
#include <torch/types.h>

#include <memory>

#include "opsis/core/api.h"
#include "opsis/models/detection/model.h"
#include "opsis/models/task.h"

namespace opsis::inline v1::models {

struct OptimizeOptions {
  /// torch::kBFloat16: weights and activations of 16 bits, 2 to 5 times as fast where the processor has instructions for them
  /// (AMX, AVX-512 BF16), with results that agree to about two digits.
  torch::Dtype dtype = torch::kFloat32;
};

/// The model as a list of operators for this machine's CPU. Batch norms and scales are folded into the layers before them; all
/// that does not depend on the images is computed once; convolutions and linear layers have packed weights and do the
/// activations and additions that follow them; pixels lie beside their channels (channels_last, of clips channels_last_3d).
///     auto quick = optimize(get_model("resnet50", {.weights = "DEFAULT"}));   // after eval()
///     auto scores = quick->forward(images);
/// A large batch is computed some images at a time, each thread its own, where the model looks at each image alone, which its steps
/// and a trial on noise must show: what is between the layers then stays in the caches, and no thread waits for another at every layer.
/// The list is recorded at the first batch of each shape, which takes as long as a few batches do, and kept while the shape is one
/// of the sixteen last used, of clips four; lists share what packed weights they can. Parameters are copied then: train first. Gradients do not
/// pass. Several threads may call forward at once. The memory of activations is kept for the next call while this lives.
/// Shapes   what the model takes
/// Throws   ValueError when the model is training, quantized, not on the CPU, not of float32, decides by what it sees in the images,
///          or computes without LibTorch's operators, which alone can be recorded
OPSIS_API std::shared_ptr<ImageClassifier> optimize(std::shared_ptr<ImageClassifier> model,
                                                    const OptimizeOptions& options = {});
/// Of the scores alone: what it gives has no auxiliary ones.
OPSIS_API std::shared_ptr<SegmentationModel> optimize(std::shared_ptr<SegmentationModel> model,
                                                      const OptimizeOptions& options = {});

/// Of clips (N, 3, T, H, W): convolutions in three dimensions are packed and fused like those of images.
OPSIS_API std::shared_ptr<VideoClassifier> optimize(std::shared_ptr<VideoClassifier> model,
                                                    const OptimizeOptions& options = {});

/// Of pairs of images, with a list for each of the four last numbers of updates, in which every update stands by itself. Takes no bfloat16: pixels
/// could not be told apart.
OPSIS_API std::shared_ptr<FlowModel> optimize(std::shared_ptr<FlowModel> model, const OptimizeOptions& options = {});

/// Of all that comes before boxes: the network, the pyramid and the heads that look at every pixel. What looks at regions stays as
/// it is. Pictures of many sizes make batches of many shapes, so the list is recorded when a shape comes for the second time.
OPSIS_API std::shared_ptr<DetectionModel> optimize(std::shared_ptr<DetectionModel> model, const OptimizeOptions& options = {});

/// Whether optimize() takes a model's parameters: they are of float32 and on the CPU, and the model is not quantized.
OPSIS_API bool can_be_optimized(const Model& model);

/// Of a model in its holder: optimize(resnet50(weights)).
template <class Impl>
auto optimize(const torch::nn::ModuleHolder<Impl>& model, const OptimizeOptions& options = {}) {
  return optimize(model.ptr(), options);
}

}  // namespace opsis::inline v1::models
