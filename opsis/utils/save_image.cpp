#include "opsis/utils/save_image.h"

#include <torch/torch.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "opsis/core/check.h"
#include "opsis/io/image.h"

namespace opsis::inline v1::utils {
namespace {

struct Format {
  std::string_view name, other_name;
  void (*write)(const Image& image, const std::filesystem::path& path);
};

constexpr Format formats[] = {
    {"avif", "", [](const Image& image, const std::filesystem::path& path) { io::write_avif(image, path); }},
    {"gif", "", [](const Image& image, const std::filesystem::path& path) { io::write_gif(image, path); }},
    {"jpeg", "jpg", [](const Image& image, const std::filesystem::path& path) { io::write_jpeg(image, path); }},
    {"png", "", [](const Image& image, const std::filesystem::path& path) { io::write_png(image, path); }},
    {"tiff", "tif", [](const Image& image, const std::filesystem::path& path) { io::write_tiff(image, path); }},
    {"webp", "", [](const Image& image, const std::filesystem::path& path) { io::write_webp(image, path); }},
};

const Format& format_of(const std::filesystem::path& path, const std::optional<std::string>& format) {
  auto name = format ? *format : path.extension().string();
  if (name.starts_with('.')) name.erase(0, 1);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const auto& known : formats) {
    if (!name.empty() && (name == known.name || name == known.other_name)) return known;
  }
  raise<ValueError>("save_image: the format must be avif, gif, jpeg, png, tiff or webp, got \"{}\" for {}", name,
                    path.string());
}

void save_grid(const torch::Tensor& grid, const std::filesystem::path& path, const Format& format) {
  const torch::NoGradGuard no_grad;
  OPSIS_CHECK(grid.is_floating_point(), "save_image: images must be floating point in [0, 1], got {}; use io::write_{}",
              grid.scalar_type(), format.name);
  // torchvision's rounding: half a level up, then truncation.
  format.write(Image(grid.mul(255).add_(0.5).clamp_(0, 255).to(torch::kCPU, torch::kUInt8)), path);
}

}  // namespace

void save_image(const torch::Tensor& images, const std::filesystem::path& path, const MakeGridOptions& options,
                const std::optional<std::string>& format) {
  const auto& known = format_of(path, format);
  save_grid(make_grid(images, options), path, known);
}

void save_image(const std::vector<torch::Tensor>& images, const std::filesystem::path& path, const MakeGridOptions& options,
                const std::optional<std::string>& format) {
  const auto& known = format_of(path, format);
  save_grid(make_grid(images, options), path, known);
}

}  // namespace opsis::inline v1::utils
