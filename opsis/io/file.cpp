#include "opsis/io/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/descriptor.h"
#include "opsis/core/system_reason.h"
#include "opsis/core/work.h"

namespace opsis::inline v1::io {
namespace {

[[noreturn]] void fail(std::string_view what, const std::filesystem::path& path) {
  raise<IoError>("{} {}: {}", what, path.string(), system_reason(errno));
}

Descriptor open_to_read(const std::filesystem::path& path, struct stat& status) {
  // Opening a pipe that nobody writes to would wait for ever, and a device may never end.
  if (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    raise<IoError>("cannot read {}: it is not a regular file", path.string());
  }
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) fail("cannot open", path);
  if (fstat(file.get(), &status) != 0) fail("cannot look at", path);
  if (S_ISDIR(status.st_mode)) raise<IoError>("cannot read {}: it is a folder", path.string());
  return file;
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path, Use use) {
  const WorkScope reading(Work::Reading);
  struct stat status {};
  auto file = open_to_read(path, status);
  if (status.st_size == 0) return;
  size_ = static_cast<size_t>(status.st_size);
  // What can be written to would be counted as memory, and a file may be larger than that: nobody writes to most of it.
  const int access = use == Use::Whole ? PROT_READ | PROT_WRITE : PROT_READ;
  void* mapped = mmap(nullptr, size_, access, MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  if (mapped == MAP_FAILED) fail("cannot map", path);
  data_ = static_cast<uint8_t*>(mapped);
  if (use == Use::Whole) return;
  madvise(mapped, size_, MADV_RANDOM);
  descriptor_ = file.release();
}

MappedFile::~MappedFile() {
  if (data_) munmap(data_, size_);
  if (descriptor_ >= 0) close(descriptor_);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void MappedFile::forget(Bytes part) const {
  if (part.empty()) return;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<size_t>(part.data() - data_) / page * page;
  const auto end = static_cast<size_t>(part.data() - data_) + part.size();
  madvise(data_ + begin, end - begin, MADV_DONTNEED);  // failing, it has only not saved memory
}

bool MappedFile::is_whole() const {
  struct stat now {};
  return descriptor_ < 0 || fstat(descriptor_, &now) != 0 || static_cast<size_t>(now.st_size) >= size_;
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
    const auto got = read(file.get(), out.data() + filled, out.size() - filled);
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

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

// A name beside a file's own, another one in each call.
std::filesystem::path name_beside(const std::filesystem::path& path) {
  static std::atomic<unsigned> count = 0;
  constexpr size_t kAdded = 48;
  const auto start = path.parent_path() / path.filename().string().substr(0, NAME_MAX - kAdded);
  return text("{}.{}-{}.part", start.string(), getpid(), count++);
}

// The name under which a process finds what it has open.
std::string open_name(int descriptor) { return text("/proc/self/fd/{}", descriptor); }

// Whether the user's mask takes nothing from a new file; umask() would tell it only by changing it for all threads.
bool mask_takes_nothing() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Umask:")) return (std::strtol(line.c_str() + 6, nullptr, 8) & 0666) == 0;
  }
  return false;
}

// A file that has no name yet, and so is gone when its process is, however that ends. Negative where there are none: some file
// systems have not, and without /proc it would never get a name. Others, without access lists and before Linux 6.0, forget the
// user's mask for such files; a file that is made with a name never escapes it.
int open_nameless(const std::filesystem::path& folder) {
  Descriptor file(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
  struct stat made {};
  if (file.get() < 0 || access(open_name(file.get()).c_str(), F_OK) != 0 || fstat(file.get(), &made) != 0) return -1;
  const bool is_masked = (made.st_mode & 0777) != 0666;
  return is_masked || mask_takes_nothing() ? file.release() : -1;
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
  if (path_.filename().string().size() > NAME_MAX) {
    errno = ENAMETOOLONG;
    fail_to_write(path_);
  }
  descriptor_ = open_nameless(folder_of(path_));
  if (descriptor_ < 0) open_beside();
  if (replaces) fchmod(descriptor_, old.st_mode & 07777);  // a private file stays private
}

// Not mkstemp, which makes files private: one that is saved is as open as the user's mask says, and to ask for the mask is to
// change it for all threads.
void FileWriter::open_beside() {
  do {
    temporary_ = name_beside(path_);
    descriptor_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) fail_to_write(path_);
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

// Its own name where nothing has it, else one beside it, for a link replaces nothing.
void FileWriter::give_name() {
  const auto from = open_name(descriptor_);
  const auto link_as = [&](const std::filesystem::path& name) {
    return linkat(AT_FDCWD, from.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  };
  if (link_as(path_)) return;
  while (errno == EEXIST) {
    auto name = name_beside(path_);
    if (link_as(name)) {
      temporary_ = std::move(name);
      return;
    }
  }
  copy_beside();
}

// Where no name can be given to what has none; AppArmor, for one, may forbid it.
void FileWriter::copy_beside() {
  const Descriptor nameless(std::exchange(descriptor_, -1));
  open_beside();
  struct stat status {};
  if (fstat(nameless.get(), &status) == 0) fchmod(descriptor_, status.st_mode & 07777);
  constexpr size_t kPiece = 1 << 30;
  for (off_t at = 0; at < written_;) {
    const auto done = sendfile(descriptor_, nameless.get(), &at, kPiece);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) fail_to_write(path_);
  }
  if (fsync(descriptor_) != 0) fail_to_write(path_);
}

void FileWriter::commit() {
  if (fsync(descriptor_) != 0) fail_to_write(path_);
  if (temporary_.empty()) give_name();
  const int closed = close(std::exchange(descriptor_, -1));
  if (closed != 0) fail_to_write(path_);
  if (!temporary_.empty() && rename(temporary_.c_str(), path_.c_str()) != 0) fail_to_write(path_);
  temporary_.clear();
  // The new name is on the disk only when its folder is. Some file systems cannot sync a folder; the file itself is safe then.
  const Descriptor opened(open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() >= 0) fsync(opened.get());
}

void write_bytes(const std::filesystem::path& path, Bytes bytes) {
  FileWriter file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace opsis::inline v1::io
