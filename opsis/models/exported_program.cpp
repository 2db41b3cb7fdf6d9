#include "opsis/models/exported_program.h"

#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue_inl.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "opsis/core/check.h"
#include "opsis/core/json.h"
#include "opsis/core/telling_where.h"
#include "opsis/hub/export_archive.h"
#include "opsis/models/exported_graph.h"
#include "opsis/models/exported_guards.h"
#include "opsis/models/exported_sizes.h"
#include "opsis/models/exported_tree.h"

namespace opsis::inline v1::models {
namespace {

using Values = std::vector<c10::IValue>;

using Side = detail::ExportedSide;

/// Where an input of the graph comes from.
struct Input {
  enum class Kind { State, User, Fixed };
  Kind kind;
  std::string name;
  c10::IValue value{};                       ///< of State and Fixed
  std::optional<std::vector<Side>> shape{};  ///< of a tensor of the user's
  std::optional<Side> number{};              ///< of a whole number of the user's
};

/// Where an output of the graph goes.
struct Output {
  torch::Tensor state{};  ///< the buffer or parameter that is to be so
  int64_t mutated = -1;   ///< the user's tensor that is to be so, among the leaves of the arguments
  bool is_result() const { return !state.defined() && mutated < 0; }
};

/// What an object has by its names, of which a hostile program has as many as it likes, and asks for each.
class ByName {
 public:
  explicit ByName(const Json* object) {
    if (!object) return;
    for (const auto& member : object->members()) members_.emplace(member.first, &member.second);
  }
  const Json& operator[](std::string_view name) const {
    const auto found = members_.find(name);
    if (found == members_.end()) raise<DecodeError>("nothing is told of the value {}", name);
    return *found->second;
  }

 private:
  std::unordered_map<std::string_view, const Json*> members_;
};

std::vector<Side> read_shape(const Json& tensor) {
  std::vector<Side> out;
  for (const auto& size : tensor["sizes"].items()) out.push_back(Side::read(size));
  return out;
}

/// Whether Python takes one for the other: a number of any type, or a text.
bool same_constant(const c10::IValue& a, const c10::IValue& b) {
  if (a.isComplexDouble() || b.isComplexDouble()) return false;
  if (a.isScalar() && b.isScalar()) {
    const auto left = a.toScalar().toDouble(), right = b.toScalar().toDouble();
    return left == right || (std::isnan(left) && std::isnan(right));
  }
  return a.isString() && b.isString() && a.toStringRef() == b.toStringRef();
}

}  // namespace

struct ExportedProgram::Impl {
  hub::StateDict weights;
  detail::ExportedGraph graph;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  detail::ExportedSizes::Ranges ranges;
  std::vector<detail::ExportedGuard> guards;
  detail::Tree arguments, results;
  std::vector<std::string> names;  ///< of the arguments, those by position first

  explicit Impl(hub::ExportArchive archive);
  void read_inputs(const Json& module, const std::unordered_map<std::string, torch::Tensor>& state);
  void read_outputs(const Json& module, const std::unordered_map<std::string, torch::Tensor>& state);
  void read_trees(const Json& module);
  void read_guards(const Json& program);

  Values leaves(const Values& by_position, const Named& named) const;
  Values graph_inputs(const Values& leaves) const;
  c10::IValue run(const Values& by_position, const Named& named) const;
};

ExportedProgram::Impl::Impl(hub::ExportArchive archive) : weights(std::move(archive.weights)) {
  std::unordered_map<std::string, torch::Tensor> state(archive.constants.begin(), archive.constants.end());
  state.insert(weights.begin(), weights.end());
  const auto& module = archive.program["graph_module"];
  graph = detail::ExportedGraph::read(module["graph"]);
  ranges = detail::ExportedSizes::read_ranges(archive.program);
  read_inputs(module, state);
  read_outputs(module, state);
  read_trees(module);
  read_guards(archive.program);
}

void ExportedProgram::Impl::read_inputs(const Json& module, const std::unordered_map<std::string, torch::Tensor>& state) {
  const auto& specs = module["signature"]["input_specs"].items();
  const ByName tensors(&module["graph"]["tensor_values"]), numbers(module["graph"].find("sym_int_values"));
  if (specs.size() != graph.input_names().size()) raise<DecodeError>("its signature has not the inputs of its graph");
  for (size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].members().size() != 1) raise<DecodeError>("an input of {} kinds", specs[i].members().size());
    const auto& [kind, told] = specs[i].members().front();
    Input input{.kind = Input::Kind::State, .name = graph.input_names()[i]};
    if (kind == "user_input") {
      input.kind = Input::Kind::User;
      if (told["arg"].find("as_tensor")) input.shape = read_shape(tensors[input.name]);
      if (told["arg"].find("as_sym_int")) input.number = Side::read(numbers[input.name]);
    } else if (kind == "constant_input") {
      input.kind = Input::Kind::Fixed;
      input.name = told["name"].text();
      input.value = detail::ExportedGraph::constant(told["value"]);
    } else if (kind == "parameter" || kind == "buffer" || kind == "tensor_constant") {
      const auto& name = told[kind + "_name"].text();
      const auto found = state.find(name);
      if (found == state.end()) raise<DecodeError>("the tensor {} is missing", name);
      input.value = found->second;
    } else {
      raise<DecodeError>("an input that only Python has ({})", kind);
    }
    inputs.push_back(std::move(input));
  }
}

void ExportedProgram::Impl::read_outputs(const Json& module, const std::unordered_map<std::string, torch::Tensor>& state) {
  const auto& specs = module["signature"]["output_specs"].items();
  if (specs.size() != graph.output_count()) raise<DecodeError>("its signature has not the outputs of its graph");
  std::unordered_map<std::string_view, int64_t> tensors;  // of the user's: their places among the leaves of the arguments
  int64_t leaf = 0;
  for (const auto& input : inputs) {
    if (input.shape) tensors.emplace(input.name, leaf);
    leaf += input.kind == Input::Kind::State ? 0 : 1;
  }
  for (const auto& spec : specs) {
    if (spec.members().size() != 1) raise<DecodeError>("an output of {} kinds", spec.members().size());
    const auto& [kind, told] = spec.members().front();
    Output output;
    if (kind == "buffer_mutation" || kind == "parameter_mutation") {
      const auto& name = told[kind == "buffer_mutation" ? "buffer_name" : "parameter_name"].text();
      const auto found = state.find(name);
      if (found == state.end()) raise<DecodeError>("the tensor {} is missing", name);
      output.state = found->second;
    } else if (kind == "user_input_mutation") {
      const auto& name = told["user_input_name"].text();
      const auto found = tensors.find(name);
      if (found == tensors.end()) raise<DecodeError>("the input {} is missing", name);
      output.mutated = found->second;
    } else if (kind != "user_output" && kind != "loss_output") {
      raise<DecodeError>("an output that only Python has ({})", kind);
    }
    outputs.push_back(std::move(output));
  }
}

void ExportedProgram::Impl::read_trees(const Json& module) {
  const auto& calls = module["module_call_graph"].items();
  if (calls.empty()) raise<DecodeError>("how it is called is not told");
  const auto& signature = calls.front()["signature"];
  const auto* const classes = module.find("treespec_namedtuple_fields");
  arguments = detail::Tree::read(signature["in_spec"].text(), classes);
  results = detail::Tree::read(signature["out_spec"].text(), classes);
  const auto asked =
      std::count_if(inputs.begin(), inputs.end(), [](const auto& input) { return input.kind != Input::Kind::State; });
  const auto given = std::count_if(outputs.begin(), outputs.end(), [](const auto& output) { return output.is_result(); });
  using Kind = detail::Tree::Kind;
  if (arguments.kind != Kind::Tuple || arguments.children.size() != 2 || arguments.children[0].kind != Kind::Tuple ||
      arguments.children[1].kind != Kind::Dict || arguments.leaves != static_cast<size_t>(asked) ||
      results.leaves != static_cast<size_t>(given)) {
    raise<DecodeError>("how its arguments and results are nested does not fit its graph");
  }
  if (const auto* told = signature.find("forward_arg_names"); told && told->is_list()) {
    for (const auto& name : told->items()) names.push_back(name.text());
  }
}

Values ExportedProgram::Impl::leaves(const Values& by_position, const Named& named) const {
  const auto &positions = arguments.children[0].children, &values = arguments.children[1].children;
  const auto& keys = arguments.children[1].keys;
  OPSIS_CHECK(by_position.size() == positions.size() && named.size() == values.size(),
              "it takes {} arguments and {} named ones, got {} and {}", positions.size(), values.size(), by_position.size(),
              named.size());
  std::unordered_map<std::string_view, const c10::IValue*> given;
  for (const auto& argument : named) given.emplace(argument.first, &argument.second);
  Values out;
  for (size_t i = 0; i < positions.size(); ++i) {
    positions[i].take_apart(by_position[i], i < names.size() ? names[i] : text("argument {}", i + 1), out);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const auto& key = keys[i].toStringRef();
    const auto found = given.find(key);
    OPSIS_CHECK(found != given.end(), "its argument {} is missing", key);
    values[i].take_apart(*found->second, key, out);
  }
  return out;
}

/// What the export learned of sizes beyond ranges: that two are equal, that one is even.
void ExportedProgram::Impl::read_guards(const Json& program) {
  const auto* const told = program.find("guards_code");
  if (!told || told->items().empty()) return;
  detail::Tree::Ways ways;
  const auto& positions = arguments.children[0].children;
  for (size_t i = 0; i < positions.size(); ++i)
    positions[i].ways(i < names.size() ? text("[{}]", detail::in_quotes(names[i])) : "", ways);
  arguments.children[1].ways("", ways);
  const detail::ExportedGuard::Places places(ways.of_leaves);
  for (const auto& code : told->items()) guards.push_back(detail::ExportedGuard::read(code.text(), places));
}

namespace {

void check_shape(const Input& input, const c10::IValue& value, detail::ExportedSizes& sizes) {
  OPSIS_CHECK(value.isTensor(), "{} must be a tensor, got {}", input.name, value.tagKind());
  OPSIS_CHECK(value.toTensor().defined(), "{} must be a tensor, got an undefined one", input.name);
  const auto given = value.toTensor().sizes();
  bool fits = given.size() == input.shape->size();
  for (size_t i = 0; fits && i < given.size(); ++i) {
    fits = sizes.fits((*input.shape)[i], given[i], text("side {} of {}", i, input.name));
  }
  OPSIS_CHECK(fits, "{} must be of the shape {} that it was exported for, got {}; export with dynamic_shapes for others",
              input.name, detail::shape_text(*input.shape), given);
}

/// A whole number. True and False are 1 and 0, as in Python.
int64_t number_of(const Input& input, const c10::IValue& value, detail::ExportedSizes& sizes) {
  OPSIS_CHECK(value.isInt() || value.isBool(), "{} must be a whole number, got {}", input.name, value.tagKind());
  const auto number = value.isBool() ? int64_t{value.toBool()} : value.toInt();
  OPSIS_CHECK(sizes.fits(*input.number, number, input.name), "{} must be {} that it was exported for, got {}", input.name,
              detail::shape_text({*input.number}), number);
  return number;
}

/// Python holds numbers and texts against what they were, and ignores what comes for None unless it has parts.
void check_fixed(const Input& input, const c10::IValue& value) {
  const bool has_parts = value.isTuple() || value.isList() || value.isGenericDict();
  OPSIS_CHECK(input.value.isNone() ? !has_parts : same_constant(value, input.value),
              "{} was {} when the program was exported, and can be {} else", input.name, input.value,
              input.value.isNone() ? "no list, tuple or dict" : "nothing");
}

}  // namespace

Values ExportedProgram::Impl::graph_inputs(const Values& leaves) const {
  Values out;
  detail::ExportedSizes sizes(ranges);
  auto leaf = leaves.begin();
  for (const auto& input : inputs) {
    if (input.kind == Input::Kind::State) {
      out.push_back(input.value);
      continue;
    }
    const auto& value = *leaf++;
    if (input.shape) check_shape(input, value, sizes);
    if (input.kind == Input::Kind::Fixed) check_fixed(input, value);
    out.push_back(input.number ? number_of(input, value, sizes) : value);
  }
  for (const auto& guard : guards) OPSIS_CHECK(guard.holds(leaves), "it was exported for arguments of which {}", guard.told());
  return out;
}

c10::IValue ExportedProgram::Impl::run(const Values& by_position, const Named& named) const {
  const auto given = leaves(by_position, named);
  const auto computed = graph.run(graph_inputs(given));
  Values out;
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const auto& output = outputs[i];
    if (output.is_result()) {
      out.push_back(computed[i]);
      continue;
    }
    OPSIS_CHECK(computed[i].isTensor(), "a tensor is to become {}", computed[i].tagKind());
    const auto& target = output.state.defined() ? output.state : given[static_cast<size_t>(output.mutated)].toTensor();
    const auto& value = computed[i].toTensor();
    OPSIS_CHECK(target.sizes() == value.sizes(), "a tensor of {} is to become one of {}", target.sizes(), value.sizes());
    target.copy_(value);
  }
  return results.put_together(out);
}

ExportedProgram::ExportedProgram(const std::filesystem::path& path, const Limits& limits) {
  const c10::InferenceMode off(false);  // constants may be part of gradients later
  auto archive = hub::read_export_archive(path, limits);
  impl_ = telling_where<DecodeError, ValueError, NotFoundError>("ExportedProgram " + path.string(), [&] {
    try {
      return std::make_unique<const Impl>(std::move(archive));
    } catch (const ValueError& error) {  // of JSON that is not as it must be
      raise<DecodeError>("{}", error.what());
    }
  });
}

ExportedProgram::~ExportedProgram() = default;
ExportedProgram::ExportedProgram(ExportedProgram&&) noexcept = default;
ExportedProgram& ExportedProgram::operator=(ExportedProgram&&) noexcept = default;

c10::IValue ExportedProgram::operator()(Values arguments, const Named& named) const {
  return telling_where<ValueError>("ExportedProgram", [&] { return impl_->run(arguments, named); });
}

const hub::StateDict& ExportedProgram::state_dict() const { return impl_->weights; }

}  // namespace opsis::inline v1::models
