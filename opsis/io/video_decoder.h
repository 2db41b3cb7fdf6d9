// Videos as tensors.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/video_stream.h"
#include "opsis/tv_tensors/image.h"

namespace opsis::inline v1::io {

/// A frame and when it is shown.
/// Shapes   image (3, H, W) uint8, channels last in memory
/// Source   torchcodec.Frame
struct VideoFrame {
  tv_tensors::Image image;
  FrameTime time{};
};

/// Frames and when each is shown.
/// Shapes   video (T, 3, H, W) uint8, channels last in memory; pts_seconds, duration_seconds (T) float64
/// Source   torchcodec.FrameBatch
struct VideoFrames {
  tv_tensors::Video video;
  torch::Tensor pts_seconds, duration_seconds;
};

/// The frames of a video, by number or time, upright and RGB.
///     io::VideoDecoder decoder("clip.mp4");
///     decoder.metadata().average_fps;                                   // 29.97...
///     const auto first = decoder.get_frames_in_range(0, 16);           // first.video.data: (16, 3, 240, 320)
/// Frames are found exactly: opening a file reads all of its packets once. Of one thread at a time.
/// Throws   as VideoStream; ValueError for numbers and times that the video has not; DecodeError for more frames at once than
///          options.limits.image_bytes holds
/// Differs  has limits; opens files and bytes, no addresses of the net
/// Source   torchcodec.decoders.VideoDecoder
class OPSIS_API VideoDecoder {
 public:
  explicit VideoDecoder(const std::filesystem::path& file, const VideoOptions& options = {});
  /// A file's bytes: a 1-D uint8 tensor.
  explicit VideoDecoder(const torch::Tensor& bytes, const VideoOptions& options = {});

  const VideoMetadata& metadata() const& { return stream_.metadata(); }
  VideoMetadata metadata() && { return stream_.metadata(); }
  int64_t size() const { return metadata().num_frames; }

  /// A negative number counts from the end.
  VideoFrame get_frame_at(int64_t index);
  /// In the order of the numbers, which may come in any and twice; each is decoded once.
  VideoFrames get_frames_at(const std::vector<int64_t>& indices);
  /// start, start + step, ... below stop, both at most size().
  VideoFrames get_frames_in_range(int64_t start, int64_t stop, int64_t step = 1);
  /// What is on the screen at each of these times, in seconds.
  VideoFrames get_frames_played_at(const std::vector<double>& seconds);
  /// What is on the screen from start until before stop, in seconds.
  VideoFrames get_frames_played_in_range(double start_seconds, double stop_seconds);

 private:
  VideoFrames make_frames(const std::vector<int64_t>& indices);

  torch::Tensor bytes_;  // what the stream reads, unless that is a file
  VideoOptions options_;
  VideoStream stream_;
};

}  // namespace opsis::inline v1::io
