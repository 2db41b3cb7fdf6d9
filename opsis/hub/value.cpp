#include "opsis/hub/value.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/hub/checkpoint_types.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::hub {
namespace {

/// "optimizer.param_groups[0].lr"; "the value" for no steps.
std::string spell(std::span<const Value::Step> path) {
  if (path.empty()) return "the value";
  std::string out;
  for (const auto& step : path) {
    if (step.is_place) {
      out += text("[{}]", step.place);
    } else {
      out += (out.empty() ? "" : ".") + std::string(step.key);
    }
  }
  return out;
}

bool is_key(const Value& key, const Value::Step& step) {
  return step.is_place ? key.is_int() && key.as_int() == step.place : key.is_string() && key.as_string() == step.key;
}

const Value* child(const Value& value, const Value::Step& step) {
  if (value.is_dict()) {
    for (const auto& [key, held] : value.entries()) {
      if (is_key(key, step)) return &held;
    }
  } else if (step.is_place && (value.is_list() || value.is_tuple())) {
    const auto& items = value.items();
    if (step.place >= 0 && step.place < std::ssize(items)) return &items[static_cast<size_t>(step.place)];
  }
  return nullptr;
}

bool can_be_key(const Value& value) {
  if (value.is_tuple()) return std::all_of(value.items().begin(), value.items().end(), can_be_key);
  return value.is_string() || value.is_int() || value.is_none() || value.is_bool() || value.is_double();
}

[[noreturn]] void not_there(const Value& value, std::span<const Value::Step> way, const Value::Step& step) {
  if (step.is_place && !value.is_dict()) {
    const auto count = value.is_list() || value.is_tuple() ? value.items().size() : 0;
    raise<NotFoundError>("checkpoint: {} is {} of {} elements, it has no [{}]", spell(way), value.kind(), count, step.place);
  }
  if (!value.is_dict()) raise<NotFoundError>("checkpoint: {} is {}, it has no \"{}\"", spell(way), value.kind(), step.key);
  if (step.is_place) raise<NotFoundError>("checkpoint: {} has no key {}", spell(way), step.place);
  std::vector<std::string_view> names;
  for (const auto& [key, held] : value.entries()) {
    if (key.is_string()) names.push_back(key.as_string());
  }
  raise<NotFoundError>("checkpoint: {} has no \"{}\"{}", spell(way), step.key, did_you_mean(step.key, names));
}

void print_quoted(std::ostream& out, std::string_view words) {
  out << '\'';
  for (const auto c : words) {
    if (c == '\'' || c == '\\') out << '\\';
    if (c == '\n') {
      out << "\\n";
    } else {
      out << c;
    }
  }
  out << '\'';
}

void print_items(std::ostream& out, const std::vector<Value>& items) {
  for (size_t i = 0; i < items.size(); ++i) out << (i > 0 ? ", " : "") << items[i];
}

}  // namespace

Value::Value(const StateDict& state) {
  std::vector<Item> items;
  for (const auto& [name, tensor] : state) items.emplace_back(name, tensor);
  *this = dict(std::move(items));
  set_versions(state.versions);
}

Value Value::bytes(std::string value) {
  Value out;
  out.data_ = Bytes{std::move(value)};
  return out;
}

Value Value::dtype(std::string name) {
  OPSIS_CHECK(name.starts_with("torch.") && detail::find_dtype(name), "checkpoint: no type of tensors is named {}", name);
  Value out;
  out.data_ = Dtype{std::move(name)};
  return out;
}

Value Value::list(std::vector<Value> items) {
  Value out;
  out.data_ = List{std::move(items)};
  return out;
}

Value Value::tuple(std::vector<Value> items) {
  Value out;
  out.data_ = Tuple{std::move(items)};
  return out;
}

Value Value::dict(std::vector<Item> items) {
  std::unordered_set<std::string_view> names;
  std::unordered_set<int64_t> numbers;
  for (const auto& [key, value] : items) {
    if (key.is_string()) {
      OPSIS_CHECK(names.insert(key.as_string()).second, "checkpoint: the key \"{}\" stands twice in a dict", key.as_string());
    } else if (key.is_int()) {
      OPSIS_CHECK(numbers.insert(key.as_int()).second, "checkpoint: the key {} stands twice in a dict", key.as_int());
    } else {
      OPSIS_CHECK(can_be_key(key), "checkpoint: {} cannot be the key of a dict", key.kind());
    }
  }
  Value out;
  out.data_ = Dict{std::move(items)};
  return out;
}

int64_t Value::from_unsigned(uint64_t value) {
  OPSIS_CHECK(value <= uint64_t{INT64_MAX}, "checkpoint: {} is larger than the largest int64_t", value);
  return static_cast<int64_t>(value);
}

std::string_view Value::kind() const {
  constexpr std::array<std::string_view, 12> names{"None",     "a bool", "an int",   "a float", "a complex number", "a string",
                                                   "a string", "bytes",  "a tensor", "a list",  "a tuple",          "a dict"};
  static_assert(std::variant_size_v<decltype(data_)> == names.size());
  return names[data_.index()];
}

const Value* Value::find(Path path) const {
  const Value* value = this;
  for (const auto& step : path) {
    value = child(*value, step);
    if (!value) return nullptr;
  }
  return value;
}

const Value& Value::walk(Path path) const {
  const Value* value = this;
  for (size_t i = 0; i < path.size(); ++i) {
    const auto* next = child(*value, path[i]);
    if (!next) not_there(*value, path.first(i), path[i]);
    value = next;
  }
  return *value;
}

void Value::is_not(std::string_view wanted, Path path) const {
  raise<ValueError>("checkpoint: {} is {}, not {}", spell(path), kind(), wanted);
}

bool Value::to_bool(Path path) const {
  if (const auto* held = std::get_if<bool>(&data_)) return *held;
  is_not("a bool", path);
}

int64_t Value::to_int(Path path) const {
  if (const auto* held = std::get_if<int64_t>(&data_)) return *held;
  is_not("an int", path);
}

double Value::to_double(Path path) const {
  if (const auto* held = std::get_if<double>(&data_)) return *held;
  if (const auto* held = std::get_if<int64_t>(&data_)) return static_cast<double>(*held);
  is_not("a real number", path);
}

std::complex<double> Value::to_complex(Path path) const {
  if (const auto* held = std::get_if<std::complex<double>>(&data_)) return *held;
  if (is_double() || is_int()) return to_double(path);
  is_not("a number", path);
}

const std::string& Value::to_string(Path path) const {
  if (const auto* held = std::get_if<std::string>(&data_)) return *held;
  if (const auto* held = std::get_if<Dtype>(&data_)) return held->name;
  is_not("a string", path);
}

const std::string& Value::to_bytes(Path path) const {
  if (const auto* held = std::get_if<Bytes>(&data_)) return held->data;
  is_not("bytes", path);
}

const torch::Tensor& Value::to_tensor(Path path) const {
  if (const auto* held = std::get_if<torch::Tensor>(&data_)) return *held;
  is_not("a tensor", path);
}

const std::vector<Value>& Value::to_items(Path path) const {
  if (const auto* held = std::get_if<List>(&data_)) return held->items;
  if (const auto* held = std::get_if<Tuple>(&data_)) return held->items;
  is_not("a list", path);
}

const std::vector<Value::Item>& Value::to_entries(Path path) const {
  if (const auto* held = std::get_if<Dict>(&data_)) return held->items;
  is_not("a dict", path);
}

StateDict Value::to_state_dict(Path path) const {
  StateDict out;
  out.versions = versions();
  for (const auto& [key, value] : to_entries(path)) {
    OPSIS_CHECK(key.is_string(), "checkpoint: {} is no state dict: it has {} as a key", spell(path), key.kind());
    OPSIS_CHECK(value.is_tensor(), "checkpoint: {} is no state dict: \"{}\" is {}", spell(path), key.as_string(), value.kind());
    out.emplace_back(key.as_string(), value.as_tensor());
  }
  return out;
}

const StateVersions& Value::versions() const {
  static const StateVersions none;
  const auto* dict = std::get_if<Dict>(&data_);
  return dict ? dict->versions : none;
}

Value& Value::set_versions(StateVersions versions) {
  auto* dict = std::get_if<Dict>(&data_);
  if (!dict) is_not("a dict", {});
  dict->versions = std::move(versions);
  return *this;
}

Value& Value::set(Value key, Value value) {
  if (is_none()) data_ = Dict{};
  auto* dict = std::get_if<Dict>(&data_);
  if (!dict) is_not("a dict", {});
  OPSIS_CHECK(key.is_string() || key.is_int(), "checkpoint: a key must be a string or an int, got {}", key.kind());
  const auto step = key.is_int() ? Step(key.as_int()) : Step(key.as_string());
  const auto found =
      std::find_if(dict->items.begin(), dict->items.end(), [&](const Item& item) { return is_key(item.first, step); });
  if (found != dict->items.end()) {
    found->second = std::move(value);
  } else {
    dict->items.emplace_back(std::move(key), std::move(value));
  }
  return *this;
}

Value& Value::push_back(Value value) {
  if (is_none()) data_ = List{};
  auto* list = std::get_if<List>(&data_);
  if (!list) is_not("a list", {});
  list->items.push_back(std::move(value));
  return *this;
}

std::ostream& operator<<(std::ostream& out, const Value& value) {
  if (value.is_none()) return out << "None";
  if (value.is_bool()) return out << (value.as_bool() ? "True" : "False");
  if (value.is_int()) return out << value.as_int();
  if (value.is_double()) return out << value.as_double();
  if (value.is_complex()) {
    const auto number = value.as_complex();
    return out << '(' << number.real() << (std::signbit(number.imag()) ? '-' : '+') << std::abs(number.imag()) << "j)";
  }
  if (value.is_tensor()) {
    const auto& tensor = value.as_tensor();
    out << "tensor(" << ::opsis::detail::shape(tensor);
    if (tensor.defined()) out << ", " << tensor.scalar_type();
    return out << ')';
  }
  if (value.is_string() || value.is_bytes()) {
    if (value.is_bytes()) out << 'b';
    print_quoted(out, value.is_bytes() ? value.as_bytes() : value.as_string());
    return out;
  }
  if (value.is_dict()) {
    out << '{';
    bool first = true;
    for (const auto& [key, held] : value.entries()) {
      out << (first ? "" : ", ") << key << ": " << held;
      first = false;
    }
    return out << '}';
  }
  out << (value.is_list() ? '[' : '(');
  print_items(out, value.items());
  if (value.is_tuple() && value.items().size() == 1) out << ',';
  return out << (value.is_list() ? ']' : ')');
}

}  // namespace opsis::inline v1::hub
