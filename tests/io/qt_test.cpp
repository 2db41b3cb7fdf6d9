// The snippets of docs/interop.md for Qt, which is too much to install for them: on a QImage that has what they call.
#include <torch/torch.h>

#include <cstring>
#include <memory>

#include "opsis/io.h"
#include "tests/support/expect.h"
#include "tests/support/snippets.h"

namespace opsis {
namespace {

using uchar = unsigned char;

/// Rows of QImage's own begin at multiples of four bytes.
class QImage {
 public:
  enum Format { Format_Grayscale8 = 1, Format_RGB888 = 3 };  // and their bytes a pixel

  QImage(const uchar* data, int width, int height, int bytes_per_line, Format format)
      : data_(data), width_(width), height_(height), bytes_per_line_(bytes_per_line), format_(format) {}
  QImage(int width, int height, Format format) : QImage(nullptr, width, height, (width * format + 3) / 4 * 4, format) {
    own_ = std::make_shared<std::vector<uchar>>(static_cast<size_t>(bytes_per_line_ * height));
    data_ = own_->data();
  }

  QImage copy() const { return convertToFormat(format_, true); }
  QImage convertToFormat(Format format) const { return convertToFormat(format, false); }
  const uchar* constBits() const { return data_; }
  uchar* scanLine(int y) { return own_->data() + int64_t{y} * bytes_per_line_; }
  const uchar* constScanLine(int y) const { return data_ + int64_t{y} * bytes_per_line_; }
  int width() const { return width_; }
  int height() const { return height_; }
  int bytesPerLine() const { return bytes_per_line_; }

 private:
  QImage convertToFormat(Format format, bool always) const {
    if (format == format_ && !always) return *this;
    QImage out(width_, height_, format);
    for (int y = 0; y < height_; ++y) {
      for (int i = 0; i < width_ * format; ++i) out.scanLine(y)[i] = constScanLine(y)[i * format_ / format];
    }
    return out;
  }

  std::shared_ptr<std::vector<uchar>> own_;
  const uchar* data_;
  int width_, height_, bytes_per_line_;
  Format format_;
};

// snippets
opsis::Image from_qimage(const QImage& any) {
  const auto rgb = any.convertToFormat(QImage::Format_RGB888);  // shares when it is so already
  return opsis::io::from_pixels(rgb.constBits(), rgb.height(), rgb.width(), rgb.bytesPerLine(), opsis::io::PixelFormat::RGB);
}

QImage to_qimage(const opsis::Image& image) {
  const auto pixels = image.data.permute({1, 2, 0}).contiguous();
  return QImage(pixels.data_ptr<uint8_t>(), static_cast<int>(pixels.size(1)), static_cast<int>(pixels.size(0)),
                static_cast<int>(pixels.stride(0)), QImage::Format_RGB888)
      .copy();
}
// end of snippets

TEST(Qt, PicturesComeAndGo) {
  const auto pixels = torch::randint(256, {3, 5, 7}, torch::kUInt8);
  const auto there = to_qimage(Image(pixels));
  EXPECT_EQ(there.bytesPerLine(), 24);
  EXPECT_EQ(there.constScanLine(4)[3 * 6 + 1], pixels[1][4][6].item<int>());
  EXPECT_TENSOR_EQ(from_qimage(there).data, pixels);
  QImage gray(7, 5, QImage::Format_Grayscale8);
  gray.scanLine(2)[3] = 9;
  const auto image = from_qimage(gray).data;
  EXPECT_EQ(image.sum().item<int64_t>(), 27);
  EXPECT_EQ(image[1][2][3].item<int>(), 9);
}

TEST(Qt, SnippetsAreThoseOfTheDocumentation) { support::expect_snippets("docs/interop.md", "tests/io/qt_test.cpp"); }

}  // namespace
}  // namespace opsis
