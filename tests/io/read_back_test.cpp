// Pictures that Opsis wrote, opened by Pillow: our own decoders could share a mistake with our encoders.
#include <torch/torch.h>

#include "opsis/hub/safetensors.h"
#include "tests/io/pictures.h"
#include "tests/support/expect.h"
#include "tests/support/python.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

// Files and the pixels they were made of, read by one Python together.
class FilesForPillow {
 public:
  // Options as tests/io/read_back.py has them.
  void add(const std::string& ending, const torch::Tensor& pixels, const torch::Tensor& bytes,
           const std::string& options = "{}") {
    const auto name = std::to_string(count_++);
    const auto numbers = folder_.path() / (name + ".safetensors"), file = folder_.path() / (name + ending);
    hub::save_safetensors(numbers, hub::StateDict{{"pixels", pixels}});
    io::write_file(file, bytes);
    words_ += " '" + numbers.string() + "' '" + file.string() + "' '" + options + "'";
  }
  testing::AssertionResult are_as_wanted() const { return support::python_agrees("tests/io/read_back.py", words_); }

 private:
  support::TemporaryFolder folder_;
  std::string words_;
  int count_ = 0;
};

torch::Tensor bytes_of_noise(at::IntArrayRef sizes) { return torch::randint(256, sizes, torch::kUInt8); }

TEST(EncodeGif, IsReadByPillow) {
  torch::manual_seed(0);
  auto frames = (torch::randint(4, {4, 4, 6, 8}) * 60).to(torch::kUInt8);
  frames.select(1, 3).fill_(255);
  frames[1][3].narrow(1, 0, 4).zero_();
  frames[2][3].narrow(0, 0, 2).zero_();
  FilesForPillow files;
  // The frames with holes in the middle, at the end and at the beginning: none may show the frame before it.
  for (const int64_t first : {0, 1, 2, 3}) {
    const auto turned = frames.roll(first, 0);
    files.add(".gif", turned, io::encode_gif(Image(turned), {.delay_ms = 70, .loops = 3}), R"({"duration": 70, "loop": 3})");
  }
  const auto opaque = frames.narrow(1, 0, 3);
  files.add(".gif", opaque, io::encode_gif(Image(opaque)), R"({"duration": 100, "loop": 0})");
  const auto gray = frames.narrow(1, 0, 1);
  files.add(".gif", gray, io::encode_gif(Image(gray), {.delay_ms = 655'350}), R"({"duration": 655350, "loop": 0})");
  for (const int64_t frame : {0, 1}) files.add(".gif", frames[frame], io::encode_gif(Image(frames[frame])));
  EXPECT_TRUE(files.are_as_wanted());
}

TEST(EncodeWebp, IsReadByPillow) {
  torch::manual_seed(0);
  FilesForPillow files;
  for (const int64_t channels : {1, 3, 4}) {
    const auto image = bytes_of_noise({channels, 13, 29});
    files.add(".webp", image, io::encode_webp(Image(image), {.lossless = true}));
  }
  const auto photo = io::decode_image(support::picture("lossless.webp"));
  for (const int64_t effort : {0, 4, 6}) {
    files.add(".webp", photo.data, io::encode_webp(photo, {.quality = 95, .effort = effort}), R"({"off": 6})");
  }
  EXPECT_TRUE(files.are_as_wanted());
}

TEST(EncodeWebp, TakesLessRoomWithMoreEffort) {
  const auto photo = io::decode_image(support::picture("lossless.webp"));
  const auto length = [&](int64_t effort) { return io::encode_webp(photo, {.effort = effort}).numel(); };
  EXPECT_GT(length(0), length(4));
  EXPECT_GT(length(4), length(6));
}

TEST(EncodeAvif, IsReadByPillow) {
  torch::manual_seed(0);
  FilesForPillow files;
  for (const int64_t channels : {1, 3, 4}) {
    const auto image = bytes_of_noise({channels, 13, 29});
    // Gray is no more than luma in the file; another release of libavif may round it otherwise.
    files.add(".avif", image, io::encode_avif(Image(image), {.lossless = true, .speed = 10}),
              channels == 1 ? R"({"off": 1})" : "{}");
  }
  const auto deep = torch::randint(65536, {3, 13, 29}, torch::kInt32).to(torch::kUInt16);
  files.add(".avif", deep, io::encode_avif(Image(deep), {.lossless = true, .speed = 10}), R"({"off": 1})");
  const auto photo = io::decode_image(support::picture("lossless.webp"));
  for (const int64_t speed : {6, 10}) {
    files.add(".avif", photo.data, io::encode_avif(photo, {.quality = 95, .speed = speed}), R"({"off": 6})");
  }
  EXPECT_TRUE(files.are_as_wanted());
}

TEST(EncodeAvif, IsOtherwiseAtAnotherSpeed) {
  const auto photo = io::decode_image(support::picture("lossless.webp"));
  EXPECT_FALSE(io::encode_avif(photo, {.speed = 6}).equal(io::encode_avif(photo, {.speed = 10})));
}

TEST(EncodeTiff, IsReadByPillow) {
  torch::manual_seed(0);
  FilesForPillow files;
  for (const auto compression : {io::TiffCompression::NONE, io::TiffCompression::LZW, io::TiffCompression::DEFLATE}) {
    const auto add = [&](const torch::Tensor& image, const std::string& options = "{}") {
      files.add(".tif", image, io::encode_tiff(Image(image), {.compression = compression}), options);
    };
    for (const int64_t channels : {1, 2, 3, 4}) add(bytes_of_noise({channels, 13, 29}));
    add(bytes_of_noise({3, 3, 70, 400}));  // pages
    const auto numbers = torch::randint(-30000, 30000, {1, 13, 29}, torch::kInt32);
    add(numbers);
    add(numbers.to(torch::kInt16));
    add(numbers.abs().to(torch::kUInt16));
    add(numbers.to(torch::kFloat32).div(7));
    // Pillow keeps the high bytes of colors.
    add(numbers.abs().to(torch::kUInt16).expand({3, 13, 29}), R"({"off": 1})");
  }
  EXPECT_TRUE(files.are_as_wanted());
}

}  // namespace
}  // namespace opsis
