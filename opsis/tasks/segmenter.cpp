#include "opsis/tasks/segmenter.h"

#include <algorithm>

#include "opsis/tasks/run.h"

namespace opsis::inline v1::tasks {

using models::SegmentationModel;
using torch::Tensor;

Tensor Segmentation::masks() const {
  OPSIS_CHECK(classes.defined(), "Segmentation: there are no classes yet");
  std::vector<int64_t> indices;
  for (const auto& share : shares) indices.push_back(share.index);
  return classes == torch::tensor(indices, torch::kInt64).to(classes.device()).view({-1, 1, 1});
}

Segmenter::Segmenter(std::string_view model, const TaskOptions& options)
    : Segmenter(model, models::get_model_weights(model)[options.weights], options) {}

Segmenter::Segmenter(std::string_view model, const models::Weights& weights, const TaskOptions& options)
    : preprocessing_(weights.preset_as<transforms::SemanticSegmentationOptions>()),
      categories_(detail::categories_of(weights)),
      resized_pixels_(options.resized_pixels) {
  model_ = detail::load<SegmentationModel>("Segmenter", model, weights, options);
}

Segmenter::Segmenter(std::shared_ptr<SegmentationModel> model, const transforms::SemanticSegmentationOptions& preprocessing,
                     std::vector<std::string> categories, bool optimize, int64_t resized_pixels)
    : model_(detail::ready("Segmenter", std::move(model), optimize)),
      preprocessing_(preprocessing),
      categories_(std::move(categories)),
      resized_pixels_(resized_pixels) {}

Segmentation Segmenter::operator()(const Picture& picture, Timings* timings) const {
  return std::move((*this)(std::span(&picture, 1), timings).front());
}

std::vector<Segmentation> Segmenter::operator()(const Pictures& pictures, Timings* timings) const {
  detail::Watch watch;
  const auto images = detail::look_at("Segmenter", pictures);
  if (const auto side = preprocessing().resize_size) detail::check_resized("Segmenter", images, *side, resized_pixels_);
  const auto prepare = [&](const Image& image) { return preprocessing_(image).data; };
  const auto forward = [&](Tensor batch) { return model_->forward(std::move(batch)); };
  const auto finish = [&](const Tensor& scores, const Image& image) { return finished(scores, image); };
  return detail::run<Image>(images, prepare, forward, finish, timings, watch);
}

void Segmenter::warm_up(Size size) const { (*this)(detail::blank(size)); }

// The scores are brought to the picture's size before the best is taken: edges are finer than those of enlarged classes.
Segmentation Segmenter::finished(const Tensor& scores, const Image& image) const {
  const auto height = image.data.size(-2), width = image.data.size(-1);
  Segmentation found;
  const auto enlarged =
      torch::upsample_bilinear2d(scores.unsqueeze(0).to(torch::kFloat32), {height, width}, /*align_corners=*/false);
  found.classes = enlarged.argmax(1).squeeze(0);
  const auto counts = torch::bincount(found.classes.flatten()).to(torch::kInt64).cpu();
  for (int64_t i = 0; i < counts.size(0); ++i) {
    const auto count = counts[i].item<int64_t>();
    if (count == 0) continue;
    found.shares.push_back(
        {i, detail::name_of(categories_, i), static_cast<double>(count) / static_cast<double>(height * width)});
  }
  std::stable_sort(found.shares.begin(), found.shares.end(), [](const auto& a, const auto& b) { return a.share > b.share; });
  return found;
}

}  // namespace opsis::inline v1::tasks
