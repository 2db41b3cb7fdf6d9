#include <sstream>

#include "opsis/tv_tensors.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

// Each table: a tensor, whether torchvision refuses it, and what it makes of it.
template <class Make>
void expect_same_verdict(const std::string& table, Make make) {
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    if (c.boolean("refused")) {
      EXPECT_THROW(make(c.tensor("data")), ValueError);
    } else {
      EXPECT_TENSOR_EQ(make(c.tensor("data")), c.tensor("expected"));
    }
  }
}

TEST(Image, TakesWhatTorchvisionTakes) {
  expect_same_verdict("tv_tensors/image", [](const auto& data) { return Image(data).data; });
}

TEST(Video, TakesWhatTorchvisionTakes) {
  expect_same_verdict("tv_tensors/video", [](const auto& data) { return Video(data).data; });
}

TEST(KeyPoints, TakeWhatTorchvisionTakes) {
  expect_same_verdict("tv_tensors/key_points", [](const auto& data) { return KeyPoints(data, {8, 8}).data; });
}

TEST(Image, RefusesOneDimension) {
  EXPECT_ERROR(Image(torch::zeros({5})), ValueError, "Image: the tensor must be (..., H, W), got (5,)");
  EXPECT_ERROR(Image(torch::Tensor()), ValueError, "got an undefined tensor");
}

TEST(Mask, RefusesOneDimension) {
  EXPECT_ERROR(Mask(torch::zeros({5})), ValueError, "Mask: the tensor must be (..., H, W), got (5,)");
}

TEST(Video, RefusesAnImage) {
  EXPECT_ERROR(Video(torch::zeros({3, 4, 5})), ValueError, "Video: the tensor must be (..., T, C, H, W), got (3, 4, 5)");
}

TEST(KeyPoints, WrapCopiesTheCanvasButForAnotherOne) {
  const KeyPoints like(torch::zeros({1, 2}), {10, 20});
  EXPECT_EQ(tv_tensors::wrap(torch::ones({4, 2}), like).canvas_size, (Size{10, 20}));
  EXPECT_EQ(tv_tensors::wrap(torch::ones({4, 2}), like, Size{5, 6}).canvas_size, (Size{5, 6}));
}

TEST(Values, PrintTheirShapeAndType) {
  std::ostringstream out;
  out << Image(torch::zeros({3, 20, 30}, torch::kUInt8)) << ' ' << Mask(torch::zeros({1, 2}, torch::kBool)) << ' '
      << KeyPoints(torch::tensor({{1.5, 2.0}}), {4, 5}) << ' ' << Video(torch::zeros({9, 3, 4, 5}));
  EXPECT_EQ(out.str(),
            "Image((3, 20, 30), Byte) Mask([[0, 0]], (1, 2), Bool) KeyPoints([[1.5, 2]], (1, 2), Float, canvas_size=(4, "
            "5)) Video((9, 3, 4, 5), Float)");
}

}  // namespace
}  // namespace opsis
