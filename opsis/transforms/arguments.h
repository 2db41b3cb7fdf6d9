// How a transform's class names its arguments, once: for code(), for JSON and for building it again.
//     auto arguments() const { return std::tuple(argument<"size">(size_), options_); }
// One item for each argument of its constructor, in that order: positional ones with torchvision's name, and a struct of options
// that names its members by fields() (fields.h). A positional one that is std::nullopt is left out; nothing may follow it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/error.h"
#include "opsis/core/json.h"
#include "opsis/transforms/fields.h"

namespace opsis::inline v1::transforms {

/// A text as an argument of templates.
template <size_t Length>
struct ArgumentName {
  constexpr ArgumentName(const char (&text)[Length]) { std::copy_n(text, Length, characters); }
  constexpr std::string_view view() const { return {characters, Length - 1}; }
  char characters[Length]{};
};

/// A positional argument and its name.
template <ArgumentName Name, class T>
struct Argument {
  using type = T;
  static constexpr std::string_view name = Name.view();
  T value;
};

template <ArgumentName Name, class T>
Argument<Name, T> argument(T value) {
  return {std::move(value)};
}

/// What would build a transform: its class and its arguments.
struct Description {
  std::string name;
  Json::Object arguments{};  ///< options only where they differ from their defaults
  std::string code{};        ///< "Resize({256}, {.max_size = 500})"
};

namespace detail {

OPSIS_API std::string code_of_number(double value);
OPSIS_API std::string code_of_text(std::string_view text);
/// "torch::kFloat32"
OPSIS_API std::string code_of_dtype(torch::ScalarType dtype);
/// "torch::tensor({1.0, 0.0, 0.0, 1.0}, torch::kFloat32).view({2, 2})"
OPSIS_API std::string code_of_tensor(const torch::Tensor& tensor);
/// "... V = a::b::Enum::NAME]" -> "Enum::NAME"; empty when there is no such enumerator.
OPSIS_API std::string enumerator(std::string_view pretty);
OPSIS_API std::string joined(std::string_view open, const std::vector<std::string>& parts, std::string_view close);

template <auto V>
std::string_view pretty_name() {
  return __PRETTY_FUNCTION__;
}

template <class E, int... I>
std::string code_of_enum(E value, std::integer_sequence<int, I...>) {
  std::string out;
  ((static_cast<int>(value) == I ? void(out = enumerator(pretty_name<static_cast<E>(I)>())) : void()), ...);
  return out;
}

template <class T>
concept OwnCode = std::is_class_v<T> && requires(const Exactly<T>& value) {
  { code_of(value) } -> std::same_as<std::string>;
};

/// A value as C++ that gives it, within opsis::transforms.
template <class T>
std::string to_code(const T& value) {
  if constexpr (OwnCode<T>) {
    return code_of(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return code_of_number(static_cast<double>(value));
  } else if constexpr (std::is_same_v<T, torch::ScalarType>) {
    return code_of_dtype(value);
  } else if constexpr (std::is_enum_v<T>) {
    return code_of_enum(value, std::make_integer_sequence<int, 16>());
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return code_of_text(value);
  } else if constexpr (std::is_same_v<T, Size>) {
    return "{" + std::to_string(value.height) + ", " + std::to_string(value.width) + "}";
  } else if constexpr (std::is_same_v<T, std::optional<torch::ScalarType>>) {
    return value ? code_of_dtype(*value) : "unchanged";  // of a PerKind, where std::nullopt would be "not named"
  } else if constexpr (std::is_same_v<T, torch::Tensor>) {
    return code_of_tensor(value);
  } else if constexpr (IsMaybe<T>::value) {
    if (!value) return "std::nullopt";
    const auto code = to_code(*value);
    return code.starts_with('{') ? "{" + code + "}" : code;  // braces for the optional, and for what it holds
  } else if constexpr (IsVector<T>::value || IsArray<T>::value) {
    std::vector<std::string> items;
    for (const auto& item : value) items.push_back(to_code<typename T::value_type>(item));
    return joined("{", items, "}");
  } else if constexpr (IsTuple<T>::value) {
    return std::apply([](const auto&... item) { return joined("{", {to_code(item)...}, "}"); }, value);
  } else if constexpr (IsEither<T>::value) {
    return std::visit([](const auto& held) { return to_code(held); }, value);
  } else {
    static_assert(Fielded<T>, "the type must name its members by fields(), see opsis/transforms/fields.h");
    const Json usual = to_json(T{});
    std::vector<std::string> members;
    const_cast<T&>(value).fields([&]<class Field>(std::string_view name, Field& field) {
      const auto* same = usual.find(name);
      if constexpr (IsMaybe<Field>::value) {
        if (!field) return;
      }
      if (same && *same == to_json(field)) return;
      members.push_back("." + std::string(name) + " = " + to_code(field));
    });
    return joined("{", members, "}");
  }
}

template <class T>
struct IsArgument : std::false_type {};
template <ArgumentName Name, class T>
struct IsArgument<Argument<Name, T>> : std::true_type {};

template <class Item>
void describe_item(const Item& item, Json::Object& arguments, std::vector<std::string>& code) {
  if constexpr (IsArgument<Item>::value) {
    if constexpr (IsMaybe<typename Item::type>::value) {
      if (!item.value) return;
    }
    arguments.emplace_back(std::string(Item::name), to_json(item.value));
    code.push_back(to_code(item.value));
  } else {
    const Json usual = to_json(Item{});
    const Json options = to_json(item);
    for (const auto& [name, value] : options.members()) {
      const auto* same = usual.find(name);
      if (!same || !(*same == value)) arguments.emplace_back(name, value);
    }
    auto text = to_code(item);
    if (text != "{}") code.push_back(std::move(text));
  }
}

template <class Class>
Description describe_class(std::string name, const Class& self) {
  Description out{.name = std::move(name)};
  std::vector<std::string> code;
  std::apply([&](const auto&... item) { (describe_item(item, out.arguments, code), ...); }, self.arguments());
  out.code = joined(out.name + "(", code, ")");
  return out;
}

[[noreturn]] OPSIS_API void refuse_missing(std::string_view transform, std::string_view argument);
OPSIS_API void refuse_unknown(std::string_view transform, const Json& json, const std::vector<std::string>& known);

// Throws ValueError that names the transform and its argument, and says what is wrong with it.
[[noreturn]] OPSIS_API void refuse_argument(std::string_view transform, std::string_view argument, std::string_view what);

template <class T>
void read_argument(std::string_view transform, std::string_view argument, const Json& json, T& place) {
  try {
    from_json(json, place, Members::Some);
  } catch (const ValueError& error) {
    refuse_argument(transform, argument, error.what());
  }
}

// One argument read; false when it is not there. Options are always there.
template <class Item>
bool read_item(std::string_view transform, const Json& json, Item& item, std::vector<std::string>& known) {
  if constexpr (IsArgument<Item>::value) {
    known.emplace_back(Item::name);
    const auto* found = json.find(Item::name);
    if (found) read_argument(transform, Item::name, *found, item.value);
    return found != nullptr;
  } else {
    item.fields([&]<class Field>(std::string_view name, Field& field) {
      known.emplace_back(name);
      if (const auto* found = json.find(name)) read_argument(transform, name, *found, field);
    });
    return true;
  }
}

template <class T>
auto as_either(T& value) {
  if constexpr (IsEither<T>::value) {
    return value;
  } else {
    return std::variant<T>(value);
  }
}

template <class Class, class... Arguments>
void construct(std::optional<Class>& out, Arguments... arguments) {
  std::visit(
      [&]<class... Held>(Held... held) {
        if constexpr (std::is_constructible_v<Class, Held...>) out.emplace(std::move(held)...);
      },
      as_either(arguments)...);
}

template <class Item>
auto bare(const Item& item) {
  if constexpr (IsArgument<Item>::value) {
    return item.value;
  } else {
    return item;
  }
}

/// Builds a class from {"size": [256], ...}; positional arguments at the end that its constructor has defaults for may be absent.
template <class Class>
Class build(std::string_view name, const Json& json) {
  using Items = std::remove_cvref_t<decltype(std::declval<const Class&>().arguments())>;
  Items items{};
  std::vector<std::string> known{"name"};
  std::string_view missing;
  constexpr size_t count = std::tuple_size_v<Items>;
  size_t given = 0;  // positional arguments that are there, from the first on
  std::apply(
      [&]<class... Item>(Item&... item) {
        [[maybe_unused]] const auto read = [&]<class One>(One& one) {
          const bool there = read_item(name, json, one, known);
          if (there && missing.empty()) ++given;
          if constexpr (IsArgument<One>::value) {
            if (!there && missing.empty()) missing = One::name;
          }
        };
        (read(item), ...);
      },
      items);
  refuse_unknown(name, json, known);
  std::optional<Class> out;
  const auto with = [&]<size_t... I>(const Items& from, std::index_sequence<I...>) {
    if constexpr (sizeof...(I) == 0) {
      if constexpr (std::is_default_constructible_v<Class>) out.emplace();
    } else {
      construct<Class>(out, bare(std::get<I>(from))...);
    }
  };
  [&]<size_t... N>(std::index_sequence<N...>) { ((given == N ? with(items, std::make_index_sequence<N>()) : void()), ...); }
  (std::make_index_sequence<count + 1>());
  if (out && given < count) {  // the absent ones have their defaults now, and what comes behind them is read over those
    items = out->arguments();
    std::apply([&](auto&... item) { (read_item(name, json, item, known), ...); }, items);
    out.reset();
    with(items, std::make_index_sequence<count>());
  }
  if (!out) refuse_missing(name, missing);
  return std::move(*out);
}

}  // namespace detail
}  // namespace opsis::inline v1::transforms
