#include "opsis/utils/save_image.h"

#include "opsis/io/codecs.h"
#include "opsis/io/file.h"
#include "opsis/io/image.h"
#include "opsis/io/read_write.h"
#include "opsis/utils/draw_bounding_boxes.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

TEST(SaveImage, WritesTorchvisionsPixels) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "image.png";
  for (const auto& c : oracle::cases("utils/save_image")) {
    SCOPED_TRACE(c.name());
    utils::save_image(c.tensor("images"), file, {.nrow = 3, .normalize = c.boolean("normalize")});
    EXPECT_TENSOR_EQ(io::decode_image(file).data, c.tensor("expected"));
  }
}

TEST(SaveImage, WritesJpegByExtensionOrFormat) {
  const support::TemporaryFolder folder;
  const auto image = torch::full({3, 16, 16}, 0.5);
  utils::save_image(image, folder.path() / "image.JPG");
  utils::save_image(image, folder.path() / "image.picture", "jpeg");
  for (const auto* name : {"image.JPG", "image.picture"}) {
    const auto decoded = io::decode_jpeg(io::read_file(folder.path() / name));
    EXPECT_TENSOR_EQ(decoded.data, torch::full({3, 16, 16}, 128, torch::kUInt8));
  }
}

TEST(SaveImage, TakesNothingInBracesForTheUsualOptions) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "image.png";
  const auto batch = torch::rand({3, 3, 4, 5});
  const auto expected = utils::make_grid(batch).mul(255).add(0.5).to(torch::kUInt8);
  const auto expect_saved = [&](const std::filesystem::path& path) {
    EXPECT_TENSOR_EQ(io::decode_image(path).data, expected);
    std::filesystem::remove(path);
  };
  utils::save_image(batch, file, {});
  expect_saved(file);
  utils::save_image(Image(batch), file, {});
  expect_saved(file);
  utils::save_image(std::vector<torch::Tensor>{batch[0], batch[1], batch[2]}, file, {});
  expect_saved(file);
  utils::save_image(batch, folder.path() / "of a text", std::string("png"), {});
  expect_saved(folder.path() / "of a text");
  utils::save_image(batch, folder.path() / "of a view", std::string_view("png"));
  expect_saved(folder.path() / "of a view");
}

TEST(SaveImage, WritesEachFormatByExtension) {
  const support::TemporaryFolder folder;
  const auto levels = torch::tensor({{{0, 255}, {51, 102}}}, torch::kUInt8).repeat({3, 1, 1});
  const auto image = levels.repeat_interleave(16, -1).repeat_interleave(16, -2);
  for (const auto* name : {"a.png", "a.tif", "a.TIFF", "a.gif", "a.webp", "a.avif", "a.jpeg"}) {
    SCOPED_TRACE(name);
    utils::save_image(image.to(torch::kFloat32).div(255), folder.path() / name);
    const auto decoded = io::decode_image(folder.path() / name).data;
    const bool lossy = std::string_view(name).find_first_of("wvj") != std::string_view::npos;
    EXPECT_TENSOR_NEAR(decoded, image, 0, lossy ? 8 : 0);
  }
  EXPECT_EQ(io::find_codec(io::read_bytes(folder.path() / "a.avif")).name, "avif");
}

// Each line is one of a script for torchvision.
TEST(SaveImage, TakesImagesAndWhatWasDrawnOnATensor) {
  const support::TemporaryFolder folder;
  const auto file = folder.path() / "image.png";
  const auto batch = torch::rand({3, 3, 12, 9});
  const auto saved = [&] { return io::read_image(file).data; };

  utils::save_image(batch, file, "png", {.nrow = 2});
  const auto grid = saved();
  EXPECT_EQ(grid.sizes(), (std::vector<int64_t>{3, 30, 24}));
  utils::save_image({Image(batch[0]), Image(batch[1]), Image(batch[2])}, file, {.nrow = 2});
  EXPECT_TENSOR_EQ(saved(), grid);
  utils::save_image(Image(batch), file, {.nrow = 2});
  EXPECT_TENSOR_EQ(saved(), grid);

  const auto boxes = torch::tensor({{1, 2, 6, 7}});
  const auto drawn = utils::draw_bounding_boxes(utils::make_grid(batch), boxes, {.colors = "red"});
  utils::save_image(drawn, file);
  const auto expected = saved();
  utils::save_image(utils::draw_bounding_boxes(Image(utils::make_grid(batch)), boxes, {.colors = "red"}), file);
  EXPECT_TENSOR_EQ(saved(), expected);
  io::write_png(drawn.mul(255).add(0.5).to(torch::kUInt8), file);
  EXPECT_TENSOR_EQ(saved(), expected);
}

TEST(SaveImage, SaysWhatIsWrongAndLeavesNothing) {
  const support::TemporaryFolder folder;
  const auto image = torch::rand({3, 4, 4});
  EXPECT_ERROR(utils::save_image(image, folder.path() / "image.bmp"), ValueError,
               "save_image: the format must be avif, gif, jpeg, png, tiff or webp, got \"bmp\"");
  EXPECT_ERROR(utils::save_image(image, folder.path() / "image"), ValueError, "got \"\"");
  EXPECT_ERROR(utils::save_image(image.to(torch::kUInt8), folder.path() / "image.png"), ValueError, "use io::write_png");
  EXPECT_ERROR(utils::save_image(image, folder.path() / "none" / "image.png"), IoError, "none/image.png");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace opsis
