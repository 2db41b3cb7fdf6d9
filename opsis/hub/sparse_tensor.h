// Sparse tensors as torch.save takes them apart. For Opsis's own sources.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string_view>
#include <vector>

namespace opsis::inline v1::hub::detail {

/// What is not zero in a sparse tensor, and where.
struct SparseParts {
  torch::Layout layout;
  std::vector<torch::Tensor> tensors;  ///< indices and values; of all layouts but COO compressed indices, plain ones, values
  std::vector<int64_t> sizes;
  std::optional<bool> is_coalesced{};  ///< of COO; unknown in files of before PyTorch 2.1
};

/// That each element of a tensor of a file may be looked at or copied: it is plain, and has no more elements than its storage. By a
/// stride of 0 one element can stand for any number of them.
/// Throws   ValueError that calls the tensor `what`
void check_memory(const torch::Tensor& tensor, std::string_view what);

/// Python's name of a sparse layout ("torch.sparse_coo"); empty for others.
std::string_view sparse_layout_name(torch::Layout layout);
/// The sparse layout of that name, if it is one.
std::optional<torch::Layout> sparse_layout(std::string_view name);

SparseParts take_apart(const torch::Tensor& sparse);

/// The tensor that these are the parts of; it shares their memory.
/// Throws   ValueError when they do not fit each other: they may come from a hostile file
torch::Tensor put_together(const SparseParts& parts);

}  // namespace opsis::inline v1::hub::detail
