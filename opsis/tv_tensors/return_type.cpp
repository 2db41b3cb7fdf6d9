#include "opsis/tv_tensors/return_type.h"

#include <array>
#include <atomic>
#include <string>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/lower_case.h"
#include "opsis/core/nearest.h"

namespace opsis::inline v1::tv_tensors {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 2> return_type_names{"Tensor", "TVTensor"};

// Of the program, and of this thread's innermost scope. Nothing else is published by them, so no order is needed.
constinit std::atomic<ReturnType> programs_return_type = ReturnType::Tensor;
constinit thread_local std::optional<ReturnType> scopes_return_type;

}  // namespace

std::string_view to_string(ReturnType type) { return return_type_names.at(static_cast<size_t>(type)); }

ReturnType return_type(std::string_view name) {
  const auto small = in_lower_case(name);
  for (size_t i = 0; i < return_type_names.size(); ++i) {
    if (in_lower_case(return_type_names[i]) == small) return static_cast<ReturnType>(i);
  }
  raise<ValueError>("return_type: must be TVTensor or Tensor, got \"{}\"{}", name, did_you_mean(name, return_type_names));
}

std::ostream& operator<<(std::ostream& out, ReturnType type) { return out << to_string(type); }

ReturnType current_return_type() { return scopes_return_type.value_or(programs_return_type.load(std::memory_order_relaxed)); }

void set_return_type(ReturnType type) {
  if (scopes_return_type) {
    scopes_return_type = type;
  } else {
    programs_return_type.store(type, std::memory_order_relaxed);
  }
}

void set_return_type(std::string_view name) { set_return_type(return_type(name)); }

ReturnTypeScope::ReturnTypeScope(ReturnType type) : outer_(std::exchange(scopes_return_type, type)) {}
ReturnTypeScope::ReturnTypeScope(std::string_view name) : ReturnTypeScope(return_type(name)) {}
ReturnTypeScope::~ReturnTypeScope() { scopes_return_type = outer_; }

}  // namespace opsis::inline v1::tv_tensors

void opsis::detail::refuse_without_tensor(std::string_view where) {
  raise<ValueError>("{}: the value must hold a tensor; it is of none of torchvision's five kinds", where);
}
