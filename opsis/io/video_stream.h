// Videos by FFmpeg: a file to frames of plain bytes. No tensors; opsis/io/video_decoder.h has those.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/core/size.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// How to open a video.
struct VideoOptions {
  int threads = 1;  ///< that FFmpeg may decode one video on; 0 lets it choose. Many videos at once are quickest on one each
  Limits limits{};  ///< pixels and side of a frame; image_bytes of the frames that are asked for at once
  int64_t max_frames = 10'000'000;  ///< of one video
};

/// What a video says of itself and what its packets say of it.
struct VideoMetadata {
  Size size{};  ///< of a frame, upright
  int64_t num_frames = 0;
  double average_fps = 0;                        ///< num_frames over duration; 0 when it is not known
  double begin_seconds = 0, end_seconds = 0;     ///< when the first frame is shown and when the last is no more
  int64_t time_base_num = 0, time_base_den = 1;  ///< the seconds that a step of pts lasts, as a fraction
  int rotation_degrees = 0;                      ///< that frames were turned counter-clockwise: 0, 90, 180 or -90
  std::string codec{};                           ///< "h264"
  bool has_audio = false;                        ///< whether AudioStream finds sound in the same file
  double duration_seconds() const { return end_seconds - begin_seconds; }
};

/// When a frame is shown.
struct FrameTime {
  double pts_seconds = 0, duration_seconds = 0;
};

/// The best video stream of a file: all of its packets are looked at once, so that a frame is found by its number, and then
/// decoded from the key frame before it. Frames that are asked for in order are decoded in one go, without seeking. Of one
/// thread at a time.
///     io::VideoStream video("clip.mp4");
///     std::vector<uint8_t> pixels(video.frame_bytes());
///     video.read(0, pixels.data());   // the first frame, RGB
/// FFmpeg reads the file alone: what a playlist points to is not followed. Its log is silenced, unless the program has chosen a
/// level of its own.
/// Throws   IoError for a file that cannot be read; DecodeError for what is no video, has none that can be decoded or goes over
///          a limit; NotFoundError when FFmpeg's libraries are not on this machine; NotBuiltError in a build without them
/// Source   torchcodec.decoders.VideoDecoder, seek_mode="exact"
class OPSIS_API VideoStream {
 public:
  explicit VideoStream(const std::filesystem::path& file, const VideoOptions& options = {});
  /// The bytes of a file, which must outlive the stream.
  explicit VideoStream(Bytes bytes, const VideoOptions& options = {});
  ~VideoStream();
  VideoStream(VideoStream&& other) noexcept;
  VideoStream& operator=(VideoStream&& other) noexcept;

  const VideoMetadata& metadata() const;
  /// height * width * 3.
  int64_t frame_bytes() const;
  /// When a frame is shown, by its packet. Throws ValueError when there is none of that number.
  double pts_seconds(int64_t index) const;
  /// The number of the frame that is on the screen at a time: the last one whose time has come, the first one before that.
  int64_t index_played_at(double seconds) const;
  /// The number of the first frame that is shown at that time or later; num_frames when there is none.
  int64_t index_from(double seconds) const;

  /// Decodes a frame into frame_bytes() bytes: RGB, row after row. Without `pixels` it is decoded and passed over.
  /// Throws   ValueError when there is no frame of that number; DecodeError for one that is damaged or of another size
  FrameTime read(int64_t index, uint8_t* pixels);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace opsis::inline v1::io
