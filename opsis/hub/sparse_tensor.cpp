#include "opsis/hub/sparse_tensor.h"

#include <ATen/ops/_sparse_compressed_tensor_unsafe.h>
#include <ATen/ops/_sparse_coo_tensor_unsafe.h>
#include <ATen/ops/_validate_sparse_compressed_tensor_args.h>
#include <ATen/ops/_validate_sparse_coo_tensor_args.h>

#include <algorithm>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/hub/value.h"

namespace opsis::inline v1::hub {
namespace {

constexpr std::pair<torch::Layout, std::string_view> sparse_layouts[] = {
    {torch::kSparse, "torch.sparse_coo"},    {torch::kSparseCsr, "torch.sparse_csr"}, {torch::kSparseCsc, "torch.sparse_csc"},
    {torch::kSparseBsr, "torch.sparse_bsr"}, {torch::kSparseBsc, "torch.sparse_bsc"},
};

torch::Tensor checked_and_made(const detail::SparseParts& parts) {
  const auto& values = parts.tensors.back();
  const auto options = values.options().layout(parts.layout);
  if (parts.layout == torch::kSparse) {
    at::_validate_sparse_coo_tensor_args(parts.tensors[0], values, parts.sizes, parts.is_coalesced);
    return at::_sparse_coo_tensor_unsafe(parts.tensors[0], values, parts.sizes, options, parts.is_coalesced);
  }
  at::_validate_sparse_compressed_tensor_args(parts.tensors[0], parts.tensors[1], values, parts.sizes, parts.layout);
  return at::_sparse_compressed_tensor_unsafe(parts.tensors[0], parts.tensors[1], values, parts.sizes, options);
}

}  // namespace

void detail::check_memory(const torch::Tensor& tensor, std::string_view what) {
  OPSIS_CHECK(is_plain(tensor) && !tensor.is_quantized(), "{} is no plain tensor", what);
  OPSIS_CHECK(tensor.numel() == 0 || static_cast<size_t>(tensor.numel()) <= tensor.storage().nbytes() / tensor.element_size(),
              "{} has more elements than its storage", what);
}

std::string_view detail::sparse_layout_name(torch::Layout layout) {
  for (const auto& [known, name] : sparse_layouts) {
    if (known == layout) return name;
  }
  return {};
}

std::optional<torch::Layout> detail::sparse_layout(std::string_view name) {
  for (const auto& [layout, known] : sparse_layouts) {
    if (known == name) return layout;
  }
  return std::nullopt;
}

detail::SparseParts detail::take_apart(const torch::Tensor& sparse) {
  const auto tensor = sparse.detach();
  const auto layout = tensor.layout();
  const auto sizes = tensor.sizes().vec();
  if (layout == torch::kSparse) return {layout, {tensor._indices(), tensor._values()}, sizes, tensor.is_coalesced()};
  const bool by_rows = layout == torch::kSparseCsr || layout == torch::kSparseBsr;
  const auto compressed = by_rows ? tensor.crow_indices() : tensor.ccol_indices();
  const auto plain = by_rows ? tensor.col_indices() : tensor.row_indices();
  return {layout, {compressed, plain, tensor.values()}, sizes};
}

torch::Tensor detail::put_together(const SparseParts& parts) {
  const size_t count = parts.layout == torch::kSparse ? 2 : 3;
  OPSIS_CHECK(parts.tensors.size() == count, "a sparse tensor of {} parts", parts.tensors.size());
  for (const auto& part : parts.tensors) check_memory(part, "a part of a sparse tensor");
  int64_t elements = 1;
  bool overflow = false;
  for (const auto size : parts.sizes) overflow |= __builtin_mul_overflow(elements, std::max<int64_t>(size, 1), &elements);
  OPSIS_CHECK(!overflow, "a sparse tensor's shape overflows");
  try {
    return checked_and_made(parts);
  } catch (const c10::Error& error) {
    raise<ValueError>("the parts of a sparse tensor do not fit each other: {}", error.what_without_backtrace());
  }
}

}  // namespace opsis::inline v1::hub
