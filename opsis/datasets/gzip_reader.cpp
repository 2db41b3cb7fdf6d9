#include "opsis/datasets/gzip_reader.h"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <new>

#include "opsis/core/check.h"
#include "opsis/core/frees.h"
#include "opsis/core/system_reason.h"

namespace opsis::inline v1::datasets::detail {

struct GzipReader::State {
  explicit State(const std::filesystem::path& path) : file(std::fopen(path.c_str(), "rbe")) {
    if (!file) raise<IoError>("cannot open {}: {}", path.string(), system_reason(errno));
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (inflateInit2(&stream, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~State() { inflateEnd(&stream); }

  // False at the end of the file.
  bool refill() {
    if (stream.avail_in > 0) return true;
    stream.next_in = in.data();
    stream.avail_in = static_cast<uInt>(read(in.data(), in.size()));
    return stream.avail_in > 0;
  }

  size_t read(uint8_t* to, size_t size) const {
    const auto count = std::fread(to, 1, size, file.get());
    if (std::ferror(file.get())) raise<IoError>("it cannot be read: {}", system_reason(errno));
    return count;
  }

  // At the end of a member, whose checksum and length zlib found right: whether another one follows, and ready for that.
  bool go_on() {
    if (!refill()) return false;
    if (stream.avail_in == 1) {  // the two bytes that a member begins with, side by side
      in[0] = *stream.next_in;
      stream.next_in = in.data();
      stream.avail_in += static_cast<uInt>(read(in.data() + 1, in.size() - 1));
    }
    if (stream.avail_in < 2 || stream.next_in[0] != 0x1f || stream.next_in[1] != 0x8b) return false;
    if (inflateReset(&stream) != Z_OK) throw std::bad_alloc();
    return true;
  }

  std::unique_ptr<std::FILE, Frees<std::fclose>> file;
  z_stream stream{};
  bool ended = false;
  std::array<uint8_t, size_t{1} << 16> in{};
  std::array<uint8_t, size_t{1} << 18> out{};
};

GzipReader::GzipReader(const std::filesystem::path& file) : state_(std::make_unique<State>(file)) {}
GzipReader::~GzipReader() = default;

io::Bytes GzipReader::next() {
  auto& [file, stream, ended, in, out] = *state_;
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  while (!ended && stream.avail_out > 0) {
    if (!state_->refill()) raise<DecodeError>("the gzip data ends early");
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      ended = !state_->go_on();
    } else if (result != Z_OK) {
      raise<DecodeError>("the gzip data is damaged: {}", stream.msg ? stream.msg : "it makes no sense");
    }
  }
  return io::Bytes(out).first(out.size() - stream.avail_out);
}

}  // namespace opsis::inline v1::datasets::detail
