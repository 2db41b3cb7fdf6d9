#include "opsis/transforms/blur.h"

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/transforms/repr.h"

namespace opsis::inline v1::transforms {

Json json_of(const SigmaRange& range) { return Json::List{range.least, range.greatest}; }

void read_json(const Json& json, SigmaRange& range) {
  if (json.is_number()) {
    range = SigmaRange(json.number());
  } else {
    std::pair<double, double> both;
    detail::from_json(json, both);
    range = SigmaRange(both.first, both.second);
  }
}

std::string code_of(const SigmaRange& range) { return detail::to_code(std::pair(range.least, range.greatest)); }

GaussianBlur::GaussianBlur(torch::IntArrayRef kernel_size, SigmaRange sigma, bool exact)
    : kernel_size_(kernel_size.vec()), sigma_(sigma), exact_(exact) {
  OPSIS_CHECK(kernel_size_.size() == 1 || kernel_size_.size() == 2,
              "GaussianBlur: kernel_size must have 1 or 2 numbers, got {}", kernel_size_.size());
  if (kernel_size_.size() == 1) kernel_size_.push_back(kernel_size_[0]);
  for (const auto size : kernel_size_) {
    OPSIS_CHECK(size > 0 && size % 2 == 1, "GaussianBlur: kernel_size must be odd and positive, got {}", size);
  }
  OPSIS_CHECK(0.0 < sigma.least && sigma.least <= sigma.greatest && random::spans(sigma.least, sigma.greatest),
              "GaussianBlur: sigma must be positive and increasing, got {} and {}", sigma.least, sigma.greatest);
}

GaussianBlur::Params GaussianBlur::make_params(std::span<const Value>) const {
  const auto sigma = random::uniform(sigma_.least, sigma_.greatest);
  return {{sigma, sigma}};
}

Value GaussianBlur::transform(const Value& value, const Params& params) const {
  return apply_kernel<Image, Video>(value, [&](const auto& pixels) {
    return functional::gaussian_blur(pixels, kernel_size_, {.sigma = params.sigma, .exact = exact_});
  });
}

std::string GaussianBlur::repr() const {
  return detail::repr("GaussianBlur", {{"kernel_size", detail::python_tuple(kernel_size_[0], kernel_size_[1])},
                                       {"sigma", detail::python(std::vector<double>{sigma_.least, sigma_.greatest})}});
}

}  // namespace opsis::inline v1::transforms
