// A disk that is soon full.
#pragma once

#include <sys/mount.h>

#include <filesystem>
#include <string>

namespace support {

/// A file system of so many bytes in memory, mounted at a folder that it makes; unmounted by the destructor. Mounting needs root:
/// elsewhere the disk is not there, and a test of it skips.
class SmallDisk {
 public:
  SmallDisk(std::filesystem::path folder, int kilobytes) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    mounted_ = mount("tmpfs", folder_.c_str(), "tmpfs", 0, size_of(kilobytes).c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  explicit operator bool() const { return mounted_; }
  const std::filesystem::path& path() const { return folder_; }
  void resize(int kilobytes) const { mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT, size_of(kilobytes).c_str()); }
  /// From here on, even root cannot write to it.
  void make_read_only() const { mount("tmpfs", folder_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, ""); }

 private:
  static std::string size_of(int kilobytes) { return "size=" + std::to_string(kilobytes) + "k"; }

  std::filesystem::path folder_;
  bool mounted_ = false;
};

}  // namespace support
