#include "opsis/core/check.h"
#include "opsis/io/audio_stream.h"

namespace opsis::inline v1::io {
namespace {

[[noreturn]] void refuse_audio() {
  raise<NotBuiltError>("AudioDecoder: built without FFmpeg; configure with -DOPSIS_VIDEO=ON");
}

}  // namespace

struct AudioStream::Impl {};

AudioStream::AudioStream(const std::filesystem::path&, const Limits&) { refuse_audio(); }
AudioStream::AudioStream(Bytes, const Limits&) { refuse_audio(); }
AudioStream::~AudioStream() = default;
AudioStream::AudioStream(AudioStream&&) noexcept = default;
AudioStream& AudioStream::operator=(AudioStream&&) noexcept = default;
const AudioMetadata& AudioStream::metadata() const { refuse_audio(); }
SoundSamples AudioStream::read(double, std::optional<double>) { refuse_audio(); }

}  // namespace opsis::inline v1::io
