#include "opsis/hub/zip_writer.h"

#include <algorithm>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/io/crc32.h"

namespace opsis::inline v1::hub {
namespace {

constexpr size_t alignment = 64;
constexpr uint32_t full = 0xFFFFFFFF;
constexpr uint16_t version_narrow = 10, version_wide = 45, utf8_names = 1 << 11, date_1980 = 1 << 5 | 1;

void append_number(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}
void append_u16(std::string& out, uint64_t value) { append_number(out, value, 2); }
void append_u32(std::string& out, uint64_t value) { append_number(out, value, 4); }
void append_u64(std::string& out, uint64_t value) { append_number(out, value, 8); }

}  // namespace

ZipWriter::ZipWriter(Sink sink, uint64_t wide_from) : sink_(std::move(sink)), wide_from_(wide_from) {}

void ZipWriter::put(io::Bytes bytes) {
  sink_(bytes);
  written_ += bytes.size();
}

void ZipWriter::add(std::string_view name, io::Bytes data) {
  OPSIS_CHECK(!name.empty() && name.size() <= 0xFFFF, "ZipWriter: a name must have 1 to 65535 bytes, got {}", name.size());
  const Entry entry{std::string(name), written_, data.size(), io::crc32(data)};
  const bool wide = entry.size >= wide_from_;

  std::string extra;
  if (wide) {
    append_u16(extra, 1);
    append_u16(extra, 16);
    append_u64(extra, entry.size);
    append_u64(extra, entry.size);
  }
  // The data is brought to its place by an extra field "FB" of the length that is missing, as torch does it.
  const auto start = written_ + 30 + name.size() + extra.size() + 4;
  const auto padding = (alignment - start % alignment) % alignment;
  append_u16(extra, 'F' | 'B' << 8);
  append_u16(extra, padding);
  extra.append(padding, 'Z');

  std::string header = "PK\3\4";
  append_u16(header, wide ? version_wide : version_narrow);
  append_u16(header, utf8_names);
  append_u16(header, 0);  // stored
  append_u16(header, 0);  // time
  append_u16(header, date_1980);
  append_u32(header, entry.crc);
  append_u32(header, wide ? full : entry.size);
  append_u32(header, wide ? full : entry.size);
  append_u16(header, name.size());
  append_u16(header, extra.size());
  header.append(name).append(extra);

  put(io::as_bytes(header));
  put(data);
  entries_.push_back(entry);
}

void ZipWriter::finish() {
  const auto directory = written_;
  for (const auto& entry : entries_) {
    const bool wide_size = entry.size >= wide_from_, wide_offset = entry.offset >= wide_from_;
    std::string extra;
    if (wide_size || wide_offset) {
      append_u16(extra, 1);
      append_u16(extra, (wide_size ? 16 : 0) + (wide_offset ? 8 : 0));
      if (wide_size) append_u64(extra, entry.size);
      if (wide_size) append_u64(extra, entry.size);
      if (wide_offset) append_u64(extra, entry.offset);
    }
    const auto version = extra.empty() ? version_narrow : version_wide;
    std::string header = "PK\1\2";
    append_u16(header, version);
    append_u16(header, version);
    append_u16(header, utf8_names);
    append_u16(header, 0);  // stored
    append_u16(header, 0);  // time
    append_u16(header, date_1980);
    append_u32(header, entry.crc);
    append_u32(header, wide_size ? full : entry.size);
    append_u32(header, wide_size ? full : entry.size);
    append_u16(header, entry.name.size());
    append_u16(header, extra.size());
    append_u16(header, 0);  // comment
    append_u16(header, 0);  // disk
    append_u16(header, 0);  // internal attributes
    append_u32(header, 0);  // external attributes
    append_u32(header, wide_offset ? full : entry.offset);
    header.append(entry.name).append(extra);
    put(io::as_bytes(header));
  }

  const auto size = written_ - directory;
  const auto end64 = written_;
  std::string end;
  const bool wide = directory >= wide_from_ || size >= wide_from_ || entries_.size() >= 0xFFFF;
  if (wide) {
    end += "PK\6\6";
    append_u64(end, 44);
    append_u16(end, version_wide);
    append_u16(end, version_wide);
    append_u32(end, 0);  // disks
    append_u32(end, 0);
    append_u64(end, entries_.size());
    append_u64(end, entries_.size());
    append_u64(end, size);
    append_u64(end, directory);
    end += "PK\6\7";
    append_u32(end, 0);
    append_u64(end, end64);
    append_u32(end, 1);
  }
  end += "PK\5\6";
  append_u16(end, 0);  // disks
  append_u16(end, 0);
  append_u16(end, wide ? 0xFFFF : entries_.size());
  append_u16(end, wide ? 0xFFFF : entries_.size());
  append_u32(end, wide ? full : size);
  append_u32(end, wide ? full : directory);
  append_u16(end, 0);  // comment
  put(io::as_bytes(end));
}

}  // namespace opsis::inline v1::hub
