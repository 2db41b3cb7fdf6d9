#include "opsis/core/check.h"
#include "opsis/io/video_stream.h"

namespace opsis::inline v1::io {
namespace {

[[noreturn]] void refuse_video() {
  raise<NotBuiltError>("VideoDecoder: built without FFmpeg; configure with -DOPSIS_VIDEO=ON");
}

}  // namespace

struct VideoStream::Impl {};

VideoStream::VideoStream(const std::filesystem::path&, const VideoOptions&) { refuse_video(); }
VideoStream::VideoStream(Bytes, const VideoOptions&) { refuse_video(); }
VideoStream::~VideoStream() = default;
VideoStream::VideoStream(VideoStream&&) noexcept = default;
VideoStream& VideoStream::operator=(VideoStream&&) noexcept = default;
const VideoMetadata& VideoStream::metadata() const { refuse_video(); }
int64_t VideoStream::frame_bytes() const { refuse_video(); }
double VideoStream::pts_seconds(int64_t) const { refuse_video(); }
int64_t VideoStream::index_played_at(double) const { refuse_video(); }
int64_t VideoStream::index_from(double) const { refuse_video(); }
FrameTime VideoStream::read(int64_t, uint8_t*) { refuse_video(); }

}  // namespace opsis::inline v1::io
