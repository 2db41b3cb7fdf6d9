#include "opsis/models/program.h"

#include <c10/core/impl/LocalDispatchKeySet.h>
#include <torch/library.h>

#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "opsis/core/check.h"

namespace opsis::inline v1::models::detail {

using c10::IValue;
using torch::Tensor;

namespace {

Slot slot_of(const Argument& argument) {
  const auto* slot = std::get_if<Slot>(&argument);
  return slot ? *slot : -1;
}

template <class Visit>
void for_each_slot(const std::vector<Argument>& arguments, Visit&& visit) {
  for (const auto& argument : arguments) {
    if (const auto* slot = std::get_if<Slot>(&argument)) visit(*slot);
    if (const auto* slots = std::get_if<std::vector<Slot>>(&argument)) {
      for (const auto one : *slots) visit(one);
    }
  }
}

}  // namespace

Slot Step::input(size_t index) const { return index < inputs.size() ? slot_of(inputs[index]) : -1; }
Slot Step::output() const { return outputs.size() == 1 ? slot_of(outputs[0]) : -1; }

bool Step::in_place() const {
  const auto& arguments = op.schema().arguments();
  return !arguments.empty() && arguments[0].alias_info() && arguments[0].alias_info()->isWrite();
}

Step make_step(const char* name, const char* overload, std::vector<Argument> inputs, Slot output) {
  return {c10::Dispatcher::singleton().findSchemaOrThrow(name, overload), std::move(inputs), {output}};
}

// The key by which out-of-tree code records what is done; every operator comes by here first.
constexpr auto kRecording = c10::DispatchKey::DeferredInit;

// Listens to the dispatcher of this thread while a model runs.
class Recorder {
 public:
  Recorder(Program& program, const Tensor& images)
      : program_(program), before_(std::exchange(active(), this)), listening_(c10::DispatchKeySet(kRecording)) {
    keep(images, program_.add_slot(images.sizes().vec()));
    dynamic_.insert(Program::kInput);
  }

  ~Recorder() { active() = before_; }

  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  Slot known(const Tensor& tensor) const {
    const auto found = slots_.find(tensor.unsafeGetTensorImpl());
    return found == slots_.end() ? -1 : found->second;
  }

  bool depends_on_images(const Tensor& tensor) const { return dynamic_.contains(known(tensor)); }

  /// An operator that takes numbers out of what depends on the images, or writes such into another tensor, if one does.
  const std::string& refusal() const { return refusal_; }

  static void called(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
    const c10::impl::ExcludeDispatchKeyGuard once(kRecording);  // how it does its work is its own affair
    auto* self = active();
    std::vector<IValue> inputs;
    if (self) inputs = torch::jit::last(*stack, op.schema().arguments().size()).vec();
    op.callBoxed(stack);
    if (self) self->note(op, inputs, torch::jit::last(*stack, op.schema().returns().size()));
  }

 private:
  static Recorder*& active() {
    static thread_local Recorder* recorder = nullptr;
    return recorder;
  }

  bool is_dynamic(const IValue& value) const {
    if (value.isTensor()) return dynamic_.contains(known(value.toTensor()));
    if (!value.isTensorList()) return false;
    for (const Tensor& tensor : value.toTensorList()) {
      if (dynamic_.contains(known(tensor))) return true;
    }
    return false;
  }

  void note(const c10::OperatorHandle& op, const std::vector<IValue>& inputs, c10::ArrayRef<IValue> outputs) {
    bool dynamic = false;
    for (const auto& value : inputs) dynamic = dynamic || is_dynamic(value);
    if (!dynamic) return;  // a constant, which is already there
    for (const auto& value : outputs) {
      if (!value.isTensor() && !value.isTensorList() && refusal_.empty()) refusal_ = op.schema().name();
    }
    Step step{op, {}, {}};
    // What it writes into would be taken for a constant by all who read it, unless that is known for its result.
    for (size_t i = 0; i < inputs.size(); ++i) {
      const auto* alias = op.schema().arguments()[i].alias_info();
      const bool is_written = alias && alias->isWrite() && !inputs[i].isNone();
      if (is_written && !(i == 0 && is_dynamic(inputs[0])) && refusal_.empty()) refusal_ = op.schema().name();
    }
    for (const auto& value : inputs) step.inputs.push_back(read(value));
    // What gives back its argument untouched does nothing here: dropout, contiguous, to.
    if (!step.in_place() && outputs.size() == 1 && outputs[0].isTensor() && known(outputs[0].toTensor()) >= 0) return;
    for (const auto& value : outputs) step.outputs.push_back(written(value));
    program_.steps.push_back(std::move(step));
  }

  Argument read(const IValue& value) {
    if (value.isTensor() && value.toTensor().defined()) return read(value.toTensor());
    if (!value.isTensorList()) return value;
    std::vector<Slot> slots;
    for (const Tensor& tensor : value.toTensorList()) slots.push_back(read(tensor));
    return slots;
  }

  Slot read(const Tensor& tensor) {
    if (const auto slot = known(tensor); slot >= 0) return slot;
    const auto slot = program_.add_constant(tensor.detach());
    keep(tensor, slot);
    return slot;
  }

  Argument written(const IValue& value) {
    if (value.isTensor()) return written(value.toTensor());
    std::vector<Slot> slots;
    if (value.isTensorList()) {
      for (const Tensor& tensor : value.toTensorList()) slots.push_back(written(tensor));
    }
    return slots;
  }

  Slot written(const Tensor& tensor) {
    const auto slot = program_.add_slot(tensor.sizes().vec());
    keep(tensor, slot);
    dynamic_.insert(slot);
    return slot;
  }

  // Tensors and their memory keep their addresses, lest others come there; what is in them may go.
  void keep(const Tensor& tensor, Slot slot) {
    slots_[tensor.unsafeGetTensorImpl()] = slot;
    tensors_.emplace_back(tensor.getIntrusivePtr());
    program_.types_[static_cast<size_t>(slot)] = tensor.scalar_type();
    program_.channels_last_[static_cast<size_t>(slot)] =
        tensor.dim() == 4 && tensor.is_contiguous(torch::MemoryFormat::ChannelsLast);
    const auto* storage = tensor.storage().unsafeGetStorageImpl();
    storages_.push_back(tensor.storage().getWeakStorageImpl());
    program_.memory_[static_cast<size_t>(slot)] = memory_.try_emplace(storage, slot).first->second;
  }

  Program& program_;
  Recorder* before_;
  c10::impl::IncludeDispatchKeyGuard listening_;
  std::string refusal_;
  std::unordered_map<const c10::TensorImpl*, Slot> slots_;
  std::unordered_map<const c10::StorageImpl*, Slot> memory_;
  std::unordered_set<Slot> dynamic_;
  std::vector<c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>> tensors_;
  std::vector<c10::weak_intrusive_ptr<c10::StorageImpl>> storages_;
};

TORCH_LIBRARY_IMPL(_, DeferredInit, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&Recorder::called>());
}

Slot Program::add_slot(std::vector<int64_t> shape) {
  const auto slot = static_cast<Slot>(shapes_.size());
  shapes_.push_back(std::move(shape));
  constants_.emplace_back();
  memory_.push_back(slot);
  types_.push_back(torch::kFloat32);
  channels_last_.push_back(false);
  return slot;
}

Slot Program::add_constant(Tensor value) {
  const auto slot = add_slot(value.sizes().vec());
  set_constant(slot, std::move(value));
  return slot;
}

Program Program::record(const Tensor& images, const std::function<std::vector<Tensor>(Tensor)>& forward) {
  Program program;
  Recorder recorder(program, images);
  const auto results = forward(images);
  OPSIS_CHECK(recorder.refusal().empty(),
              "optimize: the model reads the values of its activations, or writes into tensors of its own ({})",
              recorder.refusal());
  for (const auto& result : results) {
    OPSIS_CHECK(recorder.depends_on_images(result),
                "optimize: what the model gives does not depend on the images by way of LibTorch's operators");
    program.results.push_back(recorder.known(result));
  }
  program.finish();
  return program;
}

void Program::check_same_constants(const Program& other) const {
  const auto is_same = [](const Tensor& a, const Tensor& b) {
    if (!a.defined() || !b.defined()) return a.defined() == b.defined();
    if (a.is_same(b) || a.layout() != torch::kStrided || b.layout() != torch::kStrided) return true;
    if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
    if (a.numel() == 0 || (a.data_ptr() == b.data_ptr() && a.strides() == b.strides())) return true;
    return a.is_floating_point() ? a.allclose(b, 0, 0, /*equal_nan=*/true) : a.equal(b);
  };
  const bool same = steps.size() == other.steps.size() &&
                    std::equal(constants_.begin(), constants_.end(), other.constants_.begin(), other.constants_.end(), is_same);
  OPSIS_CHECK(same,
              "optimize: the model computes something of its images without LibTorch's operators, by their memory, as "
              "Opsis's transforms do; leave that outside of the model");
}

void Program::own_constants() {
  for (auto& constant : constants_) {
    if (constant.defined() && constant.layout() == torch::kStrided) constant = constant.clone();
  }
}

void Program::share_constants(const Program& other) {
  constexpr int64_t kLarge = 4096;
  const auto is_large = [](const Tensor& t) { return t.defined() && t.layout() == torch::kStrided && t.numel() >= kLarge; };
  std::multimap<int64_t, const Tensor*> theirs;  // by their count of numbers
  for (const auto& constant : other.constants_) {
    if (is_large(constant)) theirs.emplace(constant.numel(), &constant);
  }
  for (auto& constant : constants_) {
    if (!is_large(constant)) continue;
    for (auto [next, end] = theirs.equal_range(constant.numel()); next != end; ++next) {
      const auto& candidate = *next->second;
      if (candidate.scalar_type() != constant.scalar_type() || candidate.sizes() != constant.sizes() ||
          candidate.strides() != constant.strides() || !candidate.equal(constant)) {
        continue;
      }
      constant = candidate;
      break;
    }
  }
}

void Program::finish() {
  std::vector<int64_t> last(slots(), -1);
  for (size_t i = 0; i < steps.size(); ++i) {
    const auto use = [&](Slot slot) { last[static_cast<size_t>(slot)] = static_cast<int64_t>(i); };
    for_each_slot(steps[i].inputs, use);
    for_each_slot(steps[i].outputs, use);
    steps[i].last_uses.clear();
  }
  for (size_t slot = 0; slot < last.size(); ++slot) {
    if (last[slot] < 0) constants_[slot] = Tensor();  // folded or packed: what came of it has a slot of its own
    if (last[slot] < 0 || constants_[slot].defined() || is_result(static_cast<Slot>(slot))) continue;
    steps[static_cast<size_t>(last[slot])].last_uses.push_back(static_cast<Slot>(slot));
  }
  takes_any_layout_ = is_arranged_by_readers(kInput);
}

bool Program::is_arranged_by_readers(Slot slot) const {
  return !is_result(slot) && std::all_of(steps.begin(), steps.end(), [&](const Step& step) {
    int64_t times = 0;
    for_each_slot(step.inputs, [&](Slot other) { times += other == slot; });
    if (times == 0) return true;
    if (times > 1 || step.input(0) != slot) return false;
    return step.is("opsis::inference_conv2d") || (step.is("aten::to") && is_arranged_by_readers(step.output()));
  });
}

std::vector<Tensor> Program::run(const Tensor& images) const {
  auto tensors = constants_;
  tensors[kInput] = images;
  const auto at = [&](Slot slot) -> Tensor& { return tensors[static_cast<size_t>(slot)]; };
  torch::jit::Stack stack;
  for (const auto& step : steps) {
    stack.clear();
    for (const auto& argument : step.inputs) {
      if (const auto* slot = std::get_if<Slot>(&argument)) {
        stack.emplace_back(at(*slot));
      } else if (const auto* slots = std::get_if<std::vector<Slot>>(&argument)) {
        c10::List<Tensor> list;
        for (const auto one : *slots) list.push_back(at(one));
        stack.emplace_back(std::move(list));
      } else {
        stack.push_back(std::get<IValue>(argument));
      }
    }
    // What nobody reads later is the operator's alone, which may write over it.
    const auto forget = [&] {
      for (const auto slot : step.last_uses) at(slot) = Tensor();
    };
    forget();
    step.op.callBoxed(stack);
    for (size_t i = 0; i < step.outputs.size(); ++i) {
      if (const auto* slot = std::get_if<Slot>(&step.outputs[i])) {
        at(*slot) = std::move(stack[i]).toTensor();
      } else if (const auto* slots = std::get_if<std::vector<Slot>>(&step.outputs[i])) {
        const auto list = stack[i].toTensorVector();
        for (size_t k = 0; k < slots->size(); ++k) at((*slots)[k]) = list[k];
      }
    }
    forget();  // results that nobody reads
  }
  std::vector<Tensor> given;
  for (const auto slot : results) given.push_back(at(slot));
  return given;
}

}  // namespace opsis::inline v1::models::detail
