// FFmpeg's libraries bring 136 others, which took 0.17 s at every start of every program, so they are loaded when the first
// file is opened.
#include "opsis/io/media_stream.h"

#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace opsis::inline v1::io::detail {
namespace {

// What a playlist or a reference points to: nothing of ours.
int refuse_to_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) { return AVERROR(EACCES); }

}  // namespace

// --- The libraries ---------------------------------------------------------------------------------------------------------

Library::Library(const char* name, int major) {
  for (const auto* pattern : {"lib{}.so.{}", "lib{}.{}.dylib"}) {
    if ((handle_ = dlopen(text(pattern, name, major).c_str(), RTLD_NOW | RTLD_LOCAL))) return;
  }
  raise<NotFoundError>("videos and sound: lib{}, version {}, cannot be loaded; install FFmpeg's libraries", name, major);
}

Library::Symbol Library::find(const char* name) const {
  if (void* address = dlsym(handle_, name)) return {address};
  raise<NotFoundError>("videos and sound: FFmpeg's libraries have no {}", name);
}

FFmpeg::FFmpeg() {
  if (av_log_get_level() == AV_LOG_INFO) av_log_set_level(AV_LOG_QUIET);
}

const FFmpeg& ffmpeg() {
  static const FFmpeg libraries;
  return libraries;
}

std::string ffmpeg_reason(int status) {
  char buffer[AV_ERROR_MAX_STRING_SIZE] = "";
  ffmpeg().av_strerror(status, buffer, sizeof buffer);
  return buffer;
}

int64_t to_pts(double seconds, AVRational base) {
  constexpr double most = 9e18;  // what lies beyond, of a file of lies, has no int64
  return static_cast<int64_t>(std::round(std::clamp(seconds * base.den / base.num, -most, most)));
}

// --- Bytes as a file -------------------------------------------------------------------------------------------------------

int MemorySource::read(void* opaque, uint8_t* buffer, int size) {
  auto& source = *static_cast<MemorySource*>(opaque);
  const auto count = std::min<int64_t>(size, static_cast<int64_t>(source.bytes.size()) - source.place);
  if (count <= 0) return AVERROR_EOF;
  if ((source.allowance -= count) < 0) return AVERROR_EXIT;
  std::memcpy(buffer, source.bytes.data() + source.place, static_cast<size_t>(count));
  source.place += count;
  return static_cast<int>(count);
}

int64_t MemorySource::seek(void* opaque, int64_t offset, int whence) {
  auto& source = *static_cast<MemorySource*>(opaque);
  const auto size = static_cast<int64_t>(source.bytes.size());
  if (whence & AVSEEK_SIZE) return size;
  const int64_t from = (whence & ~AVSEEK_FORCE) == SEEK_CUR ? source.place : (whence & ~AVSEEK_FORCE) == SEEK_END ? size : 0;
  if (offset < -from || offset > std::numeric_limits<int64_t>::max() - from) return AVERROR(EINVAL);
  return source.place = from + offset;
}

// --- A stream --------------------------------------------------------------------------------------------------------------

MediaStream::MediaStream(const char* who, const std::filesystem::path& file, const Limits& limits)
    : who(who), name(file.string()), limits(limits) {
  ffmpeg();
  this->file.emplace(file);
  source.bytes = this->file->bytes();
}

MediaStream::MediaStream(const char* who, Bytes bytes, const Limits& limits)
    : who(who), name(text("{} bytes", bytes.size())), limits(limits) {
  ffmpeg();
  source.bytes = bytes;
}

void MediaStream::open(std::string_view kind) {
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
  check(opened, text("it is no {}", kind));
  format.reset(context);

  std::vector<AVDictionary*> each(format->nb_streams, nullptr);
  for (auto& dictionary : each) ffmpeg().av_dict_set_int(&dictionary, "max_pixels", limits.pixels, 0);
  const int status = ffmpeg().avformat_find_stream_info(format.get(), each.data());
  for (auto& dictionary : each) ffmpeg().av_dict_free(&dictionary);
  check(status, "its streams cannot be read");
}

const AVCodec* MediaStream::choose(AVMediaType type, std::string_view kind) {
  const AVCodec* decoder = nullptr;
  const int best = ffmpeg().av_find_best_stream(format.get(), type, -1, -1, &decoder, 0);
  if (best < 0 || !decoder) refuse("it has no {} stream that can be decoded", kind);
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    if (i != static_cast<unsigned>(best)) format->streams[i]->discard = AVDISCARD_ALL;
  }
  stream = format->streams[best];
  base = stream->time_base;
  if (base.num <= 0 || base.den <= 0) refuse("its time base is {}/{}", base.num, base.den);
  return decoder;
}

void MediaStream::open_codec(const AVCodec* decoder, int threads) {
  codec = owned<AVCodecContext, FreeCodec>(ffmpeg().avcodec_alloc_context3(decoder));
  check(ffmpeg().avcodec_parameters_to_context(codec.get(), stream->codecpar), "its parameters cannot be read");
  codec->thread_count = threads;
  codec->pkt_timebase = base;
  codec->max_pixels = limits.pixels;
  check(ffmpeg().avcodec_open2(codec.get(), decoder, nullptr), "its decoder cannot be opened");
  codec->time_base = base;
  packet = owned<AVPacket, FreePacket>(ffmpeg().av_packet_alloc());
  frame = owned<AVFrame, FreeFrame>(ffmpeg().av_frame_alloc());
}

int MediaStream::next_packet() {
  int status = 0;
  do {
    ffmpeg().av_packet_unref(packet.get());
    status = ffmpeg().av_read_frame(format.get(), packet.get());
  } while (status >= 0 && packet->stream_index != stream->index);
  return status;
}

void MediaStream::seek(int64_t pts) {
  check(ffmpeg().avformat_seek_file(format.get(), stream->index, none, pts, pts, 0),
        text("it does not let itself be read from pts {} on", pts));
  ffmpeg().avcodec_flush_buffers(codec.get());
}

}  // namespace opsis::inline v1::io::detail
