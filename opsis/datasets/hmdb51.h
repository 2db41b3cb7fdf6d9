// What people do, in 51 classes.
#pragma once

#include "opsis/datasets/classified_clips.h"

namespace opsis::inline v1::datasets {

/// Clips of 6,849 videos of 51 kinds of motions, in three folds of training and test parts: root/brush_hair/April_09_u_nm.avi,
/// annotation_path/brush_hair_test_split1.txt. To be brought by hand; resources("HMDB51") says from where, and
/// extract_archive unpacks its archives.
///     datasets::HMDB51 motions({.root = "hmdb51_org", .annotation_path = "hmdb51_splits", .frames_per_clip = 16});
/// Throws   NotFoundError when the folders or all lists are absent; ValueError for another fold; DecodeError for a list or
///          video that cannot be read
/// Differs  videos are (T, C, H, W) always, as a Video is; refuses a folder without lists, where torchvision's has no length
/// Source   torchvision.datasets.HMDB51
class OPSIS_API HMDB51 final : public ClassifiedClips {
 public:
  using Options = FoldOptions;
  explicit HMDB51(const Options& options);

 private:
  HMDB51(const Options& options, ClassifiedList list);
};

}  // namespace opsis::inline v1::datasets
