// What data sets of classified videos share: folders of videos, one a class, cut into clips.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/datasets/classified.h"
#include "opsis/datasets/examples.h"
#include "opsis/datasets/video_clips.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::datasets {

/// Of a data set of videos whose parts are lists in files of their own.
/// Differs  has no num_workers: lengths of videos are read on several threads by themselves
struct FoldOptions {
  std::filesystem::path root;             ///< a folder of videos for each class
  std::filesystem::path annotation_path;  ///< the folder of the lists
  int64_t frames_per_clip = 0;            ///< has to be given
  int64_t step_between_clips = 1;         ///< frames from the begin of a clip to that of the next
  std::optional<double> frame_rate{};     ///< that videos are brought to; else each keeps its own
  int64_t fold = 1;                       ///< 1, 2 or 3
  bool train = true;
  transforms::AnyTransform transforms{};
  std::vector<VideoLength> metadata{};  ///< of all videos, as another's metadata() gives it, so that none is opened for it
  std::filesystem::path cache{};        ///< where lengths of videos are kept: ClipOptions::cache
  io::VideoOptions video{};
  bool index = false;  ///< keep the list of videos for the next time, as make_dataset says
};

/// Clips of classified videos: those of the first video first, then those of the second. A video is opened when a clip of it is
/// asked for.
class OPSIS_API ClassifiedClips : public Dataset<ClassifiedClip> {
 public:
  size_t size() const override { return clips_.size(); }
  ClassifiedClip get(size_t index) const override;
  const std::vector<std::string>& classes() const { return list_.classes; }
  const std::map<std::string, int64_t>& class_to_idx() const { return list_.class_to_idx; }
  /// All videos that are there, and the number of each one's class.
  const std::vector<FolderSample>& samples() const { return list_.samples; }
  /// Which of them this part has.
  const std::vector<size_t>& indices() const { return indices_; }
  /// The lengths of all of them.
  const std::vector<VideoLength>& metadata() const { return all_.metadata(); }
  /// The clips of this part.
  const VideoClips& video_clips() const { return clips_; }

 protected:
  /// `indices` are the samples that take part; `name` begins the messages and must outlive the data set.
  /// Throws   ValueError when `metadata` is of other videos
  ClassifiedClips(std::string_view name, ClassifiedList list, std::vector<size_t> indices, ClipOptions options,
                  std::vector<VideoLength> metadata, transforms::AnyTransform transforms);

 private:
  std::string_view name_;
  ClassifiedList list_;
  std::vector<size_t> indices_;
  VideoClips all_, clips_;
  transforms::AnyTransform transforms_;
};

namespace detail {

ClipOptions clip_options(const FoldOptions& options);

// The samples that one of a list chooses.
template <class Chosen>
std::vector<size_t> chosen_samples(const ClassifiedList& list, const Chosen& chosen) {
  std::vector<size_t> out;
  for (size_t i = 0; i < list.samples.size(); ++i) {
    if (chosen(list.samples[i].first)) out.push_back(i);
  }
  return out;
}

}  // namespace detail

}  // namespace opsis::inline v1::datasets
