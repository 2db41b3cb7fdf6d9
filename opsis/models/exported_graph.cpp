#include "opsis/models/exported_graph.h"

#include <ATen/ScalarOps.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue_inl.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/hub/export_archive.h"

namespace opsis::inline v1::models::detail {
namespace {

using Values = std::vector<c10::IValue>;

// --- Arguments ---------------------------------------------------------------------------------------------------------

torch::Tensor number_as_tensor(const c10::Scalar& number) {
  auto out = at::scalar_to_tensor(number);
  out.unsafeGetTensorImpl()->set_wrapped_number(true);  // it gives way to the types of other tensors, as numbers do
  return out;
}

/// Of a list in LibTorch's sense: sizes are plain numbers there.
c10::TypePtr item_type(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::SymIntType: return c10::IntType::get();
    case c10::TypeKind::SymFloatType: return c10::FloatType::get();
    case c10::TypeKind::SymBoolType: return c10::BoolType::get();
    default: return type;
  }
}

c10::IValue fit_list(const c10::IValue& value, const c10::TypePtr& item, int64_t copies) {
  c10::impl::GenericList out(item_type(item));
  if (!value.isList()) {
    for (int64_t i = 0; i < copies; ++i) out.push_back(fit_to_type(value, item, 1));
    return out;
  }
  for (const auto& part : value.toListRef()) out.push_back(fit_to_type(part, item, 1));
  return out;
}

[[noreturn]] void refuse(const c10::IValue& value, const c10::TypePtr& type) {
  raise<ValueError>("it wants {}, got {}", type->str(), value.tagKind());
}

}  // namespace

c10::IValue fit_to_type(const c10::IValue& value, const c10::TypePtr& type, int64_t copies) {
  switch (type->kind()) {
    case c10::TypeKind::OptionalType:
      return value.isNone() ? value : fit_to_type(value, type->castRaw<c10::OptionalType>()->getElementType(), copies);
    case c10::TypeKind::TensorType:
      if (value.isNone()) return torch::Tensor();
      if (value.isScalar()) return number_as_tensor(value.toScalar());
      if (!value.isTensor()) refuse(value, type);
      return value;
    case c10::TypeKind::NumberType:
      if (!value.isScalar()) refuse(value, type);
      return value;
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType:
      if (value.isInt()) return static_cast<double>(value.toInt());
      if (value.isBool()) return static_cast<double>(value.toBool());
      if (!value.isDouble()) refuse(value, type);
      return value;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      if (value.isBool()) return int64_t{value.toBool()};
      if (!value.isInt()) refuse(value, type);
      return value;
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType:
      if (value.isInt()) return value.toInt() != 0;
      if (!value.isBool()) refuse(value, type);
      return value;
    case c10::TypeKind::StringType:
      if (!value.isString()) refuse(value, type);
      return value;
    case c10::TypeKind::DeviceObjType:
      if (!value.isDevice()) refuse(value, type);
      return value;
    case c10::TypeKind::ListType: return fit_list(value, type->castRaw<c10::ListType>()->getElementType(), copies);
    default: refuse(value, type);
  }
}

bool ExportedOperand::is_constant() const {
  return slot < 0 && std::all_of(parts.begin(), parts.end(), [](const auto& part) { return part.is_constant(); });
}

c10::IValue ExportedOperand::value(const Values& frame) const {
  if (!is_list && slot < 0) return constant;
  if (!is_list) {
    const auto& value = frame[static_cast<size_t>(slot)];
    return type ? fit_to_type(value, type, copies) : value;
  }
  c10::impl::GenericList list(c10::AnyType::get());
  for (const auto& part : parts) list.push_back(part.value(frame));
  return type ? fit_to_type(list, type, copies) : c10::IValue(list);
}

// --- Reading -----------------------------------------------------------------------------------------------------------

class ExportedGraph::Reader {
 public:
  ExportedGraph read(const Json& graph) {
    for (const auto& input : graph["inputs"].items()) {
      const auto& [kind, told] = only_member(input);
      const bool named = told.is_object() && (told.find("name") || told.find("as_name"));
      // A number that the export fixed has no name, and is not asked for.
      out_.inputs_.push_back(named ? value_name(told) : std::string());
      add_slot(out_.inputs_.back());
    }
    for (const auto& node : graph["nodes"].items()) read_node(node);
    for (const auto& output : graph["outputs"].items()) out_.outputs_.push_back(operand(output));
    out_.find_last_uses();
    return std::move(out_);
  }

  /// An argument. Of a graph that is being read: what was computed so far is known.
  ExportedOperand operand(const Json& argument) const;

 private:
  static const Json::Member& only_member(const Json& json) {
    if (json.members().size() != 1) raise<DecodeError>("a value of {} kinds", json.members().size());
    return json.members().front();
  }

  static const std::string& value_name(const Json& told) {
    const auto* name = told.find("name");
    return (name ? *name : told["as_name"]).text();
  }

  int64_t add_slot(const std::string& name) {
    const auto slot = out_.slots_++;
    if (!name.empty() && !slots_.emplace(name, slot).second) raise<DecodeError>("two values are called {}", name);
    return slot;
  }

  ExportedOperand computed(const std::string& name) const {
    const auto found = slots_.find(name);
    if (found == slots_.end()) raise<DecodeError>("nothing computes {}", name);
    ExportedOperand out;
    out.slot = found->second;
    return out;
  }

  static ExportedOperand constant(c10::IValue value) {
    ExportedOperand out;
    out.constant = std::move(value);
    return out;
  }

  /// A list of constants, which may be long.
  template <class T, class Read>
  static ExportedOperand constants(const Json& items, const Read& read) {
    c10::List<T> out;
    for (const auto& item : items.items()) out.push_back(read(item));
    return constant(out);
  }

  template <class Read>
  static ExportedOperand list(const Json& items, const Read& read) {
    ExportedOperand out;
    out.is_list = true;
    for (const auto& item : items.items()) out.parts.push_back(read(item));
    return out;
  }

  static double real(const Json& number) {
    if (!number.is_text()) return number.number();
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    const auto& name = number.text();
    if (name == "Infinity") return infinity;
    if (name == "-Infinity") return -infinity;
    if (name == "NaN") return std::numeric_limits<double>::quiet_NaN();
    raise<DecodeError>("\"{}\" is no number", name);
  }

  void read_node(const Json& json) {
    const auto* const named = json.find("name");
    Node node;
    node.target = json["target"].text();
    node.name = named && named->is_text() ? named->text() : node.target;
    telling_where<DecodeError, ValueError, NotFoundError>(text("{} ({})", node.name, node.target), [&] {
      const auto& inputs = json["inputs"].items();
      if (node.target.starts_with("torch.ops.higher_order.")) {
        read_control(node, inputs);
      } else if (node.target.starts_with("torch.ops.")) {
        read_operator(node, inputs);
      } else {
        read_number(node, inputs);
      }
      for (const auto& output : json["outputs"].items()) node.outputs.push_back(result(output));
    });
    out_.nodes_.push_back(std::move(node));
  }

  Result result(const Json& output) {
    const auto& [kind, told] = only_member(output);
    if (kind == "as_none") return {.is_list = false, .slots = {-1}};
    if (kind == "as_tensors") {
      Result out{.is_list = true, .slots = {}};
      for (const auto& item : told.items()) out.slots.push_back(add_slot(value_name(item)));
      return out;
    }
    if (kind == "as_optional_tensor") return result(told);
    return {.is_list = false, .slots = {add_slot(value_name(told))}};
  }

  void read_operator(Node& node, const Json::List& inputs);
  void read_number(Node& node, const Json::List& inputs);
  void read_control(Node& node, const Json::List& inputs);

  ExportedGraph out_;
  std::unordered_map<std::string, int64_t> slots_;
};

ExportedOperand ExportedGraph::Reader::operand(const Json& argument) const {
  const auto& [kind, told] = only_member(argument);
  const auto self = [this](const Json& item) { return operand(item); };
  const auto tensor = [this](const Json& item) { return computed(item["name"].text()); };
  const auto integers = [](const Json& items) {
    return constants<int64_t>(items, [](const Json& item) { return item.integer(); });
  };
  const auto numbers = [](const Json& items) { return constants<double>(items, real); };
  if (kind == "as_none") return constant({});
  if (kind == "as_tensor") return tensor(told);
  if (kind == "as_tensors") return list(told, tensor);
  if (kind == "as_nested_tensors") return list(told, [&](const Json& items) { return list(items, tensor); });
  if (kind == "as_optional_tensor") return operand(told);
  if (kind == "as_int") return constant(told.integer());
  if (kind == "as_ints") return integers(told);
  if (kind == "as_int_lists") return list(told, integers);
  if (kind == "as_float") return constant(real(told));
  if (kind == "as_floats") return numbers(told);
  if (kind == "as_float_lists") return list(told, numbers);
  if (kind == "as_bool") return constant(told.boolean());
  if (kind == "as_bools") return constants<bool>(told, [](const Json& item) { return item.boolean(); });
  if (kind == "as_string") return constant(told.text());
  if (kind == "as_strings") return constants<std::string>(told, [](const Json& item) { return item.text(); });
  if (kind == "as_name") return computed(told.text());
  if (kind == "as_sym_int" || kind == "as_sym_float" || kind == "as_sym_bool") return operand(told);
  if (kind == "as_sym_ints" || kind == "as_sym_floats" || kind == "as_sym_bools" || kind == "as_optional_tensors") {
    return list(told, self);
  }
  if (kind == "as_scalar_type") return constant(static_cast<int64_t>(hub::detail::exported_type(told.integer())));
  if (kind == "as_layout") return constant(static_cast<int64_t>(hub::detail::exported_layout(told.integer())));
  if (kind == "as_memory_format") {
    return constant(static_cast<int64_t>(hub::detail::exported_memory_format(told.integer())));
  }
  if (kind == "as_device") return constant(hub::detail::exported_device(told));
  if (kind == "as_complex") return constant(c10::complex<double>(real(told["real"]), real(told["imag"])));
  raise<DecodeError>("a value that only Python has ({})", kind);
}

// --- Calls -------------------------------------------------------------------------------------------------------------

namespace {

/// Whether an operator reaches beyond this process, which no model has to. image and video_reader are torchvision's own, which
/// has them where it is loaded too.
bool reaches_out(std::string_view name) {
  if (name == "aten::from_file") return true;
  for (const auto* const space : {"c10d", "_c10d", "symm_mem", "rpc", "image::", "video_reader::"}) {
    if (name.starts_with(space)) return true;
  }
  return false;
}

/// "torch.ops.aten.conv2d.default" -> conv2d of the dispatcher.
c10::OperatorHandle find_operator(std::string_view target) {
  const auto path = target.substr(std::string_view("torch.ops.").size());
  const auto first = path.find('.'), last = path.rfind('.');
  if (first == std::string_view::npos || first == last) raise<DecodeError>("this is no name of an operator");
  const auto overload = path.substr(last + 1);
  const auto name = text("{}::{}", path.substr(0, first), path.substr(first + 1, last - first - 1));
  if (reaches_out(name)) raise<DecodeError>("a program may not reach files or the network");
  auto found = c10::Dispatcher::singleton().findSchema({name, std::string(overload == "default" ? "" : overload)});
  if (found) return *found;
  raise<NotFoundError>("the operator {} is not registered in this process; {}", name,
                       name.starts_with("torchvision::")
                           ? "link opsis::torchvision_ops and call has_torchvision_ops()"
                           : "link the library that registers it, or export a program without it (run_decompositions)");
}

/// The kind of argument that a wanted type has to be: LibTorch looks its number up in tables without looking whether it is one.
std::string_view kind_of_number(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::OptionalType: return kind_of_number(*type.castRaw<c10::OptionalType>()->getElementType());
    case c10::TypeKind::ScalarTypeType: return "as_scalar_type";
    case c10::TypeKind::LayoutType: return "as_layout";
    case c10::TypeKind::MemoryFormatType: return "as_memory_format";
    default: return {};
  }
}

/// One value for sizes and what is computed from them.
c10::IValue plain(c10::IValue value) {
  if (value.isSymInt()) return value.toSymInt().guard_int(__FILE__, __LINE__);
  if (value.isSymFloat()) return value.toSymFloat().guard_float(__FILE__, __LINE__);
  if (value.isSymBool()) return value.toSymBool().guard_bool(__FILE__, __LINE__);
  return value;
}

/// The last values of a stack, from `first` on.
Values take_from(c10::Stack& stack, size_t first) {
  Values out(std::make_move_iterator(stack.begin() + static_cast<int64_t>(first)), std::make_move_iterator(stack.end()));
  stack.resize(first);
  return out;
}

/// Hands the results of a branch on, and gives all that the branch was given a gradient: of zeros where the results do not
/// depend on it. Parameters of the other branch have that in Python, and optimizers with momentum move them by it.
struct Branch : torch::autograd::Function<Branch> {
  static std::vector<at::Tensor> forward(torch::autograd::AutogradContext* context, at::TensorList results,
                                         at::TensorList operands) {
    std::vector<at::Tensor> out, zeros;
    // Detached: what is the very tensor that came in would be a view, which nobody may change afterwards.
    for (const auto& result : results) out.push_back(result.detach());
    for (const auto& operand : operands) {
      zeros.push_back(at::zeros({}, operand.options().layout(at::kStrided)).expand(operand.sizes()));
    }
    context->saved_data["zeros"] = std::move(zeros);
    context->set_materialize_grads(false);
    return out;
  }
  static std::vector<at::Tensor> backward(torch::autograd::AutogradContext* context, std::vector<at::Tensor> gradients) {
    for (auto& zero : context->saved_data["zeros"].toTensorVector()) gradients.push_back(std::move(zero));
    return gradients;
  }
};

/// Runs a branch of torch.cond.
Values run_branch(const ExportedGraph& graph, Values given) {
  std::vector<at::Tensor> operands;
  if (at::GradMode::is_enabled()) {
    for (const auto& value : given) {
      if (value.isTensor() && value.toTensor().requires_grad()) operands.push_back(value.toTensor());
    }
  }
  auto out = graph.run(std::move(given));
  if (operands.empty()) return out;
  std::vector<at::Tensor> results;
  std::vector<size_t> places;
  for (size_t i = 0; i < out.size(); ++i) {
    if (!out[i].isTensor()) continue;
    const auto& tensor = out[i].toTensor();
    if (!tensor.defined() || !torch::autograd::isDifferentiableType(tensor.scalar_type())) continue;
    results.push_back(tensor);
    places.push_back(i);
  }
  if (results.empty()) return out;
  auto handed = Branch::apply(at::TensorList(results), at::TensorList(operands));
  for (size_t i = 0; i < places.size(); ++i) out[places[i]] = std::move(handed[i]);
  return out;
}

/// torch.autocast(device, type, enabled, cache) as long as it lives.
class Autocast {
 public:
  Autocast(torch::DeviceType device, std::optional<torch::ScalarType> type, bool enabled, std::optional<bool> cache)
      : device_(device),
        enabled_(at::autocast::is_autocast_enabled(device)),
        cache_(at::autocast::is_autocast_cache_enabled()),
        type_(at::autocast::get_autocast_dtype(device)) {
    at::autocast::increment_nesting();
    at::autocast::set_autocast_enabled(device, enabled);
    at::autocast::set_autocast_dtype(device, type.value_or(type_));
    at::autocast::set_autocast_cache_enabled(cache.value_or(cache_));
  }
  ~Autocast() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, enabled_);
    at::autocast::set_autocast_dtype(device_, type_);
    at::autocast::set_autocast_cache_enabled(cache_);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  torch::DeviceType device_;
  bool enabled_, cache_;
  torch::ScalarType type_;
};

}  // namespace

void ExportedGraph::Reader::read_operator(Node& node, const Json::List& inputs) {
  const auto op = find_operator(node.target);
  std::unordered_map<std::string_view, const Json*> given;
  for (const auto& input : inputs) given.emplace(input["name"].text(), &input["arg"]);
  for (const auto& wanted : op.schema().arguments()) {
    const auto found = given.find(wanted.name());
    if (found == given.end()) {
      if (!wanted.default_value()) raise<DecodeError>("its argument {} is missing", wanted.name());
      node.inputs.push_back(constant(*wanted.default_value()));
      continue;
    }
    telling_where<ValueError, DecodeError>(text("its argument {}", wanted.name()), [&] {
      const auto& kind = only_member(*found->second).first;
      const auto number = kind_of_number(*wanted.real_type());
      if (!number.empty() && kind != number && kind != "as_none") raise<DecodeError>("it is {}, not {}", kind, number);
      auto value = operand(*found->second);
      value.type = wanted.type();
      value.copies = wanted.N().value_or(1);
      node.inputs.push_back(value.is_constant() ? constant(fit_to_type(value.value({}), value.type, value.copies)) : value);
    });
    given.erase(found);
  }
  if (!given.empty()) raise<DecodeError>("it has no argument {}", given.begin()->first);
  node.call = [op](c10::Stack& stack) { op.callBoxed(stack); };
}

void ExportedGraph::Reader::read_number(Node& node, const Json::List& inputs) {
  const auto* const op = find_number_operator(node.target);
  if (!op) raise<DecodeError>("a call that only Python can make");
  if (inputs.size() != op->arguments) raise<DecodeError>("{} arguments, where it has {}", inputs.size(), op->arguments);
  for (const auto& input : inputs) node.inputs.push_back(operand(input["arg"]));
  node.call = [function = op->function](c10::Stack& stack) { stack = {function(stack)}; };
}

/// Operators that take graphs: what is not a graph goes onto the stack, lists item by item.
void ExportedGraph::Reader::read_control(Node& node, const Json::List& inputs) {
  std::vector<std::shared_ptr<const ExportedGraph>> graphs;
  size_t before = 0;  // inputs in front of the first graph
  for (const auto& input : inputs) {
    if (const auto* graph = input["arg"].find("as_graph")) {
      graphs.push_back(std::make_shared<const ExportedGraph>(ExportedGraph::read((*graph)["graph"])));
      continue;
    }
    auto value = operand(input["arg"]);
    if (graphs.empty()) ++before;
    if (value.is_list) {
      std::move(value.parts.begin(), value.parts.end(), std::back_inserter(node.inputs));
    } else if (value.constant.isList()) {
      for (const auto& item : value.constant.toListRef()) node.inputs.push_back(constant(item));
    } else {
      node.inputs.push_back(std::move(value));
    }
  }

  const auto check = [&](size_t wanted_graphs, size_t wanted_before) {
    bool fits = graphs.size() == wanted_graphs && before == wanted_before && node.inputs.size() >= before;
    for (const auto& graph : graphs) fits = fits && graph->inputs_.size() == node.inputs.size() - before;
    if (!fits) raise<DecodeError>("its graphs do not fit its arguments");
  };
  const auto name = std::string_view(node.target).substr(std::string_view("torch.ops.higher_order.").size());
  if (name == "cond") {
    check(2, 1);
    node.call = [graphs](c10::Stack& stack) {
      auto values = take_from(stack, 1);
      const bool yes = stack[0].isTensor() ? stack[0].toTensor().item<bool>() : stack[0].toBool();
      stack = run_branch(*graphs[yes ? 0 : 1], std::move(values));
    };
  } else if (name == "wrap_with_set_grad_enabled") {
    check(1, 1);
    node.call = [graphs](c10::Stack& stack) {
      auto values = take_from(stack, 1);
      const at::AutoGradMode mode(stack[0].toBool());
      stack = graphs[0]->run(std::move(values));
    };
  } else if (name == "wrap_with_autocast") {
    check(1, 4);
    const auto is = [&](size_t i, std::string_view kind) { return inputs[i]["arg"].find(kind) != nullptr; };
    if (!is(0, "as_string") || !(is(1, "as_scalar_type") || is(1, "as_none")) || !is(2, "as_bool") ||
        !(is(3, "as_bool") || is(3, "as_none"))) {
      raise<DecodeError>("its device, type or switches are none");
    }
    node.call = [graphs](c10::Stack& stack) {
      auto values = take_from(stack, 4);
      const auto type = stack[1].toOptional<int64_t>();
      const Autocast autocast(torch::Device(stack[0].toStringRef()).type(),
                              type ? std::optional(static_cast<torch::ScalarType>(*type)) : std::nullopt, stack[2].toBool(),
                              stack[3].toOptional<bool>());
      stack = graphs[0]->run(std::move(values));
    };
  } else {
    raise<DecodeError>("this operator runs in Python only");
  }
}

ExportedGraph ExportedGraph::read(const Json& graph) { return Reader().read(graph); }

c10::IValue ExportedGraph::constant(const Json& value) { return Reader().operand(value).value({}); }

// --- Running -----------------------------------------------------------------------------------------------------------

void ExportedGraph::find_last_uses() {
  std::vector<int64_t> last(static_cast<size_t>(slots_), -1);
  const std::function<void(const ExportedOperand&, int64_t)> use = [&](const ExportedOperand& operand, int64_t node) {
    if (operand.slot >= 0) last[static_cast<size_t>(operand.slot)] = node;
    for (const auto& part : operand.parts) use(part, node);
  };
  const auto end = static_cast<int64_t>(nodes_.size());
  for (int64_t i = 0; i < end; ++i) {
    const auto& node = nodes_[static_cast<size_t>(i)];
    for (const auto& input : node.inputs) use(input, i);
    for (const auto& output : node.outputs) {
      for (const auto slot : output.slots) {
        if (slot >= 0) last[static_cast<size_t>(slot)] = i;  // one that nobody reads goes at once
      }
    }
  }
  for (const auto& output : outputs_) use(output, end);
  for (int64_t slot = 0; slot < slots_; ++slot) {
    const auto node = last[static_cast<size_t>(slot)];
    if (node >= 0 && node < end) nodes_[static_cast<size_t>(node)].last_uses.push_back(slot);
  }
}

void ExportedGraph::keep(const Node& node, const c10::Stack& results, Values& frame) const {
  OPSIS_CHECK(results.size() >= node.outputs.size(), "it gave {} results, not {}", results.size(), node.outputs.size());
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const auto& output = node.outputs[i];
    if (!output.is_list) {
      if (output.slots[0] >= 0) frame[static_cast<size_t>(output.slots[0])] = plain(results[i]);
      continue;
    }
    OPSIS_CHECK(results[i].isList(), "it gave {}, not a list", results[i].tagKind());
    const auto items = results[i].toListRef();
    OPSIS_CHECK(items.size() >= output.slots.size(), "it gave {} tensors, not {}", items.size(), output.slots.size());
    for (size_t k = 0; k < output.slots.size(); ++k) frame[static_cast<size_t>(output.slots[k])] = items[k];
  }
}

std::vector<c10::IValue> ExportedGraph::run(Values inputs) const {
  OPSIS_CHECK(inputs.size() == inputs_.size(), "a graph of {} inputs got {}", inputs_.size(), inputs.size());
  auto frame = std::move(inputs);
  frame.resize(static_cast<size_t>(slots_));
  c10::Stack stack;
  for (const auto& node : nodes_) {
    const auto refuse = [&](std::string_view why) { raise<ValueError>("{} ({}): {}", node.name, node.target, why); };
    try {
      stack.clear();
      for (const auto& input : node.inputs) stack.push_back(input.value(frame));
      node.call(stack);
      keep(node, stack, frame);
    } catch (const ValueError& error) {
      refuse(error.what());
    } catch (const c10::OutOfMemoryError&) {
      throw;  // who catches it may try with less
    } catch (const c10::Error& error) {
      refuse(error.what_without_backtrace());
    }
    for (const auto slot : node.last_uses) frame[static_cast<size_t>(slot)] = {};
  }
  Values out;
  for (const auto& output : outputs_) out.push_back(output.value(frame));
  return out;
}

}  // namespace opsis::inline v1::models::detail
