#include "opsis/io/zip_reader.h"

#include <algorithm>
#include <unordered_set>

#include "opsis/core/check.h"
#include "opsis/io/crc32.h"

namespace opsis::inline v1::io {
namespace {

constexpr uint32_t local_magic = 0x04034b50, central_magic = 0x02014b50, end_magic = 0x06054b50, end64_magic = 0x06064b50,
                   locator64_magic = 0x07064b50;
constexpr size_t local_size = 30, central_size = 46, end_size = 22, end64_size = 56, locator64_size = 20;
constexpr uint16_t full16 = 0xFFFF, encrypted = 1 << 0, sizes_follow = 1 << 3, strong_encryption = 1 << 6, masked = 1 << 13;
constexpr uint32_t full32 = 0xFFFFFFFF;

[[noreturn]] void bad_zip(std::string_view why) { raise<DecodeError>("read_zip: {}", why); }

/// Little-endian numbers, one after the other, out of a part of the archive. Reading past its end throws.
class ZipFields {
 public:
  ZipFields(Bytes bytes, std::string_view what) : bytes_(bytes), what_(what) {}
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  Bytes take(size_t count) {
    if (count > bytes_.size()) bad_zip(text("{} ends early", what_));
    const auto out = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return out;
  }
  size_t left() const { return bytes_.size(); }

 private:
  uint64_t number(size_t count) {
    uint64_t value = 0;
    const auto raw = take(count);
    for (size_t i = count; i-- > 0;) value = value << 8 | raw[i];
    return value;
  }
  Bytes bytes_;
  std::string_view what_;
};

Bytes part(Bytes archive, uint64_t offset, uint64_t size, std::string_view what) {
  if (offset > archive.size() || size > archive.size() - offset) {
    bad_zip(text("{} claims bytes {} to {} of an archive of {}", what, offset, offset + size, archive.size()));
  }
  return archive.subspan(offset, size);
}

/// Where the directory is; `end` is where what describes it begins.
struct Place {
  uint64_t offset = 0, size = 0, count = 0, end = 0;
};

/// The end record is the last thing but for a comment of up to 65535 bytes, so it is looked for from the back.
size_t find_end_record(Bytes archive) {
  if (archive.size() < end_size) bad_zip(text("{} bytes are too few for a zip archive", archive.size()));
  const size_t last = archive.size() - end_size;
  const size_t first = last - std::min<size_t>(last, full16);
  for (size_t at = last + 1; at-- > first;) {
    if (archive[at] != 'P') continue;
    ZipFields fields(archive.subspan(at), "the end record");
    if (fields.u32() != end_magic) continue;
    fields.take(16);
    if (fields.u16() == last - at) return at;
  }
  bad_zip("no end record: the file is cut short or not a zip archive");
}

Place read_end64(Bytes archive, size_t locator) {
  ZipFields pointer(archive.subspan(locator, locator64_size), "the 64 bit locator");
  pointer.take(4);
  if (pointer.u32() != 0) bad_zip("the archive is split over several files");
  const auto at = pointer.u64();
  if (pointer.u32() != 1) bad_zip("the archive is split over several files");
  if (at > locator || locator - at < end64_size) bad_zip("the 64 bit end record is not where the locator says");
  ZipFields fields(archive.subspan(at, locator - at), "the 64 bit end record");
  if (fields.u32() != end64_magic) bad_zip("the 64 bit end record is not where the locator says");
  if (fields.u64() != locator - at - 12) bad_zip("the 64 bit end record has the wrong length");
  fields.take(4);  // versions
  if (fields.u32() != 0 || fields.u32() != 0) bad_zip("the archive is split over several files");
  Place place{.end = at};
  const auto here = fields.u64();
  place.count = fields.u64();
  place.size = fields.u64();
  place.offset = fields.u64();
  if (here != place.count) bad_zip("the archive is split over several files");
  return place;
}

Place find_directory(Bytes archive) {
  const auto end = find_end_record(archive);
  ZipFields fields(archive.subspan(end), "the end record");
  fields.take(4);
  if (fields.u16() != 0 || fields.u16() != 0) bad_zip("the archive is split over several files");
  const auto here = fields.u16();
  Place place{.end = end};
  place.count = fields.u16();
  place.size = fields.u32();
  place.offset = fields.u32();
  if (here != place.count) bad_zip("the archive is split over several files");

  const bool wide = end >= locator64_size && ZipFields(archive.subspan(end - locator64_size), "").u32() == locator64_magic;
  if (wide) {
    const auto narrow = place;
    place = read_end64(archive, end - locator64_size);
    // Both records describe one directory: a field of the old one is either full or the same.
    if ((narrow.count != full16 && narrow.count != place.count) || (narrow.size != full32 && narrow.size != place.size) ||
        (narrow.offset != full32 && narrow.offset != place.offset)) {
      bad_zip("the 32 and 64 bit end records disagree");
    }
  }
  part(archive.first(place.end), place.offset, place.size, "the directory");
  if (place.offset + place.size != place.end) bad_zip("the directory does not end where the end record begins");
  if (place.count > place.size / central_size)
    bad_zip(text("a directory of {} bytes cannot have {} entries", place.size, place.count));
  return place;
}

/// Replaces the fields that are full by those of the 64 bit extra field; they are there in this order, and only they.
void widen(Bytes extra, uint64_t& size, uint64_t& stored, uint64_t* offset) {
  if (size != full32 && stored != full32 && (!offset || *offset != full32)) return;
  ZipFields fields(extra, "an extra field");
  while (fields.left() >= 4) {
    const auto id = fields.u16();
    ZipFields wide(fields.take(fields.u16()), "a 64 bit extra field");
    if (id != 1) continue;
    if (size == full32) size = wide.u64();
    if (stored == full32) stored = wide.u64();
    if (offset && *offset == full32) *offset = wide.u64();
    return;
  }
}

/// An entry as the directory has it.
ZipEntry next_entry(ZipFields& directory) {
  if (directory.u32() != central_magic) bad_zip("an entry of the directory does not begin like one");
  const bool made_by_unix = directory.u16() >> 8 == 3;
  directory.take(2);  // the version that it needs
  const auto flags = directory.u16();
  ZipEntry entry{.name = {}, .method = directory.u16()};
  directory.take(4);  // time and date
  entry.crc = directory.u32();
  uint64_t stored = directory.u32(), size = directory.u32();
  const auto name_length = directory.u16(), extra_length = directory.u16(), comment_length = directory.u16();
  const auto disk = directory.u16();
  directory.take(2);  // whether it is text
  const auto kind = directory.u32() >> 28;
  uint64_t offset = directory.u32();
  entry.name = as_text(directory.take(name_length));
  widen(directory.take(extra_length), size, stored, &offset);
  directory.take(comment_length);

  const auto& name = entry.name;
  if (name.empty() || name.find('\0') != std::string::npos) bad_zip("an entry has no proper name");
  if (disk != 0) bad_zip("the archive is split over several files");
  if (flags & (encrypted | strong_encryption | masked)) bad_zip(text("\"{}\" is encrypted", name));
  entry.compressed = entry.method != 0;
  entry.is_link = made_by_unix && kind == 0xA;
  if (!entry.compressed && stored != size) bad_zip(text("\"{}\" is stored in {} bytes but has {}", name, stored, size));
  entry.size = stored;
  entry.content = size;
  entry.header = offset;
  return entry;
}

}  // namespace

const ZipEntry* ZipDirectory::find(std::string_view name) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const ZipEntry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

ZipListing list_zip(Bytes archive) {
  const auto place = find_directory(archive);
  ZipFields fields(archive.subspan(place.offset, place.size), "the directory");
  ZipListing out{.entries = {}, .end = place.offset};
  for (uint64_t i = 0; i < place.count; ++i) {
    out.entries.push_back(next_entry(fields));
    const auto& entry = out.entries.back();
    part(archive.first(out.end), entry.header, local_size, entry.name);
  }
  if (fields.left() != 0) bad_zip(text("{} bytes of the directory belong to no entry", fields.left()));
  return out;
}

// The entry's own header must tell the same: a reader that goes from header to header would see another archive otherwise.
size_t zip_header_size(Bytes header, const ZipEntry& entry) {
  const auto& name = entry.name;
  ZipFields local(header, name);
  if (local.u32() != local_magic) bad_zip(text("\"{}\" has no header where the directory says", name));
  local.take(2);
  const auto flags = local.u16();
  if (local.u16() != entry.method) bad_zip(text("\"{}\" has another method in its header", name));
  local.take(4);
  const auto crc = local.u32();
  uint64_t stored = local.u32(), size = local.u32();
  const auto name_length = local.u16(), extra_length = local.u16();
  if (as_text(local.take(name_length)) != name) bad_zip(text("\"{}\" has another name in its header", name));
  widen(local.take(extra_length), size, stored, nullptr);
  const bool later = (flags & sizes_follow) && crc == 0;  // the header was written before the data was known
  if (!later && (size != entry.content || stored != entry.size || crc != entry.crc)) {
    bad_zip(text("\"{}\" has another size or checksum in its header", name));
  }
  return local_size + name_length + extra_length;
}

ZipDirectory read_zip(Bytes archive) {
  auto [entries, end] = list_zip(archive);
  const auto before = archive.first(end);
  std::unordered_set<std::string_view> names;
  for (auto& entry : entries) {
    if (!names.insert(entry.name).second) bad_zip(text("the archive has \"{}\" twice", entry.name));
    entry.offset = entry.header + zip_header_size(before.subspan(entry.header), entry);
    part(before, entry.offset, entry.size, entry.name);
  }
  std::sort(entries.begin(), entries.end(), [](const ZipEntry& a, const ZipEntry& b) { return a.header < b.header; });
  uint64_t position = 0;
  for (const auto& entry : entries) {
    if (entry.header < position) bad_zip(text("\"{}\" overlaps the entry before it", entry.name));
    position = entry.offset + entry.size;
  }
  return {std::move(entries)};
}

Bytes read_zip_entry(Bytes archive, const ZipEntry& entry) {
  if (entry.compressed) bad_zip(text("\"{}\" is compressed; torch.save stores its entries as they are", entry.name));
  const auto bytes = archive.subspan(entry.offset, entry.size);
  // torch.serialization.set_crc32_options(False) leaves zeros.
  if (entry.crc != 0 && crc32(bytes) != entry.crc) bad_zip(text("\"{}\" does not match its checksum", entry.name));
  return bytes;
}

}  // namespace opsis::inline v1::io
