// What of a call's inputs transforms work on: values within tuples, lists, optionals and structs of a user's own.
#pragma once

#include <torch/types.h>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/transforms/custom.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::io {

struct PackedImage;

}  // namespace opsis::inline v1::io

namespace opsis::inline v1::transforms {

/// What transforms work on. Everything else in a sample passes through.
using Value = std::variant<Image, Video, Mask, BoundingBoxes, KeyPoints, Custom>;

class Transform;

namespace detail {

// The parts of a call's inputs that transforms work on, in their order; they stay where they are and are changed in place.
class OPSIS_API Leaves {
 public:
  // A value of a type that register_kernel was called for.
  struct CustomPlace {
    using Load = Custom (*)(const void* place);
    using Store = bool (*)(const Custom& value, void* place);  // false when it is of another type
    CustomPlace(void* place, Load load, Store store) : place(place), load(load), store(store) {}
    void* place;
    Load load;
    Store store;
  };
  // Rows that go with boxes; null where their struct has none.
  struct RowsPlace {
    RowsPlace(torch::Tensor* rows, const BoundingBoxes* boxes) : rows(rows), boxes(boxes) {}
    torch::Tensor* rows;
    const BoundingBoxes* boxes;
  };
  using Leaf = std::variant<Image*, Video*, Mask*, BoundingBoxes*, KeyPoints*, torch::Tensor*, CustomPlace, RowsPlace>;
  void add(Leaf leaf) { leaves_.push_back(leaf); }
  size_t size() const { return leaves_.size(); }
  // Rows of a struct whose leaves begin with the one of this number: they go with its first boxes.
  void add_per_box(torch::Tensor& rows, size_t first);
  // Whether add_per_box was called for it.
  bool has_per_box(const torch::Tensor& rows) const;
  // Called when all are changed.
  void after(std::function<void()> then) { after_.push_back(std::move(then)); }
  // Changes them all by one call of `apply`; `transform` is named in errors.
  void apply(const Transform& transform, const std::function<void(std::span<Value> values)>& apply);

 private:
  std::vector<Leaf> leaves_;
  std::vector<std::function<void()>> after_;
};

template <class T>
concept LeafType = std::is_constructible_v<Leaves::Leaf, T*> && !std::is_const_v<T>;

template <class T>
Leaves::CustomPlace custom_place(T& value) {
  return {&value, [](const void* place) { return Custom(*static_cast<const T*>(place)); },
          [](const Custom& custom, void* place) {
            const auto* held = custom.get<T>();
            if (held) *static_cast<T*>(place) = *held;
            return held != nullptr;
          }};
}

template <class T>
concept WithFields = requires(T& value) {
  value.fields();
};

template <class T>
concept WithRows = requires(T& value) {
  value.per_box();
};

template <class T>
concept WithCarried = requires(T& value) {
  value.take_back(value.carried());
};

template <class T>
concept TupleLike = requires {
  typename std::tuple_size<T>::type;
};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

// Sequences of things that may hold leaves: not strings, not vectors of numbers, nor what holds itself without end (JSON).
template <class T>
concept Sequence = requires(T& value) {
  value.begin();
  value.end();
  requires !std::is_arithmetic_v<typename T::value_type>;
  requires !std::is_same_v<typename T::value_type, T>;
  requires std::is_lvalue_reference_v<decltype(*value.begin())>;
};

// What may be a kind of the user's own: a class that is not looked into. Containers say that they can be copied when they cannot.
template <class T>
concept MaybeCustom = std::is_class_v<T> && !std::is_const_v<T> && !LeafType<T> && !WithFields<T> && !TupleLike<T> &&
                      !IsOptional<T>::value && !requires {
  typename T::allocator_type;
}
&&std::copy_constructible<T>&& std::is_copy_assignable_v<T>;

// A field that cannot be changed would be passed through in silence.
template <class T>
concept ConstLeaf = std::is_const_v<T> && LeafType<std::remove_const_t<T>>;

template <class T>
void collect(Leaves& leaves, T& input) {
  static_assert(!std::is_same_v<std::remove_const_t<T>, io::PackedImage>,
                "transforms change tensors: make an image of a PackedImage first, by ToImage()(picture)");
  if constexpr (MaybeCustom<T>) {
    if (is_custom(typeid(T))) return leaves.add(custom_place(input));
  }
  if constexpr (std::is_const_v<T>) {
    return;  // cannot be changed: a map's key, a path's component
  } else if constexpr (LeafType<T>) {
    leaves.add(&input);
  } else if constexpr (WithFields<T>) {
    [[maybe_unused]] const auto first = leaves.size();
    std::apply(
        [&](auto&... field) {
          static_assert(!(ConstLeaf<std::remove_reference_t<decltype(field)>> || ...),
                        "fields() must not be const: transforms change what it names");
          (collect(leaves, field), ...);
        },
        input.fields());
    if constexpr (WithRows<T>) std::apply([&](auto&... rows) { (leaves.add_per_box(rows, first), ...); }, input.per_box());
    if constexpr (WithCarried<T>) {
      const auto carried = std::make_shared<std::remove_const_t<decltype(input.carried())>>(input.carried());
      collect(leaves, *carried);
      leaves.after([carried, &input] { input.take_back(std::move(*carried)); });
    }
  } else if constexpr (TupleLike<T>) {
    std::apply([&](auto&... element) { (collect(leaves, element), ...); }, input);
  } else if constexpr (IsOptional<T>::value) {
    if (input) collect(leaves, *input);
  } else if constexpr (Sequence<T>) {
    for (auto& element : input) collect(leaves, element);
  }
}

}  // namespace detail

}  // namespace opsis::inline v1::transforms
