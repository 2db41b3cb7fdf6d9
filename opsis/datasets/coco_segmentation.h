// Masks as COCO's files write them. For Opsis's own sources. No tensors.
#pragma once

#include "opsis/core/json.h"
#include "opsis/io/run_lengths.h"

namespace opsis::inline v1::datasets::detail {

/// Of polygons on a canvas, of run lengths as text, or as a list.
/// Throws   ValueError and DecodeError for what is none of these
io::RunLengths coco_runs(const Json& segmentation, Size canvas);

}  // namespace opsis::inline v1::datasets::detail
