// The sound of a file, by FFmpeg: to plain samples. No tensors; opsis/io/audio_decoder.h has those.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::io {

/// What a sound says of itself.
struct AudioMetadata {
  int64_t sample_rate = 0;  ///< samples a second
  int64_t num_channels = 0;
  std::string codec{};  ///< "aac"
};

/// A piece of a sound.
struct SoundSamples {
  int64_t channels = 0;
  std::vector<float> values{};  ///< all of the first channel, then all of the second; most are from -1 to 1
  double pts_seconds = 0;       ///< when the first is played
  int64_t size() const { return channels == 0 ? 0 : static_cast<int64_t>(values.size()) / channels; }
};

/// The best audio stream of a file, be it a video or sound alone, as floats at its own rate and with its own channels. Of one
/// thread at a time.
///     io::AudioStream audio("clip.mp4");
///     audio.read(0.5, 1.5).size();   // 44100
/// FFmpeg reads the file alone, as for VideoStream.
/// Throws   IoError for a file that cannot be read; DecodeError for what has no sound that can be decoded; NotFoundError when
///          FFmpeg's libraries are not on this machine; NotBuiltError in a build without them
/// Source   torchcodec.decoders.AudioDecoder
class OPSIS_API AudioStream {
 public:
  explicit AudioStream(const std::filesystem::path& file, const Limits& limits = {});
  /// The bytes of a file, which must outlive the stream.
  explicit AudioStream(Bytes bytes, const Limits& limits = {});
  ~AudioStream();
  AudioStream(AudioStream&& other) noexcept;
  AudioStream& operator=(AudioStream&& other) noexcept;

  const AudioMetadata& metadata() const;

  /// The samples that are played from start until before stop, to the end without stop. A time between two samples is that of
  /// the nearer one, the later one of two that are as near.
  /// Throws   ValueError when start is not at most stop; DecodeError when nothing is played then, for what is damaged, and for
  ///          samples that go over limits.image_bytes
  SoundSamples read(double start_seconds, std::optional<double> stop_seconds = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace opsis::inline v1::io
