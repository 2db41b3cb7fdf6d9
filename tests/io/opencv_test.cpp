// The snippets of docs/interop.md for OpenCV. Built where OpenCV is installed.
#include <torch/torch.h>
#include <opencv2/core.hpp>

#include "opsis/io.h"
#include "tests/support/expect.h"
#include "tests/support/snippets.h"

namespace opsis {
namespace {

using io::from_pixels;
using io::PixelFormat;

// snippets
opsis::Image from_mat(const cv::Mat& mat) {
  const auto format = mat.channels() == 1 ? PixelFormat::GRAY : mat.channels() == 3 ? PixelFormat::BGR : PixelFormat::BGRA;
  return from_pixels(mat.data, mat.rows, mat.cols, static_cast<int64_t>(mat.step), format);
}

opsis::Image view_of_mat(const cv::Mat& mat) {
  const auto format = mat.channels() == 1 ? PixelFormat::GRAY : mat.channels() == 3 ? PixelFormat::RGB : PixelFormat::RGBA;
  return from_pixels(mat.data, mat.rows, mat.cols, static_cast<int64_t>(mat.step), format, [mat] {});
}

cv::Mat to_mat(const opsis::Image& image) {
  const auto pixels = image.data.permute({1, 2, 0}).contiguous();
  const cv::Mat view(static_cast<int>(pixels.size(0)), static_cast<int>(pixels.size(1)),
                     CV_8UC(static_cast<int>(pixels.size(2))), pixels.data_ptr<uint8_t>());
  return view.clone();
}
// end of snippets

cv::Mat picture_in_a_larger_one(int type) {
  cv::Mat large(20, 30, type);
  for (int y = 0; y < large.rows; ++y) {
    for (size_t x = 0; x < large.cols * large.elemSize(); ++x) large.ptr(y)[x] = static_cast<uint8_t>(y * 31 + x * 7);
  }
  return large(cv::Rect(3, 4, 17, 9));
}

TEST(OpenCv, PicturesComeAndGo) {
  for (const int type : {CV_8UC1, CV_8UC3, CV_8UC4}) {
    const auto mat = picture_in_a_larger_one(type);
    const auto copied = from_mat(mat).data;
    auto viewed = view_of_mat(mat).data;
    ASSERT_EQ(copied.sizes(), (std::vector<int64_t>{mat.channels(), 9, 17}));
    for (int y = 0; y < mat.rows; ++y) {
      for (int x = 0; x < mat.cols; ++x) {
        for (int c = 0; c < mat.channels(); ++c) {
          const int expected = mat.ptr(y, x)[c];
          const int swapped = mat.channels() >= 3 && c < 3 ? 2 - c : c;
          EXPECT_EQ(copied[swapped][y][x].item<int>(), expected);
          EXPECT_EQ(viewed[c][y][x].item<int>(), expected);
        }
      }
    }
    EXPECT_EQ(cv::norm(to_mat(Image(viewed)), mat, cv::NORM_INF), 0);
    EXPECT_EQ(viewed.const_data_ptr<uint8_t>(), mat.data);
    const auto* counter = mat.u;
    EXPECT_EQ(counter->refcount, 2);  // mat and the view
    viewed.reset();
    EXPECT_EQ(counter->refcount, 1);
  }
}

TEST(OpenCv, SnippetsAreThoseOfTheDocumentation) { support::expect_snippets("docs/interop.md", "tests/io/opencv_test.cpp"); }

}  // namespace
}  // namespace opsis
