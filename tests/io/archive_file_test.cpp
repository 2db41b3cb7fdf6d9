// Archives read in place: what damaged and lying ones come to. tests/datasets/packed_test.cpp reads those that Python writes.
#include "opsis/io/archive_file.h"

#include <chrono>
#include <thread>

#include "opsis/hub/zip_writer.h"
#include "opsis/io/crc32.h"
#include "opsis/io/file.h"
#include "opsis/io/index_file.h"
#include "opsis/io/inflate.h"
#include "opsis/io/tar_reader.h"
#include "tests/support/damage.h"
#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

namespace fs = std::filesystem;
using io::ArchiveFile;
using namespace std::string_literals;

// A header and the data behind it, as ustar has them.
std::string tar_entry(const std::string& name, const std::string& data, char type = '0', const std::string& link = "") {
  std::string head(512, '\0');
  const auto put = [&](size_t at, const std::string& what) { head.replace(at, what.size(), what); };
  char size[16];
  std::snprintf(size, sizeof size, "%011zo", data.size());
  put(0, name);
  put(124, size);
  put(148, "        ");
  head[156] = type;
  put(157, link);
  put(257, "ustar\0"s + "00");
  unsigned sum = 0;
  for (const char c : head) sum += static_cast<uint8_t>(c);
  std::snprintf(size, sizeof size, "%06o", sum);
  put(148, size + "\0 "s);
  return head + data + std::string((512 - data.size() % 512) % 512, '\0');
}

std::string tar_of(std::initializer_list<std::string> entries) {
  std::string out;
  for (const auto& entry : entries) out += entry;
  return out + std::string(1024, '\0');
}

std::string zip_of(std::initializer_list<std::pair<std::string, std::string>> files) {
  std::string out;
  hub::ZipWriter zip([&](io::Bytes bytes) { out += io::as_text(bytes); });
  for (const auto& [name, content] : files) zip.add(name, io::as_bytes(content));
  zip.finish();
  return out;
}

std::string content_of(const ArchiveFile& archive, size_t i) {
  return std::string(io::as_text(archive.read(archive.entries().at(i))));
}

TEST(ArchiveFile, ReadsEntriesOnManyThreads) {
  const support::TemporaryFolder folder;
  for (const auto& path : {folder.write("a.tar", tar_of({tar_entry("a", "hello"), tar_entry("b/c", "world")})),
                           folder.write("a.zip", zip_of({{"a", "hello"}, {"b/c", "world"}}))}) {
    const ArchiveFile archive(path);
    ASSERT_EQ(archive.entries().size(), 2u);
    EXPECT_EQ(archive.entries()[1].name, "b/c");
    std::vector<std::thread> threads;
    std::atomic<int> right = 0;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 200; ++k) right += content_of(archive, k % 2) == (k % 2 ? "world" : "hello");
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(right, 800);
  }
}

TEST(ArchiveFile, NamesAreOnlyNames) {
  const support::TemporaryFolder folder;
  const auto bytes = tar_of({tar_entry("../x", "1"), tar_entry("/etc/x", "2"), tar_entry("dir", "", '5'),
                             tar_entry("pipe", "", '6'), tar_entry("loose", "", '2', "nowhere"),
                             tar_entry("soft", "", '2', "./../x"), tar_entry("hard", "", '1', "/etc/x")});
  const ArchiveFile archive(folder.write("a.tar", bytes));
  std::vector<std::string> names;
  for (const auto& entry : archive.entries()) names.push_back(entry.name);
  EXPECT_EQ(names, (std::vector<std::string>{"../x", "/etc/x", "dir", "soft", "hard"}));
  EXPECT_EQ(content_of(archive, 0), "1");
  EXPECT_EQ(content_of(archive, 2), "");
  EXPECT_EQ(content_of(archive, 3), "1");
  EXPECT_EQ(content_of(archive, 4), "2");
}

TEST(ArchiveFile, NamesWhatIsWrong) {
  const support::TemporaryFolder folder;
  const auto open = [&](const std::string& bytes) { return ArchiveFile(folder.write("x.arc", bytes)); };
  EXPECT_ERROR(ArchiveFile(folder.path() / "none.zip"), IoError, "none.zip");
  EXPECT_ERROR(ArchiveFile(folder.path()), IoError, "not a regular file");
  EXPECT_ERROR(open("no archive"), DecodeError, "x.arc: it is neither a zip nor a tar archive");
  EXPECT_ERROR(open(""), DecodeError, "neither");
  EXPECT_ERROR(open("\x1f\x8b\x08"), DecodeError, "decompress it (gzip -d");

  const auto whole = tar_of({tar_entry("a", std::string(600, 'a')), tar_entry("b", "b")});
  EXPECT_ERROR(open(whole.substr(0, 700)), DecodeError, "byte 0: \"a\" claims 600 bytes of an archive that has 188 more");
  EXPECT_ERROR(open(whole.substr(0, 1600)), DecodeError, "byte 1536: its header is cut short");
  EXPECT_EQ(open(whole.substr(0, whole.size() - 1024)).entries().size(), 2u);  // without an end, as Python takes it
  auto damaged = whole;
  damaged[1540] = 'x';
  EXPECT_ERROR(open(damaged), DecodeError, "byte 1536: its header is damaged");
  EXPECT_ERROR(open(tar_of({tar_entry("a", "x", 'S')})), DecodeError, "sparse");
  EXPECT_ERROR(open(tar_of({tar_entry("x", "12 path=a\n", 'x'), tar_entry("a", "x")})), DecodeError, "pax header is damaged");
  EXPECT_ERROR(open(tar_of({tar_entry("x", "12 size=abc\n", 'x'), tar_entry("a", "x")})), DecodeError, "no proper size");
  EXPECT_EQ(open(tar_of({tar_entry("x", "10 path=q\n", 'x'), tar_entry("a", "x")})).entries()[0].name, "q");

  // What a zip's headers say is compared when an entry is read.
  const auto sound = zip_of({{"name", "hello"}, {"more", "world"}});
  auto other = sound;
  other[sound.find("name")] = 'm';
  EXPECT_ERROR(content_of(open(other), 0), DecodeError, "x.arc/name: read_zip: \"name\" has another name in its header");
  auto rotten = sound;
  rotten[sound.find("hello")] = 'j';
  EXPECT_ERROR(content_of(open(rotten), 0), DecodeError, "x.arc/name: it does not match its checksum");
  EXPECT_EQ(content_of(open(rotten), 1), "world");
  auto strange = sound;
  for (const auto at : {size_t{8}, sound.find("PK\1\2") + 10}) strange[at] = 12;
  EXPECT_ERROR(content_of(open(strange), 0), DecodeError, "compressed by method 12");
  EXPECT_ERROR(ArchiveFile(folder.write("l.zip", sound), {.limits = {.file_bytes = 4}})
                   .read(ArchiveFile(folder.path() / "l.zip").entries()[0]),
               DecodeError, "limits.file_bytes (4)");
}

TEST(ArchiveFile, ASizeThatDeflateCannotReachIsRefusedUnread) {
  EXPECT_ERROR(io::inflate_raw(io::as_bytes("abc"), size_t{1} << 40), DecodeError, "cannot come of 3");
  EXPECT_ERROR(io::inflate_raw(io::as_bytes("abc"), 10), DecodeError, "damaged");
  EXPECT_TRUE(io::inflate_raw(io::as_bytes("\x03\0"s), 0).empty());
}

TEST(ArchiveFile, NeverReadsOutsideOfADamagedArchive) {
  const auto packed = tar_of({tar_entry("././@LongLink", "a/long/name\0"s, 'L'), tar_entry("a", "hello"),
                              tar_entry("x", "10 path=q\n", 'x'), tar_entry("b", "world"), tar_entry("c", "", '2', "q")});
  for (const auto& sound : {zip_of({{"a/1.png", "hello"}, {"b", "0123456789"}}), packed.substr(0, packed.size() - 512)}) {
    ASSERT_GE(io::detail::list_archive(io::as_bytes(sound)).size(), 2u);
    support::each_damage(sound, [](const std::string& bytes) {
      const std::vector<uint8_t> exact(bytes.begin(), bytes.end());  // a sanitizer sees one byte too far
      try {
        for (const auto& entry : io::detail::list_archive(exact)) {
          EXPECT_LE(entry.offset, exact.size());
        }
      } catch (const DecodeError&) {
      }
    });
  }
  // And from the disk, where the entries are read too.
  const support::TemporaryFolder folder;
  for (const auto& sound : {zip_of({{"a", "hello"}}), tar_of({tar_entry("a", "hello")}).substr(0, 1024)}) {
    for (size_t i = 0; i < sound.size(); ++i) {
      auto bytes = sound;
      bytes[i] = static_cast<char>(bytes[i] ^ 0xFF);
      try {
        const ArchiveFile archive(folder.write("x", bytes));
        for (const auto& entry : archive.entries()) archive.read(entry);
      } catch (const DecodeError&) {
      }
    }
  }
}

TEST(ArchiveFile, AHardLinkIsTheFileThatHadTheNameBeforeIt) {
  const support::TemporaryFolder folder;
  const ArchiveFile archive(folder.write(
      "a.tar", tar_of({tar_entry("a", "first"), tar_entry("b", "", '1', "a"), tar_entry("a", "second"),
                       tar_entry("c", "", '2', "a"), tar_entry("d", "", '1', "b"), tar_entry("e", "", '1', "c")})));
  ASSERT_EQ(archive.entries().size(), 6u);
  std::vector<std::string> contents;
  for (size_t i = 0; i < 6; ++i) contents.push_back(content_of(archive, i));
  EXPECT_EQ(contents, (std::vector<std::string>{"first", "first", "second", "second", "first", "second"}));
}

TEST(ArchiveFile, FindsThatAnArchiveWasCutShortAfterwards) {
  const support::TemporaryFolder folder;
  const auto path = folder.write("a.tar", tar_of({tar_entry("a", std::string(5000, 'a'))}));
  const ArchiveFile archive(path);
  fs::resize_file(path, 1000);
  EXPECT_ERROR(content_of(archive, 0), IoError, "a.tar: it was changed while it was open");
}

TEST(ArchiveFile, FindsThatAnArchiveWasReplacedAfterwards) {
  const support::TemporaryFolder folder;
  const auto with = [](char letter) {
    const std::string data(100, letter);
    return std::pair(tar_of({tar_entry("a", data)}), zip_of({{"a", data}}));
  };
  const auto [tar, zip] = with('a');
  const auto [other_tar, other_zip] = with('b');
  for (const auto& [before, after] : {std::pair(tar, other_tar), std::pair(zip, other_zip)}) {
    const auto path = folder.write("a.archive", before), other = folder.write("b.archive", after);
    const ArchiveFile archive(path);
    fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);  // its bytes stay
    EXPECT_EQ(content_of(archive, 0), std::string(100, 'a'));
    fs::last_write_time(other, fs::last_write_time(path) + std::chrono::seconds(10));
    fs::rename(other, path);
    EXPECT_ERROR(content_of(archive, 0), IoError, "a.archive: it was changed while it was open");
    EXPECT_EQ(content_of(ArchiveFile(path), 0), std::string(100, 'b'));
  }
}

TEST(ArchiveFile, AnIndexOfATarSavesItsWalk) {
  const support::TemporaryFolder folder, cache;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  const auto path =
      folder.write("a.tar", tar_of({tar_entry("a", "hello"), tar_entry("b", "", '5'), tar_entry("c", "", '2', "a")}));
  support::keep_young(path);
  const auto place = folder.path() / ".a.tar.opsis-index";
  const ArchiveFile plain(path, {.index = true});
  EXPECT_FALSE(fs::exists(place));  // too young to be sure of
  const auto stamp = io::file_stamp(path);
  const auto late = io::now_ns() + 120'000'000'000;
  auto entries = plain.entries();
  entries[0].name = "known";
  io::write_file_index(path, "archive 1", io::detail::entries_bytes(entries), stamp, late);
  const ArchiveFile indexed(path, {.index = true});
  ASSERT_EQ(indexed.entries().size(), 3u);
  EXPECT_EQ(indexed.entries()[0].name, "known");  // it is the index that is read
  EXPECT_EQ(content_of(indexed, 0), "hello");
  EXPECT_TRUE(indexed.entries()[1].is_folder);
  EXPECT_TRUE(indexed.entries()[2].is_link);
  EXPECT_EQ(content_of(indexed, 2), "hello");
  EXPECT_EQ(ArchiveFile(path).entries()[0].name, "a");
  // Of a file that has changed, or an index that is damaged, nothing is used.
  folder.write("a.tar", tar_of({tar_entry("z", "hello")}));
  EXPECT_EQ(ArchiveFile(path, {.index = true}).entries()[0].name, "z");
}

TEST(IndexFile, IsNeitherWrittenNorReadThroughALink) {
  const support::TemporaryFolder folder, cache;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  const auto source = folder.write("a.tar", "x"), precious = folder.write("precious", "mine");
  const auto place = folder.path() / ".a.tar.opsis-index";
  fs::create_symlink(precious, place);
  io::write_index(source, "content");
  EXPECT_EQ(io::as_text(io::read_bytes(precious)), "mine");
  EXPECT_TRUE(fs::is_symlink(place));
  EXPECT_FALSE(fs::is_empty(cache.path() / "opsis"));
  fs::remove(precious);
  io::write_index(source, "content");
  EXPECT_FALSE(fs::exists(precious));
  fs::remove_all(cache.path() / "opsis");
  folder.write("precious", io::index_bytes("kind 1", "content", io::file_stamp(source)));
  EXPECT_FALSE(io::read_file_index(source, "kind 1"));
  EXPECT_ERROR(io::open_index(place), IoError, "it is not a regular file");
  fs::remove(place);
  fs::rename(precious, place);
  EXPECT_TRUE(io::read_file_index(source, "kind 1"));
}

TEST(IndexFile, OfDamagedBytesNothingIsUsed) {
  const io::FileStamp stamp{1, 2, 3, 4};
  const auto sound = io::index_bytes("kind 1", "content", stamp);
  EXPECT_EQ(io::as_text(*io::parse_index(io::as_bytes(sound), "kind 1", stamp)), "content");
  EXPECT_FALSE(io::parse_index(io::as_bytes(sound), "kind 2", stamp));
  EXPECT_FALSE(io::parse_index(io::as_bytes(sound), "kind 1", {1, 2, 3, 5}));
  support::each_damage(sound, [&](const std::string& bytes) {
    const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
    EXPECT_FALSE(io::parse_index(exact, "kind 1", stamp));
  });
}

}  // namespace
}  // namespace opsis
