// Each operator passes its arguments on to the one of the same name in opsis::, whatever they are: gradients, autocast and shapes
// without numbers are seen to there.
#include "opsis/torchvision_ops.h"

#include <torch/library.h>

#include <memory>
#include <string>

namespace opsis::inline v1 {
namespace {

constexpr const char* kOperators[] = {
    "nms",
    "qnms",
    "box_iou_rotated",
    "roi_align",
    "_roi_align_backward",
    "qroi_align",
    "roi_pool",
    "_roi_pool_backward",
    "ps_roi_align",
    "_ps_roi_align_backward",
    "ps_roi_pool",
    "_ps_roi_pool_backward",
    "deform_conv2d",
    "_deform_conv2d_backward",
};

c10::OperatorHandle ours(const std::string& name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(("opsis::" + name).c_str(), "");
}

void pass_on(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& name = op.schema().name();
  ours(name.substr(name.find("::") + 2)).callBoxed(stack);
}

bool any_is_registered() {
  for (const auto* const name : kOperators) {
    if (c10::Dispatcher::singleton().findSchema({std::string("torchvision::") + name, ""})) return true;
  }
  return false;
}

// Registers when the library is loaded: torchvision's names must be known before a package is read.
std::unique_ptr<torch::Library> registered() {
  if (any_is_registered()) return nullptr;
  auto library = std::make_unique<torch::Library>(torch::Library::FRAGMENT, "torchvision", std::nullopt, __FILE__, __LINE__);
  for (const auto* const name : kOperators) {
    library->def(ours(name).schema().cloneWithName(std::string("torchvision::") + name, ""));
    library->impl(name, torch::CppFunction::makeFromBoxedFunction<&pass_on>());
  }
  library->def("_cuda_version() -> int", [] { return int64_t{-1}; });
  return library;
}
const std::unique_ptr<torch::Library> library = registered();

}  // namespace

bool has_torchvision_ops() { return library != nullptr; }

}  // namespace opsis::inline v1
