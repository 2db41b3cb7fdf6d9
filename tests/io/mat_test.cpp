// MATLAB's files, held against SciPy, and such as lie.
#include "opsis/io/mat.h"

#include <utility>

#include "opsis/io/file.h"
#include "tests/support/damage.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

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

TEST(ReadMat, ReadsVersion73AsH5pyDoes) { expect_numbers("datasets_mat/version_7_3"); }

TEST(ReadMat, ReadsWhatIsNestedInVersion73) {
  const auto file = oracle::cases("datasets_mat/nested_7_3").front().text("file");
  EXPECT_EQ(read_mat(file, "after").text, "text");
  EXPECT_EQ(read_mat(file, "after").shape, (std::vector<int64_t>{1, 4}));

  const auto cells = read_mat(file, "X");
  ASSERT_EQ(cells.kind, MatKind::Cells);
  EXPECT_EQ(cells.shape, (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(cells.cell(0).shape, (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(cells.cell(0).type, MatType::Float64);
  EXPECT_EQ(cells.cell(1).cell(0).integer(2), 2);
  EXPECT_EQ(cells.cell(1).cell(1).text, "caf\u00e9 \u4e16");
  EXPECT_EQ(cells.cell(2).text, "end");

  const auto one = read_mat(file, "one");
  ASSERT_EQ(one.kind, MatKind::Structs);
  EXPECT_EQ(one.size(), 1u);
  EXPECT_EQ(one.fields, (std::vector<std::string>{"cells", "name"}));
  EXPECT_EQ(one.field(0, "name").text, "first");
  EXPECT_EQ(one.field(0, "cells").cell(1).text, "caf\u00e9 \u4e16");

  const auto many = read_mat(file, "many");
  EXPECT_EQ(many.size(), 2u);
  EXPECT_EQ(many.field(0, "cells").cell(0).integer(1), 1);
  EXPECT_EQ(many.field(1, "name").text, "second");
  EXPECT_EQ(many.field(1, "cells").integer(0), 5);
}

TEST(ReadMat, NamesWhatItDoesNotReadOfVersion73) {
  const auto file = oracle::cases("datasets_mat/nested_7_3").front().text("file");
  const std::pair<const char*, const char*> reasons[] = {
      {"absent", "it has no array \"absent\""}, {"complex", "whole numbers"},   {"wrong", "int8 is stored as another type"},
      {"function", "of another type than"},     {"group", "that is no struct"}, {"loop", "nests arrays deeper than 32"},
  };
  for (const auto& [name, reason] : reasons) {
    EXPECT_ERROR(read_mat(file, name), DecodeError, reason);
    EXPECT_ERROR(read_mat(file, name), DecodeError, file + ": read_mat: ");
  }
  EXPECT_ERROR(read_mat(file, "X", {.image_bytes = 700}), DecodeError, "over limits.image_bytes (700)");
  const auto bytes = read_bytes(file);
  EXPECT_ERROR(parse_mat(Bytes(bytes).first(512), "X"), DecodeError, "it is no HDF5 file");
}

TEST(ReadMat, OutlivesEveryByteOfVersion73ThatLies) {
  const auto bytes = read_bytes(oracle::cases("datasets_mat/nested_7_3").front().text("file"));
  support::each_damage(bytes, [](const std::vector<uint8_t>& file) {
    for (const auto* name : {"X", "many"}) {
      try {
        parse_mat(file, name, {.image_bytes = 1 << 20});
      } catch (const DecodeError&) {
      }
    }
  });
}

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

TEST(ReadMat, NamesWhatIsWrong) {
  const support::TemporaryFolder folder;
  EXPECT_ERROR(read_mat(folder.path() / "none.mat", "X"), IoError, "none.mat");
  EXPECT_ERROR(read_mat(folder.write("text.mat", "no such file"), "X"), DecodeError, "text.mat");
  EXPECT_ERROR(read_mat(folder.write("new.mat", "MATLAB 7.3 MAT-file, Platform: GLNXA64"), "X"), DecodeError, "HDF5");
  const auto c = oracle::cases("datasets_classified/svhn").front();
  const auto file = std::filesystem::path(c.text("root")) / (c.text("split") + "_32x32.mat");
  EXPECT_ERROR(read_mat(file, "Z"), DecodeError, "it has no array \"Z\"");
  EXPECT_ERROR(read_mat(file, "X", {.image_bytes = 100}), DecodeError, "over limits.image_bytes (100)");
  const auto y = read_mat(file, "y");
  EXPECT_EQ(y.integer(0), 10);
  EXPECT_ERROR(y.number(4), DecodeError, "it has 4 numbers, no number 4");
  EXPECT_ERROR(y.cell(0), DecodeError, "it has no cell 0");
  EXPECT_ERROR(y.field(0, "x"), DecodeError, "it has no field \"x\"");
  const auto bytes = read_bytes(file);
  for (const size_t part : {2, 3, 5}) {
    const auto cut = folder.write("cut.mat", as_text(Bytes(bytes).first(bytes.size() / part)));
    EXPECT_ERROR(read_mat(cut, "X"), DecodeError, "cut.mat");
  }
}

}  // namespace
}  // namespace opsis::io
