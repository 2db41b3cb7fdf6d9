#include "opsis/tv_tensors/print.h"

#include <sstream>

namespace opsis::inline v1::detail {
namespace {

// [[1, 2], [3, 4]], nested as Python prints a list.
void print_numbers(std::ostream& out, const torch::Tensor& tensor) {
  if (tensor.dim() == 0) {
    if (tensor.is_floating_point()) {
      out << tensor.item<double>();
    } else {
      out << tensor.item<int64_t>();
    }
    return;
  }
  out << '[';
  for (int64_t i = 0; i < tensor.size(0); ++i) {
    if (i > 0) out << ", ";
    print_numbers(out, tensor.select(0, i));
  }
  out << ']';
}

}  // namespace

std::string shape(const torch::Tensor& tensor) {
  if (!tensor.defined()) return "an undefined tensor";
  std::ostringstream out;
  out << '(';
  for (int64_t i = 0; i < tensor.dim(); ++i) out << (i > 0 ? ", " : "") << tensor.size(i);
  out << (tensor.dim() == 1 ? ",)" : ")");
  return out.str();
}

std::ostream& print(std::ostream& out, std::string_view kind, const torch::Tensor& data, std::string_view metadata) {
  out << kind << '(';
  if (data.defined() && data.numel() <= 64 && !data.is_complex() && !data.is_meta()) {
    print_numbers(out, data);
    out << ", ";
  }
  out << shape(data);
  if (data.defined()) out << ", " << data.scalar_type();
  if (!metadata.empty()) out << ", " << metadata;
  return out << ')';
}

}  // namespace opsis::inline v1::detail
