// LMDB's databases, held against what lmdb was given, and such as lie.
#include "opsis/io/lmdb.h"

#include <random>

#include "opsis/io/file.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::io {
namespace {

TEST(LmdbFile, HasAllKeysAndValuesInTheOrderOfTheKeys) {
  for (const auto& c : oracle::cases("datasets_containers/lmdb")) {
    SCOPED_TRACE(c.name());
    const LmdbFile file{std::filesystem::path(c.text("file"))};
    const auto lengths = c.tensor("lengths"), bytes = c.tensor("bytes");
    ASSERT_EQ(file.size(), static_cast<size_t>(lengths.size(0)));
    const auto* next = bytes.data_ptr<uint8_t>();
    for (size_t i = 0; i < file.size(); ++i) {
      size_t part = 0;
      for (const auto found : {file.key(i), file.value(i)}) {
        const auto length = static_cast<size_t>(lengths[static_cast<int64_t>(i)][static_cast<int64_t>(part++)].item<int64_t>());
        EXPECT_EQ(as_text(found), as_text(Bytes(next, length))) << "entry " << i;
        next += length;
      }
    }
  }
}

TEST(LmdbFile, SaysWhatIsWrong) {
  EXPECT_ERROR(LmdbFile(std::filesystem::path("/nowhere.mdb")), IoError, "/nowhere.mdb");
  const support::TemporaryFolder folder;
  const auto text = folder.path() / "text.mdb";
  write_bytes(text, as_bytes("this is no database"));
  EXPECT_ERROR(LmdbFile(std::filesystem::path(text)), DecodeError, "text.mdb: LmdbFile: it is no database of LMDB's");
  const auto cases = oracle::cases("datasets_containers/lmdb");
  const auto whole = read_bytes(cases[3].text("file"));
  EXPECT_ERROR(LmdbFile(Bytes(whole).first(20'000)), DecodeError, "cut short");
}

TEST(LmdbFile, OutlivesBytesThatLie) {
  std::mt19937 random(0);
  for (const auto& c : oracle::cases("datasets_containers/lmdb")) {
    SCOPED_TRACE(c.name());
    auto bytes = read_bytes(c.text("file"));
    const auto survives = [](Bytes file) {
      try {
        const LmdbFile database(file);
        for (size_t i = 0; i < database.size(); ++i) {
          for (const auto part : {database.key(i), database.value(i)}) {
            EXPECT_TRUE(part.empty() || (part.data() >= file.data() && part.data() + part.size() <= file.data() + file.size()));
          }
        }
      } catch (const DecodeError&) {
      }
    };
    for (size_t i = 0; i < bytes.size(); i += 1 + bytes.size() / 50) survives(Bytes(bytes).first(i));
    // In the meta pages, and in the heads and lists of places of some pages: most of the rest is keys and values.
    for (int copy = 0; copy < 300; ++copy) {
      const auto pages = bytes.size() / 4096, page = random() % 3 == 0 ? random() % 2 : random() % pages;
      const auto place = page * 4096 + random() % (page < 2 ? 160 : 64);
      constexpr uint8_t lies[] = {0x00, 0x01, 0x02, 0x7F, 0x80, 0xFF};
      const auto kept = std::exchange(bytes[place], lies[random() % std::size(lies)]);
      survives(bytes);
      bytes[place] = kept;
    }
  }
}

}  // namespace
}  // namespace opsis::io
