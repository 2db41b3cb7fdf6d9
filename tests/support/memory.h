// What this process holds.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace support {

/// Resident memory in bytes; 0 where there is no /proc.
inline int64_t resident_memory() {
  std::ifstream file("/proc/self/statm");
  int64_t pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace support
