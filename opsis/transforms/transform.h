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
#include "opsis/transforms/arguments.h"
#include "opsis/transforms/custom.h"
#include "opsis/transforms/fuse.h"
#include "opsis/transforms/leaves.h"
#include "opsis/transforms/record.h"
#include "opsis/tv_tensors.h"

namespace opsis::inline v1::transforms {

class AnyTransform;

namespace detail {

// The images of a sample, as far as their pixels wait to be computed in one pass. Compose has one for each call.
class OPSIS_API FusedRun {
 public:
  explicit FusedRun(std::span<Value> values) : values_(values), images_(values.size()), cut_(values.size()) {}
  // One value waits already: a picture that is still in its file.
  void hold(size_t i, FusedImage image);

  // The height and width of an image, be they computed or not; (0, 0) of what is none.
  Size size(size_t i) const;
  // Whether the steps go into a pass over the pixels of value i, this one or a new one.
  bool take(size_t i, const PixelSteps& steps);
  // Computes what waits; value i in `place`, as FusedImage::compute says.
  void settle(size_t i, const ImagePlace& place = {});
  void settle();
  // The number of the pass that the last steps of value i went into.
  int pass(size_t i) const { return images_[i] ? pass_ : 0; }

 private:
  std::span<Value> values_;
  std::vector<std::optional<FusedImage>> images_;
  std::vector<torch::Tensor> cut_;  // what was computed last, where FusedImage::is_cut holds for it
  int pass_ = 0;
};

}  // namespace detail

/// A value: copy it, share it, call it from many threads.
class OPSIS_API Transform {
 public:
  virtual ~Transform();

  /// Draws once from the current generator (random::current), then changes every value with that one draw.
  virtual void apply(std::span<Value> values) const = 0;

  /// What would build it in Python: "RandomHorizontalFlip(p=0.5)", as torchvision prints it.
  virtual std::string repr() const = 0;

  /// What would build it in C++, within opsis::transforms: "Resize({256}, {.max_size = 500})".
  /// Throws   ValueError for a transform that does not name its arguments: a Lambda, or one of yours without arguments()
  std::string code() const;
  /// The same as JSON, which transform_from_json reads: {"name": "Resize", "size": [256], "max_size": 500}; a Compose is the
  /// list of its transforms.
  Json to_json() const;

  /// One input gives its own type back, several a tuple, all changed with one draw. An input is an Image, Video, Mask,
  /// BoundingBoxes or KeyPoints; a struct with `auto fields() { return std::tie(...); }`; a tuple, pair, optional or vector of
  /// such; or anything else, which passes through. A bare tensor is an image when it is the first one and there is neither an
  /// Image nor a Video, as in torchvision.
  ///     auto x = train(image);
  ///     auto [img, boxes, masks] = train(image, boxes, masks);
  /// A struct may also name tensors with a row for each of its boxes, as labels: SanitizeBoundingBoxes, in a pipeline too, takes
  /// the rows of a box out with it.
  ///     auto per_box() { return std::tie(labels, areas); }
  /// And it may give what is none of these kinds as values that are, a tuple or optional of them too, and take it back from what
  /// they became, as datasets::FlowExample does:
  ///     KeyPoints carried() const { return outline_as_points(); }
  ///     void take_back(KeyPoints moved) { set_outline(moved); }
  template <class... Inputs>
  auto operator()(Inputs... inputs) const;

  /// operator() that says what it did: a pair of what operator() gives and the record. The draws are the same.
  ///     auto [out, record] = train.record(image);
  ///     auto [sample, record] = train.record(image, boxes);   // sample is a tuple
  template <class... Inputs>
  auto record(Inputs... inputs) const;

  /// operator() by what a record says instead of drawing: the same crop of the second camera's picture.
  /// Throws   ValueError for the record of another transform
  template <class... Inputs>
  auto replay(const Record& record, Inputs... inputs) const;

  /// Takes boxes, key points and masks (pixels too, as far as they can be had back) of a result to where they were on the
  /// source. What the transform had cut off is 0; boxes are clamped by their mode.
  ///     auto on_the_photo = train.invert(record, found_boxes);
  /// Throws   ValueError for the record of another transform, and for a transform that moves pixels and has no inverse
  template <class... Inputs>
  auto invert(const Record& record, Inputs... inputs) const;

  // What stands behind these. Drawing, Fixed and Sometimes have them from make_params, transform and, if there is one,
  //     Value inverse(const Value& value, const Params& params, Size source) const;   // without params when there are none
  // A container has them from parts(). Any other transform is replayed by putting the generator to where it stood.
  virtual void apply_and_record(std::span<Value> values, Record& record) const;
  virtual void apply_record(std::span<Value> values, const Record& record) const;
  virtual void apply_inverse(std::span<Value> values, const Record& record) const;
  /// Of a container: the transforms that it applies, each by its own apply().
  virtual std::span<const AnyTransform> parts() const;
  /// Its arguments; none when it does not name them.
  virtual std::optional<Description> description() const;
  // apply() that leaves pixels to the run where it can; false, before anything was drawn, when it never can. See fuse.h.
  virtual bool apply_fused(std::span<Value> values, detail::FusedRun& run) const;

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
  /// The transform itself; null when there is none.
  const Transform* get() const { return transform_.get(); }
  void apply(std::span<Value> values) const override;
  std::string repr() const override;
  void apply_and_record(std::span<Value> values, Record& record) const override;
  void apply_record(std::span<Value> values, const Record& record) const override;
  void apply_inverse(std::span<Value> values, const Record& record) const override;
  std::span<const AnyTransform> parts() const override;
  std::optional<Description> description() const override;
  bool apply_fused(std::span<Value> values, detail::FusedRun& run) const override;

 private:
  std::shared_ptr<const Transform> transform_;
};

inline Json json_of(const AnyTransform& transform) { return transform.to_json(); }
inline std::string code_of(const AnyTransform& transform) { return transform.code(); }
OPSIS_API void read_json(const Json& json, AnyTransform& transform);

namespace detail {

// Throws ValueError unless p is in [0, 1]; `where` begins the message.
OPSIS_API void check_probability(std::string_view where, double p);
// Draws one torch.rand(1): whether it is below p.
OPSIS_API bool happens(double p);

// Whether a container that is being recorded waits for the records of its parts.
OPSIS_API bool is_recording();

// "Resize" of "Resize(size=[256], ...)"
OPSIS_API std::string class_name(const Transform& transform);

// The draws that a record must hold besides the parameters: transforms that call a kernel which draws.
class OPSIS_API Recording {
 public:
  // Begins a record: the name, the size of the sample.
  Recording(const Transform& transform, std::span<const Value> values, Record& record);
  // From here on, what the generator gives belongs to no parameters.
  void parameters_drawn();
  void done();

 private:
  Record& record_;
  torch::Tensor state_;
};

// While it lives, a generator that stands where the record's did, when the record has one.
class OPSIS_API Replaying {
 public:
  // Throws ValueError when the record is of another class of transform.
  Replaying(const Transform& transform, const Record& record);
  ~Replaying();
  Replaying(const Replaying&) = delete;
  Replaying& operator=(const Replaying&) = delete;

 private:
  struct Scope;
  std::unique_ptr<Scope> scope_;
};

// apply() of a transform that goes on with a run.
OPSIS_API void apply_within(const Transform& transform, std::span<Value> values, FusedRun& run);

// The size that a value like this one had before.
OPSIS_API Size source_of(const Value& value, const Record& record);

// What a transform without inverse() does to be undone: nothing, when it leaves key points where they are; else it refuses.
OPSIS_API void require_in_place(const Transform& transform, const Record& record);

template <class Derived, class... Params>
void change_one(const Derived& self, Value& value, const Params&... params) {
  if (const auto* custom = std::get_if<Custom>(&value)) {
    if (custom->template get<PerBox>()) return;  // change() has seen to it
    if constexpr (sizeof...(Params) == 0) {
      value = change_custom(*custom, typeid(Derived), self, nullptr);
    } else {
      value = change_custom(*custom, typeid(Derived), self, (static_cast<const void*>(&params), ...));
    }
  } else {
    value = self.transform(value, params...);
  }
}

template <class Derived, class... Params>
void change(const Derived& self, std::span<Value> values, const Params&... params) {
  // While the boxes are there that say how many rows there must be.
  if constexpr (requires { self.rows_of_boxes(values, params...); }) self.rows_of_boxes(values, params...);
  for (auto& value : values) change_one(self, value, params...);
}

template <class Derived, class... Params>
void change_fused(const Derived& self, std::span<Value> values, FusedRun& run, const Params&... params) {
  for (size_t i = 0; i < values.size(); ++i) {
    const bool pixels = std::holds_alternative<Image>(values[i]) || std::holds_alternative<Video>(values[i]);
    if (pixels && run.take(i, self.pixel_steps(params..., run.size(i)))) continue;
    run.settle(i);
    change_one(self, values[i], params...);
  }
}

template <class Derived, class... Params>
void undo(const Derived& self, std::span<Value> values, const Record& record, const Params&... params) {
  if constexpr (requires { self.inverse(values[0], params..., record.source); }) {
    for (auto& value : values) {
      if (!std::holds_alternative<Custom>(value)) value = self.inverse(value, params..., source_of(value, record));
    }
  } else {
    require_in_place(self, record);
  }
}

template <class Derived>
std::optional<Description> description_of(const Derived& self) {
  if constexpr (requires { self.arguments(); }) {
    return describe_class(class_name(self), self);
  } else {
    return std::nullopt;
  }
}

template <class Derived>
concept DrawsParams = requires {
  &Derived::make_params;
};

template <class Derived>
bool fuse_class(const Derived& self, std::span<Value> values, FusedRun& run) {
  if constexpr (!requires { &Derived::pixel_steps; }) {
    return false;
  } else if constexpr (DrawsParams<Derived>) {
    change_fused(self, values, run, self.make_params(std::span<const Value>(values)));
    return true;
  } else {
    change_fused(self, values, run);
    return true;
  }
}

// The record, the replay and the inverse of a class with make_params, or without.
template <class Derived>
void record_class(const Derived& self, std::span<Value> values, Record& record, Recording& recording) {
  if constexpr (DrawsParams<Derived>) {
    using Params = std::remove_cvref_t<decltype(self.make_params(std::span<const Value>(values)))>;
    const auto params = std::make_shared<const Params>(self.make_params(std::span<const Value>(values)));
    record.drawn = Drawn(params);
    recording.parameters_drawn();
    change(self, values, *params);
  } else {
    recording.parameters_drawn();
    change(self, values);
  }
  recording.done();
}

template <class Derived>
auto params_of(const Derived& self, const Record& record) {
  using Params = std::remove_cvref_t<decltype(self.make_params(std::span<const Value>()))>;
  return record.drawn.template as<Params>(record.name);
}

template <class Derived>
void replay_class(const Derived& self, std::span<Value> values, const Record& record) {
  const Replaying replaying(self, record);
  if (!record.happened) return;
  if constexpr (DrawsParams<Derived>) {
    change(self, values, params_of(self, record));
  } else {
    change(self, values);
  }
}

template <class Derived>
void undo_class(const Derived& self, std::span<Value> values, const Record& record) {
  const Replaying replaying(self, record);
  if (!record.happened) return;
  if constexpr (DrawsParams<Derived>) {
    undo(self, values, record, params_of(self, record));
  } else {
    undo(self, values, record);
  }
}

template <class Derived>
void apply_class(const Derived& self, std::span<Value> values) {
  if constexpr (DrawsParams<Derived>) {
    change(self, values, self.make_params(std::span<const Value>(values)));
  } else {
    change(self, values);
  }
}

// What the three bases share.
template <class Derived>
class Recorded : public Transform {
 public:
  void apply_record(std::span<Value> values, const Record& record) const final { replay_class(self(), values, record); }
  void apply_inverse(std::span<Value> values, const Record& record) const final { undo_class(self(), values, record); }
  std::optional<Description> description() const final { return description_of(self()); }

 protected:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

// A transform that acts whenever it is called, by parameters that it draws or by none.
template <class Derived>
class Always : public Recorded<Derived> {
 public:
  void apply(std::span<Value> values) const final { apply_class(this->self(), values); }
  void apply_and_record(std::span<Value> values, Record& record) const final {
    Recording recording(*this, values, record);
    record_class(this->self(), values, record, recording);
  }
  bool apply_fused(std::span<Value> values, FusedRun& run) const final { return fuse_class(this->self(), values, run); }
};

}  // namespace detail

/// The base of a transform that draws its parameters first and then treats each value alone:
///     struct RandomCrop final : Drawing<RandomCrop> {
///       struct Params { int64_t top, left, height, width; };               // with fields(), see fields.h, to be kept as JSON
///       Params make_params(std::span<const Value> values) const;           // all draws are made here
///       Value transform(const Value& value, const Params& params) const;   // no draw here
///       Value inverse(const Value& value, const Params& params, Size source) const;   // if it moves pixels and can be undone
///       auto arguments() const;                                            // see arguments.h: code() and JSON
///     };
/// Source   torchvision.transforms.v2.Transform's make_params and transform
template <class Derived>
class Drawing : public detail::Always<Derived> {};

/// The base of a transform that draws nothing: `Value transform(const Value&) const`, and `inverse` and `arguments` as Drawing's.
template <class Derived>
class Fixed : public detail::Always<Derived> {};

/// The base of a transform that acts with probability p: it draws one torch.rand(1) and, when that is below p, does as Drawing
/// when Derived has make_params and as Fixed when not.
///     struct RandomHorizontalFlip final : Sometimes<RandomHorizontalFlip> {
///       explicit RandomHorizontalFlip(double p = 0.5) : Sometimes("RandomHorizontalFlip", p) {}
///       Value transform(const Value& value) const;
///     };
/// Source   torchvision.transforms.v2._transform._RandomApplyTransform
template <class Derived>
class Sometimes : public detail::Recorded<Derived> {
 public:
  void apply(std::span<Value> values) const final {
    if (detail::happens(p_)) detail::apply_class(this->self(), values);
  }
  void apply_and_record(std::span<Value> values, Record& record) const final {
    detail::Recording recording(*this, values, record);
    record.happened = detail::happens(p_);
    if (record.happened) detail::record_class(this->self(), values, record, recording);
  }
  bool apply_fused(std::span<Value> values, detail::FusedRun& run) const final {
    if (!detail::happens(p_)) return true;
    if (!detail::fuse_class(this->self(), values, run)) {
      run.settle();
      detail::apply_class(this->self(), values);
    }
    return true;
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
        if constexpr (std::is_same_v<Kind, Custom>) {
          return held;  // by register_kernel, which the bases ask
        } else if constexpr (sizeof...(Kinds) == 0 || (std::is_same_v<Kind, Kinds> || ...)) {
          return kernel(held);
        } else {
          return held;
        }
      },
      value);
}

namespace detail {

// What operator() gives: inputs, changed by `apply`.
template <class... Inputs>
auto apply_to(const Transform& transform, const std::function<void(std::span<Value>)>& apply, Inputs... inputs) {
  static_assert(sizeof...(Inputs) > 0, "a transform needs something to transform");
  Leaves leaves;
  (collect(leaves, inputs), ...);
  leaves.apply(transform, apply);
  if constexpr (sizeof...(Inputs) == 1) {
    return std::get<0>(std::tuple<Inputs...>(std::move(inputs)...));
  } else {
    return std::tuple<Inputs...>(std::move(inputs)...);
  }
}

}  // namespace detail

template <class... Inputs>
auto Transform::operator()(Inputs... inputs) const {
  return detail::apply_to<Inputs...>(
      *this, [this](std::span<Value> values) { apply(values); }, std::move(inputs)...);
}

template <class... Inputs>
auto Transform::record(Inputs... inputs) const {
  Record record;
  auto out = detail::apply_to<Inputs...>(
      *this, [&](std::span<Value> values) { apply_and_record(values, record); }, std::move(inputs)...);
  return std::pair(std::move(out), std::move(record));
}

template <class... Inputs>
auto Transform::replay(const Record& record, Inputs... inputs) const {
  return detail::apply_to<Inputs...>(
      *this, [&](std::span<Value> values) { apply_record(values, record); }, std::move(inputs)...);
}

template <class... Inputs>
auto Transform::invert(const Record& record, Inputs... inputs) const {
  return detail::apply_to<Inputs...>(
      *this, [&](std::span<Value> values) { apply_inverse(values, record); }, std::move(inputs)...);
}

}  // namespace opsis::inline v1::transforms
