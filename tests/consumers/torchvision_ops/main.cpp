// A stranger's program that knows LibTorch alone, and links torchvision's operators.
#include <opsis/torchvision_ops.h>

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/types.h>

#include <iostream>

int main() {
  if (!opsis::has_torchvision_ops()) return 1;
  // By its name, as a package of Python's asks for it.
  using torch::Tensor;
  const auto nms = c10::Dispatcher::singleton()
                       .findSchemaOrThrow("torchvision::nms", "")
                       .typed<Tensor(const Tensor&, const Tensor&, double)>();
  const auto boxes = torch::tensor({{0.f, 0.f, 4.f, 4.f}, {0.f, 0.f, 4.f, 3.f}, {5.f, 5.f, 6.f, 6.f}});
  std::cout << "kept: " << nms.call(boxes, torch::tensor({0.3f, 0.9f, 0.5f}), 0.5).size(0) << " of 3\n";
}
