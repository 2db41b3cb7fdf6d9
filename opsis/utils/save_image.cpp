#include "opsis/utils/save_image.h"

#include <torch/torch.h>

#include <algorithm>
#include <cctype>

#include "opsis/core/check.h"
#include "opsis/io/image.h"

namespace opsis::inline v1::utils {
namespace {

std::string format_of(const std::filesystem::path& path, const std::optional<std::string>& format) {
  auto name = format ? *format : path.extension().string();
  if (name.starts_with('.')) name.erase(0, 1);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name == "jpg") name = "jpeg";
  OPSIS_CHECK(name == "png" || name == "jpeg", "save_image: the format must be png or jpeg, got \"{}\" for {}", name,
              path.string());
  return name;
}

void save_grid(const torch::Tensor& grid, const std::filesystem::path& path, const std::string& format) {
  const torch::NoGradGuard no_grad;
  OPSIS_CHECK(grid.is_floating_point(), "save_image: images must be floating point in [0, 1], got {}; use io::write_{}",
              grid.scalar_type(), format);
  // torchvision's rounding: half a level up, then truncation.
  const Image image(grid.mul(255).add_(0.5).clamp_(0, 255).to(torch::kCPU, torch::kUInt8));
  if (format == "png") {
    io::write_png(image, path);
  } else {
    io::write_jpeg(image, path);
  }
}

}  // namespace

void save_image(const torch::Tensor& images, const std::filesystem::path& path, const MakeGridOptions& options,
                const std::optional<std::string>& format) {
  const auto name = format_of(path, format);
  save_grid(make_grid(images, options), path, name);
}

void save_image(const std::vector<torch::Tensor>& images, const std::filesystem::path& path, const MakeGridOptions& options,
                const std::optional<std::string>& format) {
  const auto name = format_of(path, format);
  save_grid(make_grid(images, options), path, name);
}

}  // namespace opsis::inline v1::utils
