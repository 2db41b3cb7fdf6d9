#include "opsis/datasets/digits.h"

#include "opsis/datasets/idx.h"

namespace opsis::inline v1 {
namespace embedded {
// Made by cmake/Embed.cmake of the files in datasets/digits/.
extern const unsigned char digits_images[];
extern const size_t digits_images_size;
extern const unsigned char digits_labels[];
extern const size_t digits_labels_size;
}  // namespace embedded

namespace datasets {
namespace {

constexpr int64_t kTrainDigits = 1437;

ClassifiedPixels digit_pixels(bool train) {
  const auto part = [&](const torch::Tensor& all) {
    return train ? all.slice(0, 0, kTrainDigits) : all.slice(0, kTrainDigits);
  };
  const auto levels = part(read_idx({embedded::digits_images, embedded::digits_images_size})).to(torch::kInt16);
  ClassifiedPixels out;
  out.images = ((levels * 255 + 8).div(16, "floor")).to(torch::kUInt8).unsqueeze(1);  // rounded to the nearest
  out.labels = part(read_idx({embedded::digits_labels, embedded::digits_labels_size})).to(torch::kInt64);
  for (int digit = 0; digit < 10; ++digit) out.classes.push_back(std::to_string(digit));
  return out;
}

}  // namespace

Digits::Digits(Options options) : ClassifiedImages("Digits", digit_pixels(options.train), std::move(options.transforms)) {}

}  // namespace datasets
}  // namespace opsis::inline v1
