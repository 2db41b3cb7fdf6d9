// The traps of FFmpeg: not every packet gives a frame and not every frame has a pts, so a frame is found by what it says of
// itself, never by counting. To be equal to the byte, pixels are converted by the same calls that torchcodec makes, or has made
// by libavfilter's scale: which of the two depends on the width.
#include "opsis/io/video_stream.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/work.h"
#include "opsis/io/media_stream.h"

namespace opsis::inline v1::io {
namespace {

using namespace detail;

struct FrameInfo {
  int64_t pts;
  bool key;
};

}  // namespace

// --- The stream ------------------------------------------------------------------------------------------------------------

struct VideoStream::Impl : MediaStream {
  int64_t max_frames;
  std::unique_ptr<AVFrame, FreeFrame> converted;
  std::unique_ptr<SwsContext, FreeScaler> scaler;
  std::tuple<int, int, int, AVColorSpace, AVColorRange> scaler_is_for;
  Size stored{};  // of a frame before it is turned
  VideoMetadata metadata;
  std::vector<FrameInfo> frames;  // by pts
  std::vector<int64_t> keys;      // their numbers in `frames`

  // Where decoding stands, as torchcodec keeps it: frames of `cursor` and later are those wanted.
  int64_t cursor = none, last_pts = none, last_index = none;
  bool cursor_is_new = false;

  template <class Source>
  Impl(Source&& from, const VideoOptions& options)
      : MediaStream("VideoDecoder", std::forward<Source>(from), options.limits), max_frames(options.max_frames) {
    open("video");
    const AVCodec* decoder = choose(AVMEDIA_TYPE_VIDEO, "video");
    check_size();
    open_codec(decoder, options.threads);
    scan();
    describe();
  }

  void check_size();
  void scan();
  void describe();
  size_t key_before(int64_t pts) const;  // which of `keys`; keys.size() when none
  bool can_go_on() const;
  void seek_key();
  void decode_wanted();
  void convert(uint8_t* pixels);
  void prepare_scaler(bool by_filter);
};

void VideoStream::Impl::check_size() {
  stored = {stream->codecpar->height, stream->codecpar->width};
  if (stored.height < 1 || stored.width < 1) refuse("its frames are {}x{}", stored.height, stored.width);
  if (stored.height > limits.side || stored.width > limits.side || stored.height * stored.width > limits.pixels) {
    over_limits("raise them in VideoOptions::limits for a file that you trust",
                "its frames of {}x{} are over limits.side, {}, or limits.pixels, {}", stored.height, stored.width, limits.side,
                limits.pixels);
  }
}

void VideoStream::Impl::scan() {
  int64_t begin = std::numeric_limits<int64_t>::max(), end = std::numeric_limits<int64_t>::min();
  for (;;) {
    const int status = next_packet();
    if (status == AVERROR_EOF) break;
    check(status, "it cannot be read to its end");
    if (packet->flags & AV_PKT_FLAG_DISCARD) continue;
    if (static_cast<int64_t>(frames.size()) >= max_frames) {
      refuse("it has more frames than VideoOptions::max_frames, {}", max_frames);
    }
    const int64_t pts = pts_of(*packet);
    begin = std::min(begin, pts);
    end = std::max(end, wrapped_sum(pts, packet->duration));
    frames.push_back({pts, (packet->flags & AV_PKT_FLAG_KEY) != 0});
  }
  if (frames.empty()) begin = end = 0;
  check(ffmpeg().avformat_seek_file(format.get(), 0, std::numeric_limits<int64_t>::min(), 0, 0, 0),
        "it does not let itself be read from its beginning again");

  std::stable_sort(frames.begin(), frames.end(), [](const FrameInfo& a, const FrameInfo& b) { return a.pts < b.pts; });
  for (size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].key) keys.push_back(static_cast<int64_t>(i));
  }
  metadata.num_frames = static_cast<int64_t>(frames.size());
  metadata.begin_seconds = to_seconds(begin, base);
  metadata.end_seconds = to_seconds(end, base);
}

void VideoStream::Impl::describe() {
  const double duration = metadata.duration_seconds();
  const double declared = stream->r_frame_rate.den != 0 ? av_q2d(stream->r_frame_rate) : 0;
  metadata.average_fps = duration != 0 ? static_cast<double>(metadata.num_frames) / duration : declared > 0 ? declared : 0;
  metadata.time_base_num = base.num;
  metadata.time_base_den = base.den;
  metadata.codec = ffmpeg().avcodec_get_name(stream->codecpar->codec_id);
  metadata.has_audio = ffmpeg().av_find_best_stream(format.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0) >= 0;

  double turn = 0;
  for (const auto& data : side_data_of(*stream)) {
    if (data.type != AV_PKT_DATA_DISPLAYMATRIX || data.size < 9 * sizeof(int32_t)) continue;
    turn = ffmpeg().av_display_rotation_get(reinterpret_cast<const int32_t*>(data.data));
    break;
  }
  if (!std::isnan(turn)) metadata.rotation_degrees = static_cast<int>(std::round(turn / 90)) * 90;
  if (metadata.rotation_degrees == -180) metadata.rotation_degrees = 180;
  metadata.size = metadata.rotation_degrees % 180 == 0 ? stored : Size{stored.width, stored.height};
}

size_t VideoStream::Impl::key_before(int64_t pts) const {
  const auto after =
      std::upper_bound(keys.begin(), keys.end(), pts, [&](int64_t wanted, int64_t key) { return wanted < frames[key].pts; });
  return after == keys.begin() ? keys.size() : static_cast<size_t>(after - keys.begin() - 1);
}

// Whether the wanted frame is reached by decoding on. To seek is to throw away what the decoder holds back for reordering, so
// it pays only when the key frame lies beyond that.
bool VideoStream::Impl::can_go_on() const {
  if (!cursor_is_new) return true;
  if (cursor <= last_pts) return false;
  const size_t here = key_before(last_pts), there = key_before(cursor);
  if (here == keys.size() || there == keys.size()) return false;
  if (here == there) return true;
  const auto last = std::upper_bound(frames.begin(), frames.end(), last_pts,
                                     [](int64_t pts, const FrameInfo& info) { return pts < info.pts; });
  const bool frame_threads = (codec->active_thread_type & FF_THREAD_FRAME) != 0;
  const int64_t held = std::max(codec->has_b_frames, 0) + (frame_threads ? std::max(codec->thread_count, 1) - 1 : 0);
  return keys[there] - (last - frames.begin() - 1) <= held;
}

void VideoStream::Impl::seek_key() {
  // FFmpeg at times seeks beyond what it was asked for, unless it is asked for a key frame.
  const size_t key = key_before(cursor);
  seek(key == keys.size() ? cursor : frames[keys[key]].pts);
}

// The next frame of `cursor` or later.
void VideoStream::Impl::decode_wanted() {
  source.refill();
  const bool sought = !can_go_on();
  // Until the frame is there, nobody knows where decoding stands: after an error the next call seeks.
  last_pts = none;
  if (sought) seek_key();
  cursor_is_new = false;
  // On the way to the frame, those that no other is made from are passed over; on several threads it would be told too late.
  const auto pass_over = [&](const AVPacket* next) {
    codec->skip_frame = codec->thread_count == 1 && next && next->pts != AV_NOPTS_VALUE && next->pts < cursor
                            ? AVDISCARD_NONREF
                            : AVDISCARD_DEFAULT;
  };
  if (!decode(
          sought, [&](const AVFrame& next) { return pts_of(next) >= cursor; }, pass_over)) {
    refuse("it ends before the frame that was asked for");
  }
  last_pts = pts_of(*frame);
}

// --- Pixels ----------------------------------------------------------------------------------------------------------------

void VideoStream::Impl::prepare_scaler(bool by_filter) {
  const std::tuple wanted(frame->width, frame->height, frame->format, frame->colorspace, frame->color_range);
  if (scaler && scaler_is_for == wanted) return;
  scaler.reset();
  auto made = owned<SwsContext, FreeScaler>(ffmpeg().sws_alloc_context());
  const auto set = [&](const char* key, int64_t value) { ffmpeg().av_opt_set_int(made.get(), key, value, 0); };
  set("srcw", frame->width);
  set("srch", frame->height);
  set("src_format", frame->format);
  set("dstw", frame->width);
  set("dsth", frame->height);
  set("dst_format", AV_PIX_FMT_RGB24);
  set("sws_flags", by_filter ? SWS_BICUBIC : 0);
  const auto* pixel_format = ffmpeg().av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame->format));
  // The filter's convention: chroma of half the height lies between the rows.
  if (by_filter && pixel_format && pixel_format->log2_chroma_h == 1) set("src_v_chr_pos", 128);
  check(ffmpeg().sws_init_context(made.get(), nullptr, nullptr), "its pixels cannot be made RGB");

  int *from = nullptr, *to = nullptr;
  int from_full = 0, to_full = 0, brightness = 0, contrast = 0, saturation = 0;
  if (ffmpeg().sws_getColorspaceDetails(made.get(), &from, &from_full, &to, &to_full, &brightness, &contrast, &saturation) !=
      -1) {
    if (frame->color_range != AVCOL_RANGE_UNSPECIFIED) from_full = frame->color_range == AVCOL_RANGE_JPEG;
    const int* matrix = ffmpeg().sws_getCoefficients(frame->colorspace);
    ffmpeg().sws_setColorspaceDetails(made.get(), matrix, from_full, matrix, to_full, brightness, contrast, saturation);
  }
  scaler = std::move(made);
  scaler_is_for = wanted;
}

void VideoStream::Impl::convert(uint8_t* pixels) {
  if (frame->height != stored.height || frame->width != stored.width) {
    refuse("a frame is {}x{} where the others are {}x{}", frame->height, frame->width, stored.height, stored.width);
  }
  const int64_t height = stored.height, width = stored.width;
  // torchcodec's rule: straight into the tensor where no row needs padding, by a chain of filters otherwise.
  const bool direct = width % 32 == 0 && metadata.rotation_degrees == 0;
  prepare_scaler(!direct);
  const auto scale = [&](uint8_t* const* planes, const int* strides) {
    const int rows = ffmpeg().sws_scale(scaler.get(), frame->data, frame->linesize, 0, frame->height, planes, strides);
    if (rows != frame->height) refuse("its pixels cannot be made RGB");
  };
  if (direct) {
    uint8_t* const planes[4] = {pixels, nullptr, nullptr, nullptr};
    const int strides[4] = {static_cast<int>(width * 3), 0, 0, 0};
    return scale(planes, strides);
  }

  if (!converted) {
    converted = owned<AVFrame, FreeFrame>(ffmpeg().av_frame_alloc());
    converted->format = AV_PIX_FMT_RGB24;
    converted->width = frame->width;
    converted->height = frame->height;
    check(ffmpeg().av_frame_get_buffer(converted.get(), 0), "there is no memory for a frame");
  }
  scale(converted->data, converted->linesize);
  const uint8_t* rows = converted->data[0];
  const int64_t stride = converted->linesize[0];
  if (metadata.rotation_degrees == 0) {
    for (int64_t y = 0; y < height; ++y) std::memcpy(pixels + y * width * 3, rows + y * stride, static_cast<size_t>(width * 3));
    return;
  }
  for (int64_t y = 0; y < metadata.size.height; ++y) {
    for (int64_t x = 0; x < metadata.size.width; ++x, pixels += 3) {
      const auto [row, column] = metadata.rotation_degrees == 90    ? std::pair(x, width - 1 - y)
                                 : metadata.rotation_degrees == -90 ? std::pair(height - 1 - x, y)
                                                                    : std::pair(height - 1 - y, width - 1 - x);
      std::memcpy(pixels, rows + row * stride + column * 3, 3);
    }
  }
}

// --- The class -------------------------------------------------------------------------------------------------------------

VideoStream::VideoStream(const std::filesystem::path& file, const VideoOptions& options) {
  const WorkScope decoding(Work::Decoding);
  impl_ = std::make_unique<Impl>(file, options);
}

VideoStream::VideoStream(Bytes bytes, const VideoOptions& options) {
  const WorkScope decoding(Work::Decoding);
  impl_ = std::make_unique<Impl>(bytes, options);
}

VideoStream::~VideoStream() = default;
VideoStream::VideoStream(VideoStream&& other) noexcept = default;
VideoStream& VideoStream::operator=(VideoStream&& other) noexcept = default;

const VideoMetadata& VideoStream::metadata() const { return impl_->metadata; }

int64_t VideoStream::frame_bytes() const { return impl_->stored.height * impl_->stored.width * 3; }

double VideoStream::pts_seconds(int64_t index) const {
  const auto count = impl_->metadata.num_frames;
  OPSIS_CHECK(index >= 0 && index < count, "VideoDecoder: {}: index must be below {}, got {}", impl_->name, count, index);
  return to_seconds(impl_->frames[index].pts, impl_->base);
}

int64_t VideoStream::index_played_at(double seconds) const {
  const auto& frames = impl_->frames;
  if (frames.empty()) return 0;
  // The first that is followed by one whose time has not come.
  const auto next = std::partition_point(frames.begin() + 1, frames.end(),
                                         [&](const FrameInfo& info) { return to_seconds(info.pts, impl_->base) <= seconds; });
  return next - frames.begin() - 1;
}

int64_t VideoStream::index_from(double seconds) const {
  const auto& frames = impl_->frames;
  const auto first = std::partition_point(frames.begin(), frames.end(),
                                          [&](const FrameInfo& info) { return to_seconds(info.pts, impl_->base) < seconds; });
  return first - frames.begin();
}

FrameTime VideoStream::read(int64_t index, uint8_t* pixels) {
  const WorkScope decoding(Work::Decoding);
  auto& stream = *impl_;
  const double seconds = pts_seconds(index);  // checks the index
  if (index != std::exchange(stream.last_index, Impl::none) + 1) {
    stream.cursor = to_pts(seconds, stream.base);
    stream.cursor_is_new = true;
  }
  stream.decode_wanted();
  if (pixels) stream.convert(pixels);
  stream.last_index = index;
  return {to_seconds(stream.last_pts, stream.base), to_seconds(duration_of(*stream.frame), stream.base)};
}

}  // namespace opsis::inline v1::io
