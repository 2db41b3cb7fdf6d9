#include "opsis/core/file_lock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/support/no_locks.h"
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
