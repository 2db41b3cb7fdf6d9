// A library of its own, libopsis_torchvision_ops: torchvision's operators, by their names and schemas, on Opsis's kernels. With it a
// program in C++ runs TorchScript, AOTInductor packages and (by models::ExportedProgram) what torch.export.save wrote, of models that
// use them, without Python and without torchvision: docs/interop.md.
#pragma once

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// Whether torchvision::nms, roi_align, deform_conv2d and the others run on Opsis's kernels in this process. They do from the
/// moment the library is loaded, unless somebody had registered them before: then his stay, and this is false. Load torchvision
/// itself, where it is needed too, before this library: it registers without looking, and ends a process that has them already.
///     if (!opsis::has_torchvision_ops()) ...   // also keeps the linker from leaving the library out
///     auto model = torch::jit::load("maskrcnn.pt");
OPSIS_API bool has_torchvision_ops();

}  // namespace opsis::inline v1
