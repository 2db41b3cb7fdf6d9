#include "opsis/io/index_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <system_error>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/io/byte_fields.h"
#include "opsis/io/crc32.h"

namespace opsis::inline v1::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndexHead = "opsis index 1\n";
constexpr size_t kIndexKind = 16;

std::string index_head(std::string_view kind, const FileStamp& stamp) {
  std::string out(kIndexHead);
  out.append(kind).append(kIndexKind - kind.size(), '\0');
  for (const auto number : {stamp.size, stamp.modified_ns, stamp.changed_ns}) put_number(out, number);
  put_number(out, stamp.number);
  return out;
}

FileStamp stamp_from(const struct stat& found) {
  const auto nanoseconds = [](const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; };
  return {found.st_size, nanoseconds(found.st_mtim), nanoseconds(found.st_ctim), found.st_ino};
}

}  // namespace

std::vector<fs::path> index_places(const fs::path& source) {
  std::error_code failed;
  const auto whole = fs::canonical(source, failed);
  if (failed || !whole.has_relative_path()) return {};
  const auto name = whole.filename().string();
  std::vector<fs::path> out{whole.parent_path() / ("." + name + ".opsis-index")};
  const char *cache = std::getenv("XDG_CACHE_HOME"), *home = std::getenv("HOME");
  if (cache || home) {
    const auto folder = cache ? fs::path(cache) : fs::path(home) / ".cache";
    out.push_back(folder / "opsis" / text("{}-{}.opsis-index", name, std::hash<std::string>()(whole.string())));
  }
  return out;
}

void write_index(const fs::path& source, std::string_view content) {
  for (const auto& place : index_places(source)) {
    try {
      std::error_code failed;  // to make the folder; then to write there fails too
      fs::create_directories(place.parent_path(), failed);
      FileWriter file(place, FileWriter::Links::Refuse);
      file.write(as_bytes(content));
      file.commit();
      return;
    } catch (const IoError&) {
      // Read-only, or full: the next place, or none.
    }
  }
}

MappedFile open_index(const fs::path& place) {
  std::error_code failed;
  if (!fs::is_regular_file(fs::symlink_status(place, failed))) {
    raise<IoError>("cannot read {}: it is not a regular file", place.string());
  }
  return MappedFile(place);
}

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

FileStamp file_stamp(const fs::path& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0) raise<IoError>("cannot open {}: {}", file.string(), std::strerror(errno));
  if (!S_ISREG(found.st_mode)) raise<IoError>("cannot read {}: it is not a regular file", file.string());
  return stamp_from(found);
}

StampedFile::StampedFile(fs::path path, const FileStamp& stamp)
    : path_(std::move(path)), stamp_(stamp), descriptor_(open(path_.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) raise<IoError>("cannot open {}: {}", path_.string(), std::strerror(errno));
}

StampedFile::~StampedFile() { close(descriptor_); }

void StampedFile::read(uint64_t offset, std::span<uint8_t> out) const {
  bool whole = true;
  for (size_t filled = 0; whole && filled < out.size();) {
    const auto got = pread(descriptor_, out.data() + filled, out.size() - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) raise<IoError>("cannot read {}: {}", path_.string(), std::strerror(errno));
    whole = got > 0;
    filled += static_cast<size_t>(got);
  }
  // After the bytes, so that no change goes by between. Rights, links and, on some network drives, the number may become others
  // while the bytes stay.
  struct stat found {};
  if (fstat(descriptor_, &found) != 0) raise<IoError>("cannot look at {}: {}", path_.string(), std::strerror(errno));
  const auto now = stamp_from(found);
  if (!whole || now.size != stamp_.size || now.modified_ns != stamp_.modified_ns) {
    raise<IoError>("cannot read {}: it was changed while it was open", path_.string());
  }
}

std::string index_bytes(std::string_view kind, std::string_view content, const FileStamp& stamp) {
  auto out = index_head(kind, stamp);
  put_number(out, crc32(as_bytes(content), crc32(as_bytes(out))));
  return out.append(content);
}

std::optional<Bytes> parse_index(Bytes bytes, std::string_view kind, const FileStamp& stamp) {
  const auto head = index_head(kind, stamp);
  if (!has_magic(bytes, 0, head) || bytes.size() < head.size() + sizeof(uint32_t)) return std::nullopt;
  ByteFields fields(bytes.subspan(head.size()), "an index");
  const auto sum = fields.number<uint32_t>();
  const auto content = fields.take(fields.left());
  if (crc32(content, crc32(as_bytes(head))) != sum) return std::nullopt;
  return content;
}

std::optional<KeptIndex> read_file_index(const fs::path& source, std::string_view kind) {
  const auto stamp = file_stamp(source);
  for (const auto& place : index_places(source)) {
    try {
      auto file = open_index(place);
      if (const auto content = parse_index(file.bytes(), kind, stamp)) return KeptIndex{std::move(file), *content};
    } catch (const IoError&) {
      // Not there, or not to be read: the source is read instead.
    }
  }
  return std::nullopt;
}

void write_file_index(const fs::path& source, std::string_view kind, std::string_view content, const FileStamp& stamp,
                      int64_t begun_ns) {
  if (std::max(stamp.modified_ns, stamp.changed_ns) >= begun_ns - kCoarsestClock) return;
  write_index(source, index_bytes(kind, content, stamp));
}

}  // namespace opsis::inline v1::io
