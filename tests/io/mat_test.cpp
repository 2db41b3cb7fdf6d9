// MATLAB's files, held against SciPy, and such as lie.
#include "opsis/io/mat.h"

#include <utility>

#include "opsis/io/file.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis::io {
namespace {

void expect_numbers(const std::string& table) {
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(table + " " + c.name());
    const auto array = read_mat(c.text("file"), "X");
    EXPECT_EQ(array.kind, MatKind::Numbers);
    EXPECT_EQ(array.shape, c.ints("shape"));
    const auto values = c.tensor("values");
    ASSERT_EQ(array.size(), static_cast<size_t>(values.numel()));
    for (size_t i = 0; i < array.size(); ++i) EXPECT_EQ(array.number(i), values[static_cast<int64_t>(i)].item<double>());
  }
}

TEST(ReadMat, GivesTheNumbersThatSciPyGives) { expect_numbers("datasets_mat/numbers"); }
TEST(ReadMat, ReadsVersion4) { expect_numbers("datasets_mat/version_4"); }
TEST(ReadMat, ReadsTheOtherOrderOfBytes) { expect_numbers("datasets_mat/big_endian"); }

TEST(ReadMat, ReadsWhatIsNested) {
  for (const auto& c : oracle::cases("datasets_mat/nested")) {
    const auto file = c.text("file");
    EXPECT_EQ(read_mat(file, "after").text, "text");
    const auto list = read_mat(file, "X");
    ASSERT_EQ(list.kind, MatKind::Cells);
    EXPECT_EQ(list.cell(0).field(0, "name").text, "first");
    EXPECT_EQ(list.cell(0).field(0, "cells").cell(0).integer(2), 2);
    EXPECT_EQ(list.cell(0).field(0, "cells").cell(1).text, "caf\u00e9");
    EXPECT_EQ(list.cell(1).field(0, "cells").integer(0), 5);
  }
}

// Each byte of small files in turn, and each length: what is still read is sound, all else an error of ours.
TEST(ReadMat, OutlivesEveryByteThatLies) {
  for (const auto& c : oracle::cases("datasets_mat/nested")) {
    auto bytes = read_bytes(c.text("file"));
    const auto survives = [&](Bytes file) {
      try {
        parse_mat(file, "X", {.image_bytes = 1 << 20});
      } catch (const DecodeError&) {
      }
    };
    for (size_t i = 0; i < bytes.size(); i += i < 200 || i + 2000 > bytes.size() ? 1 : 97) {
      survives(Bytes(bytes).first(i));
      for (const uint8_t lie : {0x00, 0x01, 0x0E, 0x7F, 0x80, 0xFF}) {
        const auto kept = std::exchange(bytes[i], lie);
        survives(bytes);
        bytes[i] = kept;
      }
    }
  }
}

TEST(MatArray, RefusesNumbersThatFitNoInteger) {
  MatArray array{.shape = {1, 1}, .bytes = std::vector<uint8_t>(8, 0xFF)};  // NaN
  EXPECT_ERROR(array.integer(0), DecodeError, "which fits no int64");
}

}  // namespace
}  // namespace opsis::io
