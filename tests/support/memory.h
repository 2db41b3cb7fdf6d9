// What this process holds.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>

// Where a sanitizer is linked. It keeps what was given back for a while, so that all else measures the sanitizer.
extern "C" __attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes();  // NOLINT: its name

namespace support {

/// Whether this program runs under a sanitizer.
inline bool sanitized() { return __sanitizer_get_current_allocated_bytes != nullptr; }

/// Resident memory in bytes, or what a sanitizer says is allocated; 0 where there is no /proc.
inline int64_t resident_memory() {
  if (sanitized()) return static_cast<int64_t>(__sanitizer_get_current_allocated_bytes());
  std::ifstream file("/proc/self/statm");
  int64_t pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

/// What has been asked of malloc and not given back, in bytes: what was given back may stay resident for the next time.
inline int64_t allocated_memory() {
  if (sanitized()) return static_cast<int64_t>(__sanitizer_get_current_allocated_bytes());
  const auto all = mallinfo2();
  return static_cast<int64_t>(all.uordblks + all.hblkhd);
}

/// Lets the peak begin anew; false where the system cannot, and under a sanitizer.
inline bool begin_peak_memory() { return !sanitized() && bool(std::ofstream("/proc/self/clear_refs") << "5" << std::flush); }

/// The most resident memory since then, in bytes; -1 where the system does not tell.
inline int64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  int64_t kib = -1;
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") status >> kib;
  }
  return kib < 0 ? -1 : kib * 1024;
}

}  // namespace support
