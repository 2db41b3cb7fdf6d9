// What people do, in 101 classes.
#pragma once

#include "opsis/datasets/classified_clips.h"

namespace opsis::inline v1::datasets {

/// Clips of 13,320 videos of 101 kinds of actions, in three folds of training and test parts:
/// root/ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi, annotation_path/trainlist01.txt. To be brought by hand and
/// unpacked by extract_archive.
///     datasets::UCF101 actions({.root = "UCF-101", .annotation_path = "ucfTrainTestlist", .frames_per_clip = 16});
///     const auto [video, audio, label] = actions.get(0);   // video.data: (16, 3, 240, 320)
/// Throws   NotFoundError when the folders or the list are absent; ValueError for another fold; DecodeError for a video that
///          cannot be read
/// Differs  videos are (T, C, H, W) always, as a Video is
/// Source   torchvision.datasets.UCF101
class OPSIS_API UCF101 final : public ClassifiedClips {
 public:
  using Options = FoldOptions;
  explicit UCF101(const Options& options);

 private:
  UCF101(const Options& options, ClassifiedList list);
};

}  // namespace opsis::inline v1::datasets
