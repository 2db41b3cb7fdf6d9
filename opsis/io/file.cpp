#include "opsis/io/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>
#include <system_error>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/system_reason.h"
#include "opsis/core/work.h"

namespace opsis::inline v1::io {
namespace {

/// Closes a descriptor at the end of its scope.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

[[noreturn]] void fail(std::string_view what, const std::filesystem::path& path) {
  raise<IoError>("{} {}: {}", what, path.string(), system_reason(errno));
}

Descriptor open_to_read(const std::filesystem::path& path, struct stat& status) {
  // Opening a pipe that nobody writes to would wait for ever, and a device may never end.
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    raise<IoError>("cannot read {}: it is not a regular file", path.string());
  }
  Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) fail("cannot open", path);
  if (fstat(file.number, &status) != 0) fail("cannot look at", path);
  if (S_ISDIR(status.st_mode)) raise<IoError>("cannot read {}: it is a folder", path.string());
  return file;
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path, Use use) {
  const WorkScope reading(Work::Reading);
  struct stat status {};
  const auto file = open_to_read(path, status);
  if (status.st_size == 0) return;
  size_ = static_cast<size_t>(status.st_size);
  // What can be written to would be counted as memory, and a file may be larger than that: nobody writes to most of it.
  const int access = use == Use::Whole ? PROT_READ | PROT_WRITE : PROT_READ;
  void* mapped = mmap(nullptr, size_, access, MAP_PRIVATE | MAP_NORESERVE, file.number, 0);
  if (mapped == MAP_FAILED) fail("cannot map", path);
  if (use == Use::Pieces) madvise(mapped, size_, MADV_RANDOM);
  data_ = static_cast<uint8_t*>(mapped);
}

MappedFile::~MappedFile() {
  if (data_) munmap(data_, size_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::forget(Bytes part) const {
  if (part.empty()) return;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<size_t>(part.data() - data_) / page * page;
  const auto end = static_cast<size_t>(part.data() - data_) + part.size();
  madvise(data_ + begin, end - begin, MADV_DONTNEED);  // failing, it has only not saved memory
}

std::vector<uint8_t> read_bytes(const std::filesystem::path& path, const Limits& limits) {
  const WorkScope reading(Work::Reading);
  struct stat status {};
  const auto file = open_to_read(path, status);
  const auto check = [&](int64_t size) {
    if (size > limits.file_bytes) {
      raise<DecodeError>("cannot read {}: it is larger than limits.file_bytes ({})", path.string(), limits.file_bytes);
    }
  };
  check(status.st_size);
  // The size is only a hint: pipes and files under /proc have none, and a file may grow while it is read.
  std::vector<uint8_t> out(static_cast<size_t>(std::max<int64_t>(status.st_size + 1, 1 << 12)));
  size_t filled = 0;
  while (true) {
    if (filled == out.size()) out.resize(2 * filled);
    const auto got = read(file.number, out.data() + filled, out.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot read", path);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
    check(static_cast<int64_t>(filled));
  }
  out.resize(filled);
  return out;
}

namespace {

// Where a file is written that has this name: what a link leads to, there or not.
std::filesystem::path behind_links(std::filesystem::path path) {
  constexpr int kMost = 40;  // as the system has it
  std::error_code unreadable;
  for (int links = 0; std::filesystem::is_symlink(std::filesystem::symlink_status(path, unreadable)); ++links) {
    const auto target = std::filesystem::read_symlink(path, unreadable);
    if (links == kMost) errno = ELOOP;
    if (links == kMost || unreadable) fail("cannot write", path);
    path = path.parent_path() / target;
  }
  return path;
}

[[noreturn]] void fail_to_write(const std::filesystem::path& path) {
  const int error = errno;
  std::error_code ignored;
  const auto folder = path.parent_path();
  const bool no_folder = error == ENOENT && !folder.empty() && !std::filesystem::exists(folder, ignored);
  raise<IoError>("cannot write {}: {}{}", path.string(), writing_reason(error),
                 no_folder ? "; make the folder " + folder.string() + " first" : "");
}

}  // namespace

FileWriter::FileWriter(std::filesystem::path path, Links links) : path_(std::move(path)) {
  OPSIS_CHECK(path_.has_filename(), "cannot write \"{}\": a file name is missing", path_.string());
  std::error_code unreachable;  // what is wrong with such a path, open() says
  if (std::filesystem::is_directory(path_, unreachable)) raise<IoError>("cannot write {}: it is a folder", path_.string());
  // The rename is to replace the file that a link leads to, not the link, and never a device: /dev/null is everybody's.
  // A link that is refused and comes after this look is replaced itself by the rename, and nothing behind it is touched.
  if (links == Links::Follow) path_ = behind_links(path_);
  struct stat old {};
  const bool replaces = (links == Links::Follow ? stat : lstat)(path_.c_str(), &old) == 0;
  if (replaces && !S_ISREG(old.st_mode)) raise<IoError>("cannot write {}: it is not a regular file", path_.string());
  // Not mkstemp, which makes files private: one that is saved is as open as the user's mask says, and to ask for the mask is to
  // change it for all threads.
  static std::atomic<unsigned> count = 0;
  const auto name = path_.filename().string();
  if (name.size() > NAME_MAX) {
    errno = ENAMETOOLONG;
    fail_to_write(path_);
  }
  constexpr size_t kAdded = 48;
  const auto start = (path_.parent_path() / name.substr(0, NAME_MAX - kAdded)).string();
  do {
    temporary_ = text("{}.{}-{}.part", start, getpid(), count++);
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) fail_to_write(path_);
  if (replaces) fchmod(descriptor_, old.st_mode & 07777);  // a private file stays private
}

FileWriter::~FileWriter() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

void FileWriter::write(Bytes bytes) {
  while (!bytes.empty()) {
    const auto done = ::write(descriptor_, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) fail_to_write(path_);
    bytes = bytes.subspan(static_cast<size_t>(done));
    written_ += done;
  }
}

void FileWriter::commit() {
  if (fsync(descriptor_) != 0) fail_to_write(path_);
  const int closed = close(std::exchange(descriptor_, -1));
  if (closed != 0) fail_to_write(path_);
  if (rename(temporary_.c_str(), path_.c_str()) != 0) fail_to_write(path_);
  temporary_.clear();
  // The new name is on the disk only when its folder is. Some file systems cannot sync a folder; the file itself is safe then.
  const auto folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
  const Descriptor opened{open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (opened.number >= 0) fsync(opened.number);
}

void write_bytes(const std::filesystem::path& path, Bytes bytes) {
  FileWriter file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace opsis::inline v1::io
