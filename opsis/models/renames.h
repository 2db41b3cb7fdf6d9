// Names that parameters had in older checkpoints.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::models::detail {

/// Today's name of a parameter that some official checkpoint still calls otherwise, if it is one of those.
///     renamed("features.denseblock1.denselayer2.norm.1.weight")   // "features.denseblock1.denselayer2.norm1.weight"
///     renamed("encoder.layers.encoder_layer_0.mlp.linear_2.bias")  // "encoder.layers.encoder_layer_0.mlp.3.bias"
///     renamed("backbone.fpn.inner_blocks.2.weight")                // "backbone.fpn.inner_blocks.2.0.weight"
///     renamed("roi_heads.mask_head.mask_fcn1.bias")                // "roi_heads.mask_head.0.0.bias"
///     renamed("head.regression_head.conv.4.bias")                  // "head.regression_head.conv.2.0.bias"
/// Source   _load_state_dict of torchvision.models.densenet, MLPBlock of torchvision.models.vision_transformer,
///          torchvision.ops.FeaturePyramidNetwork; of torchvision.models.detection: RPNHead, MaskRCNNHeads and
///          retinanet._v1_to_v2_weights
OPSIS_API std::optional<std::string> renamed(std::string_view name);

}  // namespace opsis::inline v1::models::detail
