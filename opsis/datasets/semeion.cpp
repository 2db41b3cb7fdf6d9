#include "opsis/datasets/semeion.h"

#include "opsis/core/check.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr size_t kSemeionPixels = 256, kSemeionClasses = 10;

ClassifiedPixels load_semeion(const SEMEION::Options& options) {
  const auto& file = resource("SEMEION", "semeion.data");
  if (options.download) fetch_resource(file, options.root);
  check_resource(file, options.root);

  // 256 pixels of 0 or 1, then ten numbers of which the one of the class is not 0.
  const TextFile lines(options.root / file.file);
  std::vector<uint8_t> pixels;
  std::vector<int64_t> labels;
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto words = lines.words(i);
    if (words.empty()) continue;
    if (words.size() != kSemeionPixels + kSemeionClasses) lines.refuse(i, "it must have 266 numbers");
    for (size_t k = 0; k < kSemeionPixels; ++k) {
      const auto value = lines.number(i, words[k]);
      if (!(value >= 0 && value <= 1)) lines.refuse(i, "a pixel must be 0 to 1");
      pixels.push_back(static_cast<uint8_t>(value * 255));
    }
    size_t found = 0;
    for (size_t k = 0; k < kSemeionClasses; ++k) {
      if (lines.number(i, words[kSemeionPixels + k]) == 0) continue;
      labels.push_back(static_cast<int64_t>(k));
      ++found;
    }
    if (found != 1) lines.refuse(i, "it must be of one class");
  }
  ClassifiedPixels out;
  out.images = torch::tensor(pixels, torch::kUInt8).view({-1, 1, 16, 16});
  out.labels = torch::tensor(labels, torch::kInt64);
  for (int digit = 0; digit < 10; ++digit) out.classes.push_back(std::to_string(digit));
  return out;
}

}  // namespace

SEMEION::SEMEION(Options options) : ClassifiedImages("SEMEION", load_semeion(options), std::move(options.transforms)) {}

}  // namespace opsis::inline v1::datasets
