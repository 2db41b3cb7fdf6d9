// What happens when several processes, or a disk that says no, are in the way.
#include "opsis/datasets/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <thread>

#include "opsis/core/check.h"
#include "opsis/datasets/cifar.h"
#include "opsis/datasets/country211.h"
#include "opsis/datasets/dtd.h"
#include "opsis/datasets/kitti.h"
#include "opsis/datasets/mnist.h"
#include "opsis/datasets/oxford_iiit_pet.h"
#include "opsis/datasets/sbu.h"
#include "opsis/datasets/stl10.h"
#include "opsis/datasets/voc.h"
#include "tests/datasets/opened.h"
#include "tests/support/reporter.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;

// The most threads of four that had one folder at a time, each of whom takes it `times` times.
int most_inside(const fs::path& folder, int times, bool takes_it_away) {
  std::atomic<int> inside = 0, most = 0;
  std::vector<std::jthread> threads;
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([&] {
      try {
        for (int i = 0; i < times; ++i) {
          std::optional<FolderLock> lock(std::in_place, folder);
          most = std::max(most.load(), ++inside);
          --inside;
          lock.reset();
          std::error_code not_empty;  // the next one has it
          if (takes_it_away) fs::remove(folder, not_empty);
        }
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    });
  }
  threads.clear();
  return most;
}

TEST(FolderLock, LetsOneGoOnAtATime) {
  const support::TemporaryFolder root;
  EXPECT_EQ(most_inside(root.path() / "made", 50, false), 1);
  EXPECT_TRUE(fs::is_empty(root.path() / "made"));
  const FolderLock none(root.path() / "not made", false);
  EXPECT_FALSE(is_there(root.path() / "not made"));
}

TEST(FolderLock, LetsOneGoOnThoughEachTakesTheFolderAway) {
  const support::TemporaryFolder root;
  EXPECT_EQ(most_inside(root.path() / "made", 2000, true), 1);
}

// Another "flock data opsis datasets download X --root data" would wait for itself.
TEST(FolderLock, LeavesTheFolderItselfToItsUsers) {
  const support::TemporaryFolder root;
  const int folder = open(root.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(flock(folder, LOCK_EX), 0);
  EXPECT_EQ(most_inside(root.path(), 1, false), 1);
  close(folder);
}

TEST(FolderLock, TellsThatItWaits) {
  const support::TemporaryFolder root;
  const auto recorder = std::make_shared<support::Recorder>();
  const support::Reporting reporting(recorder);
  std::optional<FolderLock> first(std::in_place, root.path());
  EXPECT_TRUE(recorder->states.empty());
  std::jthread second([&] { const FolderLock lock(root.path()); });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  first.reset();
  second.join();
  ASSERT_FALSE(recorder->states.empty());
  EXPECT_EQ(recorder->states.back().label, "waiting for another process in " + root.path().string());
  EXPECT_TRUE(recorder->states.back().finished);
}

// Whether a copy of the case's folder, in which all is there, opens while another process has the folder.
template <class Open>
void expect_opens_at_once(const std::string& table, const Open& open) {
  const auto cases = oracle::cases(table);
  const auto c = std::find_if(cases.begin(), cases.end(), [](const auto& one) { return !one.is_null("mirror"); });
  ASSERT_NE(c, cases.end()) << table;
  const support::TemporaryFolder around;
  const auto root = around.path() / "root";
  fs::copy(c->text("root"), root, fs::copy_options::recursive);
  std::optional<FolderLock> another(std::in_place, root);
  auto opened = std::async(std::launch::async, [&] {
    const auto hashes = hashes_of(*c);
    open(*c, root);
  });
  EXPECT_EQ(opened.wait_for(std::chrono::seconds(60)), std::future_status::ready) << table;
  another.reset();
  opened.get();
}

TEST(DataSets, WaitForNobodyWhenAllIsThere) {
  using oracle::Case;
  expect_opens_at_once("datasets_classified/country211", [](const Case& c, const fs::path& root) {
    Country211({.root = root, .split = c.text("split"), .download = true});
  });
  expect_opens_at_once("datasets_classified/cifar", [](const Case& c, const fs::path& root) {
    const CIFAR10::Options options{.root = root, .train = c.boolean("train"), .download = true};
    c.text("set") == "CIFAR10" ? CIFAR10(options) : CIFAR10(CIFAR100(options));
  });
  expect_opens_at_once("datasets_classified/stl10", [](const Case& c, const fs::path& root) {
    STL10({.root = root, .split = c.text("split"), .download = true});
  });
  expect_opens_at_once("datasets_targets/voc_detection", [](const Case& c, const fs::path& root) {
    VOCDetection({.root = root, .year = c.text("year"), .image_set = c.text("image_set"), .download = true});
  });
  expect_opens_at_once("datasets_targets/sbu",
                       [](const Case&, const fs::path& root) { SBU({.root = root, .download = true}); });
}

TEST(Disk, ErrorsAreOurs) {
  const support::TemporaryFolder root;
  fs::create_symlink("nothing", root.path() / "dangling");
  make_folders("");  // the current one is there
  EXPECT_ERROR(make_folders(root.path() / "dangling"), IoError, "cannot make the folder");
  EXPECT_ERROR(make_folders(root.path() / "dangling" / "below"), IoError, "cannot make the folder");
  const auto file = root.write("file", "content");
  EXPECT_ERROR(make_folders(fs::path(file) / "below"), IoError, "cannot make the folder");
  EXPECT_ERROR(FolderLock(fs::path(file) / "below"), IoError, "cannot make the folder");
  EXPECT_ERROR(move_to(root.path() / "nothing", root.path() / "else"), IoError, "cannot move");
  EXPECT_FALSE(is_there(fs::path(file) / "below"));
  remove_tree(root.path() / "nothing");
}

// The numbers that files have on the disk: others when they were unpacked once more.
std::string inodes_of(const fs::path& folder) {
  std::map<std::string, ino_t> numbers;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat found {};
    if (entry.is_regular_file() && stat(entry.path().c_str(), &found) == 0) numbers[entry.path().string()] = found.st_ino;
  }
  std::string out;
  for (const auto& [name, number] : numbers) out += text("{} {}\n", name, number);
  return out;
}

// Two processes open a set that is not there yet; what the first one has ready the second one leaves alone.
template <class Open>
void expect_unpacked_once(const std::string& table, const Open& open) {
  const auto cases = oracle::cases(table);
  const auto c = std::find_if(cases.begin(), cases.end(), [](const auto& one) { return !one.is_null("mirror"); });
  ASSERT_NE(c, cases.end()) << table;
  const support::DownloadServer server(c->text("mirror"));
  const support::Variable variable("OPSIS_HUB_MIRROR", server.url("/slow"));
  const support::TemporaryFolder around;
  const auto root = around.path() / "root";
  std::vector<pid_t> children;
  for (int k = 0; k < 2; ++k) {
    const auto child = fork();
    if (child == 0) {
      try {
        const auto hashes = hashes_of(*c);
        open(*c, root);
        std::ofstream(around.path() / text("inodes{}", k)) << inodes_of(root);
        _exit(0);
      } catch (...) {
        _exit(1);
      }
    }
    children.push_back(child);
  }
  for (const auto child : children) {
    int status = 1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << table;
  }
  const auto files = content_of_folder(around.path());
  EXPECT_FALSE(files.at("inodes0").empty());
  EXPECT_EQ(files.at("inodes0"), files.at("inodes1")) << table;
  // Nor does who comes later.
  const auto hashes = hashes_of(*c);
  open(*c, root);
  EXPECT_EQ(inodes_of(root), files.at("inodes0")) << table;
}

TEST(Unpacking, IsDoneOnceByTwoProcesses) {
  using oracle::Case;
  expect_unpacked_once("datasets_targets/voc_detection", [](const Case& c, const fs::path& root) {
    VOCDetection({.root = root, .year = c.text("year"), .image_set = c.text("image_set"), .download = true});
  });
  expect_unpacked_once("datasets_targets/kitti", [](const Case& c, const fs::path& root) {
    Kitti({.root = root, .train = c.boolean("train"), .download = true});
  });
  expect_unpacked_once("datasets_targets/pets", [](const Case& c, const fs::path& root) {
    OxfordIIITPet({.root = root, .split = c.text("split"), .download = true});
  });
  expect_unpacked_once("datasets_classified/dtd", [](const Case& c, const fs::path& root) {
    DTD({.root = root, .split = c.text("split"), .partition = c.integer("partition"), .download = true});
  });
}

TEST(EMNIST, IsFetchedByManyAtOnce) {
  for (const auto& c : oracle::cases("datasets_classified/emnist")) {
    const support::DownloadServer server(c.text("mirror"));
    const support::Variable variable("OPSIS_HUB_MIRROR", server.url("/file"));
    const support::TemporaryFolder root;
    std::vector<std::jthread> threads;
    std::atomic<int> opened = 0;
    for (int k = 0; k < 4; ++k) {
      threads.emplace_back([&] {
        const auto hashes = hashes_of(c);
        const EMNIST letters({.root = root.path(), .split = c.text("split"), .train = c.boolean("train"), .download = true});
        if (letters.size() == c.ints("labels").size()) ++opened;
      });
    }
    threads.clear();
    EXPECT_EQ(opened, 4);
    EXPECT_EQ(content_of_folder(root.path()) == content_of_folder(c.text("root")), true);
    break;
  }
}

}  // namespace
}  // namespace opsis::datasets
