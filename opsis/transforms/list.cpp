#include "opsis/transforms/list.h"

#include "opsis/transforms.h"

namespace opsis::inline v1::transforms {
namespace {

// A line whose class or function is not there does not compile.
#define OPSIS_TRANSFORM(name) [[maybe_unused]] typedef name has_##name;
#include "opsis/transforms/transforms.def"
#undef OPSIS_TRANSFORM
#define OPSIS_FUNCTIONAL(name) using functional::name;
namespace has {
#include "opsis/transforms/functional/functional.def"
}
#undef OPSIS_FUNCTIONAL

#define OPSIS_TRANSFORM(name) #name,
constexpr std::string_view transform_names[] = {
#include "opsis/transforms/transforms.def"
};
#undef OPSIS_TRANSFORM

#define OPSIS_FUNCTIONAL(name) #name,
constexpr std::string_view functional_names[] = {
#include "opsis/transforms/functional/functional.def"
};
#undef OPSIS_FUNCTIONAL

}  // namespace

std::span<const std::string_view> list_transforms() { return transform_names; }
std::span<const std::string_view> list_functionals() { return functional_names; }

}  // namespace opsis::inline v1::transforms
