#include <torch/torch.h>

#include "opsis/io/crc32.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"

namespace opsis {
namespace {

TEST(DecodeImages, KeepsTheErrorsOfEachFile) {
  std::vector<std::filesystem::path> files;
  for (const auto* name : {"photo.jpg", "photo.png", "jpeg_zero.jpg", "gray8.png"})
    files.push_back(support::picture_path(name));
  files.push_back("/nowhere/a.jpg");
  for (int i = 0; i < 40; ++i) files.push_back(files[static_cast<size_t>(i) % 5]);
  for (const int64_t threads : {0, 1, 2, 7}) {
    const auto results = io::decode_images(files, {.mode = ImageReadMode::RGB}, threads);
    ASSERT_EQ(results.size(), files.size());
    for (size_t i = 0; i < files.size(); ++i) {
      SCOPED_TRACE(i);
      if (i % 5 == 2) {
        EXPECT_FALSE(results[i]);
        EXPECT_ERROR(results[i].image(), DecodeError, "jpeg_zero.jpg: decode_jpeg: ");
        EXPECT_NE(results[i].message().find("decode_jpeg: "), std::string::npos);
      } else if (i % 5 == 4) {
        EXPECT_ERROR(results[i].image(), IoError, "cannot open /nowhere/a.jpg");
      } else {
        ASSERT_TRUE(results[i]);
        EXPECT_EQ(results[i].message(), "");
        EXPECT_TENSOR_EQ(results[i].image().data, io::decode_image(files[i], {.mode = ImageReadMode::RGB}).data);
      }
    }
  }
}

TEST(DecodeImages, TakesBytesAndTensors) {
  const auto jpeg = support::picture("photo.jpg"), png = support::picture("photo.png");
  const std::vector<io::Bytes> views{jpeg, png, io::Bytes()};
  const auto results = io::decode_images(views, {.min_size = 94});
  EXPECT_EQ(results[0].decoded.scale_y, 0.25);
  EXPECT_EQ(results[1].decoded.scale_y, 1);
  EXPECT_ERROR(results[2].image(), DecodeError, "there are no bytes");

  const std::vector<torch::Tensor> tensors{io::read_file(support::picture_path("photo.jpg")), torch::zeros({2, 2})};
  const auto of_tensors = io::decode_images(tensors);
  EXPECT_TENSOR_EQ(of_tensors[0].image().data, io::decode_image(jpeg).data);
  EXPECT_ERROR(of_tensors[1].image(), ValueError, "must be a 1-D uint8 tensor");
  EXPECT_TRUE(io::decode_images(std::vector<io::Bytes>()).empty());
  EXPECT_ERROR(io::decode_images(views, {}, -1), ValueError, "decode_images: threads must be 0 or more, got -1");
}

TEST(DecodeImage, OfScikitImagesPicturesEqualsTorchvisions) {
  int compared = 0;
  for (const auto& c : oracle::cases("io_pictures/scikit_image")) {
    if (c.boolean("skipped")) continue;
    SCOPED_TRACE(c.name());
    const auto image = io::decode_image(support::picture_path(c.text("file")), {.mode = support::read_mode(c.text("mode"))});
    const auto pixels = image.data.contiguous();
    EXPECT_EQ(pixels.sizes(), c.ints("shape"));
    const io::Bytes bytes(static_cast<const uint8_t*>(pixels.const_data_ptr()), pixels.nbytes());
    EXPECT_EQ(io::crc32(bytes), c.integer("checksum"));
    ++compared;
  }
  EXPECT_EQ(compared, 82);
}

}  // namespace
}  // namespace opsis
