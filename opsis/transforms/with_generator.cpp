#include "opsis/transforms/with_generator.h"

#include <ATen/CPUGeneratorImpl.h>

#include "opsis/core/check.h"

namespace opsis::inline v1::transforms {

WithGenerator::WithGenerator(AnyTransform transform, at::Generator generator)
    : transform_(std::move(transform)), generator_(detail::given_generator(std::move(generator))) {}

void WithGenerator::apply(std::span<Value> values) const {
  const random::Scope scope(generator_);
  transform_.apply(values);
}

void WithGenerator::apply_and_record(std::span<Value> values, Record& record) const {
  const random::Scope scope(generator_);
  transform_.apply_and_record(values, record);
}

void WithGenerator::apply_record(std::span<Value> values, const Record& record) const {
  transform_.apply_record(values, record);
}

bool WithGenerator::apply_fused(std::span<Value> values, detail::FusedRun& run) const {
  const random::Scope scope(generator_);
  return transform_.apply_fused(values, run);
}

void WithGenerator::apply_inverse(std::span<Value> values, const Record& record) const {
  transform_.apply_inverse(values, record);
}

WithGenerator with_generator(AnyTransform transform, at::Generator generator) {
  return {std::move(transform), std::move(generator)};
}

WithGenerator with_generator(AnyTransform transform, uint64_t seed) {
  return {std::move(transform), detail::new_generator(seed)};
}

at::Generator detail::given_generator(at::Generator generator) {
  OPSIS_CHECK(generator.defined(), "with_generator: the generator is undefined");
  return generator;
}

at::Generator detail::new_generator(uint64_t seed) { return at::make_generator<at::CPUGeneratorImpl>(seed); }

}  // namespace opsis::inline v1::transforms
