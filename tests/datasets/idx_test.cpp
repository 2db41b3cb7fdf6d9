#include "opsis/datasets/idx.h"

#include <torch/torch.h>

#include "opsis/datasets/idx_header.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using datasets::read_idx;
using File = std::vector<uint8_t>;

// (2, 3) int16
const File sound{0, 0, 0x0B, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 0, 2, 0, 3, 255, 255, 1, 0, 0, 6};

TEST(Idx, TensorsEqualTorchvision) {
  for (const auto& c : oracle::cases("datasets/idx")) {
    SCOPED_TRACE(c.name());
    const auto file = c.tensor("file");
    const auto out = read_idx({file.const_data_ptr<uint8_t>(), static_cast<size_t>(file.numel())});
    EXPECT_TENSOR_EQ(out, c.tensor("expected"));
  }
}

TEST(Idx, BytesAreBigEndian) { EXPECT_TENSOR_EQ(read_idx(sound), torch::tensor({{1, 2, 3}, {-1, 256, 6}}, torch::kInt16)); }

TEST(Idx, TakesEmptyAndManyDimensions) {
  EXPECT_EQ(read_idx(File{0, 0, 8, 2, 0, 0, 0, 5, 0, 0, 0, 0}).sizes(), (std::vector<int64_t>{5, 0}));
  File many{0, 0, 8, 255};
  for (int i = 0; i < 255; ++i) many.insert(many.end(), {0, 0, 0, 1});
  many.push_back(7);
  EXPECT_EQ(read_idx(many).dim(), 255);
}

TEST(Idx, RefusesEveryTruncationAndEveryTail) {
  for (size_t length = 0; length < sound.size(); ++length) {
    EXPECT_THROW(read_idx(io::Bytes(sound).first(length)), DecodeError) << length;
  }
  auto longer = sound;
  longer.push_back(0);
  EXPECT_ERROR(read_idx(longer), DecodeError,
               "read_idx: the shape does not agree with the 13 bytes of elements that follow it");
}

TEST(Idx, ReadsOrRefusesEveryChangedByte) {
  for (size_t at = 0; at < sound.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      auto changed = sound;
      changed[at] = static_cast<uint8_t>(value);
      try {
        read_idx(changed);
      } catch (const DecodeError&) {
      }
    }
  }
}

TEST(Idx, SaysWhatIsWrong) {
  EXPECT_ERROR(read_idx(File{1, 0, 8, 1}), DecodeError, "read_idx: not an idx file");
  EXPECT_ERROR(read_idx(File{0, 0, 10, 1, 0, 0, 0, 0}), DecodeError, "read_idx: unknown element type 10");
  EXPECT_ERROR(read_idx(File{0, 0, 8, 0}), DecodeError, "read_idx: the number of dimensions is 0");
  EXPECT_ERROR(read_idx(File{0, 0, 8, 3, 0, 0, 0, 1}), DecodeError, "ends within its head (8 bytes, 3 dimensions)");
}

TEST(Idx, ALyingShapeAsksForNoMemory) {
  const File huge{0, 0, 14, 2, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3};
  EXPECT_ERROR(read_idx(huge), DecodeError, "does not agree");
  File overflowing{0, 0, 8, 3};  // 2^32 * 2^32 wraps to 0 in 64 bits, so only a check of each step sees it; and a 0 hides none
  for (int i = 0; i < 2; ++i) overflowing.insert(overflowing.end(), {255, 255, 255, 255});
  overflowing.insert(overflowing.end(), {0, 0, 0, 0});
  EXPECT_ERROR(read_idx(overflowing), DecodeError, "does not agree");
}

}  // namespace
}  // namespace opsis
