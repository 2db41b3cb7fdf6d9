// What a thread spends its time on, for who wants to know: the reports of data loaders.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "opsis/core/api.h"

namespace opsis::inline v1 {

/// Parts of the work on a sample.
enum class Work { Other, Reading, Decoding, Transforming };

/// Seconds of each part.
class OPSIS_API WorkSeconds {
 public:
  double& operator[](Work work) { return seconds_[static_cast<size_t>(work)]; }
  double operator[](Work work) const { return seconds_[static_cast<size_t>(work)]; }
  double sum() const;
  WorkSeconds& operator+=(const WorkSeconds& more);

 private:
  std::array<double, 4> seconds_{};
};

/// Times this thread while it lives. What is done in no WorkScope is Other; another one inside takes over until it goes.
class OPSIS_API WorkClock {
 public:
  WorkClock();
  ~WorkClock();
  WorkClock(const WorkClock&) = delete;
  WorkClock& operator=(const WorkClock&) = delete;
  /// So far.
  WorkSeconds seconds();

 private:
  friend class WorkScope;
  Work turn_to(Work work);

  WorkClock* const outer_;
  Work work_ = Work::Other;
  std::chrono::steady_clock::time_point since_;
  WorkSeconds seconds_;
};

/// What this thread does while it lives; within another one it is this that counts. Without a WorkClock a look at a pointer.
///     const WorkScope decoding(Work::Decoding);
class OPSIS_API WorkScope {
 public:
  explicit WorkScope(Work work);
  ~WorkScope();
  WorkScope(const WorkScope&) = delete;
  WorkScope& operator=(const WorkScope&) = delete;

 private:
  WorkClock* clock_;  // null when there is nothing to turn back
  Work before_ = Work::Other;
};

}  // namespace opsis::inline v1
