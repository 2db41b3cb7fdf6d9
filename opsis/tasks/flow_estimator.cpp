#include "opsis/tasks/flow_estimator.h"

#include <algorithm>

#include "opsis/tasks/run.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::tasks {
namespace {

using models::FlowModel;
using torch::Tensor;
using Pair = std::pair<Picture, Picture>;
using Images = std::pair<Image, Image>;

constexpr int64_t kMultiple = 8;

// Pixels to add before and behind, half of them each.
struct Margin {
  int64_t before, behind;
};

Margin margin(int64_t side, int64_t least) {
  const auto wanted = (std::max(side, least) + kMultiple - 1) / kMultiple * kMultiple;
  return {(wanted - side) / 2, wanted - side - (wanted - side) / 2};
}

// Weights of another task are refused before they are fetched.
std::shared_ptr<FlowModel> loaded(std::string_view model, const models::Weights& weights, const TaskOptions& options) {
  weights.preset_as<transforms::OpticalFlowOptions>();
  return detail::load<FlowModel>("FlowEstimator", model, weights, options);
}

}  // namespace

FlowEstimator::FlowEstimator(std::string_view model, const TaskOptions& options, int64_t num_flow_updates)
    : FlowEstimator(model, models::get_model_weights(model)[options.weights], options, num_flow_updates) {}

FlowEstimator::FlowEstimator(std::string_view model, const models::Weights& weights, const TaskOptions& options,
                             int64_t num_flow_updates)
    : FlowEstimator(loaded(model, weights, options), weights.min_size, num_flow_updates) {}

FlowEstimator::FlowEstimator(std::shared_ptr<FlowModel> model, Size min_size, int64_t num_flow_updates)
    : model_(detail::ready("FlowEstimator", std::move(model), /*optimize=*/false)),
      min_size_(min_size),
      num_flow_updates_(num_flow_updates) {
  OPSIS_CHECK(num_flow_updates > 0, "FlowEstimator: num_flow_updates must be positive, got {}", num_flow_updates);
}

Tensor FlowEstimator::operator()(const Picture& first, const Picture& second, Timings* timings) const {
  const Pair pair(first, second);
  return (*this)(std::span(&pair, 1), timings).front();
}

std::vector<Tensor> FlowEstimator::operator()(std::span<const Pair> pairs, Timings* timings) const {
  detail::Watch watch;
  std::vector<Picture> pictures;
  for (const auto& [first, second] : pairs) pictures.insert(pictures.end(), {first, second});
  auto images = detail::look_at("FlowEstimator", pictures, /*of_each=*/2);
  std::vector<Images> inputs;
  for (size_t i = 0; i < images.size(); i += 2) inputs.emplace_back(std::move(images[i]), std::move(images[i + 1]));
  const auto prepare = [&](const Images& pair) {
    OPSIS_CHECK(pair.first.data.sizes() == pair.second.data.sizes(), "FlowEstimator: both images must be alike, got {} and {}",
                opsis::detail::shape(pair.first.data), opsis::detail::shape(pair.second.data));
    const auto [first, second] = transforms::OpticalFlow()(pair.first, pair.second);
    const auto rows = margin(first.data.size(-2), min_size_.height), columns = margin(first.data.size(-1), min_size_.width);
    return torch::replication_pad2d(torch::stack({first.data, second.data}),
                                    {columns.before, columns.behind, rows.before, rows.behind});
  };
  const auto forward = [&](const Tensor& batch) {
    return model_->forward(batch.select(1, 0), batch.select(1, 1), num_flow_updates_);
  };
  const auto finish = [&](const Tensor& flow, const Images& pair) {
    const auto height = pair.first.data.size(-2), width = pair.first.data.size(-1);
    const auto top = margin(height, min_size_.height).before, left = margin(width, min_size_.width).before;
    const auto wanted = flow.slice(1, top, top + height).slice(2, left, left + width);
    return wanted.clone(torch::MemoryFormat::Contiguous);  // not to keep those of the whole batch
  };
  return detail::run<Images>(inputs, prepare, forward, finish, timings, watch);
}

void FlowEstimator::warm_up(Size size) const { (*this)(detail::blank(size), detail::blank(size)); }

}  // namespace opsis::inline v1::tasks
