// Masks, marks and names as COCO's files write them. For Opsis's own sources. No tensors.
#pragma once

#include <string>

#include "opsis/core/json.h"
#include "opsis/datasets/coco_file.h"
#include "opsis/io/run_lengths.h"

namespace opsis::inline v1::datasets::detail {

/// Of polygons on a canvas, of run lengths as text, or as a list.
/// Throws   ValueError and DecodeError for what is none of these
io::RunLengths coco_runs(const Json& segmentation, Size canvas);

/// What "iscrowd" is in some files: true counts as 1, as for Python. Throws ValueError for what is neither.
double number_or_bool(const Json& mark);

/// Of its picture. Throws ValueError where the file does not say.
const std::string& file_name_of(const CocoFile::Entry& image);

}  // namespace opsis::inline v1::datasets::detail
