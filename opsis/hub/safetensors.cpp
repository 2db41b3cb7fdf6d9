#include "opsis/hub/safetensors.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <unordered_set>

#include "opsis/core/check.h"
#include "opsis/core/telling_where.h"
#include "opsis/hub/mapped_state.h"
#include "opsis/hub/safetensors_header.h"
#include "opsis/io/file.h"

namespace opsis::inline v1::hub {
namespace {

constexpr std::pair<std::string_view, torch::ScalarType> safetensors_types[] = {{"BOOL", torch::kBool},
                                                                                {"U8", torch::kUInt8},
                                                                                {"I8", torch::kInt8},
                                                                                {"U16", torch::kUInt16},
                                                                                {"I16", torch::kInt16},
                                                                                {"F16", torch::kFloat16},
                                                                                {"BF16", torch::kBFloat16},
                                                                                {"U32", torch::kUInt32},
                                                                                {"I32", torch::kInt32},
                                                                                {"F32", torch::kFloat32},
                                                                                {"U64", torch::kUInt64},
                                                                                {"I64", torch::kInt64},
                                                                                {"F64", torch::kFloat64},
                                                                                {"C64", torch::kComplexFloat},
                                                                                {"F8_E4M3", torch::kFloat8_e4m3fn},
                                                                                {"F8_E5M2", torch::kFloat8_e5m2},
                                                                                {"F8_E8M0", torch::kFloat8_e8m0fnu},
                                                                                {"F8_E4M3FNUZ", torch::kFloat8_e4m3fnuz},
                                                                                {"F8_E5M2FNUZ", torch::kFloat8_e5m2fnuz}};

torch::ScalarType scalar_type(std::string_view name) {
  for (const auto& [known, type] : safetensors_types) {
    if (known == name) return type;
  }
  raise<DecodeError>("unknown dtype \"{}\"", name);
}

std::string_view dtype_name(torch::ScalarType type, std::string_view tensor) {
  for (const auto& [name, known] : safetensors_types) {
    if (known == type) return name;
  }
  raise<ValueError>("save_safetensors: the format has no dtype for \"{}\", which is {}", tensor, type);
}

}  // namespace

StateDict detail::map_safetensors(std::shared_ptr<const io::MappedFile> file, const Limits& limits) {
  const auto header = read_safetensors_header(file->bytes(), limits);
  StateDict out;
  for (const auto& entry : header.entries) {
    const auto type = scalar_type(entry.dtype);
    if (entry.begin == entry.end) {
      out.emplace_back(entry.name, torch::empty(entry.shape, type));
      continue;
    }
    auto* data = file->writable() + header.data_offset + entry.begin;
    auto tensor = torch::from_blob(
        data, entry.shape, [file](void*) {}, torch::TensorOptions().dtype(type));
    // Other writers need not pad the header or put wide elements first; kernels need whole elements.
    if (reinterpret_cast<uintptr_t>(data) % c10::elementSize(type) != 0) {
      tensor = torch::empty(entry.shape, type);
      std::memcpy(tensor.data_ptr(), data, entry.end - entry.begin);
    }
    out.emplace_back(entry.name, tensor);
  }
  return out;
}

StateDict load_safetensors(const std::filesystem::path& path, const Limits& limits) {
  return telling_where("load_safetensors " + path.string(),
                       [&] { return detail::map_safetensors(std::make_shared<const io::MappedFile>(path), limits); });
}

void save_safetensors(const std::filesystem::path& path, const StateDict& tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<SafetensorsEntry> entries;
  std::unordered_set<std::string_view> names;
  for (const auto& [name, tensor] : tensors) {
    OPSIS_CHECK(tensor.defined(), "save_safetensors: \"{}\" is an undefined tensor", name);
    OPSIS_CHECK(tensor.layout() == torch::kStrided && !tensor.is_quantized() && !tensor.is_meta(),
                "save_safetensors: \"{}\" is a sparse, quantized or meta tensor", name);
    OPSIS_CHECK(name != "__metadata__", "save_safetensors: the format keeps the name \"__metadata__\" for itself");
    OPSIS_CHECK(names.insert(name).second, "save_safetensors: the name \"{}\" stands twice", name);
    entries.push_back({name, std::string(dtype_name(tensor.scalar_type(), name)), tensor.sizes().vec()});
  }

  // The header keeps the caller's order. The data begins with the widest elements: the format has no padding, and readers want
  // every tensor at a multiple of its element's size.
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return tensors[a].second.element_size() > tensors[b].second.element_size(); });
  size_t position = 0;
  for (const auto i : order) {
    const auto& tensor = tensors[i].second;
    entries[i].begin = position;
    position += static_cast<size_t>(tensor.numel()) * tensor.element_size();
    entries[i].end = position;
  }

  const auto header = write_safetensors_header(entries, metadata);
  io::FileWriter file(path);
  file.write(io::as_bytes(header));
  for (const auto i : order) {
    const auto plain = tensors[i].second.detach().cpu().resolve_conj().resolve_neg().contiguous();
    if (plain.numel() > 0) file.write({static_cast<const uint8_t*>(plain.data_ptr()), plain.nbytes()});
  }
  file.commit();
}

}  // namespace opsis::inline v1::hub
