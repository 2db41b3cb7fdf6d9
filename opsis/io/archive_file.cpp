#include "opsis/io/archive_file.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/io/byte_fields.h"
#include "opsis/io/crc32.h"
#include "opsis/io/file.h"
#include "opsis/io/index_file.h"
#include "opsis/io/inflate.h"
#include "opsis/io/tar_reader.h"
#include "opsis/io/zip_reader.h"

namespace opsis::inline v1::io {

struct ArchiveFile::Content {
  std::filesystem::path path;
  Limits limits;
  FileStamp stamp;
  ArchiveFormat format = ArchiveFormat::None;
  std::vector<Entry> entries;
};

namespace {

using Entry = ArchiveFile::Entry;

constexpr std::string_view kEntriesKind = "archive 1";

std::vector<Entry> entries_of_zip(Bytes archive) {
  std::vector<Entry> out;
  auto listed = list_zip(archive).entries;
  out.reserve(listed.size());
  for (auto& entry : listed) {
    if (entry.is_link) continue;
    const bool is_folder = entry.name.ends_with('/');
    out.push_back({.name = std::move(entry.name),
                   .offset = entry.header,
                   .stored = entry.size,
                   .size = entry.content,
                   .crc = entry.crc,
                   .method = entry.method,
                   .is_folder = is_folder});
  }
  return out;
}

// Where a symbolic link of the archive leads, as a name; a tar's other names are taken the same way.
std::string name_behind(const TarEntry& link) {
  const auto folder = std::filesystem::path(link.name).parent_path();
  return (link.kind == TarEntry::Kind::HardLink ? std::filesystem::path(link.link) : folder / link.link)
      .lexically_normal()
      .string();
}

std::vector<Entry> entries_of_tar(Bytes archive) {
  using Kind = TarEntry::Kind;
  auto listed = read_tar(archive);
  std::map<std::string, const TarEntry*> files;  // by the names that links mean
  std::map<const TarEntry*, const TarEntry*> hard;
  const auto is_link = [](const TarEntry& entry) { return entry.kind == Kind::HardLink || entry.kind == Kind::SymbolicLink; };
  if (std::any_of(listed.begin(), listed.end(), is_link)) {
    const auto plain = [](const TarEntry& entry) { return std::filesystem::path(entry.name).lexically_normal().string(); };
    // A hard link is the file that had the name when the link was made, whatever has it later.
    for (const auto& entry : listed) {
      if (entry.kind == Kind::File) files[plain(entry)] = &entry;
      if (entry.kind != Kind::HardLink) continue;
      if (const auto found = files.find(name_behind(entry)); found != files.end()) {
        hard[&entry] = files[plain(entry)] = found->second;
      }
    }
    // A link may lead to one that comes later; of a longer row of links than this nobody has any.
    for (int round = 0; round < 4; ++round) {
      for (const auto& entry : listed) {
        const auto found = is_link(entry) ? files.find(name_behind(entry)) : files.end();
        if (found != files.end()) files.emplace(plain(entry), found->second);
      }
    }
  }
  std::vector<Entry> out;
  out.reserve(listed.size());
  for (auto& entry : listed) {
    const TarEntry* file = &entry;
    if (const auto known = hard.find(&entry); known != hard.end()) {
      file = known->second;
    } else if (is_link(entry)) {
      const auto found = files.find(name_behind(entry));
      if (found == files.end()) continue;
      file = found->second;
    }
    if (entry.kind == Kind::Other) continue;
    out.push_back({.name = entry.name,
                   .offset = file->offset,
                   .stored = file->size,
                   .size = file->size,
                   .is_folder = entry.kind == Kind::Folder,
                   .is_link = is_link(entry)});
  }
  return out;
}

// The archive while one of its files is read. It is not kept open: data sets of thousands of shards would come to the limit of
// open files, and to open it takes a thousandth of the time that a picture takes to decode.
class OpenArchive {
 public:
  OpenArchive(const std::filesystem::path& path, const FileStamp& stamp)
      : size_(static_cast<uint64_t>(stamp.size)), file_(path, stamp) {}

  std::vector<uint8_t> bytes_at(uint64_t offset, uint64_t count) const {
    if (offset > size_ || count > size_ - offset) {
      raise<DecodeError>("it has {} bytes, and none from {} to {}", size_, offset, offset + count);
    }
    std::vector<uint8_t> out(count);
    file_.read(offset, out);
    return out;
  }
  uint64_t size() const { return size_; }

 private:
  uint64_t size_;
  StampedFile file_;
};

std::vector<uint8_t> read_zipped(const OpenArchive& archive, const Entry& entry) {
  if (entry.method != 0 && entry.method != 8) {
    raise<DecodeError>("it is compressed by method {}; deflate and no compression can be read", entry.method);
  }
  const ZipEntry told{.name = entry.name,
                      .size = entry.stored,
                      .crc = entry.crc,
                      .compressed = entry.method != 0,
                      .method = entry.method,
                      .content = entry.size,
                      .header = entry.offset};
  // The header is mostly no longer than this, so that one reading gives it and the data.
  constexpr uint64_t head = 30, most_extra = 64;
  const auto left = archive.size() - std::min(archive.size(), entry.offset);
  const auto guess = head + entry.name.size() + most_extra + std::min(left, entry.stored);
  auto bytes = archive.bytes_at(entry.offset, std::min(left, guess));
  if (bytes.size() >= head) {  // an extra field that is longer than that
    const uint64_t whole = head + (bytes[26] | bytes[27] << 8) + (bytes[28] | bytes[29] << 8);
    if (whole > bytes.size()) bytes = archive.bytes_at(entry.offset, std::min(left, whole));
  }
  const auto begin = zip_header_size(bytes, told);
  if (entry.stored > left - begin) raise<DecodeError>("its {} bytes reach beyond the end of the archive", entry.stored);
  if (entry.stored > bytes.size() - begin) bytes = archive.bytes_at(entry.offset, begin + entry.stored);
  const auto stored = Bytes(bytes).subspan(begin, entry.stored);
  auto out = entry.method == 0 ? std::vector<uint8_t>(stored.begin(), stored.end()) : inflate_raw(stored, entry.size);
  if (crc32(out) != entry.crc) raise<DecodeError>("it does not match its checksum");
  return out;
}

}  // namespace

ArchiveFormat archive_format(Bytes beginning) {
  using namespace std::string_view_literals;
  for (const auto magic : {"PK\3\4"sv, "PK\5\6"sv}) {
    if (has_magic(beginning, 0, magic)) return ArchiveFormat::Zip;
  }
  for (const auto magic : {"\x1f\x8b"sv, "BZh"sv,
                           "\xfd"
                           "7zXZ\0"sv,
                           "\x28\xb5\x2f\xfd"sv}) {
    if (has_magic(beginning, 0, magic)) return ArchiveFormat::Compressed;
  }
  return is_tar(beginning) ? ArchiveFormat::Tar : ArchiveFormat::None;
}

std::vector<Entry> detail::list_archive(Bytes archive) {
  switch (archive_format(archive)) {
    case ArchiveFormat::Zip: return entries_of_zip(archive);
    case ArchiveFormat::Tar: return entries_of_tar(archive);
    case ArchiveFormat::Compressed:
      raise<DecodeError>(
          "it is compressed as a whole, so no file in it can be read by itself; decompress it (gzip -d, xz -d, ...)");
    default: raise<DecodeError>("it is neither a zip nor a tar archive");
  }
}

std::string detail::entries_bytes(const std::vector<Entry>& entries) {
  std::string out;
  put_number(out, static_cast<uint64_t>(entries.size()));
  for (const auto& entry : entries) {
    put_text(out, entry.name);
    for (const auto number : {entry.offset, entry.stored, entry.size}) put_number(out, number);
    put_number(out, entry.crc);
    put_number(out, entry.method);
    put_number(out, static_cast<uint8_t>(entry.is_folder | entry.is_link << 1));
  }
  return out;
}

std::vector<Entry> detail::parse_entries(Bytes bytes) {
  constexpr size_t least = 4 * sizeof(uint64_t) + sizeof(uint32_t) + sizeof(uint16_t) + 1;
  ByteFields fields(bytes, "an index of an archive");
  std::vector<Entry> out(fields.count(least));
  for (auto& entry : out) {
    entry.name = fields.text();
    for (auto* number : {&entry.offset, &entry.stored, &entry.size}) *number = fields.number<uint64_t>();
    entry.crc = fields.number<uint32_t>();
    entry.method = fields.number<uint16_t>();
    const auto flags = fields.number<uint8_t>();
    entry.is_folder = flags & 1;
    entry.is_link = flags & 2;
  }
  return out;
}

ArchiveFile::ArchiveFile(const std::filesystem::path& path, const Options& options) {
  auto content =
      std::make_shared<Content>(Content{.path = path, .limits = options.limits, .stamp = file_stamp(path), .entries = {}});
  telling_where(path, [&] {
    const auto size = static_cast<uint64_t>(content->stamp.size);
    content->format = archive_format(OpenArchive(path, content->stamp).bytes_at(0, std::min<uint64_t>(size, 512)));
    // A zip's directory is its index already.
    const bool keeps = options.index && content->format == ArchiveFormat::Tar;
    const auto list = [&] { return detail::list_archive(MappedFile(path, MappedFile::Use::Pieces).bytes()); };
    const auto parse = [](Bytes bytes, const FileStamp&) { return detail::parse_entries(bytes); };
    content->entries = keeps ? kept_or_read(path, kEntriesKind, parse, list, detail::entries_bytes) : list();
  });
  content_ = std::move(content);
}

const std::filesystem::path& ArchiveFile::path() const { return content_->path; }
const std::vector<Entry>& ArchiveFile::entries() const { return content_->entries; }

std::vector<uint8_t> ArchiveFile::read(const Entry& entry) const {
  if (entry.is_folder) return {};
  return telling_where(content_->path.string() + "/" + entry.name, [&] {
    if (std::max(entry.size, entry.stored) > static_cast<uint64_t>(content_->limits.file_bytes)) {
      raise<DecodeError>("it is larger than limits.file_bytes ({})", content_->limits.file_bytes);
    }
    const OpenArchive archive(content_->path, content_->stamp);
    return content_->format == ArchiveFormat::Zip ? read_zipped(archive, entry) : archive.bytes_at(entry.offset, entry.size);
  });
}

}  // namespace opsis::inline v1::io
