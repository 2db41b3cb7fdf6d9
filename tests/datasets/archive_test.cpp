// Archives that mean well and archives that do not. Python's tarfile and zipfile write them, as attackers would.
#include "opsis/datasets/archive.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fstream>
#include <future>
#include <iterator>
#include <map>

#include "opsis/datasets/resources.h"
#include "opsis/io/byte_fields.h"
#include "opsis/io/bytes.h"
#include "opsis/io/crc32.h"
#include "tests/support/expect.h"
#include "tests/support/memory.h"
#include "tests/support/no_locks.h"
#include "tests/support/oracle.h"
#include "tests/support/small_disk.h"
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

TEST(ExtractArchive, ReadsRarOfVersions4And5) {
  for (const auto& c : oracle::cases("datasets_archives/rar")) {
    SCOPED_TRACE(c.name());
    const support::TemporaryFolder to;
    extract_archive(c.text("archive"), to.path());
    EXPECT_EQ(tree(to.path()), tree(c.text("expected")));
    // That reader, whose format is the hardest to read, is asked for its own ending only.
    const auto bytes = archive_content(c.text("archive"));
    EXPECT_ERROR(extract_archive(to.write("renamed.zip", bytes)), DecodeError, "renamed.zip");
    const auto zip = archive_content(oracle::cases("datasets_archives/bomb").front().text("zip"));
    EXPECT_ERROR(extract_archive(to.write("renamed.rar", zip)), DecodeError, "renamed.rar");
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

// Of an archive that no hash is known of.
TEST(ExtractUnknown, RemovesADamagedOneAndKeepsOneThatIsLarge) {
  const support::TemporaryFolder folder;
  const auto damaged = folder.write("damaged.zip", "no archive");
  EXPECT_ERROR(extract_unknown(damaged, folder.path() / "out"), DecodeError, "it is removed, to be downloaded once more");
  EXPECT_FALSE(fs::exists(damaged));
  const auto in_limits = folder.write("limits/damaged.zip", "no archive");  // a name is no reason
  EXPECT_ERROR(extract_unknown(in_limits, folder.path() / "out"), DecodeError, "it is removed");
  EXPECT_FALSE(fs::exists(in_limits));
  const fs::path many = oracle::cases("datasets_archives/bomb").front().text("many");
  const auto large = folder.path() / many.filename();
  fs::copy_file(many, large);
  EXPECT_ERROR(extract_unknown(large, folder.path() / "out", {.limits = {.entries = 9}}), DecodeError, "limits.entries (9)");
  EXPECT_TRUE(fs::exists(large));
}

TEST(ExtractArchive, KeepsToItsLimits) {
  const auto bomb = oracle::cases("datasets_archives/bomb").front();
  const support::TemporaryFolder to;
  for (const auto* name : {"zip", "tar", "gz", "rar"}) {
    SCOPED_TRACE(name);
    const fs::path archive = bomb.text(name);
    if (archive.extension() != ".rar") {  // which is stored: it is as large as what comes out
      EXPECT_ERROR(extract_archive(archive, to.path(), {.limits = {.small = 1 << 20}}), DecodeError, "over the limit of");
    }
    EXPECT_ERROR(extract_archive(archive, to.path(), {.limits = {.bytes = 1 << 20}}), DecodeError,
                 "over the limit of 1048576 bytes");
    EXPECT_TRUE(tree(to.path()).empty());
  }
  EXPECT_ERROR(read_compressed(bomb.text("gz"), {.small = 1 << 20}), DecodeError, "over the limit of");
  try {
    extract_archive(bomb.text("tail"), to.path(), {.limits = {.bytes = 1 << 20}});
    ADD_FAILURE() << "what comes behind the last entry counts too";
  } catch (const DecodeError& error) {
    EXPECT_EQ(error.what(),
              "extract_archive: " + bomb.text("tail") +
                  ": what comes out is over the limit of 1048576 bytes; raise .limits for an archive that you trust");
    EXPECT_TRUE(error.way_out() == WayOut::RaiseLimits);
  }
  EXPECT_ERROR(extract_archive(bomb.text("many"), to.path(), {.limits = {.entries = 9}}), DecodeError,
               "it has more entries than limits.entries (9)");
  extract_archive(bomb.text("many"), to.path(), {.limits = {.entries = 10}});
  EXPECT_EQ(tree(to.path()).size(), 10u);
}

// A hundred megabytes that are two million entries. What is more than its file in memory would be what libarchive makes of them.
TEST(ExtractArchive, RefusesAZipOfMillionsOfEntriesBeforeItIsRead) {
  const support::TemporaryFolder folder;
  constexpr uint32_t entries = 2'000'000;
  std::string zip, entry("PK\1\2\x14\3\x14", 7);
  entry.resize(46);
  entry[28] = 1;  // the length of its name
  entry += 'a';
  for (uint32_t i = 0; i < entries; ++i) zip += entry;
  const auto directory = static_cast<uint32_t>(zip.size());
  zip.append("PK\5\6\0\0\0\0\1\0\1\0", 12);  // which says that there is one
  io::put_number(zip, directory);
  zip.append(6, '\0');
  const auto path = folder.write("many.zip", zip);
  zip = {};
  malloc_trim(0);

  const bool measures = support::begin_peak_memory();
  const auto before = support::resident_memory();
  const auto begin = std::clock();
  EXPECT_ERROR(extract_archive(path, folder.path() / "out", {.limits = {.entries = 1'000'000}}), DecodeError,
               "it has more entries than limits.entries (1000000)");
  EXPECT_LT(std::clock() - begin, 10 * CLOCKS_PER_SEC);
  if (measures) {
    EXPECT_LT(support::peak_memory() - before, int64_t{directory} + (16 << 20));
  }
  EXPECT_FALSE(fs::exists(folder.path() / "out"));
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

constexpr size_t kStoredBlock = 65'535;

// A gzip member that holds the bytes as they are, so that none but its checksum tells of one that was changed.
std::string stored_gzip(const std::string& content) {
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  for (size_t at = 0; at < content.size(); at += kStoredBlock) {
    const auto piece = content.substr(at, kStoredBlock);
    out.push_back(at + piece.size() == content.size() ? '\1' : '\0');
    io::put_number(out, static_cast<uint16_t>(piece.size()));
    io::put_number(out, static_cast<uint16_t>(~piece.size()));
    out += piece;
  }
  io::put_number(out, io::crc32(io::as_bytes(content)));
  io::put_number(out, static_cast<uint32_t>(content.size()));
  return out;
}

TEST(ExtractArchive, HoldsGzipToItsChecksums) {
  const auto good = oracle::cases("datasets_archives/good");
  const auto tar =
      std::find_if(good.begin(), good.end(), [](const auto& c) { return c.text("archive").ends_with("archive.tar"); });
  ASSERT_NE(tar, good.end());
  const support::TemporaryFolder folder;
  const auto to = folder.path() / "out";
  for (const auto* name : {"photos.tar.gz", "photos.gz"}) {
    SCOPED_TRACE(name);
    const auto content = archive_content(tar->text("archive"));
    const auto whole = stored_gzip(content);
    extract_archive(folder.write(name, whole), to);
    const auto expected = tree(to);
    fs::remove_all(to);
    const auto place = [](size_t at) { return 10 + 5 * (at / kStoredBlock + 1) + at; };
    const size_t end = whole.size();
    // The first and the last file of the tar, what stands behind its end, the checksum, the length.
    for (const size_t at : {place(700), place(content.size() - 2000), end - 9, end - 8, end - 5, end - 4, end - 1}) {
      SCOPED_TRACE(at);
      auto flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 1);
      EXPECT_ERROR(extract_archive(folder.write(name, flipped), to), DecodeError, name);
      EXPECT_TRUE(!fs::exists(to) || tree(to).empty());
    }
    EXPECT_ERROR(extract_archive(folder.write(name, whole.substr(0, end - 1)), to), DecodeError, "ends early");
    // Of several members each has its own; what is no member ends them.
    const auto half = content.size() / 2;
    const auto two = stored_gzip(content.substr(0, half)) + stored_gzip(content.substr(half));
    extract_archive(folder.write(name, two), to);
    EXPECT_EQ(tree(to), expected);
    for (const auto& behind : {std::string(100, '\0'), std::string("\x1f"), std::string("\x1f\x02 is no member")}) {
      extract_archive(folder.write(name, two + behind), to);
      EXPECT_EQ(tree(to), expected);
    }
    fs::remove_all(to);
    auto flipped = two;
    flipped[place(700)] = static_cast<char>(flipped[place(700)] ^ 1);
    EXPECT_ERROR(extract_archive(folder.write(name, flipped), to), DecodeError, name);
  }
  const auto text = folder.write("text.gz", stored_gzip("some text"));
  EXPECT_EQ(io::as_text(read_compressed(text)), "some text");
  auto other = stored_gzip("some text");
  other[16] = 'X';
  EXPECT_ERROR(read_compressed(folder.write("text.gz", other)), DecodeError, "the gzip data is damaged: incorrect data check");
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
  to.write("." + good.filename().string() + ".lock", "");
  extract_archive(good, to.path());
  auto joined = expected;
  joined["a/more.txt"] = "mine";
  EXPECT_EQ(tree(to.path()), joined);
}

TEST(ExtractArchive, ClearsAwayALinkWhereItUnpacksAndNotWhatItLeadsTo) {
  const fs::path good = oracle::cases("datasets_archives/good").front().text("archive");
  const support::TemporaryFolder to, elsewhere, expected;
  elsewhere.write("a/kept.txt", "somebody's");
  fs::create_directory_symlink(elsewhere.path(), to.path() / ("." + good.filename().string() + ".extracting"));
  extract_archive(good, to.path());
  extract_archive(good, expected.path());
  EXPECT_EQ(tree(to.path()), tree(expected.path()));
  EXPECT_EQ(tree(elsewhere.path()), (std::map<std::string, std::string>{{"a", "/"}, {"a/kept.txt", "somebody's"}}));
}

TEST(ExtractArchive, FollowsAFolderThatItsOwnerPutElsewhere) {
  const fs::path good = oracle::cases("datasets_archives/good").front().text("archive");
  const support::TemporaryFolder to, elsewhere;
  fs::create_directory_symlink(elsewhere.path(), to.path() / "a");
  extract_archive(good, to.path());
  EXPECT_TRUE(fs::is_symlink(to.path() / "a"));
  EXPECT_TRUE(fs::exists(elsewhere.path() / "one.txt"));
}

// Where a folder is put elsewhere for want of room, it is on another disk.
TEST(ExtractArchive, FollowsAFolderThatItsOwnerPutOnAnotherDisk) {
  const fs::path good = oracle::cases("datasets_archives/good").front().text("archive");
  const support::TemporaryFolder to, expected;
  const support::SmallDisk disk(to.path() / "disk", 1000);
  if (!disk) GTEST_SKIP() << "mounting a small disk needs root";
  fs::create_directory_symlink(disk.path(), to.path() / "a");
  extract_archive(good, to.path());
  EXPECT_TRUE(fs::is_symlink(to.path() / "a"));
  extract_archive(good, expected.path());
  EXPECT_EQ(tree(disk.path()), tree(expected.path() / "a"));
}

TEST(ExtractArchive, MergesWhatAnotherArchiveBringsAtTheSameTime) {
  const fs::path good = oracle::cases("datasets_archives/good").front().text("archive");
  const support::TemporaryFolder around, expected;
  const auto second = around.path() / ("second-" + good.filename().string());
  fs::copy_file(good, second);
  extract_archive(good, expected.path());
  for (int i = 0; i < 100; ++i) {
    const support::TemporaryFolder to;
    std::vector<std::future<void>> both;
    for (const auto& archive : {good, second}) {
      both.push_back(std::async(std::launch::async, [&to, archive] { extract_archive(archive, to.path()); }));
    }
    for (auto& one : both) EXPECT_NO_THROW(one.get());
    ASSERT_EQ(tree(to.path()), tree(expected.path()));
  }
}

TEST(ExtractArchive, NeedsNoLocksOfTheFileSystem) {
  const support::NoLocks none(ENOSYS);
  const support::TemporaryFolder to;
  extract_archive(oracle::cases("datasets_archives/good").front().text("archive"), to.path());
  EXPECT_TRUE(fs::exists(to.path() / "a"));
}

TEST(ExtractArchive, SaysThatTheArchiveCannotBeRemoved) {
  const support::TemporaryFolder around;
  const support::SmallDisk disk(around.path() / "disk", 1000);
  if (!disk) GTEST_SKIP() << "mounting a small disk needs root";
  const fs::path good = oracle::cases("datasets_archives/good").front().text("archive");
  const auto archive = disk.path() / good.filename();
  fs::copy_file(good, archive);
  disk.make_read_only();
  EXPECT_ERROR(extract_archive(archive, around.path() / "out", {.remove_finished = true}), IoError,
               "extract_archive: cannot remove " + archive.string());
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
  EXPECT_ERROR(extract_archive(folder.write("photos.7z", "x")), ValueError, "has none of the endings .tar, .zip, .rar");
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
