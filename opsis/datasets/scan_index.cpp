// docs/formats/scan_index.md has the layout.
#include "opsis/datasets/scan_index.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

#include "opsis/core/check.h"
#include "opsis/datasets/entries.h"
#include "opsis/io/crc32.h"
#include "opsis/io/file.h"
#include "opsis/io/index_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kScanHead = "opsis scan 1", kTreeHead = "opsis tree 1";

int64_t nanoseconds(const timespec& time) { return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

// Words, each with a zero behind it, which no name can have.
class ScanWords {
 public:
  explicit ScanWords(std::string_view rest) : rest_(rest) {}
  bool empty() const { return rest_.empty(); }
  std::string_view next() {
    const auto end = rest_.find('\0');
    if (end == rest_.npos) raise<DecodeError>("scan index: it is cut short");
    const auto word = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return word;
  }
  template <class Number>
  Number number() {
    const auto word = next();
    Number out{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
    if (error != std::errc() || end != word.data() + word.size()) raise<DecodeError>("scan index: \"{}\" is no number", word);
    return out;
  }
  std::string_view name() {
    const auto word = next();
    if (word.empty() || word == "." || word == ".." || word.find('/') != word.npos)
      raise<DecodeError>("scan index: \"{}\" is no name", word);
    return word;
  }
  Names names(uint64_t count) {
    const auto all = rest_;
    for (auto left = count; left > 0; --left) name();
    return {all.substr(0, all.size() - rest_.size()), count};
  }
  FolderStamp stamp() {
    FolderStamp out;
    out.modified_ns = number<int64_t>();
    out.changed_ns = number<int64_t>();
    out.number = number<uint64_t>();
    return out;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

void add_word(std::string& out, std::string_view word) { out.append(word).push_back('\0'); }

void add_stamp(std::string& out, const FolderStamp& stamp) {
  for (const auto number : {stamp.modified_ns, stamp.changed_ns}) add_word(out, std::to_string(number));
  add_word(out, std::to_string(stamp.number));
}

// What the first of the places of an index holds that is sound, by a parser that throws where it is not; else nothing.
template <class Parse>
auto first_sound(const fs::path& root, const Parse& parse) {
  for (const auto& place : io::index_places(root)) {
    try {
      const auto file = io::open_index(place);
      return parse(file.bytes());
    } catch (const Error&) {
      // Not there, or damaged: the folders are read instead.
    }
  }
  return decltype(parse(io::Bytes()))();
}

}  // namespace

std::optional<FolderStamp> stamp_of(const std::string& folder) {
  struct stat found {};
  if (lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) return std::nullopt;
  return FolderStamp{nanoseconds(found.st_mtim), nanoseconds(found.st_ctim), found.st_ino};
}

bool is_sure(const ScannedFolder& folder, int64_t begun_ns) {
  const auto last = std::max(folder.stamp.modified_ns, folder.stamp.changed_ns);
  return !folder.has_links && folder.stamp.number != 0 && last < begun_ns - io::kCoarsestClock;
}

ScannedClasses parse_scan(io::Bytes bytes) {
  ScanWords words(io::as_text(bytes));
  if (words.next() != kScanHead) raise<DecodeError>("scan index: it is none");
  ScannedClasses out;
  while (!words.empty()) {
    auto& folders = out[std::string(words.name())];
    for (auto count = words.number<uint64_t>(); count > 0; --count) {
      auto& folder = folders.emplace_back(ScannedFolder{.folder = std::string(words.next())});
      folder.stamp = words.stamp();
      folder.files = words.names(words.number<uint64_t>());
    }
  }
  return out;
}

std::string scan_bytes(const ScannedClasses& classes, int64_t begun_ns) {
  std::string out;
  add_word(out, kScanHead);
  for (const auto& [name, folders] : classes) {
    const bool sure =
        std::all_of(folders.begin(), folders.end(), [&](const auto& folder) { return is_sure(folder, begun_ns); });
    if (!sure) continue;
    add_word(out, name);
    add_word(out, std::to_string(folders.size()));
    for (const auto& folder : folders) {
      add_word(out, folder.folder);
      add_stamp(out, folder.stamp);
      add_word(out, std::to_string(folder.files.size()));
      out.append(folder.files.joined());
    }
  }
  return out;
}

ScannedClasses read_scan(const fs::path& root) {
  auto classes = first_sound(root, parse_scan);
  std::erase_if(classes, [&](const auto& entry) {
    const auto prefix = (root / entry.first).string();
    return entry.second.empty() || std::any_of(entry.second.begin(), entry.second.end(), [&](const ScannedFolder& folder) {
             const bool inside = folder.folder == prefix || folder.folder.starts_with(prefix + "/");
             return !inside || stamp_of(folder.folder) != folder.stamp;
           });
  });
  return classes;
}

void write_scan(const fs::path& root, const ScannedClasses& classes, int64_t begun_ns) {
  io::write_index(root, scan_bytes(classes, begun_ns));
}

ScannedTree parse_tree(io::Bytes bytes) {
  ScanWords words(io::as_text(bytes));
  if (words.next() != kTreeHead) raise<DecodeError>("scan index: it is none of a tree");
  const auto sum = words.number<uint32_t>();
  if (io::crc32(io::as_bytes(words.rest())) != sum) raise<DecodeError>("scan index: it is damaged");
  ScannedTree out;
  while (!words.empty()) {
    const auto below = words.next();
    if (!below.empty() && !is_plain(below)) raise<DecodeError>("scan index: \"{}\" is not below the root", below);
    auto& folder = out.emplace_hint(out.end(), below, ScannedFolder())->second;
    folder.stamp = words.stamp();
    const auto files = words.number<uint64_t>(), folders = words.number<uint64_t>();
    folder.files = words.names(files);
    folder.folders = words.names(folders);
  }
  return out;
}

std::string tree_bytes(const ScannedTree& tree, int64_t begun_ns) {
  std::string all;
  for (const auto& [below, folder] : tree) {
    if (!is_sure(folder, begun_ns)) continue;
    add_word(all, below);
    add_stamp(all, folder.stamp);
    for (const auto* names : {&folder.files, &folder.folders}) add_word(all, std::to_string(names->size()));
    all.append(folder.files.joined()).append(folder.folders.joined());
  }
  std::string out;
  add_word(out, kTreeHead);
  add_word(out, std::to_string(io::crc32(io::as_bytes(all))));
  return out.append(all);
}

ScannedTree read_tree(const fs::path& root) { return first_sound(root, parse_tree); }

void write_tree(const fs::path& root, const ScannedTree& tree, int64_t begun_ns) {
  io::write_index(root, tree_bytes(tree, begun_ns));
}

}  // namespace opsis::inline v1::datasets
