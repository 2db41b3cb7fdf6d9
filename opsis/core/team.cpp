#include "opsis/core/team.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "opsis/core/parallel.h"

namespace opsis::inline v1 {
namespace {

struct Job {
  int64_t parts;
  const std::function<void(int64_t)>* body;
  std::atomic<int64_t> next{0};
  // Both tell the thread sanitizer what it cannot see of OpenMP: that the job was there before its threads, and they done before it.
  std::atomic<bool> begun{false};
  std::atomic<int64_t> done{0};
  std::mutex mutex{};
  std::exception_ptr error{};

  void work() {
    if (!begun.load(std::memory_order_acquire)) return;
    for (int64_t part; (part = next.fetch_add(1, std::memory_order_relaxed)) < parts;
         done.fetch_add(1, std::memory_order_release)) {
      try {
        (*body)(part);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
    }
  }
};

// What both of the usual OpenMP runtimes offer to code that gcc compiled. Looked up as in parallel.cpp.
using Fork = void (*)(void (*)(void*), void*, unsigned threads, unsigned flags);

}  // namespace

void on_team(int64_t parts, const std::function<void(int64_t)>& body) {
  static const auto fork = reinterpret_cast<Fork>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  const auto threads = std::min<int64_t>(at::get_num_threads(), parts);
  if (threads <= 1) {
    for (int64_t part = 0; part < parts; ++part) body(part);
    return;
  }
  if (!fork) {
    return parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
      for (; first < last; ++first) body(first);
    });
  }
  Job job{.parts = parts, .body = &body};
  job.begun.store(true, std::memory_order_release);
  fork([](void* data) { static_cast<Job*>(data)->work(); }, &job, static_cast<unsigned>(threads), 0);
  while (job.done.load(std::memory_order_acquire) < parts) {
  }
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace opsis::inline v1
