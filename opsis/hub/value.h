// What a checkpoint holds: a tree of numbers, strings, tensors, lists and dicts, as Python would have it.
#pragma once

#include <torch/types.h>

#include <array>
#include <complex>
#include <concepts>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/hub/state_dict.h"

namespace opsis::inline v1::hub {

/// Whether a tensor has a number in memory for each of its elements: it is neither sparse nor on the meta device.
inline bool is_plain(const torch::Tensor& tensor) { return tensor.layout() == torch::kStrided && !tensor.is_meta(); }

/// One object of a checkpoint. A copy copies containers; tensors share their memory.
///     auto checkpoint = Value::dict({{"model", state_dict(*model)}, {"epoch", 3}});
///     checkpoint.set("lr", 0.1);
///     checkpoint.get<int64_t>("epoch")                                   // 3
///     checkpoint.at("model").as_state_dict()                             // names and tensors
///     checkpoint.get<double>("optimizer", "param_groups", 0, "lr")       // each step is a key or a place in a list
/// Throws   NotFoundError for a step that is not there, ValueError for a value of another kind; both name the way to it
class OPSIS_API Value {
 public:
  using Item = std::pair<Value, Value>;

  /// One step on the way to a value: a dict's key or a list's place.
  struct Step {
    template <std::integral I>
    Step(I place) : place(static_cast<int64_t>(place)), is_place(true) {}
    Step(std::string_view key) : key(key) {}
    Step(const std::string& key) : key(key) {}
    Step(const char* key) : key(key) {}
    std::string_view key;
    int64_t place = 0;
    bool is_place = false;
  };

  /// Python's None.
  Value() = default;
  template <std::same_as<bool> B>
  Value(B value) : data_(value) {}
  template <std::signed_integral I>
  Value(I value) : data_(static_cast<int64_t>(value)) {}
  /// Throws   ValueError when it is larger than an int64_t
  template <std::unsigned_integral U>
  requires(!std::same_as<U, bool>) Value(U value) : Value(from_unsigned(value)) {}
  Value(double value) : data_(value) {}
  Value(std::complex<double> value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(torch::Tensor value) : data_(std::move(value)) {}
  /// A dict of tensors, with their versions.
  Value(const StateDict& state);
  static Value bytes(std::string value);
  /// A type of tensors by Python's name, "torch.qint8": a string that is written as what it names.
  /// Throws   ValueError when there is no such type
  static Value dtype(std::string name);
  static Value list(std::vector<Value> items = {});
  static Value tuple(std::vector<Value> items = {});
  /// Keys are what Python hashes: strings, numbers, None, and tuples of these.
  /// Throws   ValueError for another key, and for a string or an int that stands twice
  static Value dict(std::vector<Item> items = {});

  bool is_none() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_int() const { return std::holds_alternative<int64_t>(data_); }
  bool is_double() const { return std::holds_alternative<double>(data_); }
  bool is_complex() const { return std::holds_alternative<std::complex<double>>(data_); }
  bool is_string() const { return std::holds_alternative<std::string>(data_) || is_dtype(); }
  bool is_dtype() const { return std::holds_alternative<Dtype>(data_); }
  bool is_bytes() const { return std::holds_alternative<Bytes>(data_); }
  bool is_tensor() const { return std::holds_alternative<torch::Tensor>(data_); }
  bool is_list() const { return std::holds_alternative<List>(data_); }
  bool is_tuple() const { return std::holds_alternative<Tuple>(data_); }
  bool is_dict() const { return std::holds_alternative<Dict>(data_); }
  /// "a dict", "an int", ...: for messages.
  std::string_view kind() const;

  bool as_bool() const { return to_bool({}); }
  int64_t as_int() const { return to_int({}); }
  double as_double() const { return to_double({}); }                  ///< an int will do
  std::complex<double> as_complex() const { return to_complex({}); }  ///< a float or an int will do
  const std::string& as_string() const { return to_string({}); }
  const std::string& as_bytes() const { return to_bytes({}); }
  const torch::Tensor& as_tensor() const { return to_tensor({}); }
  /// What a dict of nothing but tensors holds.
  StateDict as_state_dict() const { return to_state_dict({}); }
  /// The elements of a list or tuple.
  const std::vector<Value>& items() const { return to_items({}); }
  /// Keys and values of a dict, in order.
  const std::vector<Item>& entries() const { return to_entries({}); }

  /// Those beside a dict that is a state dict; else empty.
  const StateVersions& versions() const;
  /// Throws   ValueError unless this is a dict
  Value& set_versions(StateVersions versions);

  /// The value at the end of these steps.
  template <class... Steps>
  const Value& at(const Steps&... steps) const {
    return walk(std::array<Step, sizeof...(Steps)>{Step(steps)...});
  }

  /// The same as a T: bool, an integer, double, std::complex<double>, std::string, torch::Tensor, StateDict; of a list or tuple, a vector of those.
  template <class T, class... Steps>
  T get(const Steps&... steps) const {
    const std::array<Step, sizeof...(Steps)> path{Step(steps)...};
    return walk(path).template convert<T>(path);
  }

  /// Whether there is a value at the end of these steps.
  template <class... Steps>
  bool contains(const Steps&... steps) const {
    return find(std::array<Step, sizeof...(Steps)>{Step(steps)...}) != nullptr;
  }

  /// Gives a dict's key a value, at the end if it is new. None becomes a dict.
  Value& set(Value key, Value value);
  /// Appends to a list. None becomes a list.
  Value& push_back(Value value);

  /// Python's notation; of tensors only shape and type.
  friend OPSIS_API std::ostream& operator<<(std::ostream& out, const Value& value);

 private:
  struct Bytes {
    std::string data;
  };
  struct Dtype {
    std::string name;
  };
  struct List {
    std::vector<Value> items;
  };
  struct Tuple {
    std::vector<Value> items;
  };
  struct Dict {
    std::vector<Item> items;
    StateVersions versions{};
  };
  using Path = std::span<const Step>;

  static int64_t from_unsigned(uint64_t value);
  const Value* find(Path path) const;
  const Value& walk(Path path) const;
  template <class T>
  T convert(Path path) const;
  bool to_bool(Path path) const;
  int64_t to_int(Path path) const;
  double to_double(Path path) const;
  std::complex<double> to_complex(Path path) const;
  const std::string& to_string(Path path) const;
  const std::string& to_bytes(Path path) const;
  const torch::Tensor& to_tensor(Path path) const;
  StateDict to_state_dict(Path path) const;
  const std::vector<Value>& to_items(Path path) const;
  const std::vector<Item>& to_entries(Path path) const;
  [[noreturn]] void is_not(std::string_view wanted, Path path) const;

  std::variant<std::monostate, bool, int64_t, double, std::complex<double>, std::string, Dtype, Bytes, torch::Tensor, List,
               Tuple, Dict>
      data_;
};

namespace detail {

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

}  // namespace detail

template <class T>
T Value::convert(Path path) const {
  if constexpr (std::same_as<T, bool>) {
    return to_bool(path);
  } else if constexpr (std::integral<T>) {
    return static_cast<T>(to_int(path));
  } else if constexpr (std::floating_point<T>) {
    return static_cast<T>(to_double(path));
  } else if constexpr (std::same_as<T, std::complex<double>>) {
    return to_complex(path);
  } else if constexpr (std::same_as<T, std::string>) {
    return to_string(path);
  } else if constexpr (std::same_as<T, torch::Tensor>) {
    return to_tensor(path);
  } else if constexpr (std::same_as<T, StateDict>) {
    return to_state_dict(path);
  } else {
    static_assert(detail::IsVector<T>::value, "Value::get: no such type");
    T out;
    for (const auto& item : to_items(path)) out.push_back(item.template convert<typename T::value_type>(path));
    return out;
  }
}

}  // namespace opsis::inline v1::hub
