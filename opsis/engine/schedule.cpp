#include "opsis/engine/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "opsis/core/check.h"

namespace opsis::inline v1::engine {

double learning_rate(const ScheduleOptions& schedule, double base, double position, double epochs) {
  const double warmup = schedule.warmup_epochs;
  OPSIS_CHECK(warmup >= 0 && (warmup == 0 || warmup < epochs),
              "learning_rate: warmup_epochs must be from 0 to below epochs ({}), got {}", epochs, warmup);
  if (position < warmup) {
    const double begin = schedule.warmup_decay;
    const double reached = schedule.warmup_method == ScheduleOptions::Warmup::Linear ? position / warmup : 0;
    return base * (begin + (1 - begin) * reached);
  }
  if (schedule.curve == ScheduleOptions::Curve::Constant) return base;
  if (schedule.curve == ScheduleOptions::Curve::Steps) {
    const auto passed = std::count_if(schedule.milestones.begin(), schedule.milestones.end(),
                                      [&](double milestone) { return position >= milestone; });
    return base * std::pow(schedule.gamma, static_cast<double>(passed));
  }
  const double share = (position - warmup) / (epochs - warmup);
  if (schedule.curve == ScheduleOptions::Curve::Polynomial) return base * std::pow(1 - share, schedule.power);
  return schedule.min_lr + (base - schedule.min_lr) * (1 + std::cos(std::numbers::pi * share)) / 2;
}

}  // namespace opsis::inline v1::engine
