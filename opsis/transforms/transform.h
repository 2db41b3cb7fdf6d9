// What a transform is, and how it is applied to anything a user hands in.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

/// What transforms work on. Everything else in a sample passes through.
using Value = std::variant<Image, Video, Mask, BoundingBoxes, KeyPoints>;

/// A value: copy it, share it, call it from many threads.
class OPSIS_API Transform {
 public:
  virtual ~Transform();

  /// Draws once from the current generator (random::current), then changes every value with that one draw.
  virtual void apply(std::span<Value> values) const = 0;

  /// What would build it in Python: "RandomHorizontalFlip(p=0.5)", as torchvision prints it.
  virtual std::string repr() const = 0;

  /// One input gives its own type back, several a tuple, all changed with one draw. An input is an Image, Video, Mask,
  /// BoundingBoxes or KeyPoints; a struct with `auto fields() { return std::tie(...); }`; a tuple, pair, optional or vector of
  /// such; or anything else, which passes through. A bare tensor is an image when it is the first one and there is neither an
  /// Image nor a Video, as in torchvision.
  ///     auto x = train(image);
  ///     auto [img, boxes, masks] = train(image, boxes, masks);
  template <class... Inputs>
  auto operator()(Inputs... inputs) const;

 protected:
  Transform() = default;
  Transform(const Transform&) = default;
  Transform& operator=(const Transform&) = default;
};

inline std::ostream& operator<<(std::ostream& out, const Transform& transform) { return out << transform.repr(); }

/// Any transform, held by shared ownership: they are immutable, so a copy is the same transform.
class OPSIS_API AnyTransform final : public Transform {
 public:
  /// Passes everything through.
  AnyTransform() = default;
  template <class T>
  requires(std::is_base_of_v<Transform, T> && !std::is_same_v<T, AnyTransform>) AnyTransform(T transform)
      : transform_(std::make_shared<const T>(std::move(transform))) {}

  explicit operator bool() const { return transform_ != nullptr; }
  void apply(std::span<Value> values) const override;
  std::string repr() const override;

 private:
  std::shared_ptr<const Transform> transform_;
};

/// The base of a transform that draws its parameters first and then treats each value alone:
///     struct RandomCrop final : Drawing<RandomCrop> {
///       struct Params { int64_t top, left, height, width; };
///       Params make_params(std::span<const Value> values) const;           // all draws are made here
///       Value transform(const Value& value, const Params& params) const;   // no draw here
///     };
/// Source   torchvision.transforms.v2.Transform's make_params and transform
template <class Derived>
class Drawing : public Transform {
 public:
  void apply(std::span<Value> values) const final {
    const auto& self = static_cast<const Derived&>(*this);
    const auto params = self.make_params(std::span<const Value>(values));
    for (auto& value : values) value = self.transform(value, params);
  }
};

/// The base of a transform that draws nothing: `Value transform(const Value&) const`.
template <class Derived>
class Fixed : public Transform {
 public:
  void apply(std::span<Value> values) const final {
    const auto& self = static_cast<const Derived&>(*this);
    for (auto& value : values) value = self.transform(value);
  }
};

namespace detail {

// Throws ValueError unless p is in [0, 1]; `where` begins the message.
OPSIS_API void check_probability(std::string_view where, double p);
// Draws one torch.rand(1): whether it is below p.
OPSIS_API bool happens(double p);

}  // namespace detail

/// The base of a transform that acts with probability p: it draws one torch.rand(1) and, when that is below p, does as Drawing
/// when Derived has make_params and as Fixed when not.
///     struct RandomHorizontalFlip final : Sometimes<RandomHorizontalFlip> {
///       explicit RandomHorizontalFlip(double p = 0.5) : Sometimes("RandomHorizontalFlip", p) {}
///       Value transform(const Value& value) const;
///     };
/// Source   torchvision.transforms.v2._transform._RandomApplyTransform
template <class Derived>
class Sometimes : public Transform {
 public:
  void apply(std::span<Value> values) const final {
    if (!detail::happens(p_)) return;
    const auto& self = static_cast<const Derived&>(*this);
    if constexpr (requires { &Derived::make_params; }) {
      const auto params = self.make_params(std::span<const Value>(values));
      for (auto& value : values) value = self.transform(value, params);
    } else {
      for (auto& value : values) value = self.transform(value);
    }
  }
  double probability() const { return p_; }

 protected:
  Sometimes(std::string_view name, double p) : p_(p) { detail::check_probability(name, p); }

 private:
  double p_;
};

/// `kernel(value)` for the kinds of value that are named (all when none is); the others as they are. For the bodies of
/// `transform`:
///     return apply_kernel(value, [&](const auto& v) { return functional::pad(v, padding_); });
///     return apply_kernel<Image, Video>(value, [&](const auto& v) { return functional::normalize(v, mean_, std_); });
template <class... Kinds, class Kernel>
Value apply_kernel(const Value& value, const Kernel& kernel) {
  return std::visit(
      [&](const auto& held) -> Value {
        using Kind = std::remove_cvref_t<decltype(held)>;
        if constexpr (sizeof...(Kinds) == 0 || (std::is_same_v<Kind, Kinds> || ...)) {
          return kernel(held);
        } else {
          return held;
        }
      },
      value);
}

namespace detail {

// The parts of a call's inputs that transforms work on, in their order; they stay where they are and are changed in place.
class OPSIS_API Leaves {
 public:
  using Leaf = std::variant<Image*, Video*, Mask*, BoundingBoxes*, KeyPoints*, torch::Tensor*>;
  void add(Leaf leaf) { leaves_.push_back(leaf); }
  void apply(const Transform& transform);

 private:
  std::vector<Leaf> leaves_;
};

template <class T>
concept LeafType = std::is_constructible_v<Leaves::Leaf, T*> && !std::is_const_v<T>;

template <class T>
concept WithFields = requires(T& value) {
  value.fields();
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

// A field that cannot be changed would be passed through in silence.
template <class T>
concept ConstLeaf = std::is_const_v<T> && LeafType<std::remove_const_t<T>>;

template <class T>
void collect(Leaves& leaves, T& input) {
  if constexpr (std::is_const_v<T>) {
    return;  // cannot be changed: a map's key, a path's component
  } else if constexpr (LeafType<T>) {
    leaves.add(&input);
  } else if constexpr (WithFields<T>) {
    std::apply(
        [&](auto&... field) {
          static_assert(!(ConstLeaf<std::remove_reference_t<decltype(field)>> || ...),
                        "fields() must not be const: transforms change what it names");
          (collect(leaves, field), ...);
        },
        input.fields());
  } else if constexpr (TupleLike<T>) {
    std::apply([&](auto&... element) { (collect(leaves, element), ...); }, input);
  } else if constexpr (IsOptional<T>::value) {
    if (input) collect(leaves, *input);
  } else if constexpr (Sequence<T>) {
    for (auto& element : input) collect(leaves, element);
  }
}

}  // namespace detail

template <class... Inputs>
auto Transform::operator()(Inputs... inputs) const {
  static_assert(sizeof...(Inputs) > 0, "a transform needs something to transform");
  detail::Leaves leaves;
  (detail::collect(leaves, inputs), ...);
  leaves.apply(*this);
  if constexpr (sizeof...(Inputs) == 1) {
    return std::get<0>(std::tuple<Inputs...>(std::move(inputs)...));
  } else {
    return std::tuple<Inputs...>(std::move(inputs)...);
  }
}

}  // namespace opsis::inline v1::transforms
