// What the streams of video and of audio share: FFmpeg's libraries, loaded when the first of them is opened, and one stream of
// a file, demuxed and decoded. For sources that may see FFmpeg's headers.
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::io::detail {

// --- The libraries ---------------------------------------------------------------------------------------------------------

// A library of the version whose headers this was compiled with, whatever the system calls it.
class Library {
 public:
  Library(const char* name, int major);

  struct Symbol {
    void* address;
    template <class Function>
    operator Function*() const {
      return reinterpret_cast<Function*>(address);
    }
  };
  Symbol find(const char* name) const;

 private:
  void* handle_ = nullptr;  // never closed: threads of theirs may outlive what runs at exit
};

// The functions that are used, by the library that has them.
struct FFmpeg {
  const Library avutil{"avutil", LIBAVUTIL_VERSION_MAJOR}, avcodec{"avcodec", LIBAVCODEC_VERSION_MAJOR},
      avformat{"avformat", LIBAVFORMAT_VERSION_MAJOR}, swresample{"swresample", LIBSWRESAMPLE_VERSION_MAJOR},
      swscale{"swscale", LIBSWSCALE_VERSION_MAJOR};
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
  OPSIS_FUNCTION(avcodec, avcodec_descriptor_get);
  OPSIS_FUNCTION(avcodec, avcodec_flush_buffers);
  OPSIS_FUNCTION(avcodec, avcodec_free_context);
  OPSIS_FUNCTION(avcodec, avcodec_get_name);
  OPSIS_FUNCTION(avcodec, avcodec_open2);
  OPSIS_FUNCTION(avcodec, avcodec_parameters_to_context);
  OPSIS_FUNCTION(avcodec, avcodec_receive_frame);
  OPSIS_FUNCTION(avcodec, avcodec_send_packet);
  OPSIS_FUNCTION(avformat, av_find_best_stream);
  OPSIS_FUNCTION(avformat, av_read_frame);
  OPSIS_FUNCTION(avformat, avformat_alloc_context);
  OPSIS_FUNCTION(avformat, avformat_close_input);
  OPSIS_FUNCTION(avformat, avformat_find_stream_info);
  OPSIS_FUNCTION(avformat, avformat_open_input);
  OPSIS_FUNCTION(avformat, avformat_seek_file);
  OPSIS_FUNCTION(avformat, avio_alloc_context);
  OPSIS_FUNCTION(avformat, avio_context_free);
  OPSIS_FUNCTION(swresample, swr_alloc_set_opts2);
  OPSIS_FUNCTION(swresample, swr_convert);
  OPSIS_FUNCTION(swresample, swr_free);
  OPSIS_FUNCTION(swresample, swr_init);
  OPSIS_FUNCTION(swscale, sws_alloc_context);
  OPSIS_FUNCTION(swscale, sws_freeContext);
  OPSIS_FUNCTION(swscale, sws_getCoefficients);
  OPSIS_FUNCTION(swscale, sws_getColorspaceDetails);
  OPSIS_FUNCTION(swscale, sws_init_context);
  OPSIS_FUNCTION(swscale, sws_scale);
  OPSIS_FUNCTION(swscale, sws_setColorspaceDetails);
#undef OPSIS_FUNCTION

  FFmpeg();
};

const FFmpeg& ffmpeg();
std::string ffmpeg_reason(int status);

// --- What is theirs, owned -------------------------------------------------------------------------------------------------

// What a stream says of all its packets. In FFmpeg 6.1 it moved from the stream (which lost it in 8) to the parameters of the
// codec; whichever the headers have is read.
template <class Stream>
std::span<const AVPacketSideData> side_data_of(const Stream& stream) {
  if constexpr (requires { stream.codecpar->coded_side_data; }) {
    return {stream.codecpar->coded_side_data, static_cast<size_t>(stream.codecpar->nb_coded_side_data)};
  } else {
    return {stream.side_data, static_cast<size_t>(stream.nb_side_data)};
  }
}

struct FreeIo {
  void operator()(AVIOContext* io) const {
    ffmpeg().av_freep(&io->buffer);
    ffmpeg().avio_context_free(&io);
  }
};
// As core/frees.h has it, by a function that was found at run time. Most want to clear the pointer too.
template <auto FFmpeg::*function>
struct FFmpegFrees {
  template <class T>
  void operator()(T* pointer) const {
    const auto free = ffmpeg().*function;
    if constexpr (std::is_invocable_v<decltype(free), T**>) {
      free(&pointer);
    } else {
      free(pointer);
    }
  }
};
using CloseInput = FFmpegFrees<&FFmpeg::avformat_close_input>;
using FreeCodec = FFmpegFrees<&FFmpeg::avcodec_free_context>;
using FreePacket = FFmpegFrees<&FFmpeg::av_packet_free>;
using FreeFrame = FFmpegFrees<&FFmpeg::av_frame_free>;
using FreeScaler = FFmpegFrees<&FFmpeg::sws_freeContext>;
using FreeResampler = FFmpegFrees<&FFmpeg::swr_free>;

template <class T, class Free>
std::unique_ptr<T, Free> owned(T* pointer) {
  if (!pointer) throw std::bad_alloc();
  return std::unique_ptr<T, Free>(pointer);
}

// --- Times -----------------------------------------------------------------------------------------------------------------

// In this order of operations, as torchcodec has it.
inline double to_seconds(int64_t pts, AVRational base) { return static_cast<double>(pts) * base.num / base.den; }

int64_t to_pts(double seconds, AVRational base);

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

// A sum of two numbers of a file, which may lie: it wraps.
inline int64_t wrapped_sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

// --- A stream --------------------------------------------------------------------------------------------------------------

// What FFmpeg reads from. A file of lies can send a demuxer back and forth for ever, so what is read of it between two calls of
// ours has a bound, far beyond what sound files come to.
struct MemorySource {
  Bytes bytes;
  int64_t place = 0, allowance = 0;

  void refill() { allowance = (int64_t{1} << 30) + 16 * static_cast<int64_t>(bytes.size()); }
  static int read(void* opaque, uint8_t* buffer, int size);
  static int64_t seek(void* opaque, int64_t offset, int whence);
};

// The best stream of a kind of a file: its packets, and the frames they are decoded to.
class MediaStream {
 public:
  static constexpr int64_t none = std::numeric_limits<int64_t>::min();  // no pts

  // `who` and `name` begin the messages.
  MediaStream(const char* who, const std::filesystem::path& file, const Limits& limits);
  MediaStream(const char* who, Bytes bytes, const Limits& limits);

  template <class... Args>
  [[noreturn]] void refuse(std::string_view pattern, const Args&... args) const {
    raise<DecodeError>("{}: {}: {}", who, name, text(pattern, args...));
  }
  template <class... Args>
  [[noreturn]] void over_limits(const std::string& way, std::string_view pattern, const Args&... args) const {
    raise_with<DecodeError>(WayOut::RaiseLimits, way, "{}: {}: {}", who, name, text(pattern, args...));
  }
  void check(int status, std::string_view what) const {
    if (status < 0) refuse("{} ({})", what, ffmpeg_reason(status));
  }

  void open(std::string_view kind);
  // Finds the best stream of that type, and its decoder; packets of all others are passed over from now on.
  const AVCodec* choose(AVMediaType type, std::string_view kind);
  void open_codec(const AVCodec* decoder, int threads);
  int next_packet();
  void seek(int64_t pts);

  // Decodes on to the next frame that `accept` says yes to; false when there is none to the end. `sought` tells that seek()
  // came right before, and `prepare` is called with each packet before the decoder gets it, null at the end.
  template <class Accept, class Prepare>
  bool decode(bool sought, const Accept& accept, const Prepare& prepare) {
    // Of an MPEG program stream, what comes right after seeking may begin in the middle of a frame.
    bool may_be_cut = sought && std::string_view(format->iformat->name) == "mpeg";
    for (bool at_end = false;;) {
      const int status = ffmpeg().avcodec_receive_frame(codec.get(), frame.get());
      if (status == 0) {
        if (accept(*frame)) return true;
        continue;
      }
      if (status == AVERROR_EOF || (at_end && status < 0)) return false;
      if (status != AVERROR(EAGAIN)) check(status, "a frame cannot be decoded");

      const int read = next_packet();
      at_end = read == AVERROR_EOF;
      if (!at_end) check(read, "it cannot be read");
      const AVPacket* next = at_end ? nullptr : packet.get();
      prepare(next);
      const int sent = ffmpeg().avcodec_send_packet(codec.get(), next);
      if (sent == AVERROR_INVALIDDATA && may_be_cut) continue;
      check(sent, "a packet cannot be decoded");
      may_be_cut = false;
    }
  }

  const char* who;
  std::string name;
  Limits limits;
  std::optional<MappedFile> file;
  MemorySource source;
  std::unique_ptr<AVIOContext, FreeIo> io;
  std::unique_ptr<AVFormatContext, CloseInput> format;
  std::unique_ptr<AVCodecContext, FreeCodec> codec;
  std::unique_ptr<AVPacket, FreePacket> packet;
  std::unique_ptr<AVFrame, FreeFrame> frame;
  AVStream* stream = nullptr;
  AVRational base{};
};

}  // namespace opsis::inline v1::io::detail
