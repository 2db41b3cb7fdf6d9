// The learning rate over a training run.
#pragma once

#include <cstdint>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::engine {

/// A warm-up, then a curve. The defaults are those of torchvision's classification recipe.
struct ScheduleOptions {
  enum class Curve { Constant, Cosine, Steps, Polynomial };
  enum class Warmup { Constant, Linear };
  Curve curve = Curve::Constant;
  double min_lr = 0;  ///< where Cosine ends
  double warmup_epochs = 0;
  Warmup warmup_method = Warmup::Constant;
  double warmup_decay = 0.01;        ///< the share of the learning rate at which the warm-up begins
  bool every_step = false;           ///< moves with every step instead of once an epoch
  std::vector<double> milestones{};  ///< the epochs at whose beginning Steps multiplies the learning rate by gamma
  double gamma = 0.1;
  double power = 0.9;  ///< of Polynomial, which ends at 0
};

/// The learning rate at a position within `epochs`, both counted in epochs (2.5 is the middle of the third).
///     learning_rate({.curve = Curve::Cosine}, 0.1, 45, 90)   // 0.05
/// Throws   ValueError when the warm-up is not shorter than the run
/// Source   torch.optim.lr_scheduler: SequentialLR of LinearLR or ConstantLR and CosineAnnealingLR,
///          MultiStepLR or PolynomialLR, in closed form; milestones are counted from the beginning of the run
OPSIS_API double learning_rate(const ScheduleOptions& schedule, double base, double position, double epochs);

}  // namespace opsis::inline v1::engine
