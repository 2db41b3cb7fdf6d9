#include "opsis/core/team.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <vector>

#include "opsis/core/parallel.h"

namespace opsis::inline v1 {
namespace {

// Parts that lie side by side, and from which whoever is free takes the next.
struct alignas(64) Share {
  std::atomic<int64_t> next{0};
  int64_t end = 0;
};

struct Job {
  const std::function<void(int64_t)>* body;
  std::vector<Share> shares;  // by thread
  // Both tell the thread sanitizer what it cannot see of OpenMP: that the job was there before its threads, and they done before it.
  std::atomic<bool> begun{false};
  std::atomic<int64_t> done{0};
  std::mutex mutex{};
  std::exception_ptr error{};

  Job(int64_t parts, size_t threads, const std::function<void(int64_t)>& body) : body(&body), shares(threads) {
    for (size_t i = 0; i < threads; ++i) {
      const auto at = [&](size_t end) { return parts * static_cast<int64_t>(end) / static_cast<int64_t>(threads); };
      shares[i].next.store(at(i), std::memory_order_relaxed);
      shares[i].end = at(i + 1);
    }
  }

  // A thread begins with its own share: the numbers that it wrote in the call before are still in its core's cache.
  void work(size_t thread) {
    if (!begun.load(std::memory_order_acquire)) return;
    for (size_t i = 0; i < shares.size(); ++i) {
      auto& share = shares[(thread + i) % shares.size()];
      for (int64_t part; (part = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;
           done.fetch_add(1, std::memory_order_release)) {
        try {
          (*body)(part);
        } catch (...) {
          const std::lock_guard lock(mutex);
          if (!error) error = std::current_exception();
        }
      }
    }
  }
};

// What both of the usual OpenMP runtimes offer to code that gcc compiled. Looked up as in parallel.cpp.
using Fork = void (*)(void (*)(void*), void*, unsigned threads, unsigned flags);
using NumberOfThread = int (*)();

}  // namespace

void on_team(int64_t parts, const std::function<void(int64_t)>& body) {
  static const auto fork = reinterpret_cast<Fork>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  static const auto number = reinterpret_cast<NumberOfThread>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
  const auto threads = std::min<int64_t>(at::get_num_threads(), parts);
  if (threads <= 1) {
    for (int64_t part = 0; part < parts; ++part) body(part);
    return;
  }
  if (!fork || !number) {
    return parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
      for (; first < last; ++first) body(first);
    });
  }
  Job job(parts, static_cast<size_t>(threads), body);
  job.begun.store(true, std::memory_order_release);
  fork([](void* data) { static_cast<Job*>(data)->work(static_cast<size_t>(number())); }, &job, static_cast<unsigned>(threads),
       0);
  while (job.done.load(std::memory_order_acquire) < parts) {
  }
  if (job.error) std::rethrow_exception(job.error);
}

}  // namespace opsis::inline v1
