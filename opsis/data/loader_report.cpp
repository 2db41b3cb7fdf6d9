#include "opsis/data/loader_report.h"

#include <algorithm>

#include "opsis/core/check.h"

namespace opsis::inline v1::data {

double LoaderReport::idle_seconds() const {
  return std::max(0.0, static_cast<double>(workers) * seconds - load_seconds - collate_seconds);
}

std::string LoaderReport::str() const {
  const auto percent = [](double part, double whole) { return fixed(whole > 0 ? 100 * part / whole : 0, 0) + "%"; };
  const auto loading = [&](double whole) {
    return text("{} loading ({} reading, {} decoding, {} transforming)", percent(load_seconds, whole),
                percent(read_seconds, whole), percent(decode_seconds, whole), percent(transform_seconds, whole));
  };
  auto line = text("epoch {}: {} samples in {} s, {}/s; ", epoch, samples, fixed(seconds, 1), fixed(samples_per_second(), 0));
  if (workers == 0) {
    line += text("{}, {} collating", loading(seconds), percent(collate_seconds, seconds));
  } else {
    const double time = static_cast<double>(workers) * seconds;
    line += text("{} {}: {}, {} collating, {} idle; waited for {} of the time", workers, workers == 1 ? "worker" : "workers",
                 loading(time), percent(collate_seconds, time), percent(idle_seconds(), time), percent(wait_seconds, seconds));
  }
  if (bad_samples > 0) {
    const auto& first = first_bad_samples.front();
    line += text("; {} bad {}, the first: sample {}: {}", bad_samples, bad_samples == 1 ? "sample" : "samples", first.index,
                 first.cause);
  }
  return line;
}

}  // namespace opsis::inline v1::data
