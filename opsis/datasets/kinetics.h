// What people do, as seen on YouTube.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "opsis/datasets/classified_clips.h"

namespace opsis::inline v1::datasets {

/// Clips of videos of 400, 600 or 700 kinds of actions, 10 s each; splits train, val and test:
/// root/train/abseiling/0347ZoDXyP0_000095_000105.mp4. Hundreds of gigabytes to download.
///     datasets::Kinetics actions({.root = "kinetics", .frames_per_clip = 16, .split = "val", .frame_rate = 15.0});
///     const auto [video, audio, label] = actions.get(0);   // video.data: (16, 3, 240, 320)
/// Throws   NotFoundError when the folder is absent and download is false; ValueError for another split or number of classes;
///          DecodeError for a list or video that cannot be read
/// Differs  videos are (T, C, H, W) always, as a Video is; has no num_workers, lengths are read on several threads by
///          themselves; brings archives one after the other, and unpacks them beside the split's folder, which is there when all
///          of them are; torchvision takes the archives of one split for those of another in the same root
/// Source   torchvision.datasets.Kinetics
class OPSIS_API Kinetics final : public ClassifiedClips {
 public:
  struct Options {
    std::filesystem::path root;
    int64_t frames_per_clip = 0;  ///< has to be given
    std::string num_classes = "400";
    std::string split = "train";
    std::optional<double> frame_rate{};  ///< that videos are brought to; else each keeps its own
    int64_t step_between_clips = 1;      ///< frames from the begin of a clip to that of the next
    transforms::AnyTransform transforms{};
    std::vector<std::string> extensions = {"avi", "mp4"};
    bool download = false;
    std::vector<VideoLength> metadata{};  ///< of all videos, as another's metadata() gives it, so that none is opened for it
    std::filesystem::path cache{};        ///< where lengths of videos are kept: ClipOptions::cache
    io::VideoOptions video{};
    bool index = false;  ///< keep the list of videos for the next time, as make_dataset says
  };
  explicit Kinetics(const Options& options);

 private:
  Kinetics(const Options& options, ClassifiedList list);
};

}  // namespace opsis::inline v1::datasets
