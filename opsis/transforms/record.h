// What a transform drew: to print, to keep as JSON, to replay on another sample and to undo.
#pragma once

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/json.h"
#include "opsis/core/size.h"
#include "opsis/transforms/fields.h"

namespace opsis::inline v1::transforms {

namespace detail {

/// The parameters of one draw: of their own type when they were just drawn, JSON when they were read back.
class OPSIS_API Drawn {
 public:
  Drawn() = default;
  explicit Drawn(Json json) : json_(std::move(json)) {}
  template <class Params>
  explicit Drawn(std::shared_ptr<const Params> params) : params_(params), type_(&typeid(Params)) {
    if constexpr (has_json<Params>()) {
      write_ = [](const void* held) { return to_json(*static_cast<const Params*>(held)); };
    }
  }

  bool empty() const { return !params_ && json_.is_null(); }
  /// null for parameters that cannot be written.
  Json json() const { return !params_ ? json_ : write_ ? write_(params_.get()) : Json(); }
  /// Throws   ValueError, in the words of the transform `where`, when these are the parameters of something else
  template <class Params>
  Params as(const std::string& where) const {
    if (params_ && *type_ == typeid(Params)) return *static_cast<const Params*>(params_.get());
    if constexpr (has_json<Params>()) {
      if (!params_ && !json_.is_null()) {
        Params params{};
        from_json(json_, params);
        return params;
      }
    }
    refuse(where);
  }

 private:
  [[noreturn]] void refuse(const std::string& where) const;

  std::shared_ptr<const void> params_;
  const std::type_info* type_ = nullptr;
  Json (*write_)(const void*) = nullptr;
  Json json_;
};

}  // namespace detail

/// What a transform did when it was applied: a tree with a branch for each part that a container used, in their order.
///     auto [left, record] = train.record(left_camera);
///     auto right = train.replay(record, right_camera);            // the same crop, the same colours
///     auto found = train.invert(record, boxes_of_the_detector);   // back on the picture as it was
///     std::cout << record;                                        // RandomCrop {"region":{"top":3,"left":7, ...}}
///     record = Record::parse(record.dump());                      // and as JSON
/// A record belongs to the transform that made it, or to one that is built alike.
struct OPSIS_API Record {
  std::string name;           ///< of the transform's class
  bool happened = true;       ///< false when it let the sample pass, by its probability
  Size source{};              ///< of the sample before; of nothing that has a size it is (0, 0)
  detail::Drawn drawn{};      ///< the parameters
  std::vector<Record> parts;  ///< of a container
  size_t part = 0;            ///< its place among the parts of its container
  std::string generator;      ///< where the generator stood, when it draws in another way than by make_params
  /// Of its boxes and key points before, where that is not source: a rotation that expands rounds theirs by itself, as torchvision's.
  std::optional<Size> canvas{};

  /// The parameters; null when there are none, or their struct does not name its fields.
  Json params() const { return drawn.json(); }
  Json json() const;
  /// As JSON text; indented by so many spaces a level, or on one line.
  std::string dump(int indent = -1) const { return json().dump(indent); }
  /// Throws   ValueError for what is no record
  static Record parse(std::string_view json);
};

/// A line for each transform, indented by depth.
OPSIS_API std::ostream& operator<<(std::ostream& out, const Record& record);

}  // namespace opsis::inline v1::transforms
