// Kinds of value that a user brings along.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <typeindex>
#include <typeinfo>
#include <utility>

#include "opsis/core/api.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

class Transform;

/// A value of a user's own type among those that transforms see; copying it copies a pointer. See register_kernel.
class OPSIS_API Custom {
 public:
  Custom() = default;
  template <class T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, Custom>) explicit Custom(T value)
      : type_(typeid(T)), held_(std::make_shared<const T>(std::move(value))) {}

  std::type_index type() const { return type_; }
  /// The value; none when it is of another type.
  template <class T>
  const T* get() const {
    return held_ && type_ == typeid(T) ? static_cast<const T*>(held_.get()) : nullptr;
  }

 private:
  std::type_index type_ = typeid(void);
  std::shared_ptr<const void> held_;
};

namespace detail {

// A row for each box of a struct: what its per_box() names.
struct PerBox {
  torch::Tensor rows;
  size_t boxes;  // the place of the struct's boxes among the values; where there are none, another place
};

// What a transform does to a custom value, with the parameters it drew (null when it draws none).
using CustomKernel = std::function<Custom(const Custom& value, const Transform& transform, const void* params)>;

OPSIS_API void register_custom(std::type_index transform, std::type_index kind, std::string_view names, CustomKernel kernel);
// Whether a kernel was registered for values of this type.
OPSIS_API bool is_custom(const std::type_info& kind);
// By the kernel for its type, if there is one; else as it is.
OPSIS_API Custom change_custom(const Custom& value, const std::type_info& type, const Transform& transform, const void* params);

template <class Class, class = void>
struct ParamsOf {
  using type = void;
};
template <class Class>
struct ParamsOf<Class, std::void_t<decltype(&Class::make_params)>> {
  template <class Owner, class Result, class... Arguments>
  static Result of(Result (Owner::*)(Arguments...) const);
  using type = std::remove_cvref_t<decltype(of(&Class::make_params))>;
};

}  // namespace detail

/// Teaches a transform a kind of value of yours; from then on values of that type, in every sample and every container, are
/// changed by it along with the images. What else is applied to them passes them through, as torchvision does.
///     struct Polygon { std::vector<Point> points; Size canvas; };
///     register_kernel<RandomHorizontalFlip, Polygon>([](const Polygon& polygon) { ... return mirrored; });
///     register_kernel<RandomCrop, Polygon>([](const Polygon& p, const RandomCrop::Params& drawn) { ... });
///     register_kernel<Resize, Polygon>([](const Polygon& p, const Resize& resize) { ... });
/// What can be told as masks, boxes or key points needs none of this: see carried() at Transform.
/// The function takes the value; if it wants them the parameters that were drawn, or the transform, or first the parameters and
/// then the transform. The type must be copied and assigned. Any thread may register while others transform.
/// Throws   ValueError when the transform has a kernel for the type already
/// Differs  it is registered for a transform's class, by torchvision for the functional that the class calls
/// Source   torchvision.transforms.v2.functional.register_kernel
template <class TransformClass, class Kind, class Function>
void register_kernel(Function function) {
  static_assert(!std::is_same_v<Kind, Image> && !std::is_same_v<Kind, Video> && !std::is_same_v<Kind, Mask> &&
                    !std::is_same_v<Kind, BoundingBoxes> && !std::is_same_v<Kind, KeyPoints>,
                "register_kernel: the kernels of torchvision's kinds are fixed");
  static_assert(std::is_class_v<Kind>, "register_kernel: a kind of value is a class");
  using Params = typename detail::ParamsOf<TransformClass>::type;
  const auto kernel = [function = std::move(function)](const Custom& value, const Transform& transform,
                                                       [[maybe_unused]] const void* params) {
    const auto& held = *value.get<Kind>();
    const auto& self = static_cast<const TransformClass&>(transform);
    if constexpr (std::is_invocable_r_v<Kind, const Function&, const Kind&>) {
      return Custom(Kind(function(held)));
    } else if constexpr (std::is_invocable_r_v<Kind, const Function&, const Kind&, const TransformClass&>) {
      return Custom(Kind(function(held, self)));
    } else {
      static_assert(!std::is_void_v<Params>, "register_kernel: the function must take (Kind) or (Kind, transform)");
      if constexpr (std::is_invocable_r_v<Kind, const Function&, const Kind&, const Params&>) {
        return Custom(Kind(function(held, *static_cast<const Params*>(params))));
      } else {
        return Custom(Kind(function(held, *static_cast<const Params*>(params), self)));
      }
    }
  };
  detail::register_custom(typeid(TransformClass), typeid(Kind), typeid(Kind).name(), kernel);
}

}  // namespace opsis::inline v1::transforms
