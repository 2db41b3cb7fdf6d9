#include "opsis/transforms/transform.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/core/random.h"
#include "opsis/core/work.h"
#include "opsis/transforms/functional/dimensions.h"

namespace opsis::inline v1::transforms {
namespace {

// The container that is being recorded on this thread: its parts add their records to its own.
struct RecordingParts {
  const Transform* container;
  Record* record;
};
thread_local RecordingParts* recording_parts = nullptr;

// Names what is recorded while it lives; null for nothing.
class RecordingScope {
 public:
  explicit RecordingScope(RecordingParts* parts) : outer_(std::exchange(recording_parts, parts)) {}
  ~RecordingScope() { recording_parts = outer_; }
  RecordingScope(const RecordingScope&) = delete;
  RecordingScope& operator=(const RecordingScope&) = delete;

 private:
  RecordingParts* outer_;
};

at::Generator current_generator() { return random::current().value_or(at::detail::getDefaultCPUGenerator()); }

torch::Tensor generator_state() {
  auto generator = current_generator();
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.get_state();
}

std::string bytes_of(const torch::Tensor& state) {
  const auto* data = reinterpret_cast<const char*>(state.const_data_ptr<uint8_t>());
  return {data, static_cast<size_t>(state.numel())};
}

std::optional<Size> size_of_value(const Value& value) {
  return std::visit(
      [](const auto& held) -> std::optional<Size> {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(held)>, Custom>) {
          return std::nullopt;
        } else {
          return held.data.defined() ? std::optional(functional::get_size(held)) : std::nullopt;
        }
      },
      value);
}

bool has_canvas(const Value& value) {
  return std::holds_alternative<BoundingBoxes>(value) || std::holds_alternative<KeyPoints>(value);
}

const AnyTransform& part_of(const Transform& container, const Record& record, const Record& part) {
  const auto parts = container.parts();
  OPSIS_CHECK(part.part < parts.size(), "{}: the record names part {} of {}", record.name, part.part, parts.size());
  return parts[part.part];
}

}  // namespace

Transform::~Transform() = default;

std::span<const AnyTransform> Transform::parts() const { return {}; }

void Transform::apply_and_record(std::span<Value> values, Record& record) const {
  detail::Recording recording(*this, values, record);
  recording.parameters_drawn();
  RecordingParts parts{this, &record};
  {
    const RecordingScope scope(&parts);
    apply(values);
  }
  if (this->parts().empty()) recording.done();
}

void Transform::apply_record(std::span<Value> values, const Record& record) const {
  const detail::Replaying replaying(*this, record);
  if (parts().empty()) return apply(values);
  for (const auto& part : record.parts) part_of(*this, record, part).apply_record(values, part);
}

void Transform::apply_inverse(std::span<Value> values, const Record& record) const {
  const detail::Replaying replaying(*this, record);
  if (parts().empty()) return detail::require_in_place(*this, record);
  for (size_t i = record.parts.size(); i-- > 0;) {
    part_of(*this, record, record.parts[i]).apply_inverse(values, record.parts[i]);
  }
}

std::optional<Description> Transform::description() const { return std::nullopt; }

bool Transform::apply_fused(std::span<Value>, detail::FusedRun&) const { return false; }

std::string Transform::code() const {
  const auto description = this->description();
  OPSIS_CHECK(description, "{}: cannot be written down, it does not name its arguments", detail::class_name(*this));
  return description->code;
}

Json Transform::to_json() const {
  const auto description = this->description();
  OPSIS_CHECK(description, "{}: cannot be written down, it does not name its arguments", detail::class_name(*this));
  if (description->name == "Compose") return description->arguments.at(0).second;
  Json json;
  json.add("name", description->name);
  for (const auto& [name, value] : description->arguments) json.add(name, value);
  return json;
}

void AnyTransform::apply(std::span<Value> values) const {
  if (!transform_) return;
  const WorkScope transforming(Work::Transforming);
  const auto* frame = recording_parts;
  if (!frame) return transform_->apply(values);
  const RecordingScope inside(nullptr);  // what the part itself applies is its own affair
  const auto parts = frame->container->parts();
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].transform_ != transform_) continue;
    Record record;
    transform_->apply_and_record(values, record);
    record.part = i;
    frame->record->parts.push_back(std::move(record));
    return;
  }
  transform_->apply(values);
}

std::string AnyTransform::repr() const { return transform_ ? transform_->repr() : "Identity()"; }

void AnyTransform::apply_and_record(std::span<Value> values, Record& record) const {
  if (transform_) return transform_->apply_and_record(values, record);
  record.name = "Identity";
}

void AnyTransform::apply_record(std::span<Value> values, const Record& record) const {
  if (transform_) transform_->apply_record(values, record);
}

void AnyTransform::apply_inverse(std::span<Value> values, const Record& record) const {
  if (transform_) transform_->apply_inverse(values, record);
}

std::span<const AnyTransform> AnyTransform::parts() const {
  return transform_ ? transform_->parts() : std::span<const AnyTransform>();
}

std::optional<Description> AnyTransform::description() const {
  return transform_ ? transform_->description() : Description{.name = "Identity", .code = "Identity()"};
}

bool AnyTransform::apply_fused(std::span<Value> values, detail::FusedRun& run) const {
  return transform_ ? transform_->apply_fused(values, run) : true;
}

void detail::apply_within(const Transform& transform, std::span<Value> values, FusedRun& run) {
  if (transform.apply_fused(values, run)) return;
  run.settle();
  transform.apply(values);
}

bool detail::is_recording() { return recording_parts != nullptr; }

namespace {

torch::Tensor* pixels_of(Value& value) {
  if (auto* image = std::get_if<Image>(&value)) return &image->data;
  if (auto* video = std::get_if<Video>(&value)) return &video->data;
  return nullptr;
}

}  // namespace

void detail::FusedRun::hold(size_t i, FusedImage image) {
  *pixels_of(values_[i]) = image.placeholder();
  images_[i] = std::move(image);
  ++pass_;
}

Size detail::FusedRun::size(size_t i) const {
  if (images_[i]) return images_[i]->size();
  const auto* pixels = pixels_of(values_[i]);
  return pixels && pixels->defined() && pixels->dim() >= 2 ? functional::get_size(*pixels) : Size{};
}

bool detail::FusedRun::take(size_t i, const PixelSteps& steps) {
  if (!steps) return false;
  auto* pixels = pixels_of(values_[i]);
  if (images_[i] && !images_[i]->take(*steps)) settle(i);  // and a new pass begins, if it can
  if (!images_[i]) {
    if (!FusedImage::fits(*pixels)) return false;
    FusedImage image(*pixels, pixels->is_same(cut_[i]));
    if (!image.take(*steps)) return false;
    images_[i] = std::move(image);
    ++pass_;
  }
  *pixels = images_[i]->placeholder();
  return true;
}

void detail::FusedRun::settle(size_t i, const ImagePlace& place) {
  if (!images_[i]) return;
  auto& pixels = *pixels_of(values_[i]);
  pixels = images_[i]->compute(place);
  cut_[i] = images_[i]->is_cut() ? pixels : torch::Tensor();
  images_[i].reset();
}

void detail::FusedRun::settle() {
  for (size_t i = 0; i < images_.size(); ++i) settle(i);
}

std::string detail::class_name(const Transform& transform) {
  const auto repr = transform.repr();
  return repr.substr(0, repr.find('('));
}

detail::Recording::Recording(const Transform& transform, std::span<const Value> values, Record& record) : record_(record) {
  record.name = class_name(transform);
  bool found = false;
  for (const auto& value : values) {
    const auto size = size_of_value(value);
    if (!size) continue;
    if (!found) record.source = *size;
    found = true;
    if (!has_canvas(value)) continue;
    if (*size != record.source) record.canvas = *size;
    break;
  }
}

Size detail::source_of(const Value& value, const Record& record) {
  return has_canvas(value) ? record.canvas.value_or(record.source) : record.source;
}

void detail::Recording::parameters_drawn() { state_ = generator_state(); }

void detail::Recording::done() {
  if (!state_.equal(generator_state())) record_.generator = bytes_of(state_);
}

struct detail::Replaying::Scope {
  explicit Scope(at::Generator generator) : scope(std::move(generator)) {}
  random::Scope scope;
};

detail::Replaying::Replaying(const Transform& transform, const Record& record) {
  const auto name = class_name(transform);
  OPSIS_CHECK(record.name == name, "{}: the record is of another transform, {}", name, record.name);
  if (record.generator.empty()) return;
  auto generator = at::make_generator<at::CPUGeneratorImpl>();
  const std::vector<uint8_t> bytes(record.generator.begin(), record.generator.end());
  {
    const std::lock_guard<std::mutex> lock(generator.mutex());
    OPSIS_CHECK(std::ssize(bytes) == generator.get_state().numel(), "{}: the record's generator must have {} bytes, got {}",
                name, generator.get_state().numel(), bytes.size());
    generator.set_state(at::tensor(bytes, torch::kUInt8));
    // LibTorch takes a state that would have it read behind its words.
    const auto state = at::check_generator<at::CPUGeneratorImpl>(generator)->engine().data();
    OPSIS_CHECK(static_cast<int64_t>(state.next_) + state.left_ <= at::MERSENNE_STATE_N + 1,
                "{}: the record's generator is in no state that there is", name);
  }
  scope_ = std::make_unique<Scope>(std::move(generator));
}

detail::Replaying::~Replaying() = default;

void detail::require_in_place(const Transform& transform, const Record& record) {
  const auto canvas = record.source == Size{} ? Size{16, 16} : record.source;
  const auto height = static_cast<double>(canvas.height), width = static_cast<double>(canvas.width);
  // Whole numbers, which are the same in every type that points are converted to.
  const auto points = at::tensor({0.0, 0.0, width / 3, height / 4, width / 2, height / 2, width * 0.8, height * 0.7})
                          .to(torch::kFloat64)
                          .floor_()
                          .reshape({4, 2});
  std::vector<Value> probe{KeyPoints(points.clone(), canvas)};
  transform.apply_record(probe, record);
  const auto* moved = std::get_if<KeyPoints>(&probe[0]);
  OPSIS_CHECK(moved && moved->canvas_size == canvas && moved->data.to(torch::kFloat64).equal(points),
              "{}: moves pixels and has no inverse", class_name(transform));
}

void detail::check_probability(std::string_view where, double p) {
  OPSIS_CHECK(p >= 0.0 && p <= 1.0, "{}: p must be in [0, 1], got {}", where, p);
}

// torch compares its float with p as a float.
bool detail::happens(double p) { return random::uniform() < static_cast<float>(p); }

}  // namespace opsis::inline v1::transforms
