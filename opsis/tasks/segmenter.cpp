#include "opsis/tasks/segmenter.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "opsis/core/check.h"
#include "opsis/models/optimize.h"
#include "opsis/models/registry.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::tasks {
namespace {

using models::SegmentationModel;
using torch::Tensor;

std::shared_ptr<SegmentationModel> ready(std::shared_ptr<SegmentationModel> model, bool optimize) {
  OPSIS_CHECK(model != nullptr, "Segmenter: there is no model");
  model->eval();
  return optimize ? models::optimize(model) : model;
}

// Milliseconds from one call to the next.
class Watch {
 public:
  double lap() {
    const auto now = Clock::now();
    return std::chrono::duration<double, std::milli>(now - std::exchange(begin_, now)).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace

Tensor Segmentation::masks() const {
  OPSIS_CHECK(classes.defined(), "Segmentation: there are no classes yet");
  std::vector<int64_t> indices;
  for (const auto& share : shares) indices.push_back(share.index);
  return classes == torch::tensor(indices, torch::kInt64).to(classes.device()).view({-1, 1, 1});
}

Segmenter::Segmenter(std::string_view model, const SegmenterOptions& options)
    : Segmenter(model, models::get_model_weights(model)[options.weights], options) {}

// The preset tells the task: weights of another one are refused before they are fetched.
Segmenter::Segmenter(std::string_view model, const models::Weights& weights, const SegmenterOptions& options)
    : preprocessing_(weights.preset_as<transforms::SemanticSegmentationOptions>()),
      categories_(weights.categories.begin(), weights.categories.end()) {
  model_ = ready(
      models::get_model<SegmentationModel>(model, {.weights = std::string(weights.name), .weights_file = options.weights_file}),
      options.optimize);
}

Segmenter::Segmenter(std::shared_ptr<SegmentationModel> model, const transforms::SemanticSegmentationOptions& preprocessing,
                     std::vector<std::string> categories, bool optimize)
    : model_(ready(std::move(model), optimize)), preprocessing_(preprocessing), categories_(std::move(categories)) {}

Segmentation Segmenter::operator()(const Image& image, SegmenterTimings* timings) const {
  const torch::NoGradGuard no_grad;
  Watch watch;
  SegmenterTimings spent;
  const auto input = prepared(image).unsqueeze(0);
  spent.prepare_ms = watch.lap();
  const auto scores = model_->forward(input);
  spent.model_ms = watch.lap();
  auto found = finished(scores, image);
  spent.finish_ms = watch.lap();
  if (timings) *timings = spent;
  return found;
}

std::vector<Segmentation> Segmenter::operator()(std::span<const Image> images) const {
  const torch::NoGradGuard no_grad;
  std::map<std::vector<int64_t>, std::vector<size_t>> by_shape;
  std::vector<Tensor> inputs;
  for (const auto& image : images) {
    inputs.push_back(prepared(image));
    by_shape[inputs.back().sizes().vec()].push_back(inputs.size() - 1);
  }
  std::vector<Segmentation> found(images.size());
  for (const auto& [shape, places] : by_shape) {
    std::vector<Tensor> alike;
    for (const auto place : places) alike.push_back(inputs[place]);
    const auto scores = model_->forward(torch::stack(alike)).split(1);
    for (size_t i = 0; i < places.size(); ++i) found[places[i]] = finished(scores[i], images[places[i]]);
  }
  return found;
}

void Segmenter::warm_up(Size size) const { (*this)(Image(torch::zeros({3, size.height, size.width}, torch::kUInt8))); }

Tensor Segmenter::prepared(const Image& image) const {
  OPSIS_CHECK(image.data.dim() == 3 && image.data.size(0) == 3, "Segmenter: the image must be (3, H, W), got {}",
              opsis::detail::shape(image.data));
  return preprocessing_(image).data;
}

// The scores are brought to the picture's size before the best is taken: edges are finer than those of enlarged classes.
Segmentation Segmenter::finished(const Tensor& scores, const Image& image) const {
  const auto height = image.data.size(-2), width = image.data.size(-1);
  Segmentation found;
  found.classes =
      torch::upsample_bilinear2d(scores.to(torch::kFloat32), {height, width}, /*align_corners=*/false).argmax(1).squeeze(0);
  const auto counts = torch::bincount(found.classes.flatten()).to(torch::kInt64).cpu();
  for (int64_t i = 0; i < counts.size(0); ++i) {
    const auto count = counts[i].item<int64_t>();
    if (count == 0) continue;
    const auto known = static_cast<size_t>(i) < categories_.size();
    found.shares.push_back({i, known ? categories_[static_cast<size_t>(i)] : text("class {}", i),
                            static_cast<double>(count) / static_cast<double>(height * width)});
  }
  std::stable_sort(found.shares.begin(), found.shares.end(), [](const auto& a, const auto& b) { return a.share > b.share; });
  return found;
}

}  // namespace opsis::inline v1::tasks
