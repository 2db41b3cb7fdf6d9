#include "opsis/tasks/classifier.h"

#include <algorithm>

#include "opsis/tasks/run.h"

namespace opsis::inline v1::tasks {

using models::ImageClassifier;
using torch::Tensor;

Classifier::Classifier(std::string_view model, const TaskOptions& options)
    : Classifier(model, models::get_model_weights(model)[options.weights], options) {}

Classifier::Classifier(std::string_view model, const models::Weights& weights, const TaskOptions& options)
    : preprocessing_(weights.preset_as<transforms::ImageClassificationOptions>()),
      categories_(detail::categories_of(weights)),
      resized_pixels_(options.resized_pixels) {
  model_ = detail::load<ImageClassifier>("Classifier", model, weights, options);
}

Classifier::Classifier(std::shared_ptr<ImageClassifier> model, const transforms::ImageClassificationOptions& preprocessing,
                       std::vector<std::string> categories, bool optimize, int64_t resized_pixels)
    : model_(detail::ready("Classifier", std::move(model), optimize)),
      preprocessing_(preprocessing),
      categories_(std::move(categories)),
      resized_pixels_(resized_pixels) {}

Classification Classifier::operator()(const Picture& picture, int64_t top, Timings* timings) const {
  return std::move((*this)(std::span(&picture, 1), top, timings).front());
}

std::vector<Classification> Classifier::operator()(const Pictures& pictures, int64_t top, Timings* timings) const {
  OPSIS_CHECK(top >= 0, "Classifier: top must not be negative, got {}", top);
  detail::Watch watch;
  const auto images = detail::look_at("Classifier", pictures);
  detail::check_resized("Classifier", images, preprocessing().resize_size, resized_pixels_);
  const auto prepare = [&](const Image& image) { return preprocessing_(image).data; };
  const auto forward = [&](Tensor batch) { return model_->forward(std::move(batch)); };
  const auto finish = [&](const Tensor& logits, const Image&) {
    Classification found;
    found.probabilities = logits.to(torch::kFloat32).softmax(0);
    const auto [values, indices] = found.probabilities.cpu().topk(std::min(top, logits.size(0)));
    for (int64_t i = 0; i < values.size(0); ++i) {
      const auto index = indices[i].item<int64_t>();
      found.best.push_back({index, detail::name_of(categories_, index), values[i].item<double>()});
    }
    return found;
  };
  return detail::run<Image>(images, prepare, forward, finish, timings, watch);
}

void Classifier::warm_up() const {
  const auto side = preprocessing_.options().resize_size;
  (*this)(detail::blank({side, side}));
}

}  // namespace opsis::inline v1::tasks
