#include "opsis/io/file.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <torch/torch.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <thread>

#include "opsis/core/system_reason.h"
#include "opsis/io.h"
#include "tests/support/expect.h"
#include "tests/support/nobody.h"
#include "tests/support/small_disk.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

using io::FileWriter;
using support::TemporaryFolder;

std::string file_content(const std::filesystem::path& path) { return std::string(io::as_text(io::read_bytes(path))); }

int64_t count_files(const std::filesystem::path& folder) {
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

TEST(FileWriter, GivesTheNameOnlyByCommit) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.bin", "old");
  {
    FileWriter file(path);
    file.write(io::as_bytes("new"));
    EXPECT_EQ(file_content(path), "old");
    file.write(io::as_bytes(" bytes"));
    EXPECT_EQ(file.written(), 9);
    file.commit();
  }
  EXPECT_EQ(file_content(path), "new bytes");
  EXPECT_EQ(count_files(folder.path()), 1);
}

TEST(FileWriter, LeavesNothingBehindWithoutCommit) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.bin", "old");
  { FileWriter(path).write(io::as_bytes("new")); }
  { FileWriter(folder.path() / "b.bin").write(io::as_bytes("new")); }
  EXPECT_EQ(file_content(path), "old");
  EXPECT_EQ(count_files(folder.path()), 1);
}

bool has_nameless_files(const std::filesystem::path& folder) {
  const int nameless = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (nameless >= 0) close(nameless);
  return nameless >= 0;
}

// What has no name, a process that is killed does not leave behind.
TEST(FileWriter, HasNoNameBeforeCommit) {
  const TemporaryFolder folder;
  if (!has_nameless_files(folder.path()))
    GTEST_SKIP() << "the file system has no files without a name; WritesWhereFilesWithoutANameAreNotToBeHad is about those";
  const auto path = folder.write("a.bin", "old");
  FileWriter replaced(path), made(folder.path() / "b.bin");
  for (auto* file : {&replaced, &made}) file->write(io::as_bytes("new"));
  EXPECT_EQ(count_files(folder.path()), 1);
  for (auto* file : {&replaced, &made}) file->commit();
  EXPECT_EQ(count_files(folder.path()), 2);
  EXPECT_EQ(file_content(path), "new");
  EXPECT_EQ(file_content(folder.path() / "b.bin"), "new");
}

// A file that comes while another of its name is written is replaced, as one that was there before is.
TEST(FileWriter, ReplacesAFileThatCameMeanwhile) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.bin";
  FileWriter file(path);
  file.write(io::as_bytes("new"));
  folder.write("a.bin", "came meanwhile");
  file.commit();
  EXPECT_EQ(file_content(path), "new");
  EXPECT_EQ(count_files(folder.path()), 1);
}

/// From here on the calls of this thread of that number, with one of those bits in the third argument, fail by that error; false
/// where a thread may not be kept from anything.
bool refuse_calls(unsigned number, unsigned bits, unsigned error) {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = std::size(steps), .filter = steps};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST(FileWriter, WritesWhereFilesWithoutANameAreNotToBeHad) {
  struct Refused {
    unsigned number, bits, error;
  };
  constexpr unsigned nameless = O_TMPFILE & ~O_DIRECTORY, any = ~0U;  // any: of AT_FDCWD
  for (const auto& [number, bits, error] :
       {Refused{__NR_openat, nameless, EOPNOTSUPP}, Refused{__NR_openat, nameless, EISDIR}, Refused{__NR_linkat, any, EPERM}}) {
    SCOPED_TRACE(std::to_string(number) + ", error " + std::to_string(error));
    const TemporaryFolder folder;
    const auto path = folder.write("a.bin", "old");
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    bool refused = false;
    std::thread([&, number = number, bits = bits, error = error] {
      refused = refuse_calls(number, bits, error);
      for (const auto* name : {"a.bin", "b.bin"}) io::write_bytes(folder.path() / name, std::vector<uint8_t>(100'000, 'x'));
      FileWriter(path).write(io::as_bytes("never"));
    }).join();
    if (!refused)
      GTEST_SKIP() << "this kernel has no filter of system calls (seccomp), without which nothing refuses files without a name";
    for (const auto* name : {"a.bin", "b.bin"}) EXPECT_EQ(file_content(folder.path() / name), std::string(100'000, 'x'));
    EXPECT_EQ(std::filesystem::status(path).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    EXPECT_EQ(count_files(folder.path()), 2);
  }
}

TEST(FileWriter, TakesNamesAsLongAsTheFileSystemDoes) {
  const TemporaryFolder folder;
  const auto path = folder.path() / std::string(255, 'a');
  io::write_bytes(path, io::as_bytes("new"));
  EXPECT_EQ(file_content(path), "new");
  EXPECT_ERROR(io::write_bytes(folder.path() / std::string(256, 'a'), io::as_bytes("new")), IoError, "cannot write");
}

TEST(FileWriter, FollowsTheUsersMask) {
  const TemporaryFolder folder;
  const auto mask = umask(027);
  io::write_bytes(folder.path() / "a.bin", io::as_bytes("x"));
  umask(mask);
  struct stat status {};
  ASSERT_EQ(stat((folder.path() / "a.bin").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

// A file that keeps all of its mode looks like one for which the mask was forgotten.
TEST(FileWriter, HasNoNameBeforeCommitUnderAMaskThatTakesNothing) {
  const TemporaryFolder folder;
  if (!has_nameless_files(folder.path()))
    GTEST_SKIP() << "the file system has no files without a name; WritesWhereFilesWithoutANameAreNotToBeHad is about those";
  const auto mask = umask(0);
  FileWriter file(folder.path() / "a.bin");
  umask(mask);
  EXPECT_EQ(count_files(folder.path()), 0);
  file.commit();
  EXPECT_EQ(std::filesystem::status(folder.path() / "a.bin").permissions(), std::filesystem::perms{0666});
}

TEST(FileWriter, ManyThreadsWriteTheSameNameWhole) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.bin";
  std::vector<std::thread> threads;
  for (char letter = 'a'; letter < 'i'; ++letter) {
    threads.emplace_back([=] { io::write_bytes(path, io::as_bytes(std::string(1000, letter))); });
  }
  for (auto& thread : threads) thread.join();
  const auto found = file_content(path);
  EXPECT_EQ(found, std::string(1000, found[0]));
  EXPECT_EQ(count_files(folder.path()), 1);
}

TEST(FileWriter, SaysWhyItCannotWrite) {
  const TemporaryFolder folder;
  const auto file = folder.write("file", "x");
  EXPECT_ERROR(FileWriter(folder.path() / "missing" / "a.bin"), IoError,
               "missing/a.bin: No such file or directory; make the folder " + (folder.path() / "missing").string() + " first");
  EXPECT_ERROR(FileWriter(file / "a.bin"), IoError, "file/a.bin: Not a directory");
  EXPECT_ERROR(FileWriter(folder.path()), IoError, "it is a folder");
  EXPECT_ERROR(FileWriter(folder.path() / ""), ValueError, "a file name is missing");
  EXPECT_ERROR(FileWriter(folder.path() / std::string(300, 'a')), IoError, "File name too long");
  EXPECT_ERROR(FileWriter("/proc/a.bin"), IoError, "cannot write /proc/a.bin: ");  // not even root may
  EXPECT_EQ(count_files(folder.path()), 1);
}

TEST(FileWriter, SaysThatItNeedsAnotherFolderWhereItMayNotWrite) {
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  {
    const support::Nobody nobody;
    // A container may deny root the change of user (CAP_SETUID); root itself is refused nowhere.
    if (!nobody.works) GTEST_SKIP() << "root may write everywhere, and this container does not let it be anybody else";
    EXPECT_ERROR(FileWriter(folder.path() / "a.bin"), IoError, "a.bin: Permission denied; choose a folder that can be written");
  }
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  EXPECT_EQ(writing_reason(EPERM), "Operation not permitted; choose a folder that can be written");
  EXPECT_EQ(system_reason(EACCES), "Permission denied");  // of a file to read, another folder is no help
}

/// While it lives, this process may not write files over a size; a write beyond it fails like one on a full disk.
struct FileSizeLimit {
  explicit FileSizeLimit(rlim_t bytes) : handler(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &outer);
    const rlimit inner{bytes, outer.rlim_max};
    setrlimit(RLIMIT_FSIZE, &inner);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &outer);
    std::signal(SIGXFSZ, handler);
  }
  rlimit outer{};
  void (*handler)(int);
};

TEST(FileWriter, KeepsTheOldFileWhenTheNewOneDoesNotFit) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.png", "old");
  std::string reason;
  {
    const FileSizeLimit limit(1 << 16);
    try {
      io::write_png(Image(torch::randint(256, {3, 300, 300}).to(torch::kUInt8)), path, 0);
    } catch (const IoError& error) {
      reason = error.what();
    }
  }
  EXPECT_EQ(reason, "cannot write " + path.string() + ": File too large");
  EXPECT_EQ(file_content(path), "old");
  EXPECT_EQ(count_files(folder.path()), 1);
}

TEST(FileWriter, KeepsTheOldFileOnAFullDisk) {
  const TemporaryFolder folder;
  const support::SmallDisk small(folder.path() / "disk", 64);
  if (!small) GTEST_SKIP() << "mounting a small disk needs root; KeepsTheOldFileWhenTheNewOneDoesNotFit runs";
  const auto& disk = small.path();
  folder.write("disk/a.bin", "old");
  EXPECT_ERROR(io::write_bytes(disk / "a.bin", std::vector<uint8_t>(200'000)), IoError,
               "a.bin: No space left on device; make room there, or choose another folder");
  EXPECT_EQ(file_content(disk / "a.bin"), "old");
  EXPECT_EQ(count_files(disk), 1);
}

TEST(ReadBytes, ReadsAnySizeAndFilesWithoutOne) {
  const TemporaryFolder folder;
  EXPECT_EQ(file_content(folder.write("empty", "")), "");
  for (const size_t size : {1, 4095, 4096, 4097, 300'000}) {
    const std::string expected(size, 'x');
    EXPECT_EQ(file_content(folder.write("a", expected)), expected);
  }
  EXPECT_NE(file_content("/proc/self/status").find("VmSize"), std::string::npos);  // its size is told as 0
  EXPECT_GT(io::read_bytes("/proc/cpuinfo").size(), 0U);
}

TEST(ReadBytes, SaysWhyItCannotRead) {
  const TemporaryFolder folder;
  EXPECT_ERROR(io::read_bytes(folder.path() / "missing"), IoError, "missing: No such file or directory");
  EXPECT_ERROR(io::read_bytes(folder.path()), IoError, "it is a folder");
  const auto path = folder.write("a", "12345");
  EXPECT_EQ(io::read_bytes(path, {.file_bytes = 5}).size(), 5U);
  EXPECT_ERROR(io::read_bytes(path, {.file_bytes = 4}), DecodeError, "it is larger than limits.file_bytes (4)");
  EXPECT_ERROR(io::read_bytes("/dev/zero"), IoError, "cannot read /dev/zero: it is not a regular file");  // nor would it end
}

TEST(MappedFile, ShowsTheFileAndKeepsChangesToItself) {
  const TemporaryFolder folder;
  const auto path = folder.write("a", "12345");
  io::MappedFile file(path);
  EXPECT_EQ(io::as_text(file.bytes()), "12345");
  file.writable()[0] = 'x';
  EXPECT_EQ(io::as_text(file.bytes()), "x2345");
  EXPECT_EQ(file_content(path), "12345");

  auto moved = std::move(file);
  EXPECT_EQ(io::as_text(moved.bytes()), "x2345");
  file = io::MappedFile(folder.write("b", "b"));
  moved = std::move(file);
  EXPECT_EQ(io::as_text(moved.bytes()), "b");
  EXPECT_TRUE(io::MappedFile(folder.write("empty", "")).bytes().empty());
  EXPECT_ERROR(io::MappedFile(folder.path() / "missing"), IoError, "cannot open ");
  EXPECT_ERROR(io::MappedFile(folder.path()), IoError, "it is a folder");
}

TEST(ReadFile, GivesBackWhatWriteFileTook) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.bin";
  const auto data = torch::arange(256, torch::kUInt8);
  io::write_file(path, data);
  EXPECT_TENSOR_EQ(io::read_file(path), data);
  io::write_file(path, torch::stack({data, data}, 1).select(1, 0));
  EXPECT_TENSOR_EQ(io::read_file(path), data);
  io::write_file(path, data.slice(0, 0, 0));
  EXPECT_EQ(std::filesystem::file_size(path), 0U);
  EXPECT_ERROR(io::read_file(path), IoError, "a.bin is empty");
}

TEST(WriteFile, RefusesWhatTorchvisionRefuses) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "a.bin";
  EXPECT_ERROR(io::write_file(path, torch::zeros({3})), ValueError,
               "write_file: the bytes must be a 1-D uint8 tensor on the CPU, got (3,) Float on cpu");
  EXPECT_ERROR(io::write_file(path, torch::zeros({2, 2}, torch::kUInt8)), ValueError, "got (2, 2) Byte");
  EXPECT_ERROR(io::write_file(path, {}), ValueError, "got an undefined tensor");
  EXPECT_EQ(count_files(folder.path()), 0);
}

TEST(FileWriter, WritesThroughALinkAndKeepsTheFilesMode) {
  const support::TemporaryFolder folder;
  const auto file = folder.write("real.bin", "old");
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::create_symlink(file, folder.path() / "link.bin");
  io::write_bytes(folder.path() / "link.bin", io::as_bytes("new"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path() / "link.bin"));
  const auto bytes = io::read_bytes(file);
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "new");
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(FileWriter, MakesTheFileThatALinkLeadsTo) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "far");
  std::filesystem::create_symlink("far/real.bin", folder.path() / "second");
  std::filesystem::create_symlink("second", folder.path() / "first");
  io::write_bytes(folder.path() / "first", io::as_bytes("new"));
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path() / "first") && std::filesystem::is_symlink(folder.path() / "second"));
  EXPECT_EQ(file_content(folder.path() / "far/real.bin"), "new");
  std::filesystem::create_symlink("circle", folder.path() / "circle");
  EXPECT_ERROR(io::write_bytes(folder.path() / "circle", io::as_bytes("new")), IoError, "cannot write");
}

TEST(FileWriter, NeverReplacesADevice) {
  EXPECT_ERROR(io::write_bytes("/dev/null", io::as_bytes("x")), IoError, "cannot write /dev/null: it is not a regular file");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace opsis
