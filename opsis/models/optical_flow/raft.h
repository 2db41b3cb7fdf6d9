// RAFT: Recurrent All Pairs Field Transforms for Optical Flow, https://arxiv.org/abs/2003.12039
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"
#include "opsis/models/task.h"
#include "opsis/models/weights.h"

namespace opsis::inline v1::models::optical_flow {

/// The residual block: two 3x3 convolutions, or a 3x3 between two 1x1.
enum class RAFTBlock { RESIDUAL, BOTTLENECK };

/// An encoder: its block, the channels of its stem, of its three layers and of what it gives, and its norm.
struct RAFTEncoder {
  RAFTBlock block = RAFTBlock::RESIDUAL;
  std::array<int64_t, 5> layers{64, 64, 96, 128, 256};
  NormLayer norm_layer{};  ///< none
};

/// The sizes of a variant, as arguments of torchvision.models.optical_flow.raft._raft.
struct RAFTSize {
  RAFTEncoder feature_encoder, context_encoder;
  int64_t corr_block_num_levels = 4, corr_block_radius = 4;
  std::vector<int64_t> motion_encoder_corr_layers{256, 192};  ///< one or two
  std::array<int64_t, 2> motion_encoder_flow_layers{128, 64};
  int64_t motion_encoder_out_channels = 128;
  int64_t recurrent_block_hidden_state_size = 128;
  std::vector<std::array<int64_t, 2>> recurrent_block_kernel_size{{1, 5}, {5, 1}};  ///< one or two
  int64_t flow_head_hidden_size = 256;
  bool use_mask_predictor = true;  ///< estimates are enlarged by learned weights, else bilinearly
};

/// Parts of your own in place of those of that size. torchvision takes a correlation block and an update block too; here their
/// sizes alone can be chosen, by RAFTSize.
struct RAFTOptions {
  Layer feature_encoder{};  ///< images (N, 3, H, W) -> (N, any, H / 8, W / 8)
  Layer context_encoder{};  ///< likewise, with as many channels as the size's context encoder gives
  Layer mask_predictor{};   ///< the hidden state -> (N, 576, H / 8, W / 8): of each of 8 x 8 pixels nine weights
};

/// Pairs of images (N, 3, H, W) in [-1, 1], sides multiples of 8 and at least 128 -> flow (N, 2, H, W). Built after
/// torch::manual_seed(s), it has the parameters that Python's has after torch.manual_seed(s).
/// All pairs of pixels of an eighth of the resolution are compared: that takes 4 * 1.33 * (H * W / 64)^2 bytes for a pair of
/// images, which are given back at the end of the pass; torchvision's holds twice that for a moment, and keeps it.
/// Throws   ValueError for images of different or unfit sizes, for a negative number of updates, and when a part of yours gives
///          maps of another shape
/// Source   torchvision.models.optical_flow.RAFT
class OPSIS_API RAFTImpl : public FlowModel {
 public:
  explicit RAFTImpl(const RAFTSize& size, const RAFTOptions& options = {});
  using FlowModel::forward;
  using FlowModel::outputs;
  torch::Tensor forward(torch::Tensor first, torch::Tensor second, int64_t num_flow_updates) override;
  std::vector<torch::Tensor> outputs(torch::Tensor first, torch::Tensor second, int64_t num_flow_updates) override;

 private:
  class Parts;
  std::vector<torch::Tensor> estimates(const torch::Tensor& first, const torch::Tensor& second, int64_t updates, bool all);

  std::shared_ptr<Parts> parts_;
};
TORCH_MODULE(RAFT);

struct OPSIS_API Raft_Large_Weights : Weights {
  static const Raft_Large_Weights C_T_V1, C_T_V2, C_T_SKHT_V1, C_T_SKHT_V2, C_T_SKHT_K_V1, C_T_SKHT_K_V2;
  static constexpr const Raft_Large_Weights& DEFAULT = C_T_SKHT_V2;
  static List all() { return {&C_T_V1, &C_T_V2, &C_T_SKHT_V1, &C_T_SKHT_V2, &C_T_SKHT_K_V1, &C_T_SKHT_K_V2}; }
};
struct OPSIS_API Raft_Small_Weights : Weights {
  static const Raft_Small_Weights C_T_V1, C_T_V2;
  static constexpr const Raft_Small_Weights& DEFAULT = C_T_V2;
  static List all() { return {&C_T_V1, &C_T_V2}; }
};

/// Each builds its network, with the tensors of the weights if there are any, else initialised at random.
///     auto model = optical_flow::raft_small(optical_flow::Raft_Small_Weights::DEFAULT);
///     auto flow = model->forward(first, second);   // of 12 updates
/// Throws   what load_weights throws
/// Source   the function of the same name in torchvision.models.optical_flow
OPSIS_API RAFT raft_large(std::optional<Raft_Large_Weights> weights = {}, RAFTOptions options = {});
OPSIS_API RAFT raft_small(std::optional<Raft_Small_Weights> weights = {}, RAFTOptions options = {});

}  // namespace opsis::inline v1::models::optical_flow
