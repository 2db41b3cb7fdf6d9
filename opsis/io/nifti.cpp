#include "opsis/io/nifti.h"

#include <torch/types.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/io/file.h"
#include "opsis/io/inflate.h"
#include "opsis/io/nifti_header.h"

namespace opsis::inline v1::io {
namespace {

namespace fs = std::filesystem;

torch::ScalarType tensor_type(NiftiType type) {
  switch (type) {
    case NiftiType::UInt8: return torch::kUInt8;
    case NiftiType::Int8: return torch::kInt8;
    case NiftiType::Int16: return torch::kInt16;
    case NiftiType::UInt16: return torch::kUInt16;
    case NiftiType::Int32: return torch::kInt32;
    case NiftiType::UInt32: return torch::kUInt32;
    case NiftiType::Int64: return torch::kInt64;
    case NiftiType::UInt64: return torch::kUInt64;
    case NiftiType::Float32: return torch::kFloat32;
    case NiftiType::Float64: break;
  }
  return torch::kFloat64;
}

// The voxels, in the machine's order of bytes; sides as the file has them, the first running fastest.
torch::Tensor voxels_of(Bytes file, const NiftiHeader& header) {
  const std::vector<int64_t> slowest_first(header.shape.rbegin(), header.shape.rend());
  auto out = torch::empty(slowest_first, tensor_type(header.type));
  const auto bytes = file.subspan(header.offset, header.size);
  if (!bytes.empty()) std::memcpy(out.mutable_data_ptr(), bytes.data(), bytes.size());
  if (header.width > 1 && header.big_endian == (std::endian::native == std::endian::little)) {
    auto* const begin = static_cast<uint8_t*>(out.mutable_data_ptr());
    for (size_t at = 0; at < bytes.size(); at += header.width) std::reverse(begin + at, begin + at + header.width);
  }
  std::vector<int64_t> order(header.shape.size());
  std::iota(order.rbegin(), order.rend(), 0);
  return out.permute(order);
}

// All of it: libdeflate gives nothing of a stream that has no room, so that the header cannot be looked at first. But the voxels
// of a file that goes over no limit are no more than their float64, and this much in front of them nobody has.
std::vector<uint8_t> inflate_nifti(Bytes bytes, const Limits& limits) {
  constexpr int64_t most_before = int64_t{64} << 20;
  auto most = static_cast<uint64_t>(limits.file_bytes);
  auto named = text("limits.file_bytes ({})", limits.file_bytes);
  if (limits.image_bytes < limits.file_bytes - most_before) {
    most = static_cast<uint64_t>(limits.image_bytes + most_before);
    named = text("limits.image_bytes ({}) and {} for what is not voxels", limits.image_bytes, most_before);
  }
  auto out = inflate_gzip(bytes, most, named);
  if (is_gzip(out)) raise<DecodeError>("read_nifti: it is compressed twice");
  return out;
}

// The two files that "scan.hdr" or "scan.img" names, each perhaps with .gz behind it: the header and the voxels.
std::optional<std::pair<fs::path, fs::path>> pair_of(const fs::path& path) {
  auto name = path.string();
  const std::string packed = name.ends_with(".gz") ? ".gz" : "";
  name.resize(name.size() - packed.size());
  for (const auto& [header, voxels] : {std::pair(".hdr", ".img"), std::pair(".HDR", ".IMG")}) {
    if (!name.ends_with(header) && !name.ends_with(voxels)) continue;
    name.resize(name.size() - std::strlen(header));
    return std::pair(fs::path(name + header + packed), fs::path(name + voxels + packed));
  }
  return std::nullopt;
}

// `file` is what has the voxels.
NiftiImage image_of(const NiftiHeader& header, Bytes file, const NiftiOptions& options) {
  NiftiImage out{
      .data = voxels_of(file, header),
      .affine = torch::tensor(std::vector<double>(header.affine.begin(), header.affine.end()), torch::kFloat64).view({4, 4}),
      .spacing = header.spacing,
      .slope = header.slope,
      .intercept = header.intercept,
      .space_units = std::string(header.space_units),
      .time_units = std::string(header.time_units),
      .description = header.description};
  if (options.scaled) {
    out.data = out.data.to(torch::kFloat64);
    if (header.slope != 1) out.data.mul_(header.slope);
    if (header.intercept != 0) out.data.add_(header.intercept);
  }
  return out;
}

}  // namespace

NiftiImage decode_nifti(Bytes bytes, const NiftiOptions& options) {
  std::vector<uint8_t> content;
  if (is_gzip(bytes)) {
    content = inflate_nifti(bytes, options.limits);
    bytes = content;
  }
  return image_of(read_nifti_header(bytes, options.limits), bytes, options);
}

NiftiImage read_nifti(const fs::path& path, const NiftiOptions& options) {
  if (const auto pair = pair_of(path)) {
    const auto content_of = [&](const fs::path& file) {
      auto bytes = read_bytes(file, options.limits);
      return is_gzip(bytes) ? telling_where(file, [&] { return inflate_nifti(bytes, options.limits); }) : bytes;
    };
    const auto header = content_of(pair->first), voxels = content_of(pair->second);
    return telling_where(pair->first,
                         [&] { return image_of(read_nifti_header(header, voxels, options.limits), voxels, options); });
  }
  const auto bytes = read_bytes(path, options.limits);
  return telling_where(path, [&] { return decode_nifti(bytes, options); });
}

}  // namespace opsis::inline v1::io
