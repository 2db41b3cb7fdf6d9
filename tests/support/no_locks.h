// File systems that have no locks.
#pragma once

namespace support {

/// While it lives, flock() fails everywhere in this process.
class NoLocks {
 public:
  /// With this errno.
  explicit NoLocks(int error);
  ~NoLocks();
  NoLocks(const NoLocks&) = delete;
  NoLocks& operator=(const NoLocks&) = delete;
};

}  // namespace support
