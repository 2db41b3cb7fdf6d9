// From an address to a data set that is ready: download, extraction, index; with processes that are killed and disks that are full.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "opsis/core/parallel.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/celeba.h"
#include "opsis/datasets/fetch.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/gtsrb.h"
#include "opsis/datasets/scan_index.h"
#include "opsis/datasets/stereo_matching.h"
#include "opsis/io/file.h"
#include "opsis/io/index_file.h"
#include "tests/datasets/opened.h"
#include "tests/support/small_disk.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;

// Later than any folder changes: else an index leaves out what is so young.
int64_t some_time_from_now() { return io::now_ns() + 10'000'000'000; }

class MadeReady : public testing::Test {
 protected:
  const oracle::Case archive_ = oracle::cases("datasets_archives/classes").front();
  const std::map<std::string, std::string> expected_ = content_of_folder(fs::path(archive_.text("expected")) / "photos");
  const fs::path name_ = fs::path(archive_.text("archive")).filename();
  const support::DownloadServer server_{fs::path(archive_.text("archive")).parent_path()};
  const support::TemporaryFolder around_, cache_;
  const support::Variable variable_{"XDG_CACHE_HOME", cache_.path().string()};
  const fs::path root_ = around_.path() / "root", photos_ = root_ / "photos";

  std::string url() const { return server_.url("/slow/" + name_.string()); }

  void make_ready() const {
    download_url(url(), root_, "", archive_.text("md5"));
    extract_archive(root_ / name_);
    ScannedClasses classes;
    for (const auto& name : find_classes(photos_).classes) {
      const auto folder = (photos_ / name).string();
      ScannedFolder scanned{.folder = folder, .stamp = stamp_of(folder).value()};
      for (const auto& entry : fs::directory_iterator(folder)) scanned.files.add(entry.path().filename().string());
      classes[name] = {scanned};
    }
    write_scan(photos_, classes, some_time_from_now());
  }

  // In a process of its own, which ends with 0 when all is well.
  pid_t start() const {
    const auto child = fork();
    if (child != 0) return child;
    try {
      make_ready();
      _exit(0);
    } catch (...) {
      _exit(1);
    }
  }

  // What stands under a final name is whole.
  void expect_nothing_broken() const {
    if (fs::exists(root_ / name_)) {
      EXPECT_TRUE(check_integrity(root_ / name_, archive_.text("md5")));
    }
    if (fs::exists(photos_)) {
      for (const auto& [name, content] : content_of_folder(photos_)) {
        const auto found = expected_.find(name);
        ASSERT_TRUE(found != expected_.end() && found->second == content) << name;
      }
    }
    if (fs::exists(index())) {
      EXPECT_EQ(parse_scan(io::read_bytes(index())).size(), 4u);
    }
  }
  void expect_ready() const {
    EXPECT_TRUE(content_of_folder(photos_) == expected_);
    EXPECT_EQ(read_scan(photos_).size(), 4u);
    EXPECT_FALSE(fs::exists(root_ / ("." + name_.string() + ".extracting")));
    EXPECT_FALSE(fs::exists(root_ / (name_.string() + ".partial")));
  }
  fs::path index() const { return root_ / ".photos.opsis-index"; }
};

// OPSIS_KILLS=40 tries less often, and tells where it killed.
TEST_F(MadeReady, IsNeverBrokenWhenKilled) {
  const char* wanted = std::getenv("OPSIS_KILLS");
  const int kills = wanted ? std::atoi(wanted) : 200;
  const auto begun = std::chrono::steady_clock::now();
  int status = 1;
  waitpid(start(), &status, 0);
  ASSERT_EQ(status, 0);
  expect_ready();
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun).count();

  std::mt19937 random(0);
  int in_download = 0, in_extraction = 0, late = 0;
  for (int i = 0; i < kills; ++i) {
    if (i % 2 == 0) fs::remove_all(root_);  // every other one goes on from what a killed one left
    const auto child = start();
    std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int64_t>(0, whole)(random)));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    expect_nothing_broken();
    ASSERT_FALSE(HasFailure()) << "after kill " << i;
    in_download += !fs::exists(root_ / name_);
    in_extraction += fs::exists(root_ / ("." + name_.string() + ".extracting"));
    late += fs::exists(index());
    if (i % 10 != 9) continue;
    waitpid(start(), &status, 0);
    EXPECT_EQ(status, 0) << "after kill " << i;
    expect_ready();
  }
  if (wanted) {
    std::cout << kills << " kills: " << in_download << " before the archive was there, " << in_extraction
              << " while it was extracted, " << late << " with an index\n";
  }
}

TEST_F(MadeReady, IsMadeByManyProcessesAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) children.push_back(start());
  for (const auto child : children) {
    int status = 1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  expect_ready();
}

TEST_F(MadeReady, SaysWhatToDoOnAFullDisk) {
  const support::SmallDisk disk(root_, 128);  // the archive is 300 KB
  if (!disk) GTEST_SKIP() << "mounting a small disk needs root";
  const std::string remedy = ": No space left on device; make room there, or choose another folder";
  EXPECT_ERROR(make_ready(), IoError, (root_ / name_).string());
  EXPECT_ERROR(make_ready(), IoError, remedy);
  EXPECT_FALSE(fs::exists(root_ / name_));

  disk.resize(500);  // the archive finds room, what is in it does not
  EXPECT_ERROR(make_ready(), IoError, remedy);
  EXPECT_TRUE(check_integrity(root_ / name_, archive_.text("md5")));
  EXPECT_ERROR(extract_archive(root_ / name_), IoError, "extract_archive: cannot write " + root_.string());
  EXPECT_EQ(content_of_folder(root_).size(), 1u);  // the archive

  disk.resize(2000);
  make_ready();
  expect_ready();
}

TEST_F(MadeReady, AnIndexThatDoesNotFitIsKeptByTheUserOrNotAtAll) {
  const support::SmallDisk disk(root_, 2000), cache(cache_.path() / "opsis", 64);
  if (!disk || !cache) GTEST_SKIP() << "mounting a small disk needs root";
  make_ready();
  fs::remove(index());
  const auto classes = [&] {
    ScannedClasses out;
    const auto folder = (photos_ / "class0").string();
    out["class0"] = {
        ScannedFolder{.folder = folder, .files = Names(std::vector<std::string>(4000, "a name")), .stamp = *stamp_of(folder)}};
    return out;
  };
  const auto fill = [](const fs::path& folder) {
    std::ofstream(folder / "fill", std::ios::binary) << std::string(4 << 20, 'x');
  };
  fill(root_);
  write_scan(photos_, classes(), some_time_from_now());
  EXPECT_FALSE(fs::exists(index()));
  EXPECT_EQ(read_scan(photos_).size(), 1u);
  for (const auto& entry : fs::directory_iterator(cache_.path() / "opsis")) fs::remove_all(entry.path());
  fill(cache_.path() / "opsis");
  write_scan(photos_, classes(), some_time_from_now());
  EXPECT_TRUE(read_scan(photos_).empty());
  EXPECT_EQ(content_of_folder(cache_.path()).size(), 1u);  // what fills it
  EXPECT_EQ(ImageFolder({.root = photos_, .index = true}).size(), 100u);
}

TEST_F(MadeReady, IsReadButNotMadeWhereNothingCanBeWritten) {
  const support::SmallDisk disk(root_, 4000);
  if (!disk) GTEST_SKIP() << "mounting a small disk needs root";
  download_url(url(), root_, "", archive_.text("md5"));
  disk.make_read_only();
  const std::string remedy = "Read-only file system; choose a folder that can be written";
  EXPECT_ERROR(extract_archive(root_ / name_), IoError, remedy);
  EXPECT_ERROR(download_url(url(), root_, "other.tar.gz"), IoError, remedy);
  EXPECT_ERROR(download_url(url(), root_ / "new"), IoError, remedy);
  // What is there with its hash is not written again.
  EXPECT_EQ(download_url(url(), root_, "", archive_.text("md5")), root_ / name_);
  // Unpacked elsewhere, it is a data set; of one that is on the disk the index goes to the user's cache.
  extract_archive(root_ / name_, around_.path() / "elsewhere");
  EXPECT_EQ(ImageFolder({.root = around_.path() / "elsewhere" / "photos"}).size(), 100u);
}

TEST_F(MadeReady, TheIndexOfAFolderThatCannotBeWrittenIsKeptByTheUser) {
  const support::SmallDisk disk(root_, 4000);
  if (!disk) GTEST_SKIP() << "mounting a small disk needs root";
  make_ready();
  fs::remove(index());
  disk.make_read_only();
  std::this_thread::sleep_for(std::chrono::milliseconds(2050));  // an index leaves out what is too young
  EXPECT_EQ(ImageFolder({.root = photos_, .index = true}).size(), 100u);
  EXPECT_EQ(read_scan(photos_).size(), 4u);
  EXPECT_FALSE(fs::exists(index()));
}

// Opens a case with processes that are killed at any moment, twice; a third is left alone and finds what is left to do.
template <class Open>
void expect_goes_on_when_killed_anywhere(const oracle::Case& c, const Open& open) {
  const auto hashes = hashes_of(c);
  const support::DownloadServer server(c.text("mirror"));
  const support::Variable variable("OPSIS_HUB_MIRROR", server.url("/slow"));
  const support::TemporaryFolder undisturbed;
  const auto begun = std::chrono::steady_clock::now();
  open(c, undisturbed.path(), true);
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun).count();
  const auto expected = content_of_folder(undisturbed.path());

  std::mt19937 random(0);
  for (int round = 0; round < 8; ++round) {
    SCOPED_TRACE(c.name() + ", round " + std::to_string(round));
    const support::TemporaryFolder root;
    for (int kills = 0; kills < 2; ++kills) {
      const auto child = fork();
      if (child == 0) {
        const SerialScope serial;  // other threads stayed behind
        open(c, root.path(), true);
        _exit(0);
      }
      std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int64_t>(0, whole)(random)));
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
    open(c, root.path(), true);
    expect_left(root.path(), expected);
  }
}

TEST(DataSets, GoOnWhereverTheyAreKilled) {
  const auto case_of = [](const char* table, const char* split) {
    for (const auto& c : oracle::cases(table)) {
      if (c.text("split") == split) return c;
    }
    throw std::runtime_error("no such case");
  };
  expect_goes_on_when_killed_anywhere(case_of("datasets_classified/gtsrb", "test"),
                                      [](const oracle::Case&, const fs::path& root, bool download) {
                                        return GTSRB({.root = root, .split = "test", .download = download}).size();
                                      });
  expect_goes_on_when_killed_anywhere(case_of("datasets_faces/celeba", "train"),
                                      [](const oracle::Case&, const fs::path& root, bool download) {
                                        return CelebA({.root = root, .split = "train", .download = download}).size();
                                      });
  expect_goes_on_when_killed_anywhere(
      case_of("datasets_flow/middlebury", "test"), [](const oracle::Case&, const fs::path& root, bool download) {
        return Middlebury2014Stereo({.root = root, .split = "test", .calibration = {}, .download = download}).size();
      });
}

}  // namespace
}  // namespace opsis::datasets
