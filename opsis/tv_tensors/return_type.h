// Torch's functions on values: whether they give a bare tensor or a value of the same kind.
//
// Where the kind is written in the source nothing here is needed: `image.data + 2` is a tensor, and `wrap` makes an image of it.
// Where it is known only when the program runs, in a transforms::Value or any other variant of kinds, `apply` does what
// torchvision's tensors do by themselves.
#pragma once

#include <torch/types.h>

#include <optional>
#include <ostream>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors/tv_tensor.h"

namespace opsis::inline v1::tv_tensors {

/// What torch's functions give of a value.
enum class ReturnType {
  Tensor,    ///< a bare tensor, as long as nobody says otherwise
  TVTensor,  ///< a value of the same kind, with its metadata
};

/// "Tensor" or "TVTensor"; the reverse throws ValueError for another word and takes any letter case, as torchvision does.
OPSIS_API std::string_view to_string(ReturnType type);
OPSIS_API ReturnType return_type(std::string_view name);
OPSIS_API std::ostream& operator<<(std::ostream& out, ReturnType type);

/// What `apply` goes by in this thread: what its innermost ReturnTypeScope says, else what was set for the program.
OPSIS_API ReturnType current_return_type();

/// Sets what `apply` gives from here on: for the whole program; below a ReturnTypeScope of this thread until that ends. It has no
/// effect on transforms and their functionals, which give the kind that they are given, nor on what is done to `data` by hand.
///     tv_tensors::set_return_type("TVTensor");
/// Any thread may call it at any time.
/// Throws   ValueError for a word that is neither Tensor nor TVTensor
/// Source   torchvision.tv_tensors.set_return_type, called as a function
OPSIS_API void set_return_type(ReturnType type);
OPSIS_API void set_return_type(std::string_view name);

/// Sets what `apply` gives in this thread while it lives, then restores what was before. It must end where it began.
///     tv_tensors::ReturnTypeScope scope("TVTensor");
///     auto brighter = tv_tensors::apply(image, [](const torch::Tensor& t) { return t + 2; });   // holds an Image
/// Throws   ValueError for a word that is neither Tensor nor TVTensor
/// Differs  a scope is its thread's alone. torchvision's is the program's: of two threads, the one that leaves its scope first
///          takes the other's away, and the other then restores what the first had set, for good
/// Source   torchvision.tv_tensors.set_return_type, as a context manager
class OPSIS_API ReturnTypeScope {
 public:
  explicit ReturnTypeScope(ReturnType type);
  explicit ReturnTypeScope(std::string_view name);
  ~ReturnTypeScope();
  ReturnTypeScope(const ReturnTypeScope&) = delete;
  ReturnTypeScope& operator=(const ReturnTypeScope&) = delete;

 private:
  std::optional<ReturnType> outer_;
};

/// A tensor that a function gave: bare, or as a value.
using Returned = std::variant<torch::Tensor, Image, Video, Mask, BoundingBoxes, KeyPoints>;

}  // namespace opsis::inline v1::tv_tensors

namespace opsis::inline v1::detail {

template <class T>
concept HasTensor = tv_tensors::TVTensor<T> || std::is_same_v<T, torch::Tensor>;

template <class T>
struct IsVariant : std::false_type {};
template <class... Kinds>
struct IsVariant<std::variant<Kinds...>> : std::bool_constant<(tv_tensors::TVTensor<Kinds> || ...)> {};

// A kind of value, or a variant of some: Returned, transforms::Value or one of a user's own.
template <class T>
concept OneKindOrMore = tv_tensors::TVTensor<T> || IsVariant<T>::value;

template <class T>
struct IsTuple : std::false_type {};
template <class... Parts>
struct IsTuple<std::tuple<Parts...>> : std::true_type {};

[[noreturn]] OPSIS_API void refuse_without_tensor(std::string_view where);

template <HasTensor Kind>
const torch::Tensor& tensor_of(const Kind& value) {
  if constexpr (tv_tensors::TVTensor<Kind>) {
    return value.data;
  } else {
    return value;
  }
}

// Not by wrap(), which checks the shape: a column of boxes or their sum stays of their kind in torchvision too.
template <HasTensor Kind>
Kind with_tensor(Kind like, torch::Tensor data) {
  if constexpr (tv_tensors::TVTensor<Kind>) {
    like.data = std::move(data);
    return like;
  } else {
    return data;
  }
}

// What a function gave for the tensor of `like`, with the tensors in it as values like that one, or bare.
template <HasTensor Kind, class Output>
auto returned(const Kind& like, Output output, tv_tensors::ReturnType type) {
  if constexpr (std::is_same_v<Output, torch::Tensor>) {
    return type == tv_tensors::ReturnType::TVTensor ? tv_tensors::Returned(with_tensor(like, std::move(output)))
                                                    : tv_tensors::Returned(std::move(output));
  } else if constexpr (std::is_same_v<Output, std::vector<torch::Tensor>>) {  // of unbind, chunk, ...
    std::vector<tv_tensors::Returned> parts;
    parts.reserve(output.size());
    for (auto& part : output) parts.push_back(detail::returned(like, std::move(part), type));
    return parts;
  } else if constexpr (IsTuple<Output>::value) {  // of max, sort, ...
    return std::apply([&](auto&... part) { return std::make_tuple(detail::returned(like, std::move(part), type)...); }, output);
  } else {
    return output;
  }
}

template <HasTensor Kind, class Function>
auto apply_to(const Kind& value, Function& function) {
  using Output = std::invoke_result_t<Function&, const torch::Tensor&>;
  static_assert(!std::is_void_v<Output>,
                "apply: the function must give something; what it does to the tensor itself, do by hand");
  auto output = function(detail::tensor_of(value));
  return detail::returned(value, std::move(output), tv_tensors::current_return_type());
}

// A value of the same kind whatever the return type is.
template <OneKindOrMore Value, class Function>
Value keep_kind([[maybe_unused]] std::string_view where, const Value& value, const Function& function) {
  if constexpr (tv_tensors::TVTensor<Value>) {
    return with_tensor(value, function(value.data));
  } else {
    return std::visit(
        [&](const auto& held) -> Value {
          if constexpr (HasTensor<std::remove_cvref_t<decltype(held)>>) {
            return with_tensor(held, function(tensor_of(held)));
          } else {
            refuse_without_tensor(where);
          }
        },
        value);
  }
}

}  // namespace opsis::inline v1::detail

namespace opsis::inline v1::tv_tensors {

/// `function` of the value's tensor; what it gives is bare, or of the value's kind, as current_return_type() says. The value is
/// one of the five kinds or a variant of them, as transforms::Value is; a bare tensor in one stays bare.
///     Value value = Image(torch::rand({3, 5, 5}));
///     auto out = tv_tensors::apply(value, [](const torch::Tensor& t) { return t + 2; });   // Returned, holds a tensor
///     tv_tensors::set_return_type(tv_tensors::ReturnType::TVTensor);
///     out = tv_tensors::apply(value, [](const torch::Tensor& t) { return t + 2; });        // ... holds an Image
/// A tensor that the function gives becomes a Returned, in a std::vector or std::tuple too; all else is given as it is. Metadata
/// is the value's. A shape is not checked, as in torchvision: `boxes[0]` are BoundingBoxes of one dimension.
/// Throws   ValueError for a variant that holds something without a tensor, as a transforms::Custom
/// Differs  there is no second value to refuse for its kind: the function has other tensors by capture
/// Source   torchvision.tv_tensors.TVTensor.__torch_function__
template <detail::OneKindOrMore Value, class Function>
requires std::is_invocable_v<Function&, const torch::Tensor&>
auto apply(const Value& value, Function&& function) {
  if constexpr (TVTensor<Value>) {
    return detail::apply_to(value, function);
  } else {
    // The same for every kind. clang 14 does not survive it in the lambda's own declaration.
    using Answer = decltype(detail::apply_to(std::declval<const Image&>(), function));
    return std::visit(
        [&](const auto& held) -> Answer {
          if constexpr (detail::HasTensor<std::remove_cvref_t<decltype(held)>>) {
            return detail::apply_to(held, function);
          } else {
            detail::refuse_without_tensor("apply");
          }
        },
        value);
  }
}

// What keeps the kind in torchvision whatever the return type is. The arguments are those of the tensor's function of that name;
// a variant comes back as the same variant, holding the same kind.
//     auto on_gpu = tv_tensors::to(value, torch::kCUDA);
// Throws   ValueError for a variant that holds something without a tensor

/// A copy of its own memory.
template <detail::OneKindOrMore Value, class... Arguments>
Value clone(const Value& value, Arguments... arguments) {
  return detail::keep_kind("clone", value, [&](const torch::Tensor& tensor) { return tensor.clone(arguments...); });
}

/// Of another type or on another device; shares its memory where nothing changes.
template <detail::OneKindOrMore Value, class... Arguments>
Value to(const Value& value, Arguments... arguments) {
  return detail::keep_kind("to", value, [&](const torch::Tensor& tensor) { return tensor.to(arguments...); });
}

/// The same memory without gradients.
template <detail::OneKindOrMore Value>
Value detach(const Value& value) {
  return detail::keep_kind("detach", value, [](const torch::Tensor& tensor) { return tensor.detach(); });
}

/// Changes the value's own tensor, and gives the value.
template <detail::OneKindOrMore Value>
Value requires_grad_(const Value& value, bool requires_grad = true) {
  return detail::keep_kind("requires_grad_", value,
                           [&](const torch::Tensor& tensor) { return tensor.requires_grad_(requires_grad); });
}

/// A copy in memory from which a GPU reads beside other work.
template <detail::OneKindOrMore Value>
Value pin_memory(const Value& value) {
  return detail::keep_kind("pin_memory", value, [](const torch::Tensor& tensor) { return tensor.pin_memory(); });
}

}  // namespace opsis::inline v1::tv_tensors
