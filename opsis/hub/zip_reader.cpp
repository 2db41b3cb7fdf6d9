#include "opsis/hub/zip_reader.h"

#include <algorithm>
#include <unordered_set>

#include "opsis/core/check.h"
#include "opsis/hub/crc32.h"

namespace opsis::inline v1::hub {
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
  ZipFields(io::Bytes bytes, std::string_view what) : bytes_(bytes), what_(what) {}
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  io::Bytes take(size_t count) {
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
  io::Bytes bytes_;
  std::string_view what_;
};

io::Bytes part(io::Bytes archive, uint64_t offset, uint64_t size, std::string_view what) {
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
size_t find_end_record(io::Bytes archive) {
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

Place read_end64(io::Bytes archive, size_t locator) {
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

Place find_directory(io::Bytes archive) {
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
void widen(io::Bytes extra, uint64_t& size, uint64_t& stored, uint64_t* offset) {
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

/// An entry with the whole space that it takes, header included.
struct Claim {
  ZipEntry entry;
  uint64_t begin = 0, end = 0;
};

Claim read_entry(io::Bytes archive, const Place& place, ZipFields& directory) {
  if (directory.u32() != central_magic) bad_zip("an entry of the directory does not begin like one");
  directory.take(4);  // versions
  const auto flags = directory.u16();
  const auto method = directory.u16();
  directory.take(4);  // time and date
  const auto crc = directory.u32();
  uint64_t stored = directory.u32(), size = directory.u32();
  const auto name_length = directory.u16(), extra_length = directory.u16(), comment_length = directory.u16();
  const auto disk = directory.u16();
  directory.take(6);  // attributes
  uint64_t offset = directory.u32();
  const std::string name(io::as_text(directory.take(name_length)));
  widen(directory.take(extra_length), size, stored, &offset);
  directory.take(comment_length);

  if (name.empty() || name.find('\0') != std::string::npos) bad_zip("an entry has no proper name");
  if (disk != 0) bad_zip("the archive is split over several files");
  if (flags & (encrypted | strong_encryption | masked)) bad_zip(text("\"{}\" is encrypted", name));
  const bool compressed = method != 0;
  if (!compressed && stored != size) bad_zip(text("\"{}\" is stored in {} bytes but has {}", name, stored, size));

  // The entry's own header must tell the same: a reader that goes from header to header would see another archive otherwise.
  const auto before = archive.first(place.offset);
  ZipFields local(part(before, offset, local_size, name), name);
  if (local.u32() != local_magic) bad_zip(text("\"{}\" has no header where the directory says", name));
  local.take(2);
  const auto local_flags = local.u16();
  if (local.u16() != method) bad_zip(text("\"{}\" has another method in its header", name));
  local.take(4);
  const auto local_crc = local.u32();
  uint64_t local_stored = local.u32(), local_bytes = local.u32();
  const auto local_name_length = local.u16(), local_extra_length = local.u16();
  ZipFields tail(part(before, offset + local_size, uint64_t{local_name_length} + local_extra_length, name), name);
  if (io::as_text(tail.take(local_name_length)) != name) bad_zip(text("\"{}\" has another name in its header", name));
  widen(tail.take(local_extra_length), local_bytes, local_stored, nullptr);
  const bool later = (local_flags & sizes_follow) && local_crc == 0;  // the header was written before the data was known
  if (!later && (local_bytes != size || local_stored != stored || local_crc != crc)) {
    bad_zip(text("\"{}\" has another size or checksum in its header", name));
  }

  const auto data = offset + local_size + local_name_length + local_extra_length;
  part(before, data, stored, name);
  return {{name, data, stored, crc, compressed}, offset, data + stored};
}

}  // namespace

const ZipEntry* ZipDirectory::find(std::string_view name) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const ZipEntry& entry) { return entry.name == name; });
  return found == entries.end() ? nullptr : &*found;
}

ZipDirectory read_zip(io::Bytes archive) {
  const auto place = find_directory(archive);
  ZipFields fields(archive.subspan(place.offset, place.size), "the directory");
  std::vector<Claim> claims;
  std::unordered_set<std::string> names;
  for (uint64_t i = 0; i < place.count; ++i) {
    claims.push_back(read_entry(archive, place, fields));
    const auto& name = claims.back().entry.name;
    if (!names.insert(name).second) bad_zip(text("the archive has \"{}\" twice", name));
  }
  if (fields.left() != 0) bad_zip(text("{} bytes of the directory belong to no entry", fields.left()));

  std::sort(claims.begin(), claims.end(), [](const Claim& a, const Claim& b) { return a.begin < b.begin; });
  ZipDirectory out;
  uint64_t position = 0;
  for (auto& claim : claims) {
    if (claim.begin < position) bad_zip(text("\"{}\" overlaps the entry before it", claim.entry.name));
    position = claim.end;
    out.entries.push_back(std::move(claim.entry));
  }
  return out;
}

io::Bytes read_zip_entry(io::Bytes archive, const ZipEntry& entry) {
  if (entry.compressed) bad_zip(text("\"{}\" is compressed; torch.save stores its entries as they are", entry.name));
  const auto bytes = archive.subspan(entry.offset, entry.size);
  // torch.serialization.set_crc32_options(False) leaves zeros.
  if (entry.crc != 0 && crc32(bytes) != entry.crc) bad_zip(text("\"{}\" does not match its checksum", entry.name));
  return bytes;
}

}  // namespace opsis::inline v1::hub
