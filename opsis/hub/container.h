// What a checkpoint's file holds and where, whichever container PyTorch wrote it in: a zip archive, the stream of pickles before
// that, or the tar archive before that. docs/formats has a page for each.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "opsis/core/api.h"
#include "opsis/core/limits.h"
#include "opsis/hub/pickle_reader.h"
#include "opsis/io/bytes.h"

namespace opsis::inline v1::hub {

enum class CheckpointFormat { TorchZip, TorchStream, TorchTar, Safetensors, Empty, Unknown };

/// What a file is, by its first bytes.
OPSIS_API CheckpointFormat checkpoint_format(io::Bytes file);

/// The elements of a storage: bytes [offset, offset + size) of the file, which has them.
struct StorageBytes {
  size_t offset = 0, size = 0;
};

/// A tensor that a tar archive describes beside its pickle. Its numbers are as the file has them, not checked.
struct TensorPlace {
  std::string storage;               ///< key
  std::string_view type;             ///< class of the storage, "torch.FloatStorage"
  int64_t begin = 0, elements = -1;  ///< the part of the storage it was made of; elements < 0: all of it
  int64_t offset = 0;                ///< within that part
  std::vector<int64_t> sizes{}, strides{};
};

/// A checkpoint taken apart. The pickle points into the file.
struct Container {
  Pickle pickle;
  std::unordered_map<std::string, StorageBytes> storages;  ///< by key
  std::unordered_map<std::string, TensorPlace> tensors;    ///< by key; of a tar archive only
  bool big_endian = false;                                 ///< the byte order of the storages
};

/// Takes a zip archive, a stream or a tar archive apart. Every length is held against the file before it is used; tensors are
/// held against their storages by who makes them.
/// Throws   DecodeError for what is none of them, is not sound, or goes over a limit
OPSIS_API Container read_container(io::Bytes file, const Limits& limits = {});

namespace detail {
Container read_zip_container(io::Bytes file, const Limits& limits);
Container read_stream_container(io::Bytes file, const Limits& limits);
Container read_tar_container(io::Bytes file, const Limits& limits);

/// Bytes of the magic number that a stream begins with, a pickle of its own; 0 when there is none.
size_t stream_magic_size(io::Bytes file);

/// The elements of a storage as streams and tar archives have it: their number, then they. `at` is moved behind them.
/// Throws   DecodeError when they are longer than the rest of the file
StorageBytes read_counted_storage(io::Bytes file, size_t& at, size_t width);
}  // namespace detail

}  // namespace opsis::inline v1::hub
