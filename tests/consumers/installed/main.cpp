// A stranger's program, built against an installed Opsis.
#include <opsis/core/error.h>
#include <opsis/transforms/transform.h>

#include <ATen/core/dispatch/Dispatcher.h>

#include <iostream>

struct Mirror final : opsis::transforms::Transform {
  void apply(std::span<opsis::transforms::Value> values) const override {
    for (auto& value : values)
      if (auto* image = std::get_if<opsis::Image>(&value)) image->data = image->data.flip(-1);
  }
  std::string repr() const override { return "Mirror()"; }
};

int main() {
  const opsis::BoundingBoxes boxes(torch::tensor({{8., 4., 20., 16.}}), opsis::BoundingBoxFormat::XYXY, {32, 48});
  const auto [image, same] = Mirror()(opsis::Image{torch::arange(3).reshape({1, 1, 3})}, boxes);
  std::cout << Mirror() << ": " << image.data.flatten()[0].item<int64_t>() << "\n" << same << "\n";
  try {
    opsis::BoundingBoxes(torch::zeros({1, 3}), opsis::BoundingBoxFormat::XYXY, {8, 8});
  } catch (const opsis::ValueError& error) {
    std::cout << error.what() << "\n";
  }
  // Of its source nobody uses a symbol: it is there where the library is shared, or static and linked whole.
  const auto schema = c10::Dispatcher::singleton().findSchema({"opsis::inference_depthwise", ""});
  std::cout << "operator by its name: " << (schema ? "found" : "lost") << "\n";
}
