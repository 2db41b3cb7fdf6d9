#include "opsis/transforms/functional/five_crop.h"

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/transforms/functional/crop.h"
#include "opsis/transforms/functional/flip.h"
#include "opsis/transforms/functional/tensor.h"

namespace opsis::inline v1::transforms::functional {
namespace {

template <class Kind, size_t count>
std::array<Kind, count> wrapped(const std::array<torch::Tensor, count>& crops, const Kind& like) {
  std::array<Kind, count> out;
  std::transform(crops.begin(), crops.end(), out.begin(), [&](const torch::Tensor& crop) { return wrap(crop, like); });
  return out;
}

// In the words of the function `where`.
std::array<torch::Tensor, 5> crops_of(std::string_view where, const torch::Tensor& image, torch::IntArrayRef size) {
  OPSIS_CHECK(size.size() == 1 || size.size() == 2, "{}: size must have 1 or 2 numbers, got {}", where, size.size());
  detail::check_dims(where, image, 2);
  const Size part{size.front(), size.back()}, whole{image.size(-2), image.size(-1)};
  OPSIS_CHECK(part.height <= whole.height && part.width <= whole.width,
              "{}: size must not be larger than the image, got {} of {}", where, part, whole);
  const int64_t bottom = whole.height - part.height, right = whole.width - part.width;
  return {crop(image, {0, 0, part.height, part.width}), crop(image, {0, right, part.height, part.width}),
          crop(image, {bottom, 0, part.height, part.width}), crop(image, {bottom, right, part.height, part.width}),
          center_crop(image, {part.height, part.width})};
}

}  // namespace

std::array<torch::Tensor, 5> five_crop(const torch::Tensor& image, torch::IntArrayRef size) {
  return crops_of("five_crop", image, size);
}

std::array<Image, 5> five_crop(const Image& image, torch::IntArrayRef size) {
  return wrapped(five_crop(image.data, size), image);
}
std::array<Video, 5> five_crop(const Video& video, torch::IntArrayRef size) {
  return wrapped(five_crop(video.data, size), video);
}

std::array<torch::Tensor, 10> ten_crop(const torch::Tensor& image, torch::IntArrayRef size, bool vertical_flip) {
  const auto as_it_is = crops_of("ten_crop", image, size);
  const auto mirrored = five_crop(vertical_flip ? functional::vertical_flip(image) : horizontal_flip(image), size);
  std::array<torch::Tensor, 10> out;
  std::copy(mirrored.begin(), mirrored.end(), std::copy(as_it_is.begin(), as_it_is.end(), out.begin()));
  return out;
}

std::array<Image, 10> ten_crop(const Image& image, torch::IntArrayRef size, bool vertical_flip) {
  return wrapped(ten_crop(image.data, size, vertical_flip), image);
}
std::array<Video, 10> ten_crop(const Video& video, torch::IntArrayRef size, bool vertical_flip) {
  return wrapped(ten_crop(video.data, size, vertical_flip), video);
}

}  // namespace opsis::inline v1::transforms::functional
