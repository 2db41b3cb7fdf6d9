// A process without root's rights.
#pragma once

#include <unistd.h>

#include <cstdlib>

namespace support {

/// While it lives, root has no more rights than anybody: there is no other way to be refused.
struct Nobody {
  Nobody() : works(geteuid() != 0 || seteuid(65534) == 0) {}
  ~Nobody() {
    if (seteuid(getuid()) != 0) std::abort();
  }
  Nobody(const Nobody&) = delete;
  Nobody& operator=(const Nobody&) = delete;
  bool works;
};

}  // namespace support
