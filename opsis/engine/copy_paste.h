// Things of one picture on another, for those who learn masks. https://arxiv.org/abs/2012.07177
#pragma once

#include <torch/types.h>

#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/detection/model.h"

namespace opsis::inline v1::engine {

/// Puts some of the things of each picture of a batch, as they were, on the next one, and of the last on the first: with two
/// pixels around them, scaled to its size. Of the things below, masks lose what is covered, boxes shrink to what is left, and
/// those of which nothing is left go.
/// Draws    for each picture that gets some of n things torch.randint(0, n, (n,)), whose numbers name them
/// Throws   ValueError unless each picture has a target with masks of its size
/// Source   SimpleCopyPaste of torchvision's references/detection, blended
OPSIS_API void copy_paste(std::vector<torch::Tensor>& images, std::vector<models::DetectionTarget>& targets);

}  // namespace opsis::inline v1::engine
