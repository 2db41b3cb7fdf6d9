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

}  // namespace

Digits::Digits(Options options) : options_(std::move(options)) {
  const auto part = [&](const torch::Tensor& all) {
    return options_.train ? all.slice(0, 0, kTrainDigits) : all.slice(0, kTrainDigits);
  };
  const auto levels = part(read_idx({embedded::digits_images, embedded::digits_images_size})).to(torch::kInt16);
  images_ = ((levels * 255 + 8).div(16, "floor")).to(torch::kUInt8).unsqueeze(1);  // rounded to the nearest
  labels_ = part(read_idx({embedded::digits_labels, embedded::digits_labels_size})).to(torch::kInt64);
}

size_t Digits::size() const { return static_cast<size_t>(labels_.size(0)); }

Classified Digits::get(size_t index) const {
  detail::check_index("Digits", index, size());
  const auto i = static_cast<int64_t>(index);
  // A copy: who changes his image in place must not change the data set.
  return options_.transforms(Classified{Image(images_[i].clone()), labels_[i].item<int64_t>()});
}

}  // namespace datasets
}  // namespace opsis::inline v1
