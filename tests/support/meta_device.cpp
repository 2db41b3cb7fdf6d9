#include "tests/support/meta_device.h"

#include <torch/library.h>

namespace support {
namespace {

// Every operator comes by here first; those with a device that nobody chose get the meta device.
void choose_meta(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& arguments = op.schema().arguments();
  const auto first = stack->size() - arguments.size();
  for (size_t i = 0; i < arguments.size(); ++i) {
    auto& value = (*stack)[first + i];
    if (arguments[i].name() == "device" && value.isNone()) value = c10::Device(c10::DeviceType::Meta);
  }
  const c10::impl::ExcludeDispatchKeyGuard once(c10::DispatchKey::TESTING_ONLY_GenericMode);
  op.callBoxed(stack);
}

}  // namespace

TORCH_LIBRARY_IMPL(_, TESTING_ONLY_GenericMode, library) {
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&choose_meta>());
}

}  // namespace support
