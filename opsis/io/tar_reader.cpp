#include "opsis/io/tar_reader.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "opsis/core/check.h"

namespace opsis::inline v1::io {
namespace {

constexpr size_t kTarBlock = 512;
constexpr size_t kLongestTarName = size_t{1} << 20;  // and all that a pax header says

template <class... Values>
[[noreturn]] void bad_tar_entry(size_t offset, std::string_view why, const Values&... values) {
  raise<DecodeError>("read_tar: the entry at byte {}: {}", offset, text(why, values...));
}

std::string_view tar_text(Bytes field) {
  const auto all = as_text(field);
  return all.substr(0, all.find('\0'));
}

// Octal digits between blanks, or, where the first bit is set, the number itself, which is large.
std::optional<uint64_t> tar_number(Bytes field) {
  uint64_t value = 0;
  if (field[0] & 0x80) {
    if (field[0] != 0x80) return std::nullopt;  // negative, or beyond any file
    for (const auto byte : field.subspan(1)) {
      if (value >> 55) return std::nullopt;
      value = value << 8 | byte;
    }
    return value;
  }
  auto digits = tar_text(field);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  while (digits.ends_with(' ')) digits.remove_suffix(1);
  for (const char c : digits) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value << 3 | static_cast<uint64_t>(c - '0');
  }
  return value;
}

// The sum of the header's bytes with blanks in place of the sum itself; some old programs took bytes as signed.
bool has_tar_checksum(Bytes head) {
  constexpr size_t at = 148, length = 8;
  uint64_t sum = length * ' ', negative = 0;
  for (size_t i = 0; i < kTarBlock; ++i) {
    if (i >= at && i < at + length) continue;
    sum += head[i];
    negative += head[i] >> 7;
  }
  const auto stated = tar_number(head.subspan(at, length));
  return stated && (*stated == sum || *stated == sum - 256 * negative);
}

// What pax headers and GNU's long names say of the entry behind them.
struct TarNews {
  std::optional<std::string> name, link;
  std::optional<uint64_t> size;
  bool is_sparse = false;
};

// Lines of "<length of the line> <key>=<value>\n".
void read_pax(Bytes records, size_t offset, TarNews& news) {
  auto rest = as_text(records);
  while (!rest.empty() && rest[0] != '\0') {
    size_t length = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
    const auto head = static_cast<size_t>(end - rest.data()) + 1;
    if (error != std::errc() || length > rest.size() || length <= head || rest[head - 1] != ' ' || rest[length - 1] != '\n') {
      bad_tar_entry(offset, "its pax header is damaged");
    }
    const auto line = rest.substr(head, length - head - 1);
    rest.remove_prefix(length);
    const auto equals = line.find('=');
    if (equals == line.npos) bad_tar_entry(offset, "its pax header is damaged");
    const auto key = line.substr(0, equals), value = line.substr(equals + 1);
    if (key == "path") news.name = value;
    if (key == "linkpath") news.link = value;
    if (key.starts_with("GNU.sparse.")) news.is_sparse = true;
    if (key != "size") continue;
    uint64_t size = 0;
    const auto [last, wrong] = std::from_chars(value.data(), value.data() + value.size(), size);
    if (wrong != std::errc() || last != value.data() + value.size()) bad_tar_entry(offset, "its pax header has no proper size");
    news.size = size;
  }
}

TarEntry::Kind kind_of_tar(char type, std::string_view name) {
  switch (type) {
    case '1': return TarEntry::Kind::HardLink;
    case '2': return TarEntry::Kind::SymbolicLink;
    case '5': return TarEntry::Kind::Folder;
    case '3':
    case '4':
    case '6': return TarEntry::Kind::Other;
    case '\0': return name.ends_with('/') ? TarEntry::Kind::Folder : TarEntry::Kind::File;
    case '0':
    case '7':
    case 'S': return TarEntry::Kind::File;
    default: return TarEntry::Kind::Other;  // GNU's labels and lists, whose data is passed over
  }
}

}  // namespace

bool is_tar(Bytes bytes) { return bytes.size() >= kTarBlock && bytes[0] != 0 && has_tar_checksum(bytes.first(kTarBlock)); }

std::vector<TarEntry> read_tar(Bytes archive) {
  std::vector<TarEntry> out;
  TarNews news;
  size_t begun = 0;  // where the first header of an entry is
  for (size_t at = 0; at < archive.size();) {
    if (archive.size() - at < kTarBlock) bad_tar_entry(at, "its header is cut short");
    const auto head = archive.subspan(at, kTarBlock);
    if (std::all_of(head.begin(), head.end(), [](uint8_t byte) { return byte == 0; })) break;  // the end
    if (!has_tar_checksum(head)) bad_tar_entry(at, "its header is damaged, or this is no tar archive");
    const char type = static_cast<char>(head[156]);
    const bool about = type == 'x' || type == 'X' || type == 'g' || type == 'L' || type == 'K';
    auto size = tar_number(head.subspan(124, 12));
    if (!about && news.size) size = news.size;
    if (!size) bad_tar_entry(at, "its size is no number");

    TarEntry entry{.name = std::string(tar_text(head.first(100))), .header = begun};
    if (has_magic(head, 257, std::string_view("ustar\0", 6)) && head[345] != 0) {
      entry.name = text("{}/{}", tar_text(head.subspan(345, 155)), entry.name);
    }
    if (news.name) entry.name = *news.name;
    entry.link = news.link ? *news.link : std::string(tar_text(head.subspan(157, 100)));
    entry.kind = kind_of_tar(type, entry.name);
    if ((type >= '1' && type <= '6') || entry.kind == TarEntry::Kind::Folder) size = 0;  // whatever they say, no data follows

    entry.offset = at + kTarBlock;
    if (*size > archive.size() - entry.offset) {
      bad_tar_entry(at, "\"{}\" claims {} bytes of an archive that has {} more", entry.name, *size,
                    archive.size() - entry.offset);
    }
    entry.size = static_cast<size_t>(*size);
    const auto data = archive.subspan(entry.offset, entry.size);
    at = entry.offset + std::min(archive.size() - entry.offset, (entry.size + kTarBlock - 1) / kTarBlock * kTarBlock);
    if (about) {
      if (entry.size > kLongestTarName) bad_tar_entry(begun, "{} bytes of names are too many", entry.size);
      if (type == 'L') news.name = tar_text(data);
      if (type == 'K') news.link = tar_text(data);
      if (type == 'x' || type == 'X') read_pax(data, begun, news);
      continue;  // of 'g', which is about all entries, nothing is needed
    }
    if (type == 'S' || news.is_sparse) {
      bad_tar_entry(begun, "\"{}\" is a sparse file; write the archive without --sparse", entry.name);
    }
    while (entry.name.size() > 1 && entry.name.ends_with('/')) entry.name.pop_back();
    if (entry.name.empty() || entry.name.find('\0') != std::string::npos) bad_tar_entry(begun, "it has no proper name");
    out.push_back(std::move(entry));
    news = {};
    begun = at;
  }
  return out;
}

}  // namespace opsis::inline v1::io
