#include "cli/sheet.h"

#include <torch/torch.h>

#include <algorithm>

#include "opsis/core/check.h"
#include "opsis/transforms/functional.h"

namespace cli {

opsis::Size size_on_sheet(opsis::Size size, int64_t side) {
  const auto longer = std::max(size.height, size.width);
  if (longer <= side) return size;
  const auto scaled = [&](int64_t length) { return std::max<int64_t>(1, length * side / longer); };
  return {scaled(size.height), scaled(size.width)};
}

opsis::Image picture_of(const opsis::Image& image, int64_t side) {
  auto data = image.data.detach();
  if (data.dim() == 3 && data.size(0) == 4) data = data.slice(0, 0, 3);
  if (data.dim() != 3 || data.numel() == 0 || (data.size(0) != 1 && data.size(0) != 3)) {
    opsis::raise<opsis::ValueError>("a result cannot be shown: it must be (1, 3 or 4, H, W), got {}", data.sizes());
  }
  if (!data.is_floating_point() && data.scalar_type() != torch::kUInt8 && data.scalar_type() != torch::kUInt16) {
    opsis::raise<opsis::ValueError>("a result of {} cannot be shown; end with ToDtype(uint8, scale=True)", data.scalar_type());
  }
  if (data.scalar_type() == torch::kUInt16) data = data.to(torch::kInt32).div(256, "floor");
  if (data.is_floating_point()) {
    const auto low = data.min().item<double>(), high = data.max().item<double>();
    if (low < 0 || high > 1) data = (data - low) / std::max(high - low, 1e-12);
    data = data.mul(255).add(0.5).clamp(0, 255);
  }
  data = data.to(torch::kUInt8).expand({3, -1, -1});
  const opsis::Size size{data.size(1), data.size(2)}, shown = size_on_sheet(size, side);
  if (shown != size) data = opsis::transforms::functional::resize(data, {shown.height, shown.width});
  return opsis::Image(data);
}

}  // namespace cli
