#include "opsis/ops/observe.h"

namespace opsis::inline v1::ops {
namespace detail {
constinit thread_local Observer* observer = nullptr;
}

Observer::Observer() : outer_(std::exchange(detail::observer, this)) {}
Observer::~Observer() { detail::observer = outer_; }

}  // namespace opsis::inline v1::ops
