#include "opsis/core/parallel.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace opsis::inline v1 {
namespace {

thread_local bool serial_thread = false;

// One loop. The caller and any free worker take chunks until none is left.
struct Loop {
  Loop(int64_t begin, int64_t end, int64_t chunk, const std::function<void(int64_t, int64_t)>& body)
      : next(begin), end(end), chunk(chunk), body(body) {
    std::fegetenv(&arithmetic);
  }

  std::atomic<int64_t> next;
  const int64_t end, chunk;
  const std::function<void(int64_t, int64_t)>& body;
  std::fenv_t arithmetic{};  // the caller's: how it rounds, and whether it flushes denormals
  std::mutex mutex;
  std::condition_variable idle;
  int helpers = 0;  // workers inside work(); guarded by mutex
  std::exception_ptr error;

  void work() {
    while (true) {
      const int64_t first = next.fetch_add(chunk);
      if (first >= end) return;
      try {
        body(first, std::min(first + chunk, end));
      } catch (...) {
        next.store(end);
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
    }
  }
};

// Threads are made when first wanted and live until the process ends. LibTorch's own parallel_for is a header template that is
// serial without OpenMP, and OpenMP runtimes differ between compilers and are opaque to the thread sanitizer.
class Pool {
 public:
  static Pool& get() {
    static Pool pool;
    return pool;
  }

  void run(const std::shared_ptr<Loop>& loop, int helpers) {
    {
      const std::lock_guard lock(mutex_);
      while (static_cast<int>(threads_.size()) < helpers) threads_.emplace_back([this] { serve(); });
      for (int i = 0; i < helpers; ++i) queue_.push_back(loop);
    }
    wake_.notify_all();
    loop->work();
    // A helper that has not begun by now finds no chunk left and never touches the body; wait for those that have.
    std::unique_lock lock(loop->mutex);
    loop->idle.wait(lock, [&] { return loop->helpers == 0; });
  }

  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
  }

 private:
  void serve() {
    const SerialScope serial;
    while (true) {
      std::shared_ptr<Loop> loop;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
        if (stop_) return;
        loop = std::move(queue_.front());
        queue_.pop_front();
      }
      {
        const std::lock_guard lock(loop->mutex);
        ++loop->helpers;
      }
      std::fenv_t own;
      std::fegetenv(&own);
      std::fesetenv(&loop->arithmetic);
      loop->work();
      std::fesetenv(&own);
      {
        const std::lock_guard lock(loop->mutex);
        --loop->helpers;
      }
      loop->idle.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Loop>> queue_;
  std::vector<std::thread> threads_;
  bool stop_ = false;
};

// OpenMP's thread count belongs to each thread, at::set_num_threads to the whole process; only the former is wanted here. It is
// looked up at run time because LibTorch brings its own OpenMP runtime, whose header need not be installed.
int openmp_threads(int wanted) {
  using Get = int (*)();
  using Set = void (*)(int);
  static const auto get = reinterpret_cast<Get>(dlsym(RTLD_DEFAULT, "omp_get_max_threads"));
  static const auto set = reinterpret_cast<Set>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
  if (!get || !set) return 0;
  at::get_num_threads();  // LibTorch sets the count on a thread's first use; let that come before ours
  const int before = get();
  set(wanted);
  return before;
}

// MKL, once LibTorch has told it of a count, heeds no OpenMP thread's own. 0: as the process has it.
int mkl_threads(int wanted) {
  using Set = int (*)(int);
  static const auto set = reinterpret_cast<Set>(dlsym(RTLD_DEFAULT, "MKL_Set_Num_Threads_Local"));
  return set ? set(wanted) : 0;  // none: LibTorch is without MKL, or a host has loaded it for itself
}

}  // namespace

SerialScope::SerialScope() : outer_(serial_thread), openmp_threads_(openmp_threads(1)), mkl_threads_(mkl_threads(1)) {
  serial_thread = true;
}

SerialScope::~SerialScope() {
  serial_thread = outer_;
  if (openmp_threads_ > 0) openmp_threads(openmp_threads_);
  mkl_threads(mkl_threads_);
}

void parallel_for(int64_t begin, int64_t end, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  if (begin >= end) return;
  grain = std::max<int64_t>(grain, 1);
  const int64_t count = end - begin;
  const int64_t threads = serial_thread ? 1 : std::min<int64_t>(at::get_num_threads(), (count + grain - 1) / grain);
  if (threads <= 1) return body(begin, end);

  // Four chunks a thread: enough to even out bodies of unequal cost, few enough that taking one costs nothing.
  const int64_t chunk = std::max(grain, (count + threads * 4 - 1) / (threads * 4));
  const auto loop = std::make_shared<Loop>(begin, end, chunk, body);
  {
    const SerialScope serial;
    Pool::get().run(loop, static_cast<int>(threads - 1));
  }
  if (loop->error) std::rethrow_exception(loop->error);
}

}  // namespace opsis::inline v1
