#include "opsis/core/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <mutex>

#include "opsis/core/check.h"

namespace opsis::inline v1::progress {
namespace {

int terminal_columns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

class TerminalBar final : public Reporter {
 public:
  void report(const State& state) override {
    if (!isatty(STDERR_FILENO)) return;
    // \r and "erase to the end of the line" redraw in place; the last state stays.
    const auto line = "\r" + bar(state, terminal_columns() - 1) + "\x1b[K" + (state.finished ? "\n" : "");
    const std::lock_guard lock(mutex_);
    std::fwrite(line.data(), 1, line.size(), stderr);
    std::fflush(stderr);
  }

 private:
  std::mutex mutex_;
};

struct Current {
  std::mutex mutex;
  std::shared_ptr<Reporter> reporter = std::make_shared<TerminalBar>();
};
Current& the_current() {
  static Current current;
  return current;
}

std::string duration(double seconds) {
  if (seconds < 10) return fixed(seconds, 1) + " s";
  if (seconds < 100) return fixed(seconds, 0) + " s";
  if (seconds < 6000) return fixed(seconds / 60, 0) + " min";
  return fixed(seconds / 3600, 1) + " h";
}

}  // namespace

Reporter::~Reporter() = default;

void set_reporter(std::shared_ptr<Reporter> reporter) {
  auto& current = the_current();
  const std::lock_guard lock(current.mutex);
  current.reporter = std::move(reporter);
}

std::shared_ptr<Reporter> reporter() {
  auto& current = the_current();
  const std::lock_guard lock(current.mutex);
  return current.reporter;
}

std::string bar(const State& state, int columns) {
  const double rate = state.elapsed_s > 0 ? static_cast<double>(state.done) / state.elapsed_s : 0;
  std::string tail;
  if (state.total > 0) {
    const double share = std::clamp(static_cast<double>(state.done) / static_cast<double>(state.total), 0.0, 1.0);
    tail += "  " + fixed(std::floor(share * 100), 0) + "%  " + text("{}/{} {}", state.done, state.total, state.unit);
  } else if (!state.unit.empty()) {
    tail += text("  {} {}", state.done, state.unit);
  }
  if (!state.unit.empty()) tail += "  " + fixed(rate, rate < 10 ? 1 : 0) + " " + state.unit + "/s";
  if (state.finished) {
    tail += "  in " + duration(state.elapsed_s);
  } else if (state.total > 0 && rate > 0) {
    tail += "  " + duration(static_cast<double>(state.total - state.done) / rate) + " left";
  }
  for (const auto& [name, value] : state.figures) tail += "  " + name + " " + value;

  std::string line = state.label;
  const int room = columns - static_cast<int>(line.size() + tail.size()) - 4;
  if (state.total > 0 && room >= 5) {
    const int width = std::min(room, 30);
    const auto full = static_cast<int>(std::min(state.done, state.total) * width / state.total);
    line += "  [" + std::string(full, '#') + std::string(width - full, ' ') + "]";
  }
  line += tail;
  return line.substr(0, static_cast<size_t>(std::max(columns, 1)));
}

Job::Job(std::string label, int64_t total, std::string unit)
    : state_{.label = std::move(label), .unit = std::move(unit), .total = total, .figures = {}}, begun_(Clock::now()) {}

Job::~Job() {
  try {
    finish();
  } catch (...) {  // a reporter's failure must not end the program while another error unwinds
  }
}

void Job::advance(int64_t units) {
  state_.done += units;
  report(false);
}

void Job::figure(const std::string& name, std::string value) {
  for (auto& [known, shown] : state_.figures) {
    if (known == name) {
      shown = std::move(value);
      return;
    }
  }
  state_.figures.emplace_back(name, std::move(value));
}

void Job::finish() {
  if (state_.finished) return;
  state_.finished = true;
  report(true);
}

void Job::report(bool always) {
  const auto now = Clock::now();
  if (!always && now - reported_ < std::chrono::milliseconds(100)) return;
  reported_ = now;
  state_.elapsed_s = std::chrono::duration<double>(now - begun_).count();
  if (const auto current = reporter()) current->report(state_);
}

}  // namespace opsis::inline v1::progress
