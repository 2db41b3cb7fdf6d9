#include "opsis/core/file_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/no_locks.h"
#include "tests/support/nobody.h"
#include "tests/support/reporter.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

namespace fs = std::filesystem;

// One that comes late makes the file anew, and one that waited for it has another: neither may be beside the other.
TEST(FileLock, LetsOneGoOnAtATimeAndLeavesNothing) {
  const support::TemporaryFolder folder;
  std::atomic<int> inside = 0, most = 0;
  std::vector<std::jthread> threads;
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        const FileLock lock(folder.path() / "lock");
        most = std::max(most.load(), ++inside);
        --inside;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(most, 1);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(FileLock, TakesUpWhatOneThatWasKilledLeft) {
  const support::TemporaryFolder folder;
  const auto left = folder.write("lock", "");
  { EXPECT_EQ(FileLock(left).error(), 0); }
  EXPECT_FALSE(fs::exists(left));
}

TEST(FileLock, LeavesAloneWhatIsNoLongerItsOwn) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "lock";
  {
    const FileLock lock(path);
    fs::rename(path, folder.path() / "elsewhere");
    std::ofstream(path) << "another's";
  }
  EXPECT_TRUE(fs::exists(path));
}

TEST(FileLock, LetsAllGoOnWhereThereAreNoLocks) {
  const support::TemporaryFolder folder;
  for (const int error : {ENOSYS, ENOLCK, EOPNOTSUPP}) {
    const support::NoLocks none(error);
    const FileLock first(folder.path() / "lock"), second(folder.path() / "lock");
    EXPECT_EQ(first.error(), 0);
    EXPECT_EQ(second.error(), 0);
  }
}

struct ThrowingReporter final : progress::Reporter {
  void report(const progress::State&) override { throw std::runtime_error("nobody reads this"); }
};

TEST(FileLock, LetsGoOfItsFileWhenAReporterThrows) {
  const auto open_files = [] { return std::distance(fs::directory_iterator("/proc/self/fd"), {}); };
  const support::TemporaryFolder folder;
  const FileLock held(folder.path() / "lock");
  const support::Reporting reporting(std::make_shared<ThrowingReporter>());
  const auto before = open_files();
  EXPECT_THROW(FileLock(folder.path() / "lock", "waiting"), std::runtime_error);
  EXPECT_EQ(open_files(), before);
}

// One that was left is then in nobody's way, on NFS either, which locks only what can be written.
TEST(FileLock, IsForAllWhoMayWriteInTheFolder) {
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "lock";
  const auto mode_in_a_folder_of = [&](fs::perms mode) {
    fs::permissions(folder.path(), mode);
    const auto mask = umask(077);
    const FileLock lock(path);
    umask(mask);
    return fs::status(path).permissions();
  };
  EXPECT_EQ(mode_in_a_folder_of(fs::perms{0755}), fs::perms{0600});
  EXPECT_EQ(mode_in_a_folder_of(fs::perms{0775}), fs::perms{0666});
  EXPECT_EQ(mode_in_a_folder_of(fs::perms{01777}), fs::perms{0666});
}

TEST(FileLock, TakesUpOneOfAnotherUsersOrSaysWhoseItIs) {
  const support::TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms{0777});
  const auto readable = folder.write("readable", ""), closed = folder.write("closed", "");
  fs::permissions(readable, fs::perms{0644});
  fs::permissions(closed, fs::perms{0600});
  const support::Nobody nobody;
  if (geteuid() == getuid()) GTEST_SKIP() << "becoming another user needs root";
  EXPECT_EQ(FileLock(readable).error(), 0);
  EXPECT_FALSE(fs::exists(readable));
  {
    const FileLock lock(closed);
    EXPECT_EQ(lock.error(), EACCES);
    EXPECT_EQ(lock.reason(), "Permission denied; it is another user's: remove it if nobody is at work there");
  }
  const support::NoLocks broken(EBADF);
  const FileLock lock(folder.path() / "own");
  EXPECT_EQ(lock.reason(), "Bad file descriptor");
}

TEST(FileLock, TellsWhyNoneCanBeMade) {
  const support::TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms{0555});
  {
    const support::Nobody nobody;
    if (!nobody.works) GTEST_SKIP() << "root may write everywhere, and this container does not let it be anybody else";
    const FileLock lock(folder.path() / "lock");
    EXPECT_EQ(lock.error(), EACCES);
    EXPECT_EQ(lock.reason(), "Permission denied; choose a folder that can be written");
  }
  fs::permissions(folder.path(), fs::perms{0755});
}

TEST(FileLock, TellsWhyNobodyIsKeptOut) {
  const support::TemporaryFolder folder;
  EXPECT_EQ(FileLock(folder.path() / "not there" / "lock").error(), ENOENT);
  fs::create_symlink("nowhere", folder.path() / "link");
  EXPECT_EQ(FileLock(folder.path() / "link").error(), ELOOP);
  const support::NoLocks broken(EIO);
  EXPECT_EQ(FileLock(folder.path() / "lock").error(), EIO);
}

}  // namespace
}  // namespace opsis
