#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/hub/container.h"
#include "opsis/hub/pickle_globals.h"

namespace opsis::inline v1::hub {
namespace {

using Kind = PickleKind;

[[noreturn]] void bad_tar(std::string_view why) { raise<DecodeError>("read_tar: {}", why); }

uint64_t octal(io::Bytes digits) {
  uint64_t value = 0;
  for (const auto c : digits) {
    if (c == 0 || c == ' ') break;
    if (c < '0' || c > '7') bad_tar("a length is no octal number");
    value = value << 3 | (c - '0');
  }
  return value;
}

/// The file of that name in the archive.
io::Bytes tar_entry(io::Bytes archive, std::string_view wanted) {
  constexpr size_t block = 512;
  for (size_t at = 0; archive.size() - at >= block;) {
    const auto head = archive.subspan(at, block);
    if (head[0] == 0) break;
    const auto size = octal(head.subspan(124, 11));
    at += block;
    if (size > archive.size() - at) bad_tar(text("a file of {} bytes begins at byte {} of {}", size, at, archive.size()));
    auto name = io::as_text(head.first(100));
    name = name.substr(0, name.find('\0'));
    if (name == wanted) return archive.subspan(at, size);
    at += std::min<size_t>(archive.size() - at, (size + block - 1) / block * block);
  }
  bad_tar(text("it has no file \"{}\", so it is not one of torch.save", wanted));
}

/// One of the archive's files: pickles with plain numbers between them.
class TarFile {
 public:
  TarFile(io::Bytes archive, std::string_view name, const Limits& limits)
      : bytes_(tar_entry(archive, name)), begin_(static_cast<size_t>(bytes_.data() - archive.data())), limits_(limits) {}

  Pickle pickle() {
    auto out = read_pickle_at(bytes_, at_, limits_);
    at_ += out.size;
    return out;
  }
  int64_t count() {
    const auto number = pickle();
    if (number[number.root].kind != Kind::Int) bad_tar("a count is no number");
    return number[number.root].integer;
  }
  int64_t number(size_t width) {
    if (bytes_.size() - at_ < width) bad_tar("a tensor is cut short");
    uint64_t value = 0;
    for (size_t i = width; i-- > 0;) value = value << 8 | bytes_[at_ + i];
    at_ += width;
    return static_cast<int64_t>(value);
  }
  StorageBytes storage(size_t width) {
    auto out = detail::read_counted_storage(bytes_, at_, width);
    out.offset += begin_;
    return out;
  }
  size_t left() const { return bytes_.size() - at_; }

 private:
  io::Bytes bytes_;
  size_t begin_, at_ = 0;
  const Limits& limits_;
};

/// A storage or a part of one, which are numbered alike.
struct TarStorage {
  std::string root;
  std::string_view type;
  int64_t begin = 0, elements = -1;
};
using TarStorages = std::unordered_map<int64_t, TarStorage>;

const PickleNode& field(const Pickle& pickle, const PickleNode& tuple, size_t i, Kind kind) {
  if (tuple.kind != Kind::Tuple || i >= tuple.items.size() || pickle[tuple.items[i]].kind != kind) {
    bad_tar("a storage or tensor is not described as torch.save did it");
  }
  return pickle[tuple.items[i]];
}

TarStorages read_storages(TarFile file, Container& out) {
  TarStorages storages;
  for (auto left = file.count(); left > 0; --left) {
    const auto told = file.pickle();  // (key, device, class)
    const auto& tuple = told[told.root];
    const auto key = field(told, tuple, 0, Kind::Int).integer;
    const auto type = field(told, tuple, 2, Kind::Global).text;
    const auto width = storage_width(type);
    if (width == 0) bad_tar("a storage of a type that is none");
    if (!storages.emplace(key, TarStorage{std::to_string(key), type}).second) bad_tar(text("it has the storage {} twice", key));
    out.storages.emplace(std::to_string(key), file.storage(width));
  }
  const auto parts = file.pickle();  // [(key, key of the whole, offset, elements)]
  if (parts[parts.root].kind != Kind::List) bad_tar("parts of storages are not a list");
  for (const auto index : parts[parts.root].items) {
    const auto at = [&](size_t i) { return field(parts, parts[index], i, Kind::Int).integer; };
    const auto whole = storages.find(at(1));
    if (whole == storages.end() || whole->second.elements >= 0) bad_tar("a part of a storage that is not there");
    const TarStorage part{whole->second.root, whole->second.type, at(2), at(3)};
    if (part.begin < 0 || part.elements < 0) bad_tar("a part of a storage with a negative size");
    if (!storages.emplace(at(0), part).second) bad_tar(text("it has the storage {} twice", at(0)));
  }
  return storages;
}

}  // namespace

Container detail::read_tar_container(io::Bytes archive, const Limits& limits) {
  Container out;
  const auto storages = read_storages(TarFile(archive, "storages", limits), out);

  TarFile file(archive, "tensors", limits);
  for (auto left = file.count(); left > 0; --left) {
    const auto told = file.pickle();  // (key, key of the storage, class)
    const auto& tuple = told[told.root];
    const auto storage = storages.find(field(told, tuple, 1, Kind::Int).integer);
    if (storage == storages.end()) bad_tar("a tensor without a storage");
    const auto dimensions = static_cast<uint32_t>(file.number(4));
    file.number(4);  // what had eight bytes once
    constexpr size_t number = 8;
    if (dimensions > file.left() / (2 * number)) bad_tar(text("a tensor of {} dimensions is cut short", dimensions));
    TensorPlace place{storage->second.root, storage->second.type, storage->second.begin, storage->second.elements};
    for (uint32_t i = 0; i < dimensions; ++i) place.sizes.push_back(file.number(number));
    for (uint32_t i = 0; i < dimensions; ++i) place.strides.push_back(file.number(number));
    place.offset = file.number(number);
    const auto key = std::to_string(field(told, tuple, 0, Kind::Int).integer);
    if (!out.tensors.emplace(key, std::move(place)).second) bad_tar(text("it has the tensor {} twice", key));
  }

  out.pickle = TarFile(archive, "pickle", limits).pickle();
  return out;
}

}  // namespace opsis::inline v1::hub
