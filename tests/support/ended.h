// Processes that end in the midst of what they do to the disk.
#pragma once

#include <functional>

namespace support {

/// Runs work() in a process of its own, and ends that, as SIGKILL would, just before it renames or removes something for the
/// nth time. Whether there was an nth time; without one, the work is done.
/// Throws   std::runtime_error when the work fails
bool ended_at_change(int nth, const std::function<void()>& work);

}  // namespace support
