// How an epoch of a data loader went.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::data {

/// A sample that could not be read.
struct BadSample {
  size_t index = 0;  ///< in the data set
  std::string cause{};
};

/// An epoch, as far as its batches were handed out. A sample's time is counted whole, and parted by what reads files, decodes and
/// transforms; a data set of yours may tell what it does by a WorkScope (core/work.h).
///     std::cout << loader.report();
///     // epoch 2: 12811 samples in 4.4 s, 2911/s; 2 workers: 93% loading (2% reading, 70% decoding, 20% transforming),
///     // 4% collating, 3% idle; waited for 89% of the time                                               (all in one line)
struct OPSIS_API LoaderReport {
  int64_t epoch = 0;
  size_t batches = 0, samples = 0;  ///< handed out since the epoch began, or was taken up again from a state
  size_t workers = 0;
  double seconds = 0;       ///< from its begin to the batch that was handed out last, or to its end
  double load_seconds = 0;  ///< making samples, all workers together: what follows, and what is none of it
  double read_seconds = 0, decode_seconds = 0, transform_seconds = 0;
  double collate_seconds = 0;  ///< making batches of them, all workers together
  double wait_seconds = 0;     ///< of who asked for batches; without workers, all that loading and collating took
  size_t bad_samples = 0;      ///< that were skipped or substituted
  std::vector<BadSample> first_bad_samples{};  ///< no more than ten, in their order in the epoch

  double samples_per_second() const { return seconds > 0 ? static_cast<double>(samples) / seconds : 0; }
  /// Of workers: time that they had nothing to do.
  double idle_seconds() const;
  /// All of it in one line.
  std::string str() const;
  friend std::ostream& operator<<(std::ostream& out, const LoaderReport& report) { return out << report.str(); }
};

}  // namespace opsis::inline v1::data
