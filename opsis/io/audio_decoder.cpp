#include "opsis/io/audio_decoder.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "opsis/io/byte_tensor.h"

namespace opsis::inline v1::io {

AudioDecoder::AudioDecoder(const std::filesystem::path& file, const Limits& limits) : stream_(file, limits) {}

AudioDecoder::AudioDecoder(const torch::Tensor& bytes, const Limits& limits)
    : bytes_(detail::check_bytes("AudioDecoder", bytes)), stream_(detail::view(bytes_), limits) {}

AudioSamples AudioDecoder::get_samples_played_in_range(double start_seconds, std::optional<double> stop_seconds) {
  const auto sound = stream_.read(start_seconds, stop_seconds);
  const auto data = at::empty({sound.channels, sound.size()}, torch::kFloat32);
  std::copy(sound.values.begin(), sound.values.end(), data.data_ptr<float>());
  const int64_t rate = metadata().sample_rate;
  return {data, sound.pts_seconds, static_cast<double>(sound.size()) / static_cast<double>(rate), rate};
}

}  // namespace opsis::inline v1::io
