// How long a call takes.
#pragma once

#include <algorithm>
#include <chrono>

namespace bench {

/// The least time of a call in milliseconds, over so many seconds and five calls at least: what disturbs only ever adds.
template <class Call>
double least_milliseconds(const Call& call, double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  };
  call();
  double least = 1e9;
  const auto begin = Clock::now();
  for (int i = 0; i < 5 || since(begin) < 1000 * seconds; ++i) {
    const auto before = Clock::now();
    call();
    least = std::min(least, since(before));
  }
  return least;
}

}  // namespace bench
