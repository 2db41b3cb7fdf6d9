// A model as a table: its layers, what they put out, what they hold, what they cost.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/models/layer.h"

namespace opsis::inline v1::models {

/// A call of a module. Counts include all that is below it.
struct LayerSummary {
  std::string name;   ///< "layer1.0.relu"; of later calls with _1, _2, ...
  std::string type;   ///< "Conv2d", "Bottleneck"
  int64_t depth = 0;  ///< 0 for the model's own children
  std::vector<int64_t> output_shape{};
  int64_t parameters = 0;
  int64_t trainable = 0;  ///< those of them that need gradients
  int64_t multiply_adds = 0;
};

/// The layers in the order in which they begin, and the model's totals.
struct OPSIS_API Summary {
  std::string model;  ///< "ResNet"
  std::vector<int64_t> input_shape, output_shape;
  std::vector<LayerSummary> layers;
  int64_t parameters = 0, trainable = 0, multiply_adds = 0;

  /// Billions of multiply-adds: torchvision's _ops, which it calls GFLOPS, for an image of the weights' size.
  double gflops() const { return static_cast<double>(multiply_adds) / 1e9; }

  /// The table, as deep as `depth`.
  std::string text(int64_t depth = 2) const;
  friend OPSIS_API std::ostream& operator<<(std::ostream& out, const Summary& summary);
};

/// Runs the model once, in evaluation and on zeros, and tells what ran.
///     std::cout << summary(resnet50());
///     summary(vit_b_16()).gflops()   // 17.56
///     summary(fcos_resnet50_fpn(), {1, 3, 512, 512})   // a detector; two-stage ones cost what they find in zeros
/// Products are counted: convolutions, linear layers, attention; norms, activations and pooling are not, as in torchvision's
/// figures.
/// Throws   what the model throws, as for images of a size that it does not take
OPSIS_API Summary summary(const Layer& model, const std::vector<int64_t>& input_size = {1, 3, 224, 224});

}  // namespace opsis::inline v1::models
