#include "opsis/datasets/packed_file.h"

#include <utility>

#include "opsis/core/check.h"
#include "opsis/io/byte_fields.h"
#include "opsis/io/crc32.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr std::string_view kPackedHead = "opsis packed 1\n", kPackedEnd = "opsis packed end";
constexpr size_t kPackedRow = 2 * sizeof(uint64_t) + sizeof(uint32_t);  // of the table: offset, size, checksum
constexpr size_t kPackedTail = 3 * sizeof(uint64_t) + sizeof(uint32_t) + kPackedEnd.size();

std::string packed_head(std::string_view kind) {
  std::string out(kPackedHead);
  io::put_text(out, kind);
  return out;
}

}  // namespace

PackedWriter::PackedWriter(const std::filesystem::path& path, std::string_view kind) : file_(path) {
  file_.write(io::as_bytes(packed_head(kind)));
}

void PackedWriter::add(io::Bytes record) {
  io::put_number(table_, file_.written());
  io::put_number(table_, static_cast<uint64_t>(record.size()));
  io::put_number(table_, io::crc32(record));
  file_.write(record);
  ++count_;
}

// The table, and a tail of fixed size that says where it is.
void PackedWriter::commit() {
  std::string tail;
  const auto table = static_cast<uint64_t>(file_.written());
  for (const uint64_t number : {count_, table, table + table_.size() + kPackedTail}) io::put_number(tail, number);
  io::put_number(tail, io::crc32(io::as_bytes(tail), io::crc32(io::as_bytes(table_))));
  file_.write(io::as_bytes(table_));
  file_.write(io::as_bytes(tail.append(kPackedEnd)));
  file_.commit();
}

struct PackedFile::Content {
  explicit Content(const std::filesystem::path& path) : path(path), file(path, io::MappedFile::Use::Pieces) {}
  std::filesystem::path path;
  io::MappedFile file;
  io::Bytes table;
  std::vector<std::atomic<bool>> sound;  // records whose checksum was compared
};

PackedFile::PackedFile(const std::filesystem::path& path, std::string_view kind) : content_(std::make_shared<Content>(path)) {
  const auto bad = [&](std::string_view why) {
    raise<DecodeError>("{}: {}; remove the file, and it is written anew", path.string(), why);
  };
  const auto bytes = content_->file.bytes();
  if (!io::has_magic(bytes, 0, kPackedHead)) bad("it is no file of packed examples");
  if (bytes.size() < kPackedHead.size() + sizeof(uint64_t) + kPackedTail) bad("it is cut short");
  const auto tail = bytes.last(kPackedTail);
  io::ByteFields fields(tail, "a packed file");
  const auto count = fields.number<uint64_t>(), table = fields.number<uint64_t>(), whole = fields.number<uint64_t>();
  const auto sum = fields.number<uint32_t>();
  const auto before = bytes.size() - kPackedTail;
  if (io::as_text(fields.take(kPackedEnd.size())) != kPackedEnd || whole != bytes.size()) bad("it is cut short or damaged");
  if (table > before || count > before / kPackedRow || before - table != count * kPackedRow) bad("its table is damaged");
  content_->table = bytes.subspan(table, before - table);
  if (io::crc32(tail.first(3 * sizeof(uint64_t)), io::crc32(content_->table)) != sum) bad("its table is damaged");
  if (!io::has_magic(bytes, 0, packed_head(kind))) {
    raise<ValueError>(
        "{}: it was written of examples of another type or another data set; give another path, or remove the file",
        path.string());
  }
  content_->sound = std::vector<std::atomic<bool>>(count);
}

size_t PackedFile::size() const { return content_->sound.size(); }
const std::filesystem::path& PackedFile::path() const { return content_->path; }

io::Bytes PackedFile::record(size_t index) const {
  const auto bytes = content_->file.bytes();
  // The pages that another process cuts off would end this one.
  if (!content_->file.is_whole()) {
    raise<IoError>("cannot read {}: it was cut short while it was open", content_->path.string());
  }
  io::ByteFields row(content_->table.subspan(index * kPackedRow, kPackedRow), "a packed file");
  const auto offset = row.number<uint64_t>(), size = row.number<uint64_t>();
  const auto sum = row.number<uint32_t>();
  const bool inside = offset <= bytes.size() && size <= bytes.size() - offset;
  const auto out = inside ? bytes.subspan(offset, size) : io::Bytes();
  if (!content_->sound[index].load(std::memory_order_relaxed)) {
    if (!inside || io::crc32(out) != sum) {
      raise<DecodeError>("{}: example {} is damaged; remove the file, and it is written anew", content_->path.string(), index);
    }
    content_->sound[index].store(true, std::memory_order_relaxed);
  }
  return out;
}

}  // namespace opsis::inline v1::datasets
