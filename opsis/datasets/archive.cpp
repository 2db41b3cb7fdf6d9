#include "opsis/datasets/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

struct FreeArchive {
  void operator()(struct archive* archive) const { archive_read_free(archive); }
};
using ArchiveHandle = std::unique_ptr<struct archive, FreeArchive>;

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

// Errors in the name of the archive and, inside of one, of the entry.
class Reader {
 public:
  // `raw`: one compressed file, no archive.
  Reader(const fs::path& path, bool raw, const ArchiveLimits& limits)
      : path_(path), limits_(limits), archive_(archive_read_new()) {
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
    if (raw) {
      archive_read_support_format_raw(archive);
      archive_read_support_format_empty(archive);
    } else {
      archive_read_support_format_tar(archive);
      archive_read_support_format_zip(archive);
    }
    check(archive_read_open_filename(archive, path.c_str(), size_t{1} << 18));
  }

  [[noreturn]] void refuse(std::string_view why) const {
    raise<DecodeError>("extract_archive: {}{}: {}", path_.string(), entry_.empty() ? "" : ", entry \"" + entry_ + "\"", why);
  }

  // The next entry; null at the end.
  archive_entry* next() {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(archive_.get(), &entry);
    if (result == ARCHIVE_EOF) return nullptr;
    entry_.clear();
    check(result);
    const char* name = archive_entry_pathname(entry);
    if (!name) name = archive_entry_pathname_utf8(entry);
    if (!name) refuse("an entry has no name");
    entry_ = name;
    if (++entries_ > limits_.entries) refuse(text("it has more entries than limits.entries ({})", limits_.entries));
    return entry;
  }
  const std::string& name() const { return entry_; }

  // The content of the entry, piece by piece: take(offset, data, size).
  template <class Take>
  void content(const Take& take) {
    while (true) {
      const void* data = nullptr;
      size_t size = 0;
      int64_t offset = 0;
      const int result = archive_read_data_block(archive_.get(), &data, &size, &offset);
      if (result == ARCHIVE_EOF) return;
      if (result != ARCHIVE_OK) fail();  // of content even a warning is one: a wrong checksum, a wrong size
      // A hole costs nothing on the disk, but a file may not grow by it without end.
      bytes_ += static_cast<int64_t>(size);
      if (bytes_ > most_ || offset > most_) {
        refuse(text("what comes out is over the limit of {} bytes; raise .limits for an archive that you trust", most_));
      }
      take(offset, static_cast<const uint8_t*>(data), size);
    }
  }

 private:
  void check(int result) const {
    if (result < ARCHIVE_WARN) fail();  // a warning is a name or a date that cannot be kept to the letter
  }
  [[noreturn]] void fail() const {
    const char* reason = archive_error_string(archive_.get());
    refuse(reason ? reason : "it is damaged");
  }

  const Utf8Names names_;
  const fs::path& path_;
  const ArchiveLimits& limits_;
  ArchiveHandle archive_;
  std::string entry_;
  int64_t entries_ = 0, bytes_ = 0, most_ = 0;
};

[[noreturn]] void cannot_write(const fs::path& path, int error) {
  raise<IoError>("extract_archive: cannot write {}: {}", path.string(), std::strerror(error));
}

class OutputFile {
 public:
  explicit OutputFile(fs::path path)
      : path_(std::move(path)), file_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666)) {
    if (file_ < 0) cannot_write(path_, errno);
  }
  ~OutputFile() { close(file_); }
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  void write(int64_t offset, const uint8_t* data, size_t size) const {
    while (size > 0) {
      const auto wrote = pwrite(file_, data, size, offset);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) cannot_write(path_, errno);
      data += wrote;
      size -= static_cast<size_t>(wrote);
      offset += wrote;
    }
  }

 private:
  fs::path path_;
  int file_;
};

// A folder to unpack into, beside the place where things will stand. One process has it at a time; what an earlier one that was
// killed left in it is cleared away.
class Workshop {
 public:
  Workshop(const fs::path& to, const std::string& archive) : path_(to / ("." + archive + ".extracting")) {
    std::error_code failed;
    fs::create_directories(to, failed);
    if (failed) raise<IoError>("extract_archive: cannot make the folder {}: {}", to.string(), failed.message());
    while (true) {
      if (mkdir(path_.c_str(), 0777) != 0 && errno != EEXIST) cannot_write(path_, errno);
      folder_ = open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (folder_ < 0 && errno == ENOENT) continue;
      if (folder_ < 0) cannot_write(path_, errno);
      while (flock(folder_, LOCK_EX) != 0) {
        if (errno != EINTR) cannot_write(path_, errno);
      }
      struct stat mine {
      }, there{};
      if (fstat(folder_, &mine) == 0 && lstat(path_.c_str(), &there) == 0 && mine.st_ino == there.st_ino) break;
      close(folder_);  // the one before us has taken it away
    }
    for (const auto& left : fs::directory_iterator(path_)) fs::remove_all(left.path());
  }
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    close(folder_);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  int folder_ = -1;
};

// The parts of a name that stays where it is put.
fs::path inside(const Reader& reader, const std::string& name) {
  const fs::path path(name);
  if (name.empty() || path.has_root_path()) reader.refuse("its name is absolute or empty");
  fs::path out;
  for (const auto& part : path) {
    if (part == "..") reader.refuse("its name leads out of the folder");
    if (!part.empty() && part != ".") out /= part;
  }
  return out;
}

// No entry is written through a link: links are made when all files are there, and looked at when all links are.
void unpack(Reader& reader, const fs::path& into) {
  std::vector<std::pair<fs::path, fs::path>> links;  // place, target
  while (auto* entry = reader.next()) {
    const auto name = inside(reader, reader.name());
    if (name.empty()) continue;  // "./"
    const auto place = into / name;
    std::error_code failed;
    const auto type = archive_entry_filetype(entry);
    const char* hard = archive_entry_hardlink(entry);
    if (hard == nullptr && type == AE_IFDIR) {
      fs::create_directories(place, failed);
      if (failed) cannot_write(place, failed.value());
      continue;
    }
    fs::create_directories(place.parent_path(), failed);
    if (failed) cannot_write(place, failed.value());
    fs::remove(place, failed);  // a later entry of the same name counts
    if (hard != nullptr) {
      const auto source = into / inside(reader, hard);
      if (!fs::is_regular_file(fs::symlink_status(source, failed))) reader.refuse("it links to what is not there");
      fs::create_hard_link(source, place, failed);
      if (failed) cannot_write(place, failed.value());
    } else if (type == AE_IFLNK) {
      const char* target = archive_entry_symlink(entry);
      if (!target || fs::path(target).has_root_path()) reader.refuse("it is a link to an absolute name");
      links.emplace_back(place, target);
    } else if (type == AE_IFREG) {
      const OutputFile file(place);
      reader.content([&](int64_t offset, const uint8_t* data, size_t size) { file.write(offset, data, size); });
    } else {
      reader.refuse("it is neither a file nor a folder nor a link");
    }
  }
  for (const auto& [place, target] : links) {
    std::error_code failed;
    fs::create_directories(place.parent_path(), failed);
    if (!failed) fs::create_symlink(target, place, failed);
    if (failed == std::errc::file_exists) {
      raise<DecodeError>("extract_archive: the link {} stands where another entry does",
                         place.lexically_relative(into).string());
    }
    if (failed) cannot_write(place, failed.value());
  }
  const auto root = fs::canonical(into);
  for (const auto& [place, target] : links) {
    std::error_code failed;
    const auto leads_to = fs::weakly_canonical(place.parent_path() / target, failed);  // of a link to nothing too
    const auto [end, ignored] = std::mismatch(root.begin(), root.end(), leads_to.begin(), leads_to.end());
    if (failed || end != root.end()) {
      raise<DecodeError>("extract_archive: the link {} leads out of the archive, to {}",
                         place.lexically_relative(into).string(), target.string());
    }
  }
}

// Moves what is in one folder into another: each name in one step, folders that are in both one by one.
void move_into(const fs::path& from, const fs::path& to) {
  std::vector<fs::path> names;
  for (const auto& entry : fs::directory_iterator(from)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  for (const auto& name : names) {
    std::error_code failed;
    const auto is_folder = [&](const fs::path& path) { return fs::is_directory(fs::symlink_status(path, failed)); };
    if (is_folder(from / name) && is_folder(to / name)) {
      move_into(from / name, to / name);
      continue;
    }
    fs::rename(from / name, to / name, failed);
    if (failed) cannot_write(to / name, failed.value());
  }
}

// Of torchvision's table of endings: what is left of the name, and whether an archive is in it.
struct Ending {
  std::string stem;
  bool is_archive = false;
};

Ending ending_of(const fs::path& file) {
  const auto name = file.filename().string();
  constexpr std::string_view archives[] = {".tar", ".zip", ".tgz", ".tbz", ".tbz2", ".tar.gz", ".tar.bz2", ".tar.xz"};
  for (const auto ending : archives) {
    if (name.ends_with(ending)) return {name.substr(0, name.size() - ending.size()), true};
  }
  constexpr std::string_view compressed[] = {".gz", ".bz2", ".xz"};
  for (const auto ending : compressed) {
    if (name.ends_with(ending)) return {name.substr(0, name.size() - ending.size()), false};
  }
  raise<ValueError>("extract_archive: {} has none of the endings .tar, .zip, .tgz, .tbz, .tbz2, .gz, .bz2, .xz", file.string());
}

}  // namespace

void extract_archive(const fs::path& from, const fs::path& to, const ExtractOptions& options) {
  const auto ending = ending_of(from);
  const auto folder = !to.empty() ? to : from.has_parent_path() ? from.parent_path() : fs::path(".");
  {
    Reader reader(from, !ending.is_archive, options.limits);
    const Workshop workshop(folder, from.filename().string());
    if (ending.is_archive) {
      unpack(reader, workshop.path());
    } else {
      const OutputFile file(workshop.path() / ending.stem);
      if (reader.next()) {
        reader.content([&](int64_t offset, const uint8_t* data, size_t size) { file.write(offset, data, size); });
      }
    }
    move_into(workshop.path(), folder);
  }
  if (options.remove_finished) fs::remove(from);
}

std::vector<uint8_t> read_compressed(const fs::path& file, const ArchiveLimits& limits) {
  std::vector<uint8_t> out;
  Reader reader(file, true, limits);
  if (reader.next()) {
    reader.content([&](int64_t offset, const uint8_t* data, size_t size) {
      out.resize(static_cast<size_t>(offset));
      out.insert(out.end(), data, data + size);
    });
  }
  return out;
}

}  // namespace opsis::inline v1::datasets
