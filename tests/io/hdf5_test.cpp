// HDF5 files, held against h5py, and such as lie.
#include "opsis/io/hdf5.h"

#include <random>

#include "opsis/io/file.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::io {
namespace {

torch::Tensor tensor_of(const Hdf5Array& array, int64_t first, int64_t count) {
  auto shape = array.shape();
  shape[0] = count;
  return torch::tensor(array.integers(first, count), torch::kInt64).view(shape);
}

TEST(Hdf5Array, GivesTheNumbersThatH5pyGives) {
  for (const auto* table : {"datasets_containers/hdf5", "datasets_containers/hdf5_groups"}) {
    for (const auto& c : oracle::cases(table)) {
      SCOPED_TRACE(table + (" " + c.name()));
      const Hdf5Array array(c.text("file"), "x");
      const auto values = c.tensor("values");
      EXPECT_EQ(array.shape(), values.sizes().vec());
      EXPECT_EQ(array.width(), static_cast<size_t>(c.integer("width")));
      EXPECT_EQ(array.is_signed(), c.boolean("signed"));
      const auto rows = array.shape()[0];
      EXPECT_TENSOR_EQ(tensor_of(array, 0, rows), values);
      EXPECT_TENSOR_EQ(tensor_of(array, 1, 2), values.slice(0, 1, 3));
      EXPECT_TENSOR_EQ(tensor_of(array, rows - 1, 1), values.slice(0, rows - 1));
      EXPECT_TRUE(array.rows(rows, 0).empty());
    }
  }
}

TEST(Hdf5Array, SaysWhatItDoesNotRead) {
  const auto cases = oracle::cases("datasets_containers/hdf5_refused");
  const std::pair<const char*, const char*> reasons[] = {
      {"floats", "whole numbers"},        {"scalar", "1 to 32 sides"}, {"other_name", "has no array \"x\""},
      {"filter", "filter 32000"},         {"group", "no array"},       {"new_chunks", "h5repack"},
      {"never_written", "never written"},
  };
  for (const auto& [name, reason] : reasons) {
    const auto file = cases[0].text(name);
    EXPECT_ERROR(Hdf5Array(file, "x"), DecodeError, reason);
    EXPECT_ERROR(Hdf5Array(file, "x"), DecodeError, file.c_str());
  }
  EXPECT_ERROR(Hdf5Array("/nowhere.h5", "x"), IoError, "/nowhere.h5");
  const Hdf5Array array(oracle::cases("datasets_containers/hdf5")[0].text("file"), "x");
  EXPECT_ERROR(array.rows(4, 2), ValueError, "rows must be within 0 to 5");
  EXPECT_ERROR(array.rows(-1, 1), ValueError, "rows must be within 0 to 5");
  EXPECT_ERROR(Hdf5Array(oracle::cases("datasets_containers/hdf5")[0].text("file"), "x", {.image_bytes = 41}), DecodeError,
               "over the limit of 41");
}

// Bytes changed at random, and files cut short: what is still read is sound, all else an error of ours.
TEST(Hdf5Array, OutlivesBytesThatLie) {
  std::mt19937 random(0);
  for (const auto& c : oracle::cases("datasets_containers/hdf5")) {
    if (c.text("type") != "<i2") continue;
    SCOPED_TRACE(c.name());
    const auto whole = read_bytes(c.text("file"));
    const auto survives = [](Bytes file) {
      try {
        const Hdf5Array array(file, "x", {.image_bytes = 1 << 20});
        for (int64_t i = 0; i < std::min<int64_t>(array.shape()[0], 5); ++i) array.integers(i, 1);
      } catch (const DecodeError&) {
      }
    };
    for (size_t i = 0; i < whole.size(); i += 1 + whole.size() / 100) survives(Bytes(whole).first(i));
    for (int copy = 0; copy < 300; ++copy) {
      auto changed = whole;
      for (auto changes = 1 + random() % 3; changes > 0; --changes) {
        constexpr uint8_t lies[] = {0x00, 0x01, 0x02, 0x7F, 0x80, 0xFF};
        changed[random() % changed.size()] = lies[random() % std::size(lies)];
      }
      survives(changed);
    }
  }
}

}  // namespace
}  // namespace opsis::io
