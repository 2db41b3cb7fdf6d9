// What happens when several processes, or a disk that says no, are in the way.
#include "opsis/datasets/disk.h"

#include <unistd.h>

#include <thread>

#include "opsis/datasets/mnist.h"
#include "tests/datasets/opened.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;

TEST(FolderLock, LetsOneGoOnAtATime) {
  const support::TemporaryFolder root;
  const auto folder = root.path() / "made";
  int inside = 0, most = 0;
  std::vector<std::jthread> threads;
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const FolderLock lock(folder);
        most = std::max(most, ++inside);
        --inside;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(most, 1);
  const FolderLock none(root.path() / "not made", false);
  EXPECT_FALSE(is_there(root.path() / "not made"));
}

TEST(Disk, ErrorsAreOurs) {
  const support::TemporaryFolder root;
  const auto file = root.write("file", "content");
  EXPECT_ERROR(make_folders(fs::path(file) / "below"), IoError, "cannot make the folder");
  EXPECT_ERROR(FolderLock(fs::path(file) / "below"), IoError, "cannot make the folder");
  EXPECT_ERROR(move_to(root.path() / "nothing", root.path() / "else"), IoError, "cannot move");
  EXPECT_FALSE(is_there(fs::path(file) / "below"));
  remove_tree(root.path() / "nothing");
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
