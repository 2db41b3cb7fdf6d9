// How long a call takes.
#pragma once

#include <algorithm>
#include <chrono>

namespace bench {

/// The clock on the wall, in milliseconds.
inline double wall_milliseconds() {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The least time of a call in milliseconds, over so many seconds and so many calls at least, after one that does not count: what
/// disturbs only ever adds. `now` tells milliseconds, of the wall's clock or of the processor's.
template <class Call, class Now = double (*)()>
double least_milliseconds(const Call& call, double seconds, int times = 5, const Now& now = &wall_milliseconds) {
  call();
  double least = 1e9;
  const auto begin = now();
  for (int i = 0; i < times || now() - begin < 1000 * seconds; ++i) {
    const auto before = now();
    call();
    least = std::min(least, now() - before);
  }
  return least;
}

}  // namespace bench
