// The sound of a file as a tensor.
#pragma once

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/io/audio_stream.h"

namespace opsis::inline v1::io {

/// A piece of a sound and when it is played.
/// Shapes   data (channels, samples) float32, most of it from -1 to 1
/// Source   torchcodec.AudioSamples
struct AudioSamples {
  torch::Tensor data;
  double pts_seconds = 0, duration_seconds = 0;
  int64_t sample_rate = 0;
};

/// The sound of a video or of a file of sound alone, by time.
///     io::AudioDecoder decoder("clip.mp4");
///     decoder.get_samples_played_in_range(0.5, 1.5).data;   // (2, 44100)
/// Of one thread at a time.
/// Throws   as AudioStream
/// Differs  has limits; neither resamples nor mixes; opens files and bytes, no addresses of the net
/// Source   torchcodec.decoders.AudioDecoder
class OPSIS_API AudioDecoder {
 public:
  explicit AudioDecoder(const std::filesystem::path& file, const Limits& limits = {});
  /// A file's bytes: a 1-D uint8 tensor.
  explicit AudioDecoder(const torch::Tensor& bytes, const Limits& limits = {});

  const AudioMetadata& metadata() const& { return stream_.metadata(); }
  AudioMetadata metadata() && { return stream_.metadata(); }
  AudioSamples get_all_samples() { return get_samples_played_in_range(); }
  /// What is played from start until before stop, in seconds; to the end without stop.
  AudioSamples get_samples_played_in_range(double start_seconds = 0, std::optional<double> stop_seconds = {});

 private:
  torch::Tensor bytes_;  // what the stream reads, unless that is a file
  AudioStream stream_;
};

}  // namespace opsis::inline v1::io
