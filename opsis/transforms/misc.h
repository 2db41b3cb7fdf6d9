// Lambda: any function as a transform.
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "opsis/core/api.h"
#include "opsis/transforms/per_kind.h"
#include "opsis/transforms/transform.h"

namespace opsis::inline v1::transforms {

/// A function as a transform: of the kinds of value that it accepts, the others pass through. One that takes tensors gets the
/// pixels of images and videos. It must be callable from many threads at once, as every transform is.
///     Lambda([](const Image& image) { return Image(image.data.flip(-2)); })
///     Lambda([](const torch::Tensor& pixels) { return pixels * 2; })
///     Lambda([](const auto& value) { return value; })                          // all kinds
/// Throws   nothing itself
/// Differs  it sees images, videos, masks, boxes and key points; torchvision's sees whatever else a sample holds too
/// Source   torchvision.transforms.v2.Lambda
class OPSIS_API Lambda final : public Fixed<Lambda> {
 public:
  template <class Function>
  requires(!std::is_same_v<std::remove_cvref_t<Function>, Lambda>) explicit Lambda(Function function) {
    static_assert(accepts_any<Function>(), "Lambda: the function accepts no kind of value, nor a tensor");
    function_ = [function = std::move(function)](const Value& value) -> Value {
      return std::visit([&](const auto& held) { return call(function, held); }, value);
    };
    types_ = types<Function>();
  }

  Value transform(const Value& value) const { return function_(value); }
  std::string repr() const override;

 private:
  template <class Function, class Kind>
  static constexpr bool accepts = std::is_invocable_v<const Function&, const Kind&>;

  template <class Function, class Kind>
  static constexpr bool accepts_pixels =
      !accepts<Function, Kind> &&
      (std::is_same_v<Kind, Image> || std::is_same_v<Kind, Video>)&&std::is_invocable_v<const Function&, const torch::Tensor&>;

  template <class Function>
  static constexpr bool accepts_any() {
    return accepts<Function, Image> || accepts<Function, Video> || accepts<Function, Mask> ||
           accepts<Function, BoundingBoxes> || accepts<Function, KeyPoints> || accepts_pixels<Function, Image>;
  }

  template <class Function, class Kind>
  static Value call(const Function& function, const Kind& value) {
    if constexpr (std::is_same_v<Kind, Custom>) {
      return value;
    } else if constexpr (accepts<Function, Kind>) {
      return function(value);
    } else if constexpr (accepts_pixels<Function, Kind>) {
      auto out = value;
      out.data = function(value.data);
      return out;
    } else {
      return value;
    }
  }

  // The names of what it changes, as torchvision lists them.
  template <class Function>
  static std::string types() {
    std::string out;
    const auto add = [&](bool taken, const char* name) {
      if (taken) out += std::string(out.empty() ? "" : ", ") + "'" + name + "'";
    };
    constexpr bool all = accepts<Function, Image> && accepts<Function, Video> && accepts<Function, Mask> &&
                         accepts<Function, BoundingBoxes> && accepts<Function, KeyPoints>;
    if constexpr (all) return "'object'";
    add(accepts_pixels<Function, Image>, "Tensor");
    add(accepts<Function, Image>, "Image");
    add(accepts<Function, Video>, "Video");
    add(accepts<Function, Mask>, "Mask");
    add(accepts<Function, BoundingBoxes>, "BoundingBoxes");
    add(accepts<Function, KeyPoints>, "KeyPoints");
    return out;
  }

  std::function<Value(const Value&)> function_;
  std::string types_;
};

}  // namespace opsis::inline v1::transforms
