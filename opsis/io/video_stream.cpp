// The traps of FFmpeg: its libraries bring 136 others, which took 0.17 s at every start of every program, so they are loaded
// when the first video is opened. Not every packet gives a frame and not every frame has a pts, so a frame is found by what it
// says of itself, never by counting. To be equal to the byte, pixels are converted by the same calls that torchcodec makes, or
// has made by libavfilter's scale: which of the two depends on the width.
#include "opsis/io/video_stream.h"

#include <dlfcn.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/work.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::io {
namespace {

// --- The libraries ---------------------------------------------------------------------------------------------------------

// A library of the version whose headers this was compiled with, whatever the system calls it.
class Library {
 public:
  Library(const char* name, int major) {
    for (const auto* pattern : {"lib{}.so.{}", "lib{}.{}.dylib"}) {
      if ((handle_ = dlopen(text(pattern, name, major).c_str(), RTLD_NOW | RTLD_LOCAL))) return;
    }
    raise<NotFoundError>("VideoDecoder: lib{}, version {}, cannot be loaded; install FFmpeg's libraries", name, major);
  }

  struct Symbol {
    void* address;
    template <class Function>
    operator Function*() const {
      return reinterpret_cast<Function*>(address);
    }
  };
  Symbol find(const char* name) const {
    if (void* address = dlsym(handle_, name)) return {address};
    raise<NotFoundError>("VideoDecoder: FFmpeg's libraries have no {}", name);
  }

 private:
  void* handle_ = nullptr;  // never closed: threads of theirs may outlive what runs at exit
};

// The functions that are used, by the library that has them.
struct FFmpeg {
  const Library avutil{"avutil", LIBAVUTIL_VERSION_MAJOR}, avcodec{"avcodec", LIBAVCODEC_VERSION_MAJOR},
      avformat{"avformat", LIBAVFORMAT_VERSION_MAJOR}, swscale{"swscale", LIBSWSCALE_VERSION_MAJOR};
#define OPSIS_FUNCTION(library, name) decltype(&::name) name = library.find(#name)
  OPSIS_FUNCTION(avutil, av_dict_free);
  OPSIS_FUNCTION(avutil, av_dict_set);
  OPSIS_FUNCTION(avutil, av_dict_set_int);
  OPSIS_FUNCTION(avutil, av_display_rotation_get);
  OPSIS_FUNCTION(avutil, av_frame_alloc);
  OPSIS_FUNCTION(avutil, av_frame_free);
  OPSIS_FUNCTION(avutil, av_frame_get_buffer);
  OPSIS_FUNCTION(avutil, av_freep);
  OPSIS_FUNCTION(avutil, av_log_get_level);
  OPSIS_FUNCTION(avutil, av_log_set_level);
  OPSIS_FUNCTION(avutil, av_malloc);
  OPSIS_FUNCTION(avutil, av_opt_set_int);
  OPSIS_FUNCTION(avutil, av_pix_fmt_desc_get);
  OPSIS_FUNCTION(avutil, av_strerror);
  OPSIS_FUNCTION(avcodec, av_packet_alloc);
  OPSIS_FUNCTION(avcodec, av_packet_free);
  OPSIS_FUNCTION(avcodec, av_packet_unref);
  OPSIS_FUNCTION(avcodec, avcodec_alloc_context3);
  OPSIS_FUNCTION(avcodec, avcodec_flush_buffers);
  OPSIS_FUNCTION(avcodec, avcodec_free_context);
  OPSIS_FUNCTION(avcodec, avcodec_get_name);
  OPSIS_FUNCTION(avcodec, avcodec_open2);
  OPSIS_FUNCTION(avcodec, avcodec_parameters_to_context);
  OPSIS_FUNCTION(avcodec, avcodec_receive_frame);
  OPSIS_FUNCTION(avcodec, avcodec_send_packet);
  OPSIS_FUNCTION(avformat, av_find_best_stream);
  OPSIS_FUNCTION(avformat, av_read_frame);
  OPSIS_FUNCTION(avformat, av_stream_get_side_data);
  OPSIS_FUNCTION(avformat, avformat_alloc_context);
  OPSIS_FUNCTION(avformat, avformat_close_input);
  OPSIS_FUNCTION(avformat, avformat_find_stream_info);
  OPSIS_FUNCTION(avformat, avformat_open_input);
  OPSIS_FUNCTION(avformat, avformat_seek_file);
  OPSIS_FUNCTION(avformat, avio_alloc_context);
  OPSIS_FUNCTION(avformat, avio_context_free);
  OPSIS_FUNCTION(swscale, sws_alloc_context);
  OPSIS_FUNCTION(swscale, sws_freeContext);
  OPSIS_FUNCTION(swscale, sws_getCoefficients);
  OPSIS_FUNCTION(swscale, sws_getColorspaceDetails);
  OPSIS_FUNCTION(swscale, sws_init_context);
  OPSIS_FUNCTION(swscale, sws_scale);
  OPSIS_FUNCTION(swscale, sws_setColorspaceDetails);
#undef OPSIS_FUNCTION

  FFmpeg() {
    if (av_log_get_level() == AV_LOG_INFO) av_log_set_level(AV_LOG_QUIET);
  }
};

const FFmpeg& ffmpeg() {
  static const FFmpeg libraries;
  return libraries;
}

std::string ffmpeg_reason(int status) {
  char buffer[AV_ERROR_MAX_STRING_SIZE] = "";
  ffmpeg().av_strerror(status, buffer, sizeof buffer);
  return buffer;
}

// --- What is theirs, owned -------------------------------------------------------------------------------------------------

struct CloseInput {
  void operator()(AVFormatContext* context) const { ffmpeg().avformat_close_input(&context); }
};
struct FreeIo {
  void operator()(AVIOContext* io) const {
    ffmpeg().av_freep(&io->buffer);
    ffmpeg().avio_context_free(&io);
  }
};
struct FreeCodec {
  void operator()(AVCodecContext* codec) const { ffmpeg().avcodec_free_context(&codec); }
};
struct FreePacket {
  void operator()(AVPacket* packet) const { ffmpeg().av_packet_free(&packet); }
};
struct FreeFrame {
  void operator()(AVFrame* frame) const { ffmpeg().av_frame_free(&frame); }
};
struct FreeScaler {
  void operator()(SwsContext* scaler) const { ffmpeg().sws_freeContext(scaler); }
};

template <class T, class Free>
std::unique_ptr<T, Free> owned(T* pointer) {
  if (!pointer) throw std::bad_alloc();
  return std::unique_ptr<T, Free>(pointer);
}

// --- Bytes as a file -------------------------------------------------------------------------------------------------------

// What FFmpeg reads from. A file of lies can send a demuxer back and forth for ever, so what is read of it between two calls of
// ours has a bound, far beyond what sound files come to.
struct MemorySource {
  Bytes bytes;
  int64_t place = 0, allowance = 0;

  void refill() { allowance = (int64_t{1} << 30) + 16 * static_cast<int64_t>(bytes.size()); }

  static int read(void* opaque, uint8_t* buffer, int size) {
    auto& source = *static_cast<MemorySource*>(opaque);
    const auto count = std::min<int64_t>(size, static_cast<int64_t>(source.bytes.size()) - source.place);
    if (count <= 0) return AVERROR_EOF;
    if ((source.allowance -= count) < 0) return AVERROR_EXIT;
    std::memcpy(buffer, source.bytes.data() + source.place, static_cast<size_t>(count));
    source.place += count;
    return static_cast<int>(count);
  }

  static int64_t seek(void* opaque, int64_t offset, int whence) {
    auto& source = *static_cast<MemorySource*>(opaque);
    const auto size = static_cast<int64_t>(source.bytes.size());
    if (whence & AVSEEK_SIZE) return size;
    const int64_t from = (whence & ~AVSEEK_FORCE) == SEEK_CUR ? source.place : (whence & ~AVSEEK_FORCE) == SEEK_END ? size : 0;
    if (offset < -from || offset > std::numeric_limits<int64_t>::max() - from) return AVERROR(EINVAL);
    return source.place = from + offset;
  }
};

// What a playlist or a reference points to: nothing of ours.
int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EACCES); }

// --- Times and turns -------------------------------------------------------------------------------------------------------

// In this order of operations, as torchcodec has it.
double to_seconds(int64_t pts, AVRational base) { return static_cast<double>(pts) * base.num / base.den; }

int64_t to_pts(double seconds, AVRational base) {
  constexpr double most = 9e18;  // what lies beyond, of a file of lies, has no int64
  return static_cast<int64_t>(std::round(std::clamp(seconds * base.den / base.num, -most, most)));
}

// Some files give no pts to their packets; the decoding time has to do then.
template <class T>
int64_t pts_of(const T& packet) {
  if (packet.pts != AV_NOPTS_VALUE) return packet.pts;
  if constexpr (requires { packet.pkt_dts; }) {
    return packet.pkt_dts;
  } else {
    return packet.dts;
  }
}

// Its name has changed with FFmpeg 6.
template <class Frame>
int64_t duration_of(const Frame& frame) {
  if constexpr (requires { frame.duration; }) {
    return frame.duration;
  } else {
    return frame.pkt_duration;
  }
}

struct FrameInfo {
  int64_t pts;
  bool key;
};

}  // namespace

// --- The stream ------------------------------------------------------------------------------------------------------------

struct VideoStream::Impl {
  std::string name;  // that messages begin with
  VideoOptions options;
  std::optional<MappedFile> file;
  MemorySource source;
  std::unique_ptr<AVIOContext, FreeIo> io;
  std::unique_ptr<AVFormatContext, CloseInput> format;
  std::unique_ptr<AVCodecContext, FreeCodec> codec;
  std::unique_ptr<AVPacket, FreePacket> packet;
  std::unique_ptr<AVFrame, FreeFrame> frame, converted;
  std::unique_ptr<SwsContext, FreeScaler> scaler;
  std::tuple<int, int, int, AVColorSpace, AVColorRange> scaler_is_for;
  AVStream* stream = nullptr;
  AVRational base{};
  Size stored{};  // of a frame before it is turned
  VideoMetadata metadata;
  std::vector<FrameInfo> frames;  // by pts
  std::vector<int64_t> keys;      // their numbers in `frames`

  // Where decoding stands, as torchcodec keeps it: frames of `cursor` and later are those wanted.
  static constexpr int64_t none = std::numeric_limits<int64_t>::min();
  int64_t cursor = none, last_pts = none, last_index = none;
  bool cursor_is_new = false;

  Impl(std::string name, const VideoOptions& options) : name(std::move(name)), options(options) { ffmpeg(); }

  template <class... Args>
  [[noreturn]] void refuse(std::string_view pattern, const Args&... args) const {
    raise<DecodeError>("VideoDecoder: {}: {}", name, text(pattern, args...));
  }
  void check(int status, std::string_view what) const {
    if (status < 0) refuse("{} ({})", what, ffmpeg_reason(status));
  }

  void open();
  void choose_stream();
  void scan();
  void describe();
  size_t key_before(int64_t pts) const;  // which of `keys`; keys.size() when none
  bool can_go_on() const;
  void seek();
  void decode();
  int next_packet();
  void convert(uint8_t* pixels);
  void prepare_scaler(bool by_filter);
};

void VideoStream::Impl::open() {
  source.refill();
  constexpr int buffer_size = 32768;
  auto* buffer = static_cast<uint8_t*>(ffmpeg().av_malloc(buffer_size));
  if (!buffer) throw std::bad_alloc();
  io = owned<AVIOContext, FreeIo>(
      ffmpeg().avio_alloc_context(buffer, buffer_size, 0, &source, MemorySource::read, nullptr, MemorySource::seek));
  auto* context = ffmpeg().avformat_alloc_context();
  if (!context) throw std::bad_alloc();
  context->pb = io.get();
  context->io_open = refuse_to_open;
  AVDictionary* settings = nullptr;
  ffmpeg().av_dict_set(&settings, "protocol_whitelist", "none", 0);  // for demuxers that open by themselves
  // The name's ending is a hint for formats without a beginning of their own. What fails frees the context.
  const int opened = ffmpeg().avformat_open_input(&context, file ? name.c_str() : nullptr, nullptr, &settings);
  ffmpeg().av_dict_free(&settings);
  check(opened, "it is no video");
  format.reset(context);

  std::vector<AVDictionary*> each(format->nb_streams, nullptr);
  for (auto& dictionary : each) ffmpeg().av_dict_set_int(&dictionary, "max_pixels", options.limits.pixels, 0);
  const int status = ffmpeg().avformat_find_stream_info(format.get(), each.data());
  for (auto& dictionary : each) ffmpeg().av_dict_free(&dictionary);
  check(status, "its streams cannot be read");
}

void VideoStream::Impl::choose_stream() {
  const AVCodec* decoder = nullptr;
  const int best = ffmpeg().av_find_best_stream(format.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
  if (best < 0 || !decoder) refuse("it has no video stream that can be decoded");
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    if (i != static_cast<unsigned>(best)) format->streams[i]->discard = AVDISCARD_ALL;
  }
  stream = format->streams[best];
  base = stream->time_base;
  if (base.num <= 0 || base.den <= 0) refuse("its time base is {}/{}", base.num, base.den);
  stored = {stream->codecpar->height, stream->codecpar->width};
  const auto& limits = options.limits;
  if (stored.height < 1 || stored.width < 1) refuse("its frames are {}x{}", stored.height, stored.width);
  if (stored.height > limits.side || stored.width > limits.side || stored.height * stored.width > limits.pixels) {
    refuse(
        "its frames of {}x{} are over limits.side, {}, or limits.pixels, {}; raise them in VideoOptions::limits for a file "
        "that "
        "you trust",
        stored.height, stored.width, limits.side, limits.pixels);
  }

  codec = owned<AVCodecContext, FreeCodec>(ffmpeg().avcodec_alloc_context3(decoder));
  check(ffmpeg().avcodec_parameters_to_context(codec.get(), stream->codecpar), "its parameters cannot be read");
  codec->thread_count = options.threads;
  codec->pkt_timebase = base;
  codec->max_pixels = limits.pixels;
  check(ffmpeg().avcodec_open2(codec.get(), decoder, nullptr), "its decoder cannot be opened");
  codec->time_base = base;
}

int VideoStream::Impl::next_packet() {
  int status = 0;
  do {
    ffmpeg().av_packet_unref(packet.get());
    status = ffmpeg().av_read_frame(format.get(), packet.get());
  } while (status >= 0 && packet->stream_index != stream->index);
  return status;
}

void VideoStream::Impl::scan() {
  packet = owned<AVPacket, FreePacket>(ffmpeg().av_packet_alloc());
  frame = owned<AVFrame, FreeFrame>(ffmpeg().av_frame_alloc());
  int64_t begin = std::numeric_limits<int64_t>::max(), end = std::numeric_limits<int64_t>::min();
  for (;;) {
    const int status = next_packet();
    if (status == AVERROR_EOF) break;
    check(status, "it cannot be read to its end");
    if (packet->flags & AV_PKT_FLAG_DISCARD) continue;
    if (static_cast<int64_t>(frames.size()) >= options.max_frames) {
      refuse("it has more frames than VideoOptions::max_frames, {}", options.max_frames);
    }
    const int64_t pts = pts_of(*packet);
    begin = std::min(begin, pts);
    end = std::max(end, static_cast<int64_t>(static_cast<uint64_t>(pts) + static_cast<uint64_t>(packet->duration)));
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

  size_t matrix_size = 0;
  const auto* matrix = ffmpeg().av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &matrix_size);
  const double turn = matrix && matrix_size >= 9 * sizeof(int32_t)
                          ? ffmpeg().av_display_rotation_get(reinterpret_cast<const int32_t*>(matrix))
                          : 0;
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

void VideoStream::Impl::seek() {
  // FFmpeg at times seeks beyond what it was asked for, unless it is asked for a key frame.
  const size_t key = key_before(cursor);
  const int64_t pts = key == keys.size() ? cursor : frames[keys[key]].pts;
  check(ffmpeg().avformat_seek_file(format.get(), stream->index, std::numeric_limits<int64_t>::min(), pts, pts, 0),
        text("it does not let itself be read from pts {} on", pts));
  ffmpeg().avcodec_flush_buffers(codec.get());
}

// The next frame of `cursor` or later.
void VideoStream::Impl::decode() {
  source.refill();
  const bool sought = !can_go_on();
  // Until the frame is there, nobody knows where decoding stands: after an error the next call seeks.
  last_pts = none;
  if (sought) seek();
  cursor_is_new = false;
  // Of an MPEG program stream, what comes right after seeking may begin in the middle of a frame.
  bool may_be_cut = sought && std::string_view(format->iformat->name) == "mpeg";
  for (bool at_end = false;;) {
    const int status = ffmpeg().avcodec_receive_frame(codec.get(), frame.get());
    if (status == 0) {
      if (pts_of(*frame) >= cursor) break;
      continue;
    }
    if (status == AVERROR_EOF || (at_end && status < 0)) refuse("it ends before the frame that was asked for");
    if (status != AVERROR(EAGAIN)) check(status, "a frame cannot be decoded");

    const int read = next_packet();
    at_end = read == AVERROR_EOF;
    if (!at_end) check(read, "it cannot be read");
    // On the way to the frame, those that no other is made from are passed over; on several threads it would be told too late.
    codec->skip_frame = codec->thread_count == 1 && !at_end && packet->pts != AV_NOPTS_VALUE && packet->pts < cursor
                            ? AVDISCARD_NONREF
                            : AVDISCARD_DEFAULT;
    const int sent = ffmpeg().avcodec_send_packet(codec.get(), at_end ? nullptr : packet.get());
    if (sent == AVERROR_INVALIDDATA && may_be_cut) continue;
    check(sent, "a packet cannot be decoded");
    may_be_cut = false;
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

VideoStream::VideoStream(const std::filesystem::path& file, const VideoOptions& options)
    : impl_(std::make_unique<Impl>(file.string(), options)) {
  const WorkScope decoding(Work::Decoding);
  impl_->file.emplace(file);
  impl_->source.bytes = impl_->file->bytes();
  impl_->open();
  impl_->choose_stream();
  impl_->scan();
  impl_->describe();
}

VideoStream::VideoStream(Bytes bytes, const VideoOptions& options)
    : impl_(std::make_unique<Impl>(text("{} bytes", bytes.size()), options)) {
  const WorkScope decoding(Work::Decoding);
  impl_->source.bytes = bytes;
  impl_->open();
  impl_->choose_stream();
  impl_->scan();
  impl_->describe();
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
  stream.decode();
  if (pixels) stream.convert(pixels);
  stream.last_index = index;
  return {to_seconds(stream.last_pts, stream.base), to_seconds(duration_of(*stream.frame), stream.base)};
}

}  // namespace opsis::inline v1::io
