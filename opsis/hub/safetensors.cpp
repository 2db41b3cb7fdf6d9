#include "opsis/hub/safetensors.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <array>
#include <memory>
#include <set>

#include "opsis/core/check.h"
#include "opsis/hub/safetensors_header.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::hub {
namespace {

constexpr std::array<std::pair<std::string_view, torch::ScalarType>, 15> dtypes{{
    {"BOOL", torch::kBool}, {"U8", torch::kUInt8}, {"I8", torch::kInt8}, {"U16", torch::kUInt16}, {"I16", torch::kInt16},
    {"F16", torch::kFloat16}, {"BF16", torch::kBFloat16}, {"U32", torch::kUInt32}, {"I32", torch::kInt32},
    {"F32", torch::kFloat32}, {"U64", torch::kUInt64}, {"I64", torch::kInt64}, {"F64", torch::kFloat64},
    {"F8_E4M3", torch::kFloat8_e4m3fn}, {"F8_E5M2", torch::kFloat8_e5m2}}};

torch::ScalarType scalar_type(std::string_view name) {
  for (const auto& [known, type] : dtypes) {
    if (known == name) return type;
  }
  raise<DecodeError>("load_safetensors: unknown dtype \"{}\"", name);
}

std::string_view dtype_name(torch::ScalarType type, std::string_view tensor) {
  for (const auto& [name, known] : dtypes) {
    if (known == type) return name;
  }
  raise<ValueError>("save_safetensors: the format has no dtype for \"{}\", which is {}", tensor, type);
}

}  // namespace

StateDict load_safetensors(const std::filesystem::path& path, const Limits& limits) {
  const auto file = std::make_shared<io::MappedFile>(path);
  const auto header = read_safetensors_header(file->bytes(), limits);
  StateDict out;
  for (const auto& entry : header.entries) {
    const auto type = scalar_type(entry.dtype);
    auto* data = file->writable() + header.data_offset + entry.begin;
    const bool aligned = reinterpret_cast<uintptr_t>(data) % c10::elementSize(type) == 0;
    auto tensor = torch::from_blob(data, entry.shape, [file](void*) {}, torch::TensorOptions().dtype(type));
    if (!aligned) {  // other writers need not pad the header; kernels need whole elements
      auto copy = torch::empty(entry.shape, type);
      std::memcpy(copy.data_ptr(), data, entry.end - entry.begin);
      tensor = copy;
    }
    out.emplace_back(entry.name, tensor);
  }
  return out;
}

void save_safetensors(const std::filesystem::path& path, const StateDict& tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<SafetensorsEntry> entries;
  std::set<std::string> names;
  size_t position = 0;
  for (const auto& [name, tensor] : tensors) {
    OPSIS_CHECK(tensor.defined(), "save_safetensors: \"{}\" is an undefined tensor", name);
    OPSIS_CHECK(name != "__metadata__" && names.insert(name).second, "save_safetensors: the name \"{}\" stands twice", name);
    const auto bytes = static_cast<size_t>(tensor.numel()) * tensor.element_size();
    entries.push_back({name, std::string(dtype_name(tensor.scalar_type(), name)), tensor.sizes().vec(), position, position + bytes});
    position += bytes;
  }
  io::FileWriter file(path);
  file.write(io::as_bytes(write_safetensors_header(entries, metadata)));
  for (const auto& [name, tensor] : tensors) {
    const auto plain = tensor.detach().cpu().contiguous();
    file.write({static_cast<const uint8_t*>(plain.data_ptr()), plain.nbytes()});
  }
  file.commit();
}

}  // namespace opsis::inline v1::hub
