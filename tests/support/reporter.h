// What jobs tell of themselves, and who is told.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "opsis/core/progress.h"

namespace support {

struct Recorder final : opsis::progress::Reporter {
  void report(const opsis::progress::State& state) override { states.push_back(state); }
  std::vector<opsis::progress::State> states;
};

/// Puts another reporter in place while it lives.
class Reporting {
 public:
  explicit Reporting(std::shared_ptr<opsis::progress::Reporter> to) : before_(opsis::progress::reporter()) {
    opsis::progress::set_reporter(std::move(to));
  }
  ~Reporting() { opsis::progress::set_reporter(before_); }
  Reporting(const Reporting&) = delete;
  Reporting& operator=(const Reporting&) = delete;

 private:
  std::shared_ptr<opsis::progress::Reporter> before_;
};

}  // namespace support
