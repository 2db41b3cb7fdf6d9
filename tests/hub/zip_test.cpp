#include "opsis/hub/zip_writer.h"
#include "opsis/io/crc32.h"
#include "opsis/io/zip_reader.h"
#include "tests/support/damage.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

using io::read_zip;

std::string archive(std::initializer_list<std::pair<std::string, std::string>> files, uint64_t wide_from = 0xFFFFFFFF) {
  std::string out;
  hub::ZipWriter zip([&](io::Bytes bytes) { out += io::as_text(bytes); }, wide_from);
  for (const auto& [name, content] : files) zip.add(name, io::as_bytes(content));
  zip.finish();
  return out;
}

/// The text with the n-th occurrence of `what` (from 0) replaced by as many bytes.
std::string replaced(std::string text, std::string_view what, std::string_view by, int n = 0) {
  size_t at = text.find(what);
  while (n-- > 0 && at != std::string::npos) at = text.find(what, at + 1);
  if (at == std::string::npos) throw std::runtime_error("nothing to replace");
  return text.replace(at, by.size(), by);
}

TEST(Crc32, KnowsTheStandardsCheckValue) {
  EXPECT_EQ(io::crc32(io::as_bytes("123456789")), 0xCBF43926u);
  EXPECT_EQ(io::crc32({}), 0u);
  const std::string words = "The quick brown fox jumps over the lazy dog";
  for (size_t cut = 0; cut <= words.size(); ++cut) {
    const auto begin = io::crc32(io::as_bytes(std::string_view(words).substr(0, cut)));
    EXPECT_EQ(io::crc32(io::as_bytes(std::string_view(words).substr(cut)), begin), 0x414FA339u);
  }
}

TEST(Zip, ReadsWhatItWrites) {
  for (const uint64_t wide_from : {uint64_t{0xFFFFFFFF}, uint64_t{0}, uint64_t{70}}) {
    const auto bytes = archive({{"a/first", "hello"}, {"a/empty", ""}, {"ü", std::string(200, 'x')}}, wide_from);
    const auto zip = read_zip(io::as_bytes(bytes));
    ASSERT_EQ(zip.entries.size(), 3u);
    EXPECT_EQ(io::as_text(io::read_zip_entry(io::as_bytes(bytes), *zip.find("a/first"))), "hello");
    EXPECT_EQ(zip.find("a/empty")->size, 0u);
    EXPECT_EQ(io::as_text(io::read_zip_entry(io::as_bytes(bytes), *zip.find("ü"))), std::string(200, 'x'));
    EXPECT_EQ(zip.find("a/second"), nullptr);
    for (const auto& entry : zip.entries) EXPECT_EQ(entry.offset % 64, 0u) << entry.name;
  }
}

TEST(Zip, ReadsAnArchiveWithoutEntries) { EXPECT_TRUE(read_zip(io::as_bytes(archive({}))).entries.empty()); }

TEST(Zip, ReadsPastAComment) {
  auto bytes = archive({{"a", "b"}});
  bytes[bytes.size() - 2] = 5;
  EXPECT_EQ(read_zip(io::as_bytes(bytes + "hello")).entries.size(), 1u);
  EXPECT_ERROR(read_zip(io::as_bytes(bytes + "hell")), DecodeError, "no end record");
}

TEST(Zip, RefusesNamesThatCannotBe) {
  EXPECT_ERROR(archive({{"", "b"}}), ValueError, "1 to 65535 bytes");
  EXPECT_ERROR(archive({{std::string(70000, 'a'), "b"}}), ValueError, "got 70000");
}

TEST(Zip, RefusesWhatIsNoArchive) {
  EXPECT_ERROR(read_zip({}), DecodeError, "0 bytes are too few");
  EXPECT_ERROR(read_zip(io::as_bytes(std::string(1000, 'P'))), DecodeError, "no end record");
}

TEST(Zip, RefusesEntriesThatDisagreeWithTheirHeaders) {
  const auto bytes = archive({{"name", "hello"}});
  EXPECT_ERROR(read_zip(io::as_bytes(replaced(bytes, "name", "mane"))), DecodeError, "\"name\" has another name in its header");
  EXPECT_ERROR(read_zip(io::as_bytes(replaced(bytes, "PK\3\4", "PK\3\5"))), DecodeError, "no header where");
  auto longer = bytes;
  longer[18] = longer[22] = 6;
  EXPECT_ERROR(read_zip(io::as_bytes(longer)), DecodeError, "another size");
}

TEST(Zip, RefusesCompressionAndEncryption) {
  const auto bytes = archive({{"name", "hello"}});
  const auto entry = bytes.find("PK\1\2");
  auto packed = bytes;
  packed[entry + 10] = packed[8] = 8;
  EXPECT_TRUE(read_zip(io::as_bytes(packed)).entries[0].compressed);
  EXPECT_ERROR(io::read_zip_entry(io::as_bytes(packed), read_zip(io::as_bytes(packed)).entries[0]), DecodeError,
               "\"name\" is compressed");
  packed[8] = 0;
  EXPECT_ERROR(read_zip(io::as_bytes(packed)), DecodeError, "another method in its header");
  auto secret = bytes;
  secret[entry + 8] = 1;
  EXPECT_ERROR(read_zip(io::as_bytes(secret)), DecodeError, "encrypted");
}

TEST(Zip, RefusesTwoEntriesOfOneNameOrPlace) {
  const auto bytes = archive({{"a", "hello"}, {"b", "world"}});
  auto same = replaced(replaced(bytes, "b", "a", 0), "b", "a", 0);
  EXPECT_ERROR(read_zip(io::as_bytes(same)), DecodeError, "\"a\" twice");

  // The first entry made longer, in both of its headers, reaches into the second.
  auto longer = bytes;
  const auto entry = bytes.find("PK\1\2");
  for (const auto at : {size_t{18}, size_t{22}, entry + 20, entry + 24}) longer[at] = 66;
  EXPECT_ERROR(read_zip(io::as_bytes(longer)), DecodeError, "overlaps");
}

TEST(Zip, RefusesLengthsBeyondTheFile) {
  const auto bytes = archive({{"a", "hello"}});
  const auto entry = bytes.find("PK\1\2"), end = bytes.find("PK\5\6");
  auto huge = bytes;
  for (int i = 0; i < 3; ++i) huge[entry + 20 + i] = huge[entry + 24 + i] = huge[18 + i] = huge[22 + i] = '\xff';
  EXPECT_ERROR(read_zip(io::as_bytes(huge)), DecodeError, "claims bytes");
  auto far = bytes;
  far[entry + 45] = 0x7f;
  EXPECT_ERROR(read_zip(io::as_bytes(far)), DecodeError, "claims bytes");
  auto many = bytes;
  many[end + 8] = many[end + 10] = 2;
  EXPECT_ERROR(read_zip(io::as_bytes(many)), DecodeError, "cannot have 2 entries");
  auto none = bytes;
  none[end + 8] = none[end + 10] = 0;
  EXPECT_ERROR(read_zip(io::as_bytes(none)), DecodeError, "belong to no entry");
}

TEST(Zip, ComparesChecksums) {
  const auto bytes = replaced(archive({{"a", "hello"}}), "hello", "jello");
  const auto zip = read_zip(io::as_bytes(bytes));
  EXPECT_ERROR(io::read_zip_entry(io::as_bytes(bytes), zip.entries[0]), DecodeError, "\"a\" does not match its checksum");
}

TEST(Zip, NeverReadsOutsideOfADamagedArchive) {
  for (const uint64_t wide_from : {uint64_t{0xFFFFFFFF}, uint64_t{0}}) {
    const auto sound = archive({{"a/data.pkl", "hello"}, {"a/data/0", "0123456789"}, {"a/version", "3\n"}}, wide_from);
    const auto attempt = [](const std::string& bytes) {
      const std::vector<uint8_t> exact(bytes.begin(), bytes.end());  // a sanitizer sees one byte too far
      try {
        for (const auto& entry : read_zip(exact).entries) io::read_zip_entry(exact, entry);
      } catch (const DecodeError&) {
      }
    };
    support::each_damage(sound, attempt);
  }
}

}  // namespace
}  // namespace opsis
