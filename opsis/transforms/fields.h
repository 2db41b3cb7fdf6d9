// Plain structs of settings and parameters as JSON and back. A struct takes part when it names its members:
//     struct Params {
//       int64_t top, left;
//       template <class Visitor> void fields(Visitor&& visit) { visit("top", top); visit("left", left); }
//     };
// A type of its own kind takes part by two functions beside it: `Json json_of(const T&)` and `void read_json(const Json&, T&)`.
#pragma once

#include <torch/types.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/json.h"
#include "opsis/core/size.h"

namespace opsis::inline v1::transforms::detail {

struct IgnoreFields {
  template <class T>
  void operator()(std::string_view, T&) const {}
};

template <class T>
concept Fielded = requires(T& value) {
  value.fields(IgnoreFields{});
};

/// A stand-in for a T that becomes nothing else: a function for what a T converts to is none of its own.
template <class T>
struct Exactly {
  operator const T&() const&;
  operator const T&() && = delete;
};

template <class T>
concept OwnJson = std::is_class_v<T> && requires(const Exactly<T>& value, T& place, const Json& json) {
  { json_of(value) } -> std::same_as<Json>;
  read_json(json, place);
};

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsArray : std::false_type {};
template <class T, size_t N>
struct IsArray<std::array<T, N>> : std::true_type {};
template <class T>
struct IsMaybe : std::false_type {};
template <class T>
struct IsMaybe<std::optional<T>> : std::true_type {};
template <class T>
struct IsEither : std::false_type {};
template <class... T>
struct IsEither<std::variant<T...>> : std::true_type {};
template <class T>
struct IsTuple : std::false_type {};
template <class... T>
struct IsTuple<std::tuple<T...>> : std::true_type {};
template <class A, class B>
struct IsTuple<std::pair<A, B>> : std::true_type {};

/// Whether to_json and from_json know a type (of structs the members are seen when they are used).
template <class T>
constexpr bool has_json() {
  if constexpr (OwnJson<T> || std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::string> ||
                std::is_same_v<T, torch::Tensor> || std::is_same_v<T, Size>) {
    return true;
  } else if constexpr (IsVector<T>::value || IsArray<T>::value || IsMaybe<T>::value) {
    return has_json<typename T::value_type>();
  } else if constexpr (IsTuple<T>::value) {
    return true;
  } else if constexpr (IsEither<T>::value) {
    return true;
  } else {
    return Fielded<T> && std::default_initializable<T>;
  }
}

OPSIS_API Json tensor_json(const torch::Tensor& tensor);
OPSIS_API torch::Tensor json_tensor(const Json& json);
/// "float32"
OPSIS_API std::string dtype_name(torch::ScalarType dtype);
OPSIS_API torch::ScalarType dtype_named(std::string_view name);
[[noreturn]] OPSIS_API void refuse_json(std::string_view rule, const Json& json);
[[noreturn]] OPSIS_API void refuse_word(const std::string& word, const std::vector<std::string_view>& words);
[[noreturn]] OPSIS_API void refuse_member(const std::string& name, const std::vector<std::string_view>& names);

/// The words of an enumeration whose to_string throws, or says nothing, beyond its last one.
template <class E>
std::vector<std::string_view> enum_words() {
  std::vector<std::string_view> words;
  for (int i = 0; i < 64; ++i) {
    try {
      const std::string_view word = to_string(static_cast<E>(i));
      if (word.empty()) break;
      words.push_back(word);
    } catch (const std::exception&) {
      break;
    }
  }
  return words;
}

template <class T>
Json to_json(const T& value) {
  if constexpr (OwnJson<T>) {
    return json_of(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    return value;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<int64_t>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<double>(value);
  } else if constexpr (std::is_same_v<T, torch::ScalarType>) {
    return dtype_name(value);
  } else if constexpr (std::is_enum_v<T>) {
    if constexpr (requires { std::string_view(to_string(value)); }) {
      return std::string_view(to_string(value));
    } else {
      return static_cast<int64_t>(value);
    }
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    return std::string_view(value);
  } else if constexpr (std::is_same_v<T, torch::Tensor>) {
    return tensor_json(value);
  } else if constexpr (std::is_same_v<T, Size>) {
    return Json::List{value.height, value.width};
  } else if constexpr (IsMaybe<T>::value) {
    return value ? to_json(*value) : Json();
  } else if constexpr (IsVector<T>::value || IsArray<T>::value) {
    Json::List items;
    for (const auto& item : value) items.push_back(to_json<typename T::value_type>(item));
    return items;
  } else if constexpr (IsTuple<T>::value) {
    return std::apply([](const auto&... item) { return Json(Json::List{to_json(item)...}); }, value);
  } else if constexpr (IsEither<T>::value) {
    return std::visit([](const auto& held) { return to_json(held); }, value);
  } else {
    static_assert(Fielded<T>, "the type must name its members by fields(), see opsis/transforms/fields.h");
    Json::Object members;
    const_cast<T&>(value).fields([&]<class Field>(std::string_view name, Field& field) {
      if constexpr (IsMaybe<std::remove_const_t<Field>>::value) {
        if (!field) return;  // an absent member: null may be a setting
      }
      members.emplace_back(std::string(name), to_json<std::remove_const_t<Field>>(field));
    });
    return members;
  }
}

/// What must be there: every member of a struct, or only those that are to differ from what `place` holds.
enum class Members { All, Some };

template <class T>
void from_json(const Json& json, T& place, Members members = Members::All);

template <class T, size_t... I>
void from_json_items(const Json& json, T& place, std::index_sequence<I...>) {
  if (json.items().size() != sizeof...(I)) refuse_json("a list of as many items as the tuple has", json);
  (from_json(json.items()[I], std::get<I>(place)), ...);
}

template <class Either, size_t I = 0>
void from_json_either(const Json& json, Either& place) {
  if constexpr (I == std::variant_size_v<Either>) {
    refuse_json("one of the types that can stand here", json);
  } else {
    std::variant_alternative_t<I, Either> held{};
    try {
      from_json(json, held, Members::Some);
    } catch (const std::exception&) {
      return from_json_either<Either, I + 1>(json, place);
    }
    place = std::move(held);
  }
}

template <class T>
void from_json(const Json& json, T& place, Members members) {
  if constexpr (OwnJson<T>) {
    read_json(json, place);
  } else if constexpr (std::is_same_v<T, bool>) {
    place = json.boolean();
  } else if constexpr (std::is_integral_v<T>) {
    place = static_cast<T>(json.integer());
  } else if constexpr (std::is_floating_point_v<T>) {
    place = static_cast<T>(json.number());
  } else if constexpr (std::is_same_v<T, torch::ScalarType>) {
    place = dtype_named(json.text());
  } else if constexpr (std::is_enum_v<T>) {
    if constexpr (requires { std::string_view(to_string(place)); }) {
      const auto words = enum_words<T>();
      for (size_t i = 0; i < words.size(); ++i) {
        if (words[i] == json.text()) {
          place = static_cast<T>(i);
          return;
        }
      }
      refuse_word(json.text(), words);
    } else {
      place = static_cast<T>(json.integer());
    }
  } else if constexpr (std::is_same_v<T, std::string>) {
    place = json.text();
  } else if constexpr (std::is_same_v<T, torch::Tensor>) {
    place = json_tensor(json);
  } else if constexpr (std::is_same_v<T, Size>) {
    if (json.items().size() != 2) refuse_json("[height, width]", json);
    place = {json.items()[0].integer(), json.items()[1].integer()};
  } else if constexpr (IsMaybe<T>::value) {
    if (json.is_null() && !IsMaybe<typename T::value_type>::value) {
      place.reset();
    } else {
      typename T::value_type held{};
      from_json(json, held, members);
      place = std::move(held);
    }
  } else if constexpr (IsVector<T>::value) {
    using Item = typename T::value_type;
    if constexpr (std::is_arithmetic_v<Item>) {
      // As Python takes it: None for what is usual, a number for a list of one.
      if (json.is_null()) return;
      if (json.is_number()) {
        Item held{};
        from_json(json, held, members);
        place = {held};
        return;
      }
    }
    place.clear();
    for (const auto& item : json.items()) {
      Item held{};
      from_json(item, held, members);
      place.push_back(std::move(held));
    }
  } else if constexpr (IsArray<T>::value) {
    if (json.items().size() != place.size()) refuse_json("a list of the array's length", json);
    for (size_t i = 0; i < place.size(); ++i) from_json(json.items()[i], place[i], members);
  } else if constexpr (IsTuple<T>::value) {
    from_json_items(json, place, std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (IsEither<T>::value) {
    from_json_either(json, place);
  } else {
    static_assert(Fielded<T>, "the type must name its members by fields(), see opsis/transforms/fields.h");
    std::vector<std::string_view> names;
    place.fields([&]<class Field>(std::string_view name, Field& field) {
      names.push_back(name);
      if (const auto* member = json.find(name)) {
        from_json(*member, field, members);
      } else if (!IsMaybe<Field>::value && members == Members::All) {
        json[name];  // throws, with the name
      }
    });
    for (const auto& [name, value] : json.members()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) refuse_member(name, names);
    }
  }
}

}  // namespace opsis::inline v1::transforms::detail
