// Archives that mean well and archives that do not. Python's tarfile and zipfile write them, as attackers would.
#include "opsis/datasets/archive.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <map>

#include "opsis/io/bytes.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;

std::string archive_content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Everything below a folder: names, and what files hold.
std::map<std::string, std::string> tree(const fs::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const auto name = entry.path().lexically_relative(folder).string();
    out[name] = entry.is_symlink()     ? "-> " + fs::read_symlink(entry.path()).string()
                : entry.is_directory() ? "/"
                                       : archive_content(entry.path());
  }
  return out;
}

TEST(ExtractArchive, GivesWhatTorchvisionGives) {
  for (const auto& c : oracle::cases("datasets_archives/good")) {
    SCOPED_TRACE(c.name());
    const support::TemporaryFolder to;
    extract_archive(c.text("archive"), to.path());
    EXPECT_EQ(tree(to.path()), tree(c.text("expected")));
  }
}

TEST(ExtractArchive, RefusesWhatLeadsOutOrIsNoFile) {
  for (const auto& c : oracle::cases("datasets_archives/hostile")) {
    SCOPED_TRACE(c.name());
    const support::TemporaryFolder around;
    const auto to = around.path() / "in" / "here";
    EXPECT_ERROR(extract_archive(c.text("archive"), to), DecodeError, c.text("reason"));
    EXPECT_EQ(tree(around.path()), (std::map<std::string, std::string>{{"in", "/"}, {"in/here", "/"}}));
  }
}

TEST(ExtractArchive, KeepsToItsLimits) {
  const auto bomb = oracle::cases("datasets_archives/bomb").front();
  const support::TemporaryFolder to;
  for (const auto* name : {"zip", "tar", "gz"}) {
    SCOPED_TRACE(name);
    const fs::path archive = bomb.text(name);
    EXPECT_ERROR(extract_archive(archive, to.path(), {.limits = {.small = 1 << 20}}), DecodeError, "over the limit of");
    EXPECT_ERROR(extract_archive(archive, to.path(), {.limits = {.bytes = 1 << 20}}), DecodeError,
                 "over the limit of 1048576 bytes");
    EXPECT_TRUE(tree(to.path()).empty());
  }
  EXPECT_ERROR(read_compressed(bomb.text("gz"), {.small = 1 << 20}), DecodeError, "over the limit of");
  EXPECT_ERROR(extract_archive(bomb.text("many"), to.path(), {.limits = {.entries = 9}}), DecodeError,
               "it has more entries than limits.entries (9)");
  extract_archive(bomb.text("many"), to.path(), {.limits = {.entries = 10}});
  EXPECT_EQ(tree(to.path()).size(), 10u);
}

TEST(ExtractArchive, KeepsNothingOfADamagedOne) {
  const fs::path good = oracle::cases("datasets_archives/good").front().text("archive");
  const auto bytes = archive_content(good);
  const support::TemporaryFolder folder;
  folder.write("photos/kept.txt", "older");
  const auto cut = folder.write("cut.tar.gz", bytes.substr(0, bytes.size() / 2));
  EXPECT_ERROR(extract_archive(cut, folder.path() / "photos"), DecodeError, "extract_archive: " + cut.string());
  auto flipped = bytes;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 0x55);
  const auto other = folder.write("flipped.tar.gz", flipped);
  EXPECT_ERROR(extract_archive(other, folder.path() / "photos"), DecodeError, "extract_archive: " + other.string());
  EXPECT_EQ(tree(folder.path() / "photos"), (std::map<std::string, std::string>{{"kept.txt", "older"}}));
}

TEST(ExtractArchive, ReplacesFilesAndJoinsFolders) {
  const fs::path good = oracle::cases("datasets_archives/good").front().text("archive");
  const support::TemporaryFolder to;
  extract_archive(good, to.path());
  const auto expected = tree(to.path());
  to.write("a/more.txt", "mine");
  to.write("a/one.txt", "changed");
  // What a process that was killed left is cleared away.
  to.write("." + good.filename().string() + ".extracting/a/half.txt", "half");
  extract_archive(good, to.path());
  auto joined = expected;
  joined["a/more.txt"] = "mine";
  EXPECT_EQ(tree(to.path()), joined);
}

TEST(ExtractArchive, FollowsAFolderThatItsOwnerPutElsewhere) {
  const fs::path good = oracle::cases("datasets_archives/good").front().text("archive");
  const support::TemporaryFolder to, elsewhere;
  fs::create_directory_symlink(elsewhere.path(), to.path() / "a");
  extract_archive(good, to.path());
  EXPECT_TRUE(fs::is_symlink(to.path() / "a"));
  EXPECT_TRUE(fs::exists(elsewhere.path() / "one.txt"));
}

TEST(ExtractArchive, IsNeverHalfDoneWhenKilled) {
  const fs::path archive = oracle::cases("datasets_archives/bomb").front().text("many");
  const support::TemporaryFolder to;
  for (int i = 0; i < 20; ++i) {
    const auto child = fork();
    if (child == 0) {
      try {
        extract_archive(archive, to.path());
        _exit(0);
      } catch (...) {
        _exit(1);
      }
    }
    usleep(static_cast<useconds_t>(i * 200));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    for (const auto& [name, content] : tree(to.path())) {
      if (name.starts_with('.')) continue;
      EXPECT_EQ(content, "the same in each file\n") << name;
    }
  }
  extract_archive(archive, to.path());
  EXPECT_EQ(tree(to.path()).size(), 10u);
}

TEST(ExtractArchive, RefusesOtherEndings) {
  const support::TemporaryFolder folder;
  EXPECT_ERROR(extract_archive(folder.write("photos.rar", "x")), ValueError, "has none of the endings .tar, .zip");
  EXPECT_ERROR(extract_archive(folder.path() / "absent.zip"), IoError, "cannot open");
  EXPECT_ERROR(extract_archive(folder.write("text.zip", "no archive")), DecodeError, "text.zip");
}

TEST(ExtractArchive, RemovesTheArchiveWhenAsked) {
  const fs::path good = oracle::cases("datasets_archives/good").front().text("archive");
  const support::TemporaryFolder to;
  const auto copy = to.path() / good.filename();
  fs::copy_file(good, copy);
  extract_archive(copy, {}, {.remove_finished = true});
  EXPECT_FALSE(fs::exists(copy));
  EXPECT_TRUE(fs::exists(to.path() / "a" / "one.txt"));
}

TEST(ReadCompressed, GivesTheContent) {
  for (const auto& c : oracle::cases("datasets_archives/compressed")) {
    SCOPED_TRACE(c.name());
    const auto bytes = read_compressed(c.text("file"));
    EXPECT_EQ(io::as_text(bytes), c.text("content"));
  }
}

}  // namespace
}  // namespace opsis::datasets
