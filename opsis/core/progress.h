// Telling a person how far a long job is. The library prints nothing by itself except a bar on a terminal, and a program can
// replace that or silence it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::progress {

/// The state of one job when a reporter is called.
struct State {
  std::string label;                                         ///< "epoch 3/15"
  std::string unit;                                          ///< "images"; empty when nothing is counted
  int64_t done = 0;                                          ///< units
  int64_t total = 0;                                         ///< units; 0 when unknown
  double elapsed_s = 0;                                      ///< since the job began
  std::vector<std::pair<std::string, std::string>> figures;  ///< {"loss", "0.1234"}
  bool finished = false;                                     ///< the last call for this job
};

/// Receives the state of jobs. Calls for one job come from one thread at a time; jobs may overlap.
class OPSIS_API Reporter {
 public:
  virtual ~Reporter();
  virtual void report(const State& state) = 0;
};

/// Replaces the reporter for the whole process; nullptr silences. The default draws a bar on stderr when that is a terminal.
OPSIS_API void set_reporter(std::shared_ptr<Reporter> reporter);
OPSIS_API std::shared_ptr<Reporter> reporter();

/// The default's line for a state: "epoch 3/15  [#####     ]  50%  720/1437 images  1200 images/s  0.6 s left  loss 0.12".
OPSIS_API std::string bar(const State& state, int columns);

/// A job that reports itself, at most every tenth of a second and once at its end.
///     progress::Job job("reading", 1000, "files");
///     for (...) job.advance(1);
class OPSIS_API Job {
 public:
  Job(std::string label, int64_t total, std::string unit);
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;
  void advance(int64_t units = 1);
  /// Shows name and value beside the bar until set again.
  void figure(const std::string& name, std::string value);
  /// Reports the end; the destructor does it otherwise.
  void finish();
  const State& state() const { return state_; }

 private:
  void report(bool always);
  using Clock = std::chrono::steady_clock;
  State state_;
  Clock::time_point begun_, reported_{};
};

}  // namespace opsis::inline v1::progress
