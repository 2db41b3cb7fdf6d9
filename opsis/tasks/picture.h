// What the tasks look at: an image, a file, the bytes of one, or the pixels of a camera.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <ranges>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/io/bytes.h"
#include "opsis/io/pixels.h"
#include "opsis/tv_tensors/image.h"

namespace opsis::inline v1::tasks {

using tv_tensors::Image;

/// Pixels that somebody else holds, as io::from_pixels takes them.
struct PixelBuffer {
  const uint8_t* pixels = nullptr;
  int64_t height = 0, width = 0;
  int64_t stride = 0;  ///< bytes from a row to the next
  io::PixelFormat format = io::PixelFormat::RGB;
};

/// What a task is asked about. Whatever it is, the answer is in the pixels of image().
///     detector("street.jpg");
///     detector(tasks::PixelBuffer{mat.data, mat.rows, mat.cols, mat.step, io::PixelFormat::BGR});
/// Files are opened and buffers read when a task is called; bytes and buffers have to live until it returns.
class OPSIS_API Picture {
 public:
  Picture(Image image) : source_(std::move(image)) {}
  /// A file: a path, or text that is one.
  template <class Path>
  requires std::convertible_to<const Path&, std::filesystem::path> Picture(const Path& file)
      : source_(std::filesystem::path(file)) {}
  /// What a file holds.
  Picture(io::Bytes file) : source_(file) {}
  Picture(const PixelBuffer& buffer) : source_(buffer) {}

  /// An image as it is. A file as RGB bytes, the side up that its EXIF data says: the high byte of what has 16 bits, of other
  /// numbers what lies in [0, 255]. Of a buffer a copy, gray as RGB and without alpha.
  /// Shapes   of files and buffers (3, H, W)
  /// Throws   what io::decode_image and io::from_pixels throw; ValueError for a file of several pictures
  Image image() const;

 private:
  std::variant<Image, std::filesystem::path, io::Bytes, PixelBuffer> source_;
};

/// Several of them, of one kind or mixed: made of any range of what a Picture is made of.
///     classifier(std::vector<std::filesystem::path>{"cat.jpg", "dog.png"});
///     classifier(std::vector<tasks::Picture>{"cat.jpg", frame, image});
class Pictures {
 public:
  template <std::ranges::input_range Range>
  requires std::convertible_to<std::ranges::range_reference_t<Range>, Picture> &&
      (!std::convertible_to<Range, Picture>)Pictures(Range&& range)
      : all_(std::ranges::begin(range), std::ranges::end(range)) {}

  operator std::span<const Picture>() const { return all_; }

 private:
  std::vector<Picture> all_;
};

}  // namespace opsis::inline v1::tasks
