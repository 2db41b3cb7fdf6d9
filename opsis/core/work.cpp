#include "opsis/core/work.h"

#include <numeric>
#include <utility>

namespace opsis::inline v1 {
namespace {

thread_local WorkClock* running_clock = nullptr;

}  // namespace

double WorkSeconds::sum() const { return std::accumulate(seconds_.begin(), seconds_.end(), 0.0); }

WorkSeconds& WorkSeconds::operator+=(const WorkSeconds& more) {
  for (size_t i = 0; i < seconds_.size(); ++i) seconds_[i] += more.seconds_[i];
  return *this;
}

WorkClock::WorkClock() : outer_(std::exchange(running_clock, this)), since_(std::chrono::steady_clock::now()) {}

WorkClock::~WorkClock() { running_clock = outer_; }

WorkSeconds WorkClock::seconds() {
  turn_to(work_);
  return seconds_;
}

Work WorkClock::turn_to(Work work) {
  const auto now = std::chrono::steady_clock::now();
  seconds_[work_] += std::chrono::duration<double>(now - std::exchange(since_, now)).count();
  return std::exchange(work_, work);
}

WorkScope::WorkScope(Work work) : clock_(running_clock) {
  if (clock_ && clock_->work_ == work) clock_ = nullptr;
  if (clock_) before_ = clock_->turn_to(work);
}

WorkScope::~WorkScope() {
  if (clock_) clock_->turn_to(before_);
}

}  // namespace opsis::inline v1
