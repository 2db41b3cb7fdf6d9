// Masks as COCO keeps them: the lengths of their runs. No tensors; opsis/io/masks.h has those. docs/formats/coco_rle.md has the
// layout of the text.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/size.h"

namespace opsis::inline v1::io {

/// A mask: how many pixels are out of it, then in it, then out, ..., down the columns, from the left one to the right one.
/// `counts` add up to the pixels of `size`, which is what every function here gives and asks for.
struct RunLengths {
  Size size{};
  std::vector<uint32_t> counts{};
  bool operator==(const RunLengths&) const = default;
};

/// Left, top, width and height, in pixels.
using RunBox = std::array<double, 4>;

/// Of pixels that lie row after row; what is not 0 is in the mask.
/// Throws   ValueError when there are not as many as the size says, or more than 2^32 - 1
/// Source   pycocotools.mask.encode
OPSIS_API RunLengths encode_runs(std::span<const uint8_t> pixels, Size size);

/// Writes 0 and 1, row after row, into as many bytes as the size has pixels.
/// Throws   ValueError when `pixels` has another size, or the runs do not add up
/// Source   pycocotools.mask.decode
OPSIS_API void decode_runs(const RunLengths& runs, std::span<uint8_t> pixels);

/// The inside of a polygon x0, y0, x1, y1, ...; and of several together, which may overlap.
/// Throws   ValueError for fewer than three corners, an odd number of coordinates, and coordinates beyond 2^20
/// Source   pycocotools.mask.frPyObjects
OPSIS_API RunLengths runs_of_polygon(std::span<const double> polygon, Size size);
OPSIS_API RunLengths runs_of_polygons(std::span<const std::vector<double>> polygons, Size size);
OPSIS_API RunLengths runs_of_box(const RunBox& box, Size size);

/// The text that COCO's files hold, and back.
/// Throws   DecodeError for a text that ends early, has other letters, counts below 0, or does not add up to the size
/// Source   the "counts" of pycocotools.mask
OPSIS_API std::string to_text(const RunLengths& runs);
OPSIS_API RunLengths runs_of_text(std::string_view text, Size size);
/// The same of COCO's uncompressed counts.
OPSIS_API RunLengths runs_of_counts(std::span<const int64_t> counts, Size size);

/// Pixels in the mask.
OPSIS_API int64_t area(const RunLengths& runs);
/// The smallest box around the mask; four zeros for an empty one.
/// Throws   ValueError when the runs do not add up
/// Source   pycocotools.mask.toBbox
OPSIS_API RunBox bounding_box(const RunLengths& runs);

enum class MergeRuns { Union, Intersection };
/// Source   pycocotools.mask.merge
/// Throws   ValueError when the sizes differ
OPSIS_API RunLengths merge(std::span<const RunLengths> masks, MergeRuns how = MergeRuns::Union);

/// How much of two masks, or boxes, is common: intersection over union, or, where the second is a crowd, over the first.
/// Throws   ValueError when the sizes differ
/// Source   pycocotools.mask.iou
OPSIS_API double run_iou(const RunLengths& detected, const RunLengths& truth, bool crowd = false);
OPSIS_API double run_iou(const RunBox& detected, const RunBox& truth, bool crowd = false);

}  // namespace opsis::inline v1::io
