#include "opsis/models/optimize.h"

#include <ATen/Parallel.h>
#include <ATen/ThreadLocalState.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/core/tensor_pool.h"
#include "opsis/models/batch_parts.h"
#include "opsis/models/fusion.h"
#include "opsis/models/inference_ops.h"
#include "opsis/models/program.h"
#include "opsis/models/quantization/quantize.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::models {
namespace {

using torch::Tensor;

bool is_quantized(const Model& model) {
  const auto* const quantizable = dynamic_cast<const quantization::QuantizableClassifier*>(&model);
  return quantizable && quantizable->is_quantized();
}

bool has_plain_parameters(const Model& model) {
  const auto parameters = model.parameters();
  return std::all_of(parameters.begin(), parameters.end(), [](const Tensor& parameter) {
    return parameter.device().is_cpu() && parameter.scalar_type() == torch::kFloat32;
  });
}

// What comes in a batch: images, clips of them, or the first images of pairs and then the second ones.
enum class Batch : uint8_t { Images, Clips, Pairs };

// What a model computes of images, as a program for each of their last shapes.
class Programs {
 public:
  using Forward = std::function<std::vector<Tensor>(Tensor)>;

  Programs(std::shared_ptr<const Model> model, Forward forward, const OptimizeOptions& options, Batch batch)
      : model_(std::move(model)), forward_(std::move(forward)), options_(options), batch_(batch) {
    OPSIS_CHECK(options.dtype == torch::kFloat32 || options.dtype == torch::kBFloat16,
                "optimize: dtype must be float32 or bfloat16, got {}", c10::toString(options.dtype));
    check();
  }

  /// Whether images of this shape came before, lately.
  bool know(at::IntArrayRef shape) {
    const std::lock_guard lock(mutex_);
    if (const auto found = std::find(known_.begin(), known_.end(), shape); found != known_.end()) {
      std::rotate(known_.begin(), found, found + 1);
      return true;
    }
    known_.insert(known_.begin(), shape.vec());
    if (known_.size() > kKnown) known_.pop_back();
    return false;
  }

  std::vector<Tensor> run(Tensor images) {
    const torch::NoGradGuard no_grad;
    OPSIS_CHECK(images.dim() == (clips() ? 5 : 4) && images.device().is_cpu(), "optimize: {} on the CPU",
                clips() ? "clips must be (N, 3, T, H, W)" : "images must be (N, 3, H, W)");
    images = images.to(torch::kFloat32);
    const auto part = part_of(images);
    const auto program = program_for(images.slice(0, 0, part));
    const at::AutoDispatchBelowAutograd straight;  // to the kernels: nobody asks for gradients
    return part == images.size(0) ? run(*program, images, memory_) : run_in_parts(*program, images, part);
  }

 private:
  bool clips() const { return batch_ == Batch::Clips; }
  torch::MemoryFormat format() const {
    return clips() ? torch::MemoryFormat::ChannelsLast3d : torch::MemoryFormat::ChannelsLast;
  }
  Tensor arranged(const Tensor& images) const { return images.contiguous(format()); }

  std::vector<Tensor> run(const detail::Program& program, const Tensor& images, const TensorPool& memory) const {
    const detail::ResultsIn here(memory);
    return program.run(program.takes_any_layout() ? images : arranged(images));
  }

  // What another core wrote last takes long to come, be it written over.
  std::shared_ptr<const TensorPool> memory_of_this_thread() {
    constexpr size_t kThreads = 256;
    const std::lock_guard lock(memories_mutex_);
    if (memories_.size() >= kThreads) memories_.clear();  // of threads that are gone, most of them
    auto& memory = memories_[std::this_thread::get_id()];
    if (!memory) memory = std::make_shared<const TensorPool>(kBlocks);
    return memory;
  }

  // Each thread has parts of its own.
  std::vector<Tensor> run_in_parts(const detail::Program& program, const Tensor& images, int64_t part) {
    const auto count = images.size(0) / part;
    std::vector<Tensor> results;
    std::once_flag made;
    const at::ThreadLocalState as_here;
    parallel_for(0, count, 1, [&](int64_t first, int64_t last) {
      const at::ThreadLocalStateGuard there(as_here);
      const auto memory = memory_of_this_thread();
      for (; first < last; ++first) {
        const auto found = run(program, images.slice(0, first * part, (first + 1) * part), *memory);
        std::call_once(made, [&] {
          for (const auto& of_part : found) {
            auto shape = of_part.sizes().vec();
            shape[0] *= count;
            results.push_back(at::empty(shape, of_part.options(), of_part.suggest_memory_format()));
          }
        });
        for (size_t i = 0; i < found.size(); ++i) results[i].slice(0, first * part, (first + 1) * part).copy_(found[i]);
      }
    });
    return results;
  }

  void check() const {
    OPSIS_CHECK(!model_->is_training(), "optimize: the model must not be training; call eval() first");
    OPSIS_CHECK(!is_quantized(*model_), "optimize: the model is quantized; use it as it is");
    OPSIS_CHECK(has_plain_parameters(*model_), "optimize: parameters must be of float32 and on the CPU");
  }

  // So many of the images make one run of a program.
  int64_t part_of(const Tensor& images) {
    const auto batch = images.size(0);
    if (batch <= 1 || batch_ == Batch::Pairs) return batch;
    const std::lock_guard lock(mutex_);
    const std::pair key(images.sizes().vec(), static_cast<int64_t>(at::get_num_threads()));
    const auto found = std::find_if(parts_.begin(), parts_.end(), [&](const auto& entry) { return entry.first == key; });
    if (found != parts_.end()) {
      std::rotate(parts_.begin(), found, found + 1);
    } else {
      parts_.emplace(parts_.begin(), key, decided_part_of(images, key.second));
      if (parts_.size() > kKnown) parts_.pop_back();
    }
    return parts_.front().second;
  }

  int64_t decided_part_of(const Tensor& images, int64_t threads) {
    check();
    const auto batch = images.size(0);
    int64_t part = batch;
    try {
      part = detail::images_at_once(detail::Program::record(arranged(images.slice(0, 0, 1)).clone(), forward_), batch, threads);
    } catch (const std::exception&) {  // one image alone is nothing to this model; what else is wrong shows with all of them
    }
    if (part == batch) return batch;
    // By another number of threads it was tried before, perhaps.
    const std::pair key(images.sizes().vec(), part);
    auto tried = std::find_if(tried_.begin(), tried_.end(), [&](const auto& entry) { return entry.first == key; });
    if (tried == tried_.end()) {
      tried = tried_.emplace(tried_.begin(), key, detail::looks_at_images_alone(forward_, images.sizes(), format(), part));
      if (tried_.size() > kKnown) tried_.pop_back();
    }
    return tried->second ? part : batch;
  }

  std::shared_ptr<const detail::Program> program_for(const Tensor& images) {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(programs_.begin(), programs_.end(), [&](const auto& p) { return images.sizes() == p.first; });
    if (found != programs_.end()) {
      std::rotate(programs_.begin(), found, found + 1);
    } else {
      auto made = compiled(images);
      for (const auto& [shape, known] : programs_) made.share_constants(*known);
      auto program = std::make_shared<const detail::Program>(std::move(made));
      programs_.emplace(programs_.begin(), images.sizes().vec(), std::move(program));
      if (programs_.size() > (clips() ? kPrograms : kKnown)) programs_.pop_back();
    }
    return programs_.front().second;
  }

  detail::Program compiled(const Tensor& images) const {
    check();
    // On a copy: a model that writes over its images does so once, when the program runs.
    auto program = detail::Program::record(arranged(images).clone(), forward_);
    if (programs_.empty()) {
      const auto others = torch::linspace(0, 1, images.numel()).view(images.sizes()) - images;  // another one of each picture
      program.check_same_constants(detail::Program::record(arranged(others), forward_));
    }
    detail::join_linears(program);
    detail::fold_batch_norms(program);
    detail::fold_scales(program);
    detail::fuse_attention(program);
    if (options_.dtype != torch::kFloat32) detail::convert(program, options_.dtype);
    detail::join_expansions(program);
    detail::pack(program, at::globalContext().userEnabledMkldnn() && at::globalContext().hasMKLDNN());
    detail::use_channel_kernels(program);
    program.finish();
    program.own_constants();
    return program;
  }

  std::shared_ptr<const Model> model_;
  Forward forward_;
  OptimizeOptions options_;
  Batch batch_;
  std::mutex mutex_;
  // Of the last shapes, and by how many threads: how many images make a part.
  std::vector<std::pair<std::pair<std::vector<int64_t>, int64_t>, int64_t>> parts_;
  // And of shapes and parts whether images are looked at alone.
  std::vector<std::pair<std::pair<std::vector<int64_t>, int64_t>, bool>> tried_;
  // By the shape of the images, the last used first. Those that came later have what packed weights they can of those before.
  std::vector<std::pair<std::vector<int64_t>, std::shared_ptr<const detail::Program>>> programs_;
  // Of activations, for the next run; a few dozen are alive at once, if several threads run.
  static constexpr size_t kBlocks = 64;
  TensorPool memory_{kBlocks};
  std::mutex memories_mutex_;
  std::map<std::thread::id, std::shared_ptr<const TensorPool>> memories_;  // of threads that compute parts
  static constexpr size_t kKnown = 16;                                     // shapes, each with a program
  static constexpr size_t kPrograms = 4;  // of clips, whose packed weights no two programs share
  std::vector<std::vector<int64_t>> known_;
};

template <class Task>
std::shared_ptr<Task> there(std::shared_ptr<Task> model) {
  OPSIS_CHECK(model != nullptr, "optimize: there is no model");
  return model;
}

// The model is no submodule: it has parameters that would not be used.
template <class Task>
class Optimized : public Task {
 public:
  Optimized(std::shared_ptr<Task> model, Programs::Forward forward, const OptimizeOptions& options)
      : Task(there(model)->name()),  // which messages say
        model_(there(std::move(model))),
        programs_(model_, std::move(forward), options, std::is_same_v<Task, VideoClassifier> ? Batch::Clips : Batch::Images) {
    this->eval();
  }

  void pretty_print(std::ostream& out) const override {
    out << "Optimized(";
    model_->pretty_print(out);
    out << ')';
  }

 protected:
  std::shared_ptr<Task> model_;
  Programs programs_;
};

template <class Task>
class OptimizedForward final : public Optimized<Task> {
 public:
  OptimizedForward(const std::shared_ptr<Task>& model, const OptimizeOptions& options)
      : Optimized<Task>(
            model, [model](Tensor images) { return std::vector{model->forward(std::move(images))}; }, options) {}
  Tensor forward(Tensor images) override { return this->programs_.run(std::move(images)).front(); }
};

// Of a detector only the network is a program: what follows depends on what it sees.
class OptimizedDetector final : public Optimized<DetectionModel> {
 public:
  OptimizedDetector(const std::shared_ptr<DetectionModel>& model, const OptimizeOptions& options)
      : Optimized(
            model, [this](Tensor batch) { return recorded(std::move(batch)); }, options) {}

  ops::FeatureMaps network(Tensor batch) override {
    if (!programs_.know(batch.sizes())) return model_->network(std::move(batch));
    auto tensors = programs_.run(std::move(batch));
    ops::FeatureMaps found;
    for (size_t i = 0; i < tensors.size(); ++i) found.emplace_back(names_.at(i), std::move(tensors[i]));
    return found;
  }

 protected:
  std::vector<Detection> detect(const std::vector<Tensor>& images, const Network& see) override {
    return model_->forward(images, see);
  }
  DetectionLosses learn(const std::vector<Tensor>&, const std::vector<DetectionTarget>&) override {
    raise<ValueError>("optimize: an optimized model does not learn");
  }

 private:
  // Called by one thread at a time; the names are the same for every shape.
  std::vector<Tensor> recorded(Tensor batch) {
    std::vector<Tensor> tensors;
    std::vector<std::string> names;
    for (auto& [name, tensor] : model_->network(std::move(batch))) {
      names.push_back(name);
      tensors.push_back(std::move(tensor));
    }
    if (names_.empty()) names_ = std::move(names);
    return tensors;
  }

  std::vector<std::string> names_;
};

// Both images are one batch. How often the estimate is made better is part of the program.
class OptimizedFlow final : public FlowModel {
 public:
  OptimizedFlow(std::shared_ptr<FlowModel> model, const OptimizeOptions& options)
      : FlowModel(there(model)->name()), model_(std::move(model)), options_(options) {
    OPSIS_CHECK(options.dtype == torch::kFloat32, "optimize: of a model of optical flow dtype must be float32, got {}",
                c10::toString(options.dtype));  // places of pixels need more than two digits
    programs(kUpdates, /*all=*/false);          // refuses what no program is made of
    eval();
  }

  using FlowModel::forward;
  using FlowModel::outputs;
  Tensor forward(Tensor first, Tensor second, int64_t num_flow_updates) override {
    return programs(num_flow_updates, /*all=*/false)->run(both(first, second)).front();
  }
  std::vector<Tensor> outputs(Tensor first, Tensor second, int64_t num_flow_updates) override {
    return programs(num_flow_updates, /*all=*/true)->run(both(first, second));
  }

  void pretty_print(std::ostream& out) const override {
    out << "Optimized(";
    model_->pretty_print(out);
    out << ')';
  }

 private:
  static Tensor both(const Tensor& first, const Tensor& second) {
    OPSIS_CHECK(first.dim() == 4 && first.sizes() == second.sizes(),
                "optimize: images must be (N, 3, H, W), both alike, got {} and {}", opsis::detail::shape(first),
                opsis::detail::shape(second));
    return torch::cat({first, second}, 0);
  }

  std::shared_ptr<Programs> programs(int64_t updates, bool all) {
    const std::lock_guard lock(mutex_);
    const std::pair key(updates, all);
    const auto known = std::find_if(programs_.begin(), programs_.end(), [&](const auto& entry) { return entry.first == key; });
    if (known != programs_.end()) {
      std::rotate(programs_.begin(), known, known + 1);
    } else {
      const auto forward = [this, updates, all](const Tensor& images) {
        const auto pair = images.chunk(2, 0);
        if (all) return model_->outputs(pair[0], pair[1], updates);
        return std::vector{model_->forward(pair[0], pair[1], updates)};
      };
      programs_.emplace(programs_.begin(), key, std::make_shared<Programs>(model_, forward, options_, Batch::Pairs));
      if (programs_.size() > kPrograms) programs_.pop_back();
    }
    return programs_.front().second;
  }

  std::shared_ptr<FlowModel> model_;
  OptimizeOptions options_;
  std::mutex mutex_;
  // By the number of updates and whether all are wanted, the last used first.
  static constexpr size_t kPrograms = 4;
  std::vector<std::pair<std::pair<int64_t, bool>, std::shared_ptr<Programs>>> programs_;
};

}  // namespace

bool can_be_optimized(const Model& model) { return !is_quantized(model) && has_plain_parameters(model); }

std::shared_ptr<ImageClassifier> optimize(std::shared_ptr<ImageClassifier> model, const OptimizeOptions& options) {
  return std::make_shared<OptimizedForward<ImageClassifier>>(model, options);
}

std::shared_ptr<SegmentationModel> optimize(std::shared_ptr<SegmentationModel> model, const OptimizeOptions& options) {
  return std::make_shared<OptimizedForward<SegmentationModel>>(model, options);
}

std::shared_ptr<VideoClassifier> optimize(std::shared_ptr<VideoClassifier> model, const OptimizeOptions& options) {
  return std::make_shared<OptimizedForward<VideoClassifier>>(model, options);
}

std::shared_ptr<FlowModel> optimize(std::shared_ptr<FlowModel> model, const OptimizeOptions& options) {
  return std::make_shared<OptimizedFlow>(std::move(model), options);
}

std::shared_ptr<DetectionModel> optimize(std::shared_ptr<DetectionModel> model, const OptimizeOptions& options) {
  return std::make_shared<OptimizedDetector>(model, options);
}

}  // namespace opsis::inline v1::models
