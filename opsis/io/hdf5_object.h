// The objects of an HDF5 file, for formats that lie within it, such as MATLAB's. No tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "opsis/core/limits.h"
#include "opsis/io/bytes.h"
#include "opsis/io/hdf5.h"

namespace opsis::inline v1::io::detail {

enum class Hdf5Type { WholeNumbers, Floats, References };

// A group or an array, with attributes. All of it may lie: what is asked for is read then, and refused by a DecodeError.
class Hdf5Object {
 public:
  // The group at the top of a file, whose bytes outlive it.
  explicit Hdf5Object(Bytes file, const Limits& limits = {});
  // What a reference of the file leads to.
  Hdf5Object at(uint64_t reference) const { return Hdf5Object(file_, reference, limits_); }

  std::optional<Hdf5Object> find(const std::string& name) const;
  std::vector<std::pair<std::string, Hdf5Object>> children() const;  // of a group, in the order of the file
  bool is_array() const;
  std::optional<std::string> text(const std::string& attribute) const;  // one of fixed length
  std::optional<int64_t> integer(const std::string& attribute) const;   // the first of it
  std::pair<Hdf5Array, Hdf5Type> array() const;

 private:
  Hdf5Object(Bytes file, uint64_t address, const Limits& limits) : file_(file), address_(address), limits_(limits) {}
  Bytes file_;                             // from the base on that addresses count from
  [[maybe_unused]] uint64_t address_ = 0;  // where there is a reader
  Limits limits_;
};

}  // namespace opsis::inline v1::io::detail
