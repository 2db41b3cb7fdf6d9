// Between tensors and packed pictures, held against torchvision and Pillow in every mode.
#include "opsis/transforms/packed.h"

#include <cstring>

#include "opsis/core/check.h"
#include "opsis/transforms/container.h"
#include "opsis/transforms/from_json.h"
#include "opsis/transforms/type.h"
#include "opsis/transforms/v1/transforms.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

namespace F = transforms::functional;
namespace first = transforms::v1;
using torch::Tensor;

// LibTorch compares no uint16.
Tensor countable(const Tensor& tensor) {
  return tensor.scalar_type() == torch::kUInt16 ? tensor.contiguous().view(torch::kInt16) : tensor;
}

PackedImage picture_of(const oracle::Case& c) { return {c.tensor("picture"), io::packed_mode(c.text("mode"))}; }

TEST(PackedImage, BecomesTheTensorsThatTorchvisionMakes) {
  for (const auto& c : oracle::cases("transforms_v1/from_picture")) {
    SCOPED_TRACE(c.name());
    const auto picture = picture_of(c);
    EXPECT_TENSOR_EQ(F::to_tensor(picture), c.tensor("tensor"));
    EXPECT_TRUE(F::to_tensor(picture).is_contiguous());
    const auto unscaled = F::pil_to_tensor(picture);
    EXPECT_TENSOR_EQ(countable(unscaled), countable(c.tensor("pil_to_tensor")));
    EXPECT_EQ(unscaled.strides().vec(), c.ints("strides"));
    EXPECT_NE(unscaled.const_data_ptr(), picture.data.const_data_ptr());
    EXPECT_TENSOR_EQ(countable(F::to_image(picture).data), countable(c.tensor("image")));
    if (c.has_tensor("gray")) {
      EXPECT_TENSOR_EQ(first::functional::to_grayscale(picture).data.squeeze(2), c.tensor("gray"));
      EXPECT_TENSOR_EQ(first::functional::to_grayscale(picture, 3).data, c.tensor("gray_rgb"));
    } else {
      EXPECT_ERROR(first::functional::to_grayscale(picture), ValueError, "must not be of mode " + c.text("mode"));
    }
  }
}

TEST(PackedImage, IsMadeOfTensorsAsTorchvisionMakesIt) {
  for (const auto& c : oracle::cases("transforms_v1/to_picture")) {
    SCOPED_TRACE(c.name());
    const auto pixels = c.tensor("pixels");
    std::optional<PackedMode> mode;
    if (c.text("mode") != "none") mode = io::packed_mode(c.text("mode"));
    if (c.boolean("refused")) {
      EXPECT_ERROR(F::to_pil_image(pixels, mode), ValueError, "to_pil_image: ");
      continue;
    }
    const auto picture = F::to_pil_image(pixels, mode);
    EXPECT_EQ(to_string(picture.mode), c.text("expected_mode"));
    EXPECT_TENSOR_EQ(countable(picture.data), countable(c.tensor("expected")));
    EXPECT_NE(picture.data.const_data_ptr(), pixels.const_data_ptr());
  }
}

TEST(PackedImage, TakesPixelsFromMemory) {
  const uint8_t rows[] = {1, 2, 3, 4, 5, 6, 99, 7, 8, 9, 10, 11, 12, 99};  // two pixels and a byte that belongs to no row
  const PackedImage picture(rows, {2, 2}, PackedMode::RGB, 7);
  EXPECT_EQ(picture.size(), (Size{2, 2}));
  EXPECT_EQ(picture.channels(), 3);
  const uint8_t packed[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  ASSERT_EQ(picture.bytes().size(), sizeof(packed));
  EXPECT_EQ(std::memcmp(picture.bytes().data(), packed, sizeof(packed)), 0);
  EXPECT_TENSOR_EQ(F::to_image(picture).data.select(0, 0), torch::tensor({1, 4, 7, 10}, torch::kUInt8).view({2, 2}));
  EXPECT_EQ(text("{}", picture), "PackedImage((2, 2), RGB)");
}

TEST(PackedImage, RefusesWhatItsModeIsNotOf) {
  const auto bytes = torch::zeros({2, 3, 3}, torch::kUInt8);
  EXPECT_ERROR(PackedImage(bytes, PackedMode::RGBA), ValueError, "mode RGBA has 4 channels of Byte, got 3 of Byte");
  EXPECT_ERROR(PackedImage(bytes.to(torch::kFloat32), PackedMode::RGB), ValueError, "got 3 of Float");
  EXPECT_ERROR(PackedImage(torch::zeros({3}), PackedMode::F), ValueError, "the tensor must be (H, W, 1)");
  EXPECT_ERROR(PackedImage(Tensor(), PackedMode::L), ValueError, "the tensor must be");
  EXPECT_ERROR(PackedImage(nullptr, {2, 2}, PackedMode::L), ValueError, "there must be pixels");
  EXPECT_ERROR(PackedImage(bytes.const_data_ptr(), {0, 2}, PackedMode::L), ValueError, "there must be pixels");
  EXPECT_ERROR(PackedImage(bytes.const_data_ptr(), {2, 3}, PackedMode::RGB, 8), ValueError, "stride must be 9 bytes or more");
  EXPECT_ERROR(io::packed_mode("RBG"), ValueError, "there is no mode \"RBG\"");
  EXPECT_ERROR(F::pil_to_tensor(PackedImage()), ValueError, "the picture is empty");
  EXPECT_ERROR(F::to_tensor(PackedImage()), ValueError, "the picture is empty");
  EXPECT_TRUE(PackedImage().bytes().empty());
}

TEST(PackedImage, ReadsItsOwnNames) {
  for (int i = 0; i <= static_cast<int>(PackedMode::F); ++i) {
    const auto mode = static_cast<PackedMode>(i);
    EXPECT_EQ(io::packed_mode(to_string(mode)), mode);
  }
}

TEST(ToTensor, TakesPicturesAndLetsTheRestPass) {
  const PackedImage picture(torch::full({2, 3, 3}, 51, torch::kUInt8), PackedMode::RGB);
  const auto [pixels, label] = transforms::ToTensor()(picture, 7);
  EXPECT_TENSOR_EQ(pixels, torch::full({3, 2, 3}, 51.0f / 255.0f));
  EXPECT_EQ(label, 7);
  EXPECT_TENSOR_EQ(transforms::PILToTensor()(picture), torch::full({3, 2, 3}, 51, torch::kUInt8));
  EXPECT_TENSOR_EQ(transforms::ToImage()(picture).data, torch::full({3, 2, 3}, 51, torch::kUInt8));
  EXPECT_TENSOR_EQ(first::ToTensor()(picture), pixels);
  EXPECT_TENSOR_EQ(first::PILToTensor()(picture), transforms::PILToTensor()(picture));
  // A tensor is one already: v2 lets it pass, v1 refuses it.
  const auto tensor = torch::rand({3, 4, 4});
  EXPECT_TENSOR_EQ(transforms::ToTensor()(tensor), tensor);
  EXPECT_TENSOR_EQ((transforms::Compose{transforms::ToTensor(), transforms::PILToTensor(), transforms::ToPILImage()}(tensor)),
                   tensor);
  EXPECT_ERROR(first::Compose{first::ToTensor()}(tensor), ValueError, "ConvertImageDtype(torch::kFloat32) scales tensors");
  EXPECT_ERROR(first::Compose{first::PILToTensor()}(tensor), ValueError, "this one is a tensor already");
  EXPECT_ERROR(first::Compose{first::ToPILImage()}(tensor), ValueError, "a pipeline holds no packed pictures");
}

TEST(ToPILImage, MakesPicturesOfTensorsAndImages) {
  const auto pixels = torch::randint(0, 256, {3, 4, 5}, torch::kUInt8);
  const auto [picture, label] = transforms::ToPILImage()(Image(pixels), std::string("cat"));
  EXPECT_EQ(picture.mode, PackedMode::RGB);
  EXPECT_EQ(label, "cat");
  EXPECT_TENSOR_EQ(F::pil_to_tensor(picture), pixels);
  EXPECT_EQ(first::ToPILImage(PackedMode::HSV)(pixels).mode, PackedMode::HSV);
  EXPECT_EQ(transforms::ToPILImage(PackedMode::YCbCr)(pixels).mode, PackedMode::YCbCr);
  EXPECT_EQ(transforms::ToPILImage().repr(), "ToPILImage()");
  EXPECT_EQ(first::ToPILImage(PackedMode::I16).repr(), "ToPILImage(mode=I;16)");
}

TEST(ToPILImage, IsWrittenAndReadBack) {
  const transforms::AnyTransform made[] = {transforms::ToTensor(), transforms::PILToTensor(), transforms::ToPILImage(),
                                           transforms::ToPILImage(PackedMode::CMYK), transforms::ToPILImage(PackedMode::I16)};
  for (const auto& transform : made) {
    const auto json = transform.to_json();
    EXPECT_EQ(transforms::transform_from_json(json.dump()).repr(), transform.repr());
    EXPECT_EQ(transforms::transform_from_json(json.dump()).to_json(), json);
  }
  EXPECT_EQ(made[0].code(), "ToTensor()");
  EXPECT_EQ(made[3].code(), "ToPILImage(PackedMode::CMYK)");
}

TEST(IsPureTensor, TellsTensorsFromKinds) {
  EXPECT_TRUE(F::is_pure_tensor(torch::zeros({1})));
  EXPECT_FALSE(F::is_pure_tensor(Image(torch::zeros({1, 2, 2}))));
  EXPECT_FALSE(F::is_pure_tensor(3));
  static_assert(TVTensor<Image> && TVTensor<Video> && TVTensor<Mask> && TVTensor<BoundingBoxes> && TVTensor<KeyPoints>);
  static_assert(!TVTensor<Tensor> && !TVTensor<PackedImage>);
}

}  // namespace
}  // namespace opsis
