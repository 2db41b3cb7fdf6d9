#include "opsis/models/optimize.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/models/fusion.h"
#include "opsis/models/program.h"

namespace opsis::inline v1::models {
namespace {

using torch::Tensor;

template <class Task>
class Optimized : public Task {
 public:
  Optimized(std::shared_ptr<Task> model, const OptimizeOptions& options)
      : Task("Optimized"), model_(std::move(model)), options_(options) {
    this->eval();
    check();
  }

  Tensor forward(Tensor images) override {
    const torch::NoGradGuard no_grad;
    OPSIS_CHECK(images.dim() == 4 && images.device().is_cpu(), "optimize: images must be (N, 3, H, W) on the CPU");
    images = images.to(torch::kFloat32).contiguous(torch::MemoryFormat::ChannelsLast);
    return program_for(images)->run(images);
  }

  void pretty_print(std::ostream& out) const override {
    out << "Optimized(";
    model_->pretty_print(out);
    out << ')';
  }

 private:
  void check() const {
    OPSIS_CHECK(!model_->is_training(), "optimize: the model must not be training; call eval() first");
    for (const auto& parameter : model_->parameters()) {
      OPSIS_CHECK(parameter.device().is_cpu() && parameter.scalar_type() == torch::kFloat32,
                  "optimize: parameters must be of float32 and on the CPU");
    }
  }

  std::shared_ptr<const detail::Program> program_for(const Tensor& images) {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(programs_.begin(), programs_.end(), [&](const auto& p) { return images.sizes() == p.first; });
    if (found != programs_.end()) {
      std::rotate(programs_.begin(), found, found + 1);
    } else {
      auto program = std::make_shared<const detail::Program>(compiled(images));
      programs_.emplace(programs_.begin(), images.sizes().vec(), std::move(program));
      if (programs_.size() > kPrograms) programs_.pop_back();
    }
    return programs_.front().second;
  }

  detail::Program compiled(const Tensor& images) const {
    check();
    auto program = detail::Program::record(images, [&](Tensor x) { return model_->forward(std::move(x)); });
    detail::fold_batch_norms(program);
    detail::fold_scales(program);
    detail::fuse_attention(program);
    if (options_.dtype != torch::kFloat32) detail::convert(program, options_.dtype);
    if (at::globalContext().userEnabledMkldnn() && at::globalContext().hasMKLDNN()) detail::pack(program);
    program.finish();
    program.own_constants();
    return program;
  }

  std::shared_ptr<Task> model_;  // not a submodule: it has parameters that would not be used
  OptimizeOptions options_;
  std::mutex mutex_;
  // By the shape of the images, the last used first. Each has packed weights of its own, as much as the model.
  static constexpr size_t kPrograms = 4;
  std::vector<std::pair<std::vector<int64_t>, std::shared_ptr<const detail::Program>>> programs_;
};

template <class Task>
std::shared_ptr<Task> optimized(std::shared_ptr<Task> model, const OptimizeOptions& options) {
  OPSIS_CHECK(model != nullptr, "optimize: there is no model");
  OPSIS_CHECK(options.dtype == torch::kFloat32 || options.dtype == torch::kBFloat16,
              "optimize: dtype must be float32 or bfloat16, got {}", c10::toString(options.dtype));
  return std::make_shared<Optimized<Task>>(std::move(model), options);
}

}  // namespace

std::shared_ptr<ImageClassifier> optimize(std::shared_ptr<ImageClassifier> model, const OptimizeOptions& options) {
  return optimized(std::move(model), options);
}

std::shared_ptr<SegmentationModel> optimize(std::shared_ptr<SegmentationModel> model, const OptimizeOptions& options) {
  return optimized(std::move(model), options);
}

}  // namespace opsis::inline v1::models
