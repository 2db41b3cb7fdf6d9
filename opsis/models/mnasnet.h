// MNASNet: Platform-Aware Neural Architecture Search for Mobile, https://arxiv.org/abs/1807.11626 (the B1 variant)
#pragma once

#include <optional>

#include "opsis/core/api.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models {

struct MNASNetOptions {
  std::optional<int64_t> num_classes{};  ///< 1000
  double dropout = 0.2;                  ///< before the linear layer
  int64_t in_channels = 3;               ///< of the images
};

/// Images (N, C, H, W), normalised -> logits (N, num_classes). Built after torch::manual_seed(s), it has the parameters that
/// Python's has after torch.manual_seed(s).
/// Throws   ValueError when alpha is not above 0
/// Source   torchvision.models.MNASNet
class OPSIS_API MNASNetImpl : public ImageClassifier, public hub::Versioned {
 public:
  /// `alpha`: the width of the layers, 1 is the paper's.
  explicit MNASNetImpl(double alpha, const MNASNetOptions& options = {});
  torch::Tensor forward(torch::Tensor images) override;

  /// The stem that checkpoints of the first version have at another alpha than 1: as wide as at alpha 1. load_weights puts it in
  /// when the shapes of a checkpoint say so.
  /// Source   torchvision.models.MNASNet's loading of states of version 1
  void use_first_stem();
  /// 1 with the first stem.
  int64_t state_version() const override;

  Sequential layers{nullptr}, classifier{nullptr};

 private:
  double alpha_;
  int64_t in_channels_;
};
TORCH_MODULE(MNASNet);

struct OPSIS_API MNASNet0_5_Weights : Weights {
  static const MNASNet0_5_Weights IMAGENET1K_V1;
  static constexpr const MNASNet0_5_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API MNASNet0_75_Weights : Weights {
  static const MNASNet0_75_Weights IMAGENET1K_V1;
  static constexpr const MNASNet0_75_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API MNASNet1_0_Weights : Weights {
  static const MNASNet1_0_Weights IMAGENET1K_V1;
  static constexpr const MNASNet1_0_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};
struct OPSIS_API MNASNet1_3_Weights : Weights {
  static const MNASNet1_3_Weights IMAGENET1K_V1;
  static constexpr const MNASNet1_3_Weights& DEFAULT = IMAGENET1K_V1;
  static List all() { return {&IMAGENET1K_V1}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
/// With weights, another num_classes than theirs makes a new head, and other in_channels adapt their filters: see LoadOptions.
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models
OPSIS_API MNASNet mnasnet0_5(std::optional<MNASNet0_5_Weights> weights = {}, MNASNetOptions options = {});
OPSIS_API MNASNet mnasnet0_75(std::optional<MNASNet0_75_Weights> weights = {}, MNASNetOptions options = {});
OPSIS_API MNASNet mnasnet1_0(std::optional<MNASNet1_0_Weights> weights = {}, MNASNetOptions options = {});
OPSIS_API MNASNet mnasnet1_3(std::optional<MNASNet1_3_Weights> weights = {}, MNASNetOptions options = {});

}  // namespace opsis::inline v1::models
