// Videos cut into clips of the same number of frames.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/video_stream.h"

namespace opsis::inline v1::datasets {

/// What has to be known of a video to cut it.
struct VideoLength {
  std::filesystem::path path;
  int64_t num_frames = 0;
  double average_fps = 0;  ///< 0 when it is not known
  friend bool operator==(const VideoLength&, const VideoLength&) = default;
};

/// How to cut.
struct ClipOptions {
  int64_t clip_length_in_frames = 16;
  int64_t frames_between_clips = 1;    ///< from the begin of a clip to that of the next
  std::optional<double> frame_rate{};  ///< frames are left out or come twice, so that this many would be shown a second
  std::string output_format = "THWC";  ///< or "TCHW", in any case
  /// A file that keeps the lengths of videos: those in it whose size and time of change are as they were are not opened again.
  /// It is made when it is not there, and made anew when it is not sound.
  std::filesystem::path cache{};
  io::VideoOptions video{};
};

/// A clip of a video.
/// Shapes   video (T, H, W, 3) or (T, 3, H, W) uint8; audio (channels, samples) float32, all that is
///          played from the first frame until after the last; (1, 0) without sound or when it is damaged there
struct VideoClip {
  torch::Tensor video, audio;
  double video_fps = 0;
  size_t video_index = 0;
};

/// Which clip of which video.
struct ClipLocation {
  size_t video = 0, clip = 0;
  friend bool operator==(const ClipLocation&, const ClipLocation&) = default;
};

/// All clips of some videos, one after the other; what is left at the end of a video, and videos that are too short, are
/// dropped. The constructor opens each video for its length, several at once. Reading a clip is const and may happen on many
/// threads.
///     datasets::VideoClips clips(files, {.clip_length_in_frames = 8, .frame_rate = 15.0});
///     clips.get_clip(3).video;                                       // (8, 240, 320, 3)
///     datasets::VideoClips again(clips.metadata(), {.clip_length_in_frames = 32});   // opens nothing
/// Throws   ValueError for lengths, steps and rates that are not positive, and another output_format; what io::VideoStream
///          throws
/// Differs  says nothing of videos that are too short; without videos the size is 0
/// Source   torchvision.datasets.video_utils.VideoClips
class OPSIS_API VideoClips {
 public:
  explicit VideoClips(const std::vector<std::filesystem::path>& files, ClipOptions options = {});
  /// Of videos whose lengths are known, as another's metadata() gives them.
  explicit VideoClips(std::vector<VideoLength> metadata, ClipOptions options = {});

  size_t size() const { return num_clips(); }
  size_t num_clips() const { return cumulative_sizes_.empty() ? 0 : cumulative_sizes_.back(); }
  size_t num_videos() const { return videos_.size(); }
  const std::vector<VideoLength>& metadata() const { return videos_; }
  const ClipOptions& options() const { return options_; }
  /// How many each video has, for the samplers of clips.
  std::vector<size_t> clips_per_video() const;
  /// How many it and those before it have.
  const std::vector<size_t>& cumulative_sizes() const { return cumulative_sizes_; }

  /// Throws   ValueError when index is not below size()
  ClipLocation get_clip_location(size_t index) const;
  /// The numbers of a clip's frames in its video.
  std::vector<int64_t> frames_of(const ClipLocation& location) const;
  /// Throws   ValueError when index is not below size(); what io::VideoStream throws
  VideoClip get_clip(size_t index) const;

  /// Cuts the same videos in another way, which takes no time.
  void compute_clips(int64_t num_frames, int64_t step, std::optional<double> frame_rate = {});
  /// Some of the videos, cut as all are.
  VideoClips subset(const std::vector<size_t>& videos) const;

 private:
  std::vector<VideoLength> videos_;
  ClipOptions options_;
  std::vector<size_t> cumulative_sizes_;
};

}  // namespace opsis::inline v1::datasets
