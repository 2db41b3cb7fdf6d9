#include "opsis/datasets/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/descriptor.h"
#include "opsis/core/file_lock.h"
#include "opsis/core/frees.h"
#include "opsis/core/system_reason.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/gzip_reader.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/byte_fields.h"
#include "opsis/io/bytes.h"
#include "opsis/io/file.h"
#include "opsis/io/inflate.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

using ArchiveHandle = std::unique_ptr<struct archive, Frees<archive_read_free>>;

// libarchive gives names in the encoding of the locale, and few programs set one. While it lives, this thread's is UTF-8.
class Utf8Names {
 public:
  Utf8Names() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_) outer_ = uselocale(locale_);
  }
  ~Utf8Names() {
    if (!locale_) return;
    uselocale(outer_);
    freelocale(locale_);
  }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t locale_, outer_ = nullptr;
};

// What a file is, by its ending: that of RAR alone brings its reader, the longest of libarchive's, before what strangers wrote.
enum class Content { CompressedFile, TarOrZip, Rar };

uint64_t number_at(io::Bytes bytes, uint64_t at, size_t width) {
  io::ByteFields fields(bytes.subspan(at, width), "a zip");
  return width == 2 ? fields.number<uint16_t>() : width == 4 ? fields.number<uint32_t>() : fields.number<uint64_t>();
}

// Whether the directory of a zip has more entries than `most`. libarchive makes all of it before it gives the first, so that by
// then millions have taken gigabytes; the place is found as it finds it, whatever is said about their number.
bool zip_has_more_entries(io::Bytes file, int64_t most) {
  constexpr size_t end_size = 22, longest_comment = 65535, locator_size = 20, end64_size = 56, entry_size = 46;
  const auto tail = file.last(std::min(file.size(), end_size + longest_comment));
  const auto found = io::as_text(tail).rfind("PK\5\6");
  if (found == std::string_view::npos || tail.size() - found < end_size) return false;
  const uint64_t end = file.size() - tail.size() + found, size = number_at(file, end + 12, 4);
  uint64_t at = size <= end ? end - size : end;
  if (end >= locator_size && io::has_magic(file, end - locator_size, "PK\6\7")) {
    const auto end64 = number_at(file, end - locator_size + 8, 8);
    if (end64 <= file.size() && file.size() - end64 >= end64_size && io::has_magic(file, end64, "PK\6\6")) {
      at = number_at(file, end64 + 48, 8);
    }
  }
  for (int64_t count = 0; at <= file.size() && file.size() - at >= entry_size && io::has_magic(file, at, "PK\1\2"); ++count) {
    if (count == most) return true;
    at += entry_size + number_at(file, at + 28, 2) + number_at(file, at + 30, 2) + number_at(file, at + 32, 2);
  }
  return false;
}

// Errors in the name of the archive and, inside of one, of the entry.
class Reader {
 public:
  Reader(const fs::path& path, Content content, const ArchiveLimits& limits)
      : path_(path), limits_(limits), is_rar_(content == Content::Rar), archive_(archive_read_new()) {
    if (!archive_) throw std::bad_alloc();
    std::error_code failed;
    const auto size = fs::file_size(path, failed);
    if (failed) raise<IoError>("extract_archive: cannot open {}: {}", path.string(), failed.message());
    most_ = static_cast<int64_t>(
        std::min(static_cast<double>(limits.bytes),
                 std::max(static_cast<double>(limits.small), static_cast<double>(size) * static_cast<double>(limits.ratio))));
    auto* archive = archive_.get();
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    switch (content) {
      case Content::CompressedFile:
        archive_read_support_format_raw(archive);
        archive_read_support_format_empty(archive);
        break;
      case Content::TarOrZip:
        archive_read_support_format_tar(archive);
        archive_read_support_format_zip(archive);
        break;
      case Content::Rar:
        archive_read_support_format_rar(archive);
        archive_read_support_format_rar5(archive);
        break;
    }
    if (content == Content::TarOrZip && size > 0 &&
        zip_has_more_entries(io::MappedFile(path, io::MappedFile::Use::Pieces).bytes(), limits.entries)) {
      refuse_entries();
    }
    if (content != Content::Rar && size > 0 && io::is_gzip(io::MappedFile(path, io::MappedFile::Use::Pieces).bytes())) {
      gzip_ = std::make_unique<detail::GzipReader>(path);
      check(archive_read_open(archive, gzip_.get(), nullptr, read_gzip, nullptr));
    } else {
      check(archive_read_open_filename(archive, path.c_str(), size_t{1} << 18));
    }
  }

  [[noreturn]] void refuse(std::string_view why) const { refuse(entry_, why); }
  [[noreturn]] void refuse(const std::string& entry, std::string_view why, WayOut way_out = WayOut::None,
                           const std::string& way = {}) const {
    constexpr size_t longest = 200;
    const auto name = entry.size() > longest ? entry.substr(0, longest) + "..." : entry;
    raise_with<DecodeError>(way_out, way, "extract_archive: {}{}: {}", path_.string(),
                            name.empty() ? "" : ", entry \"" + name + "\"", why);
  }

  // The next entry; null at the end.
  archive_entry* next() {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(archive_.get(), &entry);
    ended_ = result == ARCHIVE_EOF;
    if (ended_) {
      finish_gzip();
      return nullptr;
    }
    entry_.clear();
    check(result);
    const char* name = archive_entry_pathname(entry);
    if (!name) name = archive_entry_pathname_utf8(entry);
    if (!name) refuse("an entry has no name");
    entry_ = name;
    if (++entries_ > limits_.entries) refuse_entries();
    // libarchive holds all others to what they say.
    said_ = is_rar_ && archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
    return entry;
  }
  const std::string& name() const { return entry_; }

  // Whether what is read was compressed at all.
  bool is_compressed() const { return gzip_ || archive_filter_count(archive_.get()) > 1; }  // one is the file itself

  // The content of the entry, piece by piece: take(offset, data, size). Its size, which is more where it ends with a hole.
  template <class Take>
  int64_t content(const Take& take) {
    int64_t end = 0;
    while (!ended_) {
      const void* data = nullptr;
      size_t size = 0;
      int64_t offset = 0;
      const int result = archive_read_data_block(archive_.get(), &data, &size, &offset);
      if (result != ARCHIVE_OK && result != ARCHIVE_EOF) fail();  // even a warning is a wrong checksum or size
      // A hole costs nothing on the disk, but a file may not grow by it without end.
      bytes_ += static_cast<int64_t>(size);
      if (bytes_ > most_ || offset > most_) refuse_bytes();
      end = std::max(end, offset + static_cast<int64_t>(size));
      if (result == ARCHIVE_EOF) break;
      take(offset, static_cast<const uint8_t*>(data), size);
    }
    if (said_ >= 0 && end != said_) refuse(text("it has {} bytes and says {}", end, said_));
    return end;
  }

 private:
  void check(int result) const {
    if (result < ARCHIVE_WARN) fail();  // a warning is a name or a date that cannot be kept to the letter
  }
  // No exception passes through libarchive.
  static la_ssize_t read_gzip(struct archive* archive, void* reader, const void** piece) {
    try {
      const auto bytes = static_cast<detail::GzipReader*>(reader)->next();
      *piece = bytes.data();
      return std::ssize(bytes);
    } catch (const std::exception& error) {
      archive_set_error(archive, EINVAL, "%s", error.what());
      return -1;
    }
  }
  // Behind the end of a tar there are zeros, and the checksum.
  void finish_gzip() {
    entry_.clear();
    if (!gzip_) return;
    try {
      while (const auto size = std::ssize(gzip_->next())) {
        bytes_ += size;
        if (bytes_ > most_) break;
      }
    } catch (const DecodeError& error) {
      refuse(error.what());
    }
    if (bytes_ > most_) refuse_bytes();
  }
  [[noreturn]] void refuse_bytes() const {
    refuse(entry_, text("what comes out is over the limit of {} bytes", most_), WayOut::RaiseLimits,
           "raise .limits for an archive that you trust");
  }
  [[noreturn]] void refuse_entries() const {
    refuse(entry_, text("it has more entries than limits.entries ({})", limits_.entries), WayOut::RaiseLimits);
  }
  [[noreturn]] void fail() const {
    const char* reason = archive_error_string(archive_.get());
    refuse(reason ? reason : "it is damaged");
  }

  const Utf8Names names_;
  const fs::path& path_;
  const ArchiveLimits& limits_;
  bool is_rar_;
  std::unique_ptr<detail::GzipReader> gzip_;  // null where libarchive reads the file itself
  ArchiveHandle archive_;
  std::string entry_;
  int64_t entries_ = 0, bytes_ = 0, most_ = 0, said_ = -1;
  bool ended_ = false;
};

[[noreturn]] void cannot_write(const fs::path& path, int error) {
  raise<IoError>("extract_archive: cannot write {}: {}", path.string(), system_reason(error));
}

// A new file with the content of the reader's entry.
class OutputFile {
 public:
  OutputFile(fs::path path, Reader& reader)
      : path_(std::move(path)), file_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666)) {
    if (file_.get() < 0) cannot_write(path_, errno);
    const auto size = reader.content([&](int64_t offset, const uint8_t* data, size_t count) { write(offset, data, count); });
    if (ftruncate(file_.get(), size) != 0) cannot_write(path_, errno);
  }

 private:
  void write(int64_t offset, const uint8_t* data, size_t size) const {
    while (size > 0) {
      const auto wrote = pwrite(file_.get(), data, size, offset);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) cannot_write(path_, errno);
      data += wrote;
      size -= static_cast<size_t>(wrote);
      offset += wrote;
    }
  }

  fs::path path_;
  Descriptor file_;
};

// A folder to unpack into, beside the place where things will stand. One process has it at a time; what an earlier one that was
// killed left in it is cleared away. Its lock lies beside it, not to be moved with what comes out of the archive.
class Workshop {
 public:
  Workshop(const fs::path& to, const std::string& archive)
      : path_(to / ("." + archive + ".extracting")),
        lock_(to / ("." + archive + ".lock"), text("waiting for another process that unpacks {}", archive)) {
    if (lock_.error() != 0) raise<IoError>("extract_archive: cannot write {}: {}", lock_.path().string(), lock_.reason());
    remove_tree(path_);
    // Nothing that comes meanwhile will do: behind a link, files of somebody else's would be written.
    if (mkdir(path_.c_str(), 0777) != 0) cannot_write(path_, errno);
  }
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  FileLock lock_;
};

constexpr int kDeepestFolder = 100;

// The parts of a name that stays where it is put.
fs::path inside(const Reader& reader, const std::string& name) {
  const fs::path path(name);
  if (name.empty() || path.has_root_path()) reader.refuse("its name is absolute or empty");
  if (std::distance(path.begin(), path.end()) > kDeepestFolder) {
    reader.refuse(text("it lies deeper than {} folders", kDeepestFolder));
  }
  fs::path out;
  for (const auto& part : path) {
    if (part == "..") reader.refuse("its name leads out of the folder");
    if (!part.empty() && part != ".") out /= part;
  }
  return out;
}

// Nothing when `failed` is none. What stands in the way may be of the archive's own making: a file where a folder must be.
void check_written(const Reader& reader, const fs::path& place, const std::error_code& failed) {
  if (!failed) return;
  for (const int own : {EEXIST, EINVAL, EISDIR, ENAMETOOLONG, ENOTDIR, ENOTEMPTY}) {
    if (failed.value() == own) reader.refuse(text("it cannot be written: {}", failed.message()));
  }
  cannot_write(place, failed.value());
}

using Links = std::map<fs::path, fs::path>;  // from the name to the target

// Makes each where no other link is above it, then sees where all of them together lead.
void make_links(const Reader& reader, const fs::path& into, const Links& links) {
  const auto root = fs::canonical(into);
  for (const auto& [name, target] : links) {
    const auto place = root / name;
    std::error_code failed;
    if (fs::weakly_canonical(place.parent_path(), failed) != place.parent_path() || failed) {
      reader.refuse(name.string(), "it lies behind a link");
    }
    fs::create_directories(place.parent_path(), failed);
    if (!failed) fs::create_symlink(target, place, failed);
    if (failed == std::errc::file_exists) reader.refuse(name.string(), "the link stands where another entry does");
    if (failed) cannot_write(place, failed.value());
  }
  for (const auto& [name, target] : links) {
    std::error_code failed;
    const auto leads_to = fs::weakly_canonical((root / name).parent_path() / target, failed);  // of a link to nothing too
    if (failed) reader.refuse(name.string(), text("the link leads nowhere, to {}", target.string()));
    if (std::mismatch(root.begin(), root.end(), leads_to.begin(), leads_to.end()).first != root.end()) {
      reader.refuse(name.string(), text("the link leads out of the archive, to {}", target.string()));
    }
  }
}

// No entry is written through a link: links are made when all files are there.
void unpack(Reader& reader, const fs::path& into) {
  Links links;
  while (auto* entry = reader.next()) {
    const auto name = inside(reader, reader.name());
    if (name.empty()) continue;  // "./"
    const auto place = into / name;
    std::error_code failed;
    const auto type = archive_entry_filetype(entry);
    const char* hard = archive_entry_hardlink(entry);
    if (hard == nullptr && type == AE_IFDIR) {
      fs::create_directories(place, failed);
      check_written(reader, place, failed);
      continue;
    }
    fs::create_directories(place.parent_path(), failed);
    check_written(reader, place, failed);
    fs::remove(place, failed);  // a later entry of the same name counts
    check_written(reader, place, failed);
    if (hard != nullptr) {
      const auto source = into / inside(reader, hard);
      if (!fs::is_regular_file(fs::symlink_status(source, failed))) reader.refuse("it links to what is not there");
      fs::create_hard_link(source, place, failed);
      if (failed) cannot_write(place, failed.value());
    } else if (type == AE_IFLNK) {
      const char* target = archive_entry_symlink(entry);
      if (!target || fs::path(target).has_root_path()) reader.refuse("it is a link to an absolute name");
      links[name] = target;
    } else if (type == AE_IFREG) {
      const OutputFile file(place, reader);
    } else {
      reader.refuse("it is neither a file nor a folder nor a link");
    }
  }
  make_links(reader, into, links);
}

// A folder that is a link may lead to another disk, where nothing comes by renaming: a copy gets the name when it is whole.
void copy_to(const fs::path& from, const fs::path& to, std::error_code& failed) {
  const auto beside = to.parent_path() / ("." + to.filename().string() + ".moving");
  const FileLock lock(beside.string() + "-lock");  // two archives may bring one folder
  std::error_code ignored;
  fs::remove_all(beside, ignored);
  fs::copy(from, beside, fs::copy_options::recursive | fs::copy_options::copy_symlinks, failed);
  if (!failed) fs::rename(beside, to, failed);
  if (failed) fs::remove_all(beside, ignored);
}

// Moves what is in one folder into another: each name in one step, folders that are in both one by one.
void move_into(const fs::path& from, const fs::path& to) {
  for (const auto& name : sorted_names(from)) {
    std::error_code failed;
    const bool is_folder = fs::is_directory(fs::symlink_status(from / name, failed));
    if (is_folder && fs::is_directory(to / name, failed)) {  // or a link to one, where its owner wants things to be
      move_into(from / name, to / name);
      continue;
    }
    fs::rename(from / name, to / name, failed);
    if (failed == std::errc::cross_device_link) copy_to(from / name, to / name, failed);
    if (is_folder && (failed == std::errc::directory_not_empty || failed == std::errc::file_exists)) {
      move_into(from / name, to / name);  // another archive has brought it in the meantime
    } else if (failed) {
      cannot_write(to / name, failed.value());
    }
  }
}

// Of torchvision's table of endings, and .rar: what is left of the name, and what is in the file.
struct Ending {
  std::string stem;
  Content content;
};

Ending ending_of(const fs::path& file) {
  using enum Content;
  constexpr std::pair<std::string_view, Content> endings[] = {
      {".tar", TarOrZip},  {".zip", TarOrZip},      {".tgz", TarOrZip},       {".tbz", TarOrZip},
      {".tbz2", TarOrZip}, {".tar.gz", TarOrZip},   {".tar.bz2", TarOrZip},   {".tar.xz", TarOrZip},
      {".rar", Rar},       {".gz", CompressedFile}, {".bz2", CompressedFile}, {".xz", CompressedFile}};
  const auto name = file.filename().string();
  for (const auto& [ending, content] : endings) {
    if (name.size() > ending.size() && name.ends_with(ending)) return {name.substr(0, name.size() - ending.size()), content};
  }
  raise<ValueError>("extract_archive: {} has none of the endings .tar, .zip, .rar, .tgz, .tbz, .tbz2, .gz, .bz2, .xz",
                    file.string());
}

}  // namespace

void extract_archive(const fs::path& from, const fs::path& to, const ExtractOptions& options) {
  const auto ending = ending_of(from);
  const auto folder = !to.empty() ? to : from.has_parent_path() ? from.parent_path() : fs::path(".");
  {
    Reader reader(from, ending.content, options.limits);
    make_folders(folder);
    const Workshop workshop(folder, from.filename().string());
    if (ending.content != Content::CompressedFile) {
      unpack(reader, workshop.path());
    } else {
      if (!reader.is_compressed()) reader.refuse("it is not compressed");
      reader.next();  // none, when nothing was compressed
      const OutputFile file(workshop.path() / ending.stem, reader);
    }
    move_into(workshop.path(), folder);
  }
  if (!options.remove_finished) return;
  std::error_code failed;
  fs::remove(from, failed);
  if (failed) raise<IoError>("extract_archive: cannot remove {}: {}", from.string(), writing_reason(failed));
}

std::vector<uint8_t> read_compressed(const fs::path& file, const ArchiveLimits& limits) {
  std::vector<uint8_t> out;
  Reader reader(file, Content::CompressedFile, limits);
  reader.next();
  reader.content([&](int64_t offset, const uint8_t* data, size_t size) {
    out.resize(static_cast<size_t>(offset));
    out.insert(out.end(), data, data + size);
  });
  return out;
}

}  // namespace opsis::inline v1::datasets
