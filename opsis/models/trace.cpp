#include "opsis/models/trace.h"

#include <ATen/record_function.h>
#include <torch/types.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/hub/state_dict.h"

namespace opsis::inline v1::models::detail {
namespace {

using Inputs = c10::ArrayRef<const c10::IValue>;

int64_t product(c10::IntArrayRef sizes) {
  int64_t out = 1;
  for (const auto size : sizes) out *= size;
  return out;
}

// (batch, ..., n) by (..., n, m)
int64_t of_matrices(const c10::IValue& a, const c10::IValue& b) {
  return product(a.toTensor().sizes()) * b.toTensor().size(-1);
}

// What a convolution that is not transposed puts out. A list of one number is for every dimension.
std::vector<int64_t> convolved(const torch::Tensor& x, const torch::Tensor& weight, c10::IntArrayRef stride,
                               c10::IntArrayRef padding, c10::IntArrayRef dilation) {
  std::vector<int64_t> out{x.size(0), weight.size(0)};
  for (size_t i = 0; i + 2 < static_cast<size_t>(x.dim()); ++i) {
    const auto dim = static_cast<int64_t>(i) + 2;
    const auto reach = dilation[i % dilation.size()] * (weight.size(dim) - 1) + 1;
    out.push_back((x.size(dim) + 2 * padding[i % padding.size()] - reach) / stride[i % stride.size()] + 1);
  }
  return out;
}

// Every weight meets every pixel of the result, or of the input where the convolution is transposed.
int64_t of_convolution(Inputs in) {
  const auto x = in[0].toTensor(), weight = in[1].toTensor();
  const auto shape =
      in[6].toBool() ? x.sizes().vec() : convolved(x, weight, in[3].toIntVector(), in[4].toIntVector(), in[5].toIntVector());
  return shape[0] * product(c10::IntArrayRef(shape).slice(2)) * product(weight.sizes());
}

// Queries by keys, then by values.
int64_t of_attention(Inputs in) {
  const auto query = in[0].toTensor(), key = in[1].toTensor(), value = in[2].toTensor();
  return product(query.sizes()) * key.size(-2) +
         product(query.sizes().slice(0, query.dim() - 1)) * key.size(-2) * value.size(-1);
}

// The operators at the bottom: what others call for their products is counted there. All else costs nothing, as in
// torchvision's figures.
int64_t multiply_adds(std::string_view op, Inputs in) {
  if (op == "aten::convolution") return of_convolution(in);
  if (op == "aten::mm" || op == "aten::bmm") return of_matrices(in[0], in[1]);
  if (op == "aten::addmm" || op == "aten::baddbmm") return of_matrices(in[1], in[2]);
  if (op.starts_with("aten::_scaled_dot_product_") && op != "aten::_scaled_dot_product_attention_math") return of_attention(in);
  return 0;
}

class Recorder;
thread_local Recorder* recorder = nullptr;

class Recorder final : public ops::Observer {
 public:
  explicit Recorder(const ModuleNames& names) : names_(names) {
    recorder = this;
    callback_ = at::addThreadLocalCallback(
        at::RecordFunctionCallback(&Recorder::saw_operator).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  }
  ~Recorder() override {
    at::removeCallback(callback_);
    recorder = nullptr;
  }

  void enter(const torch::nn::Module& module) override {
    if (!open_.empty()) result.calls[open_.back()].is_leaf = false;
    const auto depth = std::count_if(open_.begin(), open_.end(), [&](auto call) { return !result.calls[call].name.empty(); });
    open_.push_back(result.calls.size());
    result.calls.push_back({.name = names_.next(module), .module = &module, .depth = depth});
  }

  void leave(const torch::nn::Module&, const torch::Tensor& output) override {
    result.calls[open_.back()].output_shape = output.sizes().vec();
    open_.pop_back();
    if (open_.empty()) result.output_shape = output.sizes().vec();
  }

  Trace result;

 private:
  static std::unique_ptr<at::ObserverContext> saw_operator(const at::RecordFunction& function) {
    const auto count = multiply_adds(function.name(), function.inputs());
    recorder->result.multiply_adds += count;
    for (const auto call : recorder->open_) recorder->result.calls[call].multiply_adds += count;
    return nullptr;
  }

  CallNames names_;
  std::vector<size_t> open_;  // the calls that are running, by their places
  at::CallbackHandle callback_;
};

}  // namespace

ModuleNames names_of(const torch::nn::Module& model) {
  ModuleNames names;
  for (const auto& module : model.named_modules("", /*include_self=*/false)) names.emplace(module.value().get(), module.key());
  return names;
}

std::string CallNames::next(const torch::nn::Module& module) {
  const auto name = names_.find(&module);
  if (name == names_.end()) return {};
  const auto count = counts_[&module]++;
  return count == 0 ? name->second : name->second + "_" + std::to_string(count);
}

Trace trace(const Layer& model, const std::vector<int64_t>& input_size) {
  const torch::NoGradGuard no_grad;
  torch::TensorOptions like;
  if (const auto parameters = model.module()->parameters(); !parameters.empty()) {
    like = parameters.front().options().requires_grad(false);
  }
  // In training a run moves the running statistics; they are put back.
  hub::StateDict before;
  if (model.module()->is_training()) {
    for (const auto& buffer : model.module()->named_buffers()) before.emplace_back(buffer.key(), buffer.value().clone());
  }
  const auto names = names_of(*model.module());
  const auto restore = [&] {
    auto buffers = model.module()->named_buffers();
    for (const auto& [name, value] : before) buffers[name].copy_(value);
  };
  Trace result;
  try {
    Recorder recording(names);
    model(torch::zeros(input_size, like));
    result = std::move(recording.result);
  } catch (...) {
    restore();
    throw;
  }
  restore();
  std::erase_if(result.calls, [](const Call& call) { return call.name.empty(); });
  return result;
}

}  // namespace opsis::inline v1::models::detail
