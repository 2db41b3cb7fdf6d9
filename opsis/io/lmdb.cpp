// docs/formats/lmdb.md has the layout.
#include "opsis/io/lmdb.h"

#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/io/byte_fields.h"
#include "opsis/io/index_file.h"

namespace opsis::inline v1::io {
namespace {

constexpr uint32_t kLmdbMagic = 0xBEEFC0DE;
constexpr size_t kPageHead = 16;
constexpr int kDeepestTree = 32;  // as LMDB's own cursors go
constexpr uint64_t kNoPage = ~uint64_t{0};

constexpr std::string_view kPlacesKind = "lmdb 1";  // of an index
constexpr size_t kPlaceBytes = 2 * sizeof(uint64_t) + 2 * sizeof(uint32_t);

enum PageFlag : uint16_t { kBranchPage = 0x01, kLeafPage = 0x02, kOverflowPage = 0x04, kMetaPage = 0x08 };
constexpr uint16_t kPageKinds = 0xFF & ~0x10;  // without "dirty", which says nothing on the disk
constexpr uint16_t kManyValuesAKey = 0x04;     // of a database
enum NodeFlag : uint16_t { kBigValue = 0x01 };

[[noreturn]] void bad_lmdb(std::string_view why) { raise<DecodeError>("LmdbFile: {}", why); }

// A number at a place that is known to be there; the files are of little-endian machines.
template <class T>
T number_at(Bytes bytes, size_t at) {
  T out;
  std::memcpy(&out, bytes.data() + at, sizeof(T));
  return out;
}

// What a transaction leaves: the sizes and the root of the main database.
struct LmdbMeta {
  uint64_t page_size, root, entries, transaction;
  uint16_t flags;
};

// The meta page at `at`; nothing when there is none.
std::optional<LmdbMeta> meta_at(Bytes file, uint64_t at) {
  constexpr size_t size = 136;
  if (at > file.size() || file.size() - at < kPageHead + size) return std::nullopt;
  const auto page = file.subspan(at), meta = page.subspan(kPageHead);
  if (!(number_at<uint16_t>(page, 10) & kMetaPage) || number_at<uint32_t>(meta, 0) != kLmdbMagic) return std::nullopt;
  if (const auto version = number_at<uint32_t>(meta, 4); version != 1) {
    bad_lmdb(text("its format is of version {}, and only 1 is known", version));
  }
  return LmdbMeta{.page_size = number_at<uint32_t>(meta, 24),
                  .root = number_at<uint64_t>(meta, 112),
                  .entries = number_at<uint64_t>(meta, 104),
                  .transaction = number_at<uint64_t>(meta, 128),
                  .flags = number_at<uint16_t>(meta, 76)};
}

}  // namespace

// Goes through the tree once and notes where keys and values are.
class LmdbWalk {
 public:
  explicit LmdbWalk(LmdbFile& out) : out_(out), file_(out.file_) {}

  void run() {
    const auto first = meta_at(file_, 0);
    if (!first) bad_lmdb("it is no database of LMDB's");
    page_size_ = first->page_size;
    if (page_size_ < 256 || page_size_ > 65536 || (page_size_ & (page_size_ - 1)) != 0)
      bad_lmdb("the size of its pages is not sound");
    const auto second = meta_at(file_, page_size_);
    if (!second) bad_lmdb("its second page is damaged");
    const auto& meta = second->transaction > first->transaction ? *second : *first;
    if (meta.page_size != page_size_) bad_lmdb("its first two pages do not agree");
    if (meta.flags & kManyValuesAKey) bad_lmdb("it has several values a key, which is not read here");
    seen_.assign(file_.size() / page_size_, false);
    if (meta.root != kNoPage) walk(meta.root, 0);
    if (out_.entries_.size() != meta.entries) {
      bad_lmdb(text("it says that it has {} entries, and has {}", meta.entries, out_.entries_.size()));
    }
  }

 private:
  // Notes a page, which nothing has led to before.
  void see(uint64_t number) {
    if (number >= seen_.size()) bad_lmdb("it is cut short, or a page lies outside of it");
    if (seen_[number]) bad_lmdb("two ways lead to one page");
    seen_[number] = true;
  }

  Bytes page(uint64_t number) {
    see(number);
    const auto out = file_.subspan(number * page_size_, page_size_);
    if (number_at<uint64_t>(out, 0) != number) bad_lmdb("a page has another number than its place");
    return out;
  }

  void walk(uint64_t number, int depth) {
    if (depth == kDeepestTree) bad_lmdb("its tree is too deep");
    const auto page = this->page(number);
    const auto kind = number_at<uint16_t>(page, 10) & kPageKinds;
    if (kind != kBranchPage && kind != kLeafPage) bad_lmdb("a page of its tree is of another kind");
    const size_t end_of_places = number_at<uint16_t>(page, 12);
    if (end_of_places < kPageHead || end_of_places > page_size_) bad_lmdb("a page's list of places is not sound");
    for (size_t i = kPageHead; i + 1 < end_of_places; i += 2) {
      constexpr size_t head = 8;
      const size_t at = number_at<uint16_t>(page, i);
      if (at < end_of_places || at + head > page_size_) bad_lmdb("an entry lies outside of its page");
      const auto low = number_at<uint32_t>(page, at);
      const auto flags = number_at<uint16_t>(page, at + 4), key_size = number_at<uint16_t>(page, at + 6);
      if (kind == kBranchPage) {
        walk(low | uint64_t{flags} << 32, depth + 1);
        continue;
      }
      if ((flags & ~kBigValue) != 0) bad_lmdb("it has databases within the database, which are not read here");
      const auto key = at + head, value = key + key_size;
      const auto base = number * page_size_;
      const bool big = flags & kBigValue;
      const size_t here = big ? sizeof(uint64_t) : low;
      if (value > page_size_ || here > page_size_ - value) bad_lmdb("an entry lies outside of its page");
      const auto place = big ? big_value(number_at<uint64_t>(page, value), low) : base + value;
      out_.entries_.push_back({base + key, place, key_size, low});
    }
  }

  // Where a value of that size begins which has pages of its own. They are not looked at: there are some for each photo, all over
  // the file.
  uint64_t big_value(uint64_t number, uint64_t size) {
    see(number);
    const uint64_t begin = number * page_size_ + kPageHead;
    if (size > file_.size() - begin) bad_lmdb("a value is cut short");
    return begin;
  }

  LmdbFile& out_;
  Bytes file_;
  uint64_t page_size_ = 0;
  std::vector<bool> seen_;
};

LmdbFile::LmdbFile(Bytes file) : file_(file) { LmdbWalk(*this).run(); }

LmdbFile::LmdbFile(const std::filesystem::path& path, bool index)
    : mapped_(std::make_shared<const MappedFile>(path)), file_(mapped_->bytes()) {
  const auto walk = [&] {
    telling_where(path, [&] { LmdbWalk(*this).run(); });
    return std::exchange(entries_, {});
  };
  const auto parse = [&](Bytes content, const FileStamp&) { return parse_entries(content); };
  entries_ = index ? kept_or_read(path, kPlacesKind, parse, walk, entries_bytes) : walk();
}

std::string LmdbFile::entries_bytes(const std::vector<Entry>& entries) {
  std::string out;
  out.reserve(sizeof(uint64_t) + entries.size() * kPlaceBytes);
  put_number(out, static_cast<uint64_t>(entries.size()));
  for (const auto& entry : entries) {
    for (const auto place : {entry.key, entry.value}) put_number(out, place);
    for (const auto size : {entry.key_size, entry.value_size}) put_number(out, size);
  }
  return out;
}

std::vector<LmdbFile::Entry> LmdbFile::parse_entries(Bytes index) const {
  const auto is_inside = [&](uint64_t begin, uint64_t size) { return begin <= file_.size() && size <= file_.size() - begin; };
  ByteFields fields(index, "an index of a database");
  std::vector<Entry> out(fields.count(kPlaceBytes));
  for (auto& entry : out) {
    for (auto* place : {&entry.key, &entry.value}) *place = fields.number<uint64_t>();
    for (auto* size : {&entry.key_size, &entry.value_size}) *size = fields.number<uint32_t>();
    if (!is_inside(entry.key, entry.key_size) || !is_inside(entry.value, entry.value_size)) bad_lmdb("its index is another's");
  }
  return out;
}

}  // namespace opsis::inline v1::io
