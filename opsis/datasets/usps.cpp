#include "opsis/datasets/usps.h"

#include "opsis/core/check.h"
#include "opsis/datasets/archive.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::datasets {
namespace {

constexpr size_t kUspsPixels = 256;

ClassifiedPixels load_usps(const USPS::Options& options) {
  const auto& file = resource("USPS", options.train ? "usps.bz2" : "usps.t.bz2");
  const auto path = options.root / file.file;
  if (options.download && !detail::is_file(path)) fetch_resource(file, options.root);
  detail::check_file("USPS", path);

  // Lines of libsvm's format: the class from 1 on, then "number of the pixel:value", values from -1 to 1.
  const TextFile lines(path, read_compressed(path));
  const auto count = static_cast<int64_t>(lines.size());
  ClassifiedPixels out{torch::empty({count, 1, 16, 16}, torch::kUInt8), torch::empty({count}, torch::kInt64), {}};
  auto* pixel = out.images.data_ptr<uint8_t>();
  for (size_t i = 0; i < lines.size(); ++i) {
    const auto words = lines.words(i, kUspsPixels + 1);
    if (words.size() != kUspsPixels + 1) lines.refuse(i, "it must have a class and 256 pixels");
    out.labels.data_ptr<int64_t>()[i] = lines.integer(i, words[0]) - 1;
    for (size_t k = 1; k < words.size(); ++k) {
      const auto value = static_cast<float>(lines.number(i, words[k].substr(words[k].rfind(':') + 1)));
      const float level = (value + 1) / 2 * 255;
      if (!(level >= 0 && level < 256)) lines.refuse(i, text("a pixel must be from -1 to 1, got {}", value));
      *pixel++ = static_cast<uint8_t>(level);
    }
  }
  for (int digit = 0; digit < 10; ++digit) out.classes.push_back(std::to_string(digit));
  return out;
}

}  // namespace

USPS::USPS(Options options) : ClassifiedImages("USPS", load_usps(options), std::move(options.transforms)) {}

}  // namespace opsis::inline v1::datasets
