// Files by patterns, with and without an index of the folders.
#include "opsis/datasets/glob.h"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "opsis/core/error.h"
#include "opsis/io/bytes.h"
#include "opsis/io/file.h"
#include "tests/support/damage.h"
#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kOldEnough = 120'000'000'000;  // after what support::keep_young says

using Paths = std::vector<std::string>;

// Below the root.
Paths below(const fs::path& root, const std::vector<FoundName>& found) {
  Paths out;
  for (const auto& one : found) out.push_back(one.path().substr(root.string().size() + 1));
  return out;
}

TEST(SortedGlob, FindsWhatPythonsGlobFinds) {
  const support::TemporaryFolder folder;
  const auto root = folder.path();
  for (const auto* name :
       {"a/1.png", "a/2.png", "a/.3.png", "a/aba", "a-b/1.png", "a-b/10.png", "c/1.png/in", ".d/1.png", "b"}) {
    folder.write(name, "");
  }
  fs::create_symlink(root / "nothing", root / "a/lost.png");
  fs::create_directory_symlink(root / "a", root / "e");
  const auto glob = [&](const std::string& pattern) {
    Paths out;
    for (const auto& path : sorted_glob(root, pattern)) out.push_back(path.lexically_relative(root).string());
    return out;
  };
  EXPECT_EQ(glob("*/1.png"), (Paths{"a-b/1.png", "a/1.png", "c/1.png", "e/1.png"}));
  EXPECT_EQ(glob("a*/*.png"), (Paths{"a-b/1.png", "a-b/10.png", "a/1.png", "a/2.png", "a/lost.png"}));
  EXPECT_EQ(glob("?"), (Paths{"a", "b", "c", "e"}));
  EXPECT_EQ(glob("*"), (Paths{"a", "a-b", "b", "c", "e"}));
  EXPECT_EQ(glob("c/*"), (Paths{"c/1.png"}));
  EXPECT_EQ(glob("[ab]/1*"), (Paths{"a/1.png"}));
  EXPECT_EQ(glob("*/1*0.p*"), (Paths{"a-b/10.png"}));
  EXPECT_EQ(glob("*/.*.png"), (Paths{"a/.3.png", "e/.3.png"}));
  EXPECT_EQ(glob(".*/*"), (Paths{".d/1.png"}));
  EXPECT_EQ(glob("a/ab*ba"), Paths());  // the two ends of a name do not overlap
  EXPECT_EQ(glob("a/1.png"), (Paths{"a/1.png"}));
  EXPECT_EQ(glob("a/lost.png"), Paths());
  for (const auto* nothing : {"", "none/*", "b/*", "*/none.png"}) EXPECT_EQ(glob(nothing), Paths()) << nothing;
  EXPECT_EQ(sorted_glob(root / "none", "*").size(), 0u);
}

// A data set of frames and flows, of which a pattern finds each.
class Frames {
 public:
  Frames() {
    for (const auto* name : {"frames/a/1.png", "frames/a/2.png", "frames/b/1.png", "flow/a/1.flo", "other/1.png"}) {
      folder_.write(fs::path("set") / name, "");
    }
  }
  fs::path root() const { return folder_.path() / "set"; }
  fs::path index() const { return folder_.path() / ".set.opsis-index"; }
  void write(const std::string& name) const { folder_.write(fs::path("set") / name, ""); }
  Paths found(bool index, int64_t begun_ns = io::now_ns()) const {
    FolderGlob glob(root(), index, begun_ns);
    auto out = below(root(), glob("frames/*/*.png"));
    for (auto& flow : below(root(), glob(root() / "flow", "*/1.flo"))) out.push_back(std::move(flow));
    glob.keep();
    return out;
  }
  // Once the folders are old enough for an index.
  Paths found_later() const { return found(true, io::now_ns() + kOldEnough); }

 private:
  support::TemporaryFolder folder_, cache_;
  support::Variable variable_{"XDG_CACHE_HOME", cache_.path().string()};
};

TEST(FolderGlob, TakesWhatWasKeptAndSeesWhatChanges) {
  const Frames set;
  for (const auto* name : {"frames", "frames/a", "frames/b", "flow", "flow/a"}) support::keep_young(set.root() / name);
  const Paths expected{"frames/a/1.png", "frames/a/2.png", "frames/b/1.png", "flow/a/1.flo"};
  EXPECT_EQ(set.found(true), expected);
  EXPECT_FALSE(fs::exists(set.index()));  // too young to be sure of
  EXPECT_EQ(set.found_later(), expected);
  EXPECT_EQ(read_tree(set.root()).size(), 5u);  // of "other" nobody asked
  // It is the index that is read: a name in it that is not on the disk is found.
  auto lie = read_tree(set.root());
  lie.at("frames/a").files.add("9.png");
  write_tree(set.root(), lie, io::now_ns() + kOldEnough);
  EXPECT_EQ(set.found(true).size(), expected.size() + 1);
  EXPECT_EQ(set.found(false), expected);
  // Files that come and go, at once, within the same tick of a clock; folders; times that are put back.
  const auto expect_seen = [&] { EXPECT_EQ(set.found(true), set.found(false)); };
  set.write("frames/a/3.png");
  expect_seen();
  fs::rename(set.root() / "frames/b/1.png", set.root() / "frames/b/5.png");
  expect_seen();
  set.write("frames/c/1.png");
  expect_seen();
  set.found_later();
  fs::remove_all(set.root() / "frames/a");
  fs::rename(set.root() / "frames/c", set.root() / "frames/a");
  expect_seen();
  set.found_later();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // so that the folder's own time becomes another
  const auto before = fs::last_write_time(set.root() / "flow/a");
  fs::remove(set.root() / "flow/a/1.flo");
  fs::last_write_time(set.root() / "flow/a", before);
  expect_seen();
  EXPECT_EQ(set.found(true), (Paths{"frames/a/1.png", "frames/b/5.png"}));
}

TEST(FolderGlob, IsNotWrittenAgainWhereNothingIsNew) {
  const Frames set;
  set.found_later();
  fs::permissions(set.index(), fs::perms::owner_read);  // a file that is written anew has other rights
  set.found_later();
  EXPECT_EQ(fs::status(set.index()).permissions(), fs::perms::owner_read);
  // What other patterns ask for is added to it, and what is gone is no more in it.
  fs::remove_all(set.root() / "frames/b");
  FolderGlob other(set.root(), true, io::now_ns() + kOldEnough);
  EXPECT_EQ(below(set.root(), other("other/*")), (Paths{"other/1.png"}));
  other.keep();
  const auto tree = read_tree(set.root());
  EXPECT_TRUE(tree.contains("other"));
  EXPECT_TRUE(tree.contains("frames/a"));
  EXPECT_FALSE(tree.contains("frames/b"));
  EXPECT_FALSE(tree.contains("frames"));  // it has changed
}

TEST(FolderGlob, ReadsFoldersWithLinksEachTime) {
  const Frames set;
  fs::create_directory_symlink(set.root() / "other", set.root() / "frames/link");
  const Paths expected{"frames/a/1.png", "frames/a/2.png", "frames/b/1.png", "frames/link/1.png", "flow/a/1.flo"};
  for (int time = 0; time < 2; ++time) EXPECT_EQ(set.found_later(), expected);
  EXPECT_FALSE(read_tree(set.root()).contains("frames"));
  EXPECT_FALSE(read_tree(set.root()).contains("frames/link"));
  fs::remove(set.root() / "frames/link");
  fs::create_directory_symlink(set.root() / "frames/a", set.root() / "frames/link");
  EXPECT_EQ(set.found(true), set.found(false));
}

TEST(FolderGlob, GoesToTheUsersCacheWhereTheFolderCannotBeWritten) {
  const support::TemporaryFolder cache;
  const Frames set;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  fs::create_directories(set.index() / "in the way");  // as root, all can be written but this
  const auto expected = set.found_later();
  EXPECT_FALSE(fs::is_empty(cache.path() / "opsis"));
  EXPECT_EQ(read_tree(set.root()).size(), 5u);
  EXPECT_EQ(set.found(true), expected);
}

TEST(FolderGlob, IgnoresADamagedIndexAndMakesItAnew) {
  const Frames set;
  const auto expected = set.found_later();
  const auto sound = io::read_bytes(set.index());
  for (const auto* content : {"", "x", "opsis scan 1", "opsis tree 1"}) {
    io::write_bytes(set.index(), io::as_bytes(content));
    EXPECT_EQ(set.found_later(), expected) << content;
    EXPECT_EQ(io::read_bytes(set.index()), sound) << content;
  }
}

TEST(TreeIndex, OfBytesThatAreNoneNothingIsUsed) {
  ScannedTree tree;
  tree["a"] = {.files = {"1", "2"}, .folders = {"b"}, .stamp = {1, 2, 3}};
  tree[""] = {.folders = {"a"}, .stamp = {4, 5, 6}};
  tree["link"] = {.files = {"3"}, .stamp = {1, 2, 3}, .has_links = true};
  tree["new"] = {.files = {"3"}, .stamp = {1, kOldEnough, 3}};
  const auto sound = tree_bytes(tree, kOldEnough);
  const auto read = parse_tree(io::as_bytes(sound));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read.at("a").files.joined(), tree["a"].files.joined());
  EXPECT_EQ(read.at("a").folders.size(), 1u);
  EXPECT_EQ(read.at("").stamp, tree[""].stamp);
  support::each_damage(sound, [&](const std::string& bytes) {
    if (bytes != sound) {
      EXPECT_THROW(parse_tree(io::as_bytes(bytes)), DecodeError);
    }
  });
  // With a right checksum, names that lead elsewhere.
  for (const auto* name : {"..", ".", "", "../x", "/x"}) {
    tree["a"].files = {name};
    EXPECT_ERROR(parse_tree(io::as_bytes(tree_bytes(tree, kOldEnough))), DecodeError, "is no name");
  }
}

}  // namespace
}  // namespace opsis::datasets
