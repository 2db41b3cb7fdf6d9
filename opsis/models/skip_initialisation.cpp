#include "opsis/models/skip_initialisation.h"

#include <ATen/core/Generator.h>
#include <torch/library.h>
#include <torch/types.h>

#include <optional>

namespace opsis::inline v1::models {
namespace skip_initialisation {

// A key of LibTorch's dispatcher that nothing in LibTorch uses: it is asked first while it is included in a thread's set.
constexpr auto kKey = c10::DispatchKey::Fake;

torch::Tensor& draw_nothing(torch::Tensor& self, double, double, std::optional<at::Generator>) { return self; }

TORCH_LIBRARY_IMPL(_, Fake, m) { m.fallback(torch::CppFunction::makeFallthrough()); }

TORCH_LIBRARY_IMPL(aten, Fake, m) {
  m.impl("normal_", draw_nothing);
  m.impl("uniform_", draw_nothing);
}

}  // namespace skip_initialisation

SkipInitialisation::SkipInitialisation() : guard_(c10::DispatchKeySet(skip_initialisation::kKey)) {}

bool detail::initialisation_is_skipped() { return c10::impl::tls_is_dispatch_key_included(skip_initialisation::kKey); }

}  // namespace opsis::inline v1::models
