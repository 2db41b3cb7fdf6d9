// What this process holds.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <string>

namespace support {

/// Resident memory in bytes; 0 where there is no /proc.
inline int64_t resident_memory() {
  std::ifstream file("/proc/self/statm");
  int64_t pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

/// What has been asked of malloc and not given back, in bytes: what was given back may stay resident for the next time.
inline int64_t allocated_memory() {
  const auto all = mallinfo2();
  return static_cast<int64_t>(all.uordblks + all.hblkhd);
}

/// Lets the peak begin anew; false where the system cannot.
inline bool begin_peak_memory() { return bool(std::ofstream("/proc/self/clear_refs") << "5" << std::flush); }

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
