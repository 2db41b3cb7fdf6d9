// A codec that loses something decodes a frame with the help of those before it, so after seeking some are decoded and thrown
// away. How many, and where that means no seeking at all, is torchcodec's rule to the letter: the samples depend on it.
#include "opsis/io/audio_stream.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/work.h"
#include "opsis/io/media_stream.h"

namespace opsis::inline v1::io {
namespace {

using namespace detail;

}  // namespace

struct AudioStream::Impl : MediaStream {
  AudioMetadata metadata;
  double preroll_seconds = 0;
  std::unique_ptr<SwrContext, FreeResampler> converter;
  std::pair<AVSampleFormat, int> converter_is_for;  // type and channels
  std::vector<std::vector<float>> channels;         // of the frames that are wanted
  std::vector<float> converted;

  // Where decoding stands, which nobody knows after an error.
  int64_t last_pts = none, last_duration = 0;
  bool fresh = true, lost = false;

  template <class Source>
  Impl(Source&& from, const Limits& limits) : MediaStream("AudioDecoder", std::forward<Source>(from), limits) {
    open("sound");
    const AVCodec* decoder = choose(AVMEDIA_TYPE_AUDIO, "audio");
    open_codec(decoder, 1);
    codec->request_sample_fmt = AV_SAMPLE_FMT_FLTP;  // some decoders still heed it
    describe();
  }

  void describe();
  int64_t first_pts() const { return stream->start_time != AV_NOPTS_VALUE ? stream->start_time : 0; }
  bool place(double start_seconds);
  bool decode_next(bool sought, int64_t start, int64_t stop);
  double take_frame();
  SoundSamples read(double start_seconds, std::optional<double> stop_seconds);
};

void AudioStream::Impl::describe() {
  metadata = {stream->codecpar->sample_rate, codec->ch_layout.nb_channels, ffmpeg().avcodec_get_name(codec->codec_id)};
  if (metadata.sample_rate < 1 || metadata.num_channels < 1) {
    refuse("its sound has {} channels and {} samples a second", metadata.num_channels, metadata.sample_rate);
  }
  const auto* about = ffmpeg().avcodec_descriptor_get(codec->codec_id);
  const bool lossless = about && (about->props & AV_CODEC_PROP_LOSSLESS);
  const int rate = std::max(codec->sample_rate, 1);
  preroll_seconds = lossless ? 0.0 : codec->frame_size > 0 ? 4.0 * codec->frame_size / rate : 1.0;
}

// Goes to where decoding has to begin for a time; whether that took seeking.
bool AudioStream::Impl::place(double start_seconds) {
  const int64_t start = to_pts(start_seconds, base), begin = to_pts(start_seconds - preroll_seconds, base);
  const int64_t end = wrapped_sum(last_pts, last_duration);
  const bool at_first = begin <= first_pts();
  const bool seeks = lost || (fresh ? !at_first : start < end || begin > end);
  if (!seeks) return false;
  // From the very first on, what has to be decoded before may have a pts below that of the stream.
  seek(at_first ? none : begin);
  converter.reset();
  return true;
}

// Decodes on to the next frame that is played between two pts; false when there is none.
bool AudioStream::Impl::decode_next(bool sought, int64_t start, int64_t stop) {
  const auto is_played = [&](const AVFrame& next) {
    const int64_t pts = pts_of(next);
    return start < wrapped_sum(pts, duration_of(next)) && stop > pts;
  };
  if (!decode(sought, is_played, [](const AVPacket*) {})) return false;
  last_pts = pts_of(*frame);
  last_duration = duration_of(*frame);
  return true;
}

// Appends the frame to `channels`; when it begins, in seconds.
double AudioStream::Impl::take_frame() {
  double seconds = to_seconds(last_pts, base);
  const int count = frame->nb_samples, number = frame->ch_layout.nb_channels;
  const auto format = static_cast<AVSampleFormat>(frame->format);
  if (channels.empty()) channels.resize(static_cast<size_t>(number));
  if (number < 1 || std::ssize(channels) != number)
    refuse("a frame has {} channels where others have {}", number, channels.size());
  const int64_t bytes = (std::ssize(channels[0]) + count) * number * static_cast<int64_t>(sizeof(float));
  if (bytes > limits.image_bytes) {
    over_limits("ask for fewer at once, or raise it", "its samples go over limits.image_bytes, {}", limits.image_bytes);
  }
  if (count < 1) return seconds;

  std::vector<uint8_t*> planes(static_cast<size_t>(number));
  if (format == AV_SAMPLE_FMT_FLTP) {
    std::copy_n(frame->extended_data, number, planes.begin());
  } else {
    if (!converter) {
      SwrContext* made = nullptr;
      auto* layout = &frame->ch_layout;
      const int status = ffmpeg().swr_alloc_set_opts2(&made, layout, AV_SAMPLE_FMT_FLTP, frame->sample_rate, layout, format,
                                                      frame->sample_rate, 0, nullptr);
      converter.reset(made);
      check(status, "its samples cannot be made floats");
      check(ffmpeg().swr_init(made), "its samples cannot be made floats");
      converter_is_for = {format, number};
      // torchcodec has the first frame that is converted begin at a whole sample.
      const double zero = to_seconds(first_pts(), base), rate = frame->sample_rate;
      seconds = zero + std::round((seconds - zero) * rate) / rate;
    }
    // The converter would read past the end of smaller or fewer ones.
    if (converter_is_for != std::pair(format, number)) refuse("its samples change their type or their channels");
    converted.resize(static_cast<size_t>(number) * static_cast<size_t>(count));
    for (int c = 0; c < number; ++c) planes[c] = reinterpret_cast<uint8_t*>(converted.data() + int64_t{c} * count);
    const int made =
        ffmpeg().swr_convert(converter.get(), planes.data(), count, const_cast<const uint8_t**>(frame->extended_data), count);
    if (made != count) refuse("its samples cannot be made floats");
  }
  for (int c = 0; c < number; ++c) {
    const auto* samples = reinterpret_cast<const float*>(planes[c]);
    channels[c].insert(channels[c].end(), samples, samples + count);
  }
  return seconds;
}

SoundSamples AudioStream::Impl::read(double start_seconds, std::optional<double> stop_seconds) {
  OPSIS_CHECK(!stop_seconds || start_seconds <= *stop_seconds, "AudioDecoder: start must be at most stop, got {} and {}",
              start_seconds, *stop_seconds);
  OPSIS_CHECK(!std::isnan(start_seconds), "AudioDecoder: start must be a number, got {}", start_seconds);
  if (stop_seconds == start_seconds) return {metadata.num_channels, {}, std::max(start_seconds, 0.0)};
  source.refill();
  channels.clear();
  const int64_t start = to_pts(start_seconds, base);
  const int64_t stop = stop_seconds ? to_pts(*stop_seconds, base) : std::numeric_limits<int64_t>::max();
  bool sought = place(start_seconds);
  lost = true;
  std::optional<double> first_seconds;
  while (decode_next(std::exchange(sought, false), start, stop)) {
    fresh = false;
    const double seconds = take_frame();
    if (!first_seconds) first_seconds = seconds;
    // At the end of a frame too: the next one begins at `stop`, and so will not be played.
    if (last_pts <= stop && stop <= wrapped_sum(last_pts, last_duration)) break;
  }
  lost = !first_seconds;  // else it stands at the end, from where nothing leads back
  if (lost) refuse("nothing is played from {} s until before {} s", start_seconds, stop_seconds.value_or(INFINITY));

  const auto count = static_cast<int64_t>(channels[0].size());
  const auto offset_of = [&](double seconds) {
    const double samples = std::floor((seconds - *first_seconds) * static_cast<double>(metadata.sample_rate) + 0.5);
    return static_cast<int64_t>(std::clamp(samples, 0.0, static_cast<double>(count)));
  };
  const bool begins_before = *first_seconds < start_seconds;
  const int64_t first = begins_before ? offset_of(start_seconds) : 0;
  const int64_t last = std::max(first, stop_seconds ? offset_of(*stop_seconds) : count);
  SoundSamples out{static_cast<int64_t>(channels.size()), {}, begins_before ? start_seconds : *first_seconds};
  out.values.reserve(channels.size() * static_cast<size_t>(last - first));
  for (const auto& samples : channels) out.values.insert(out.values.end(), samples.begin() + first, samples.begin() + last);
  return out;
}

AudioStream::AudioStream(const std::filesystem::path& file, const Limits& limits) {
  const WorkScope decoding(Work::Decoding);
  impl_ = std::make_unique<Impl>(file, limits);
}

AudioStream::AudioStream(Bytes bytes, const Limits& limits) {
  const WorkScope decoding(Work::Decoding);
  impl_ = std::make_unique<Impl>(bytes, limits);
}

AudioStream::~AudioStream() = default;
AudioStream::AudioStream(AudioStream&& other) noexcept = default;
AudioStream& AudioStream::operator=(AudioStream&& other) noexcept = default;

const AudioMetadata& AudioStream::metadata() const { return impl_->metadata; }

SoundSamples AudioStream::read(double start_seconds, std::optional<double> stop_seconds) {
  const WorkScope decoding(Work::Decoding);
  return impl_->read(start_seconds, stop_seconds);
}

}  // namespace opsis::inline v1::io
