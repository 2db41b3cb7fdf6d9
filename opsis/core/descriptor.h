// The owner of an open file. For the library's own sources.
#pragma once

#include <unistd.h>

#include <utility>

namespace opsis::inline v1 {

/// Closes its file when it goes; negative: it has none.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int get() const noexcept { return number_; }
  /// Leaves the file to the caller.
  int release() noexcept { return std::exchange(number_, -1); }

 private:
  int number_;
};

}  // namespace opsis::inline v1
