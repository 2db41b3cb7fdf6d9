#include "opsis/utils/save_image.h"

#include <torch/torch.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/check.h"
#include "opsis/core/listed.h"
#include "opsis/core/lower_case.h"
#include "opsis/utils/picture_formats.h"

namespace opsis::inline v1::utils {
namespace {

const PictureFormat& format_of(const std::filesystem::path& path, std::string_view format) {
  auto name = format.empty() ? path.extension().string() : std::string(format);
  if (const auto* known = find_picture_format(name)) return *known;
  std::vector<std::string_view> names;
  for (const auto& each : picture_formats()) names.push_back(each.name);
  if (name.starts_with('.')) name.erase(0, 1);
  raise<ValueError>("save_image: the format must be {}, got \"{}\" for {}", alternatives(names), in_lower_case(name),
                    path.string());
}

void save_grid(const torch::Tensor& grid, const std::filesystem::path& path, const PictureFormat& format) {
  const torch::NoGradGuard no_grad;
  OPSIS_CHECK(grid.is_floating_point(), "save_image: images must be floating point in [0, 1], got {}; use io::write_{}",
              grid.scalar_type(), format.name);
  // torchvision's rounding: half a level up, then truncation.
  format.write(Image(grid.mul(255).add_(0.5).clamp_(0, 255).to(torch::kCPU, torch::kUInt8)), path);
}

template <class Images>
void save(const Images& images, const std::filesystem::path& path, std::string_view format, const MakeGridOptions& options) {
  const auto& known = format_of(path, format);
  save_grid(make_grid(images, options), path, known);
}

}  // namespace

// With and without a format.
#define OPSIS_SAVE_IMAGE(Images, pictures)                                                                   \
  void save_image(const Images& images, const std::filesystem::path& path, detail::FormatName format,        \
                  const MakeGridOptions& options) {                                                          \
    save(pictures, path, format.text, options);                                                              \
  }                                                                                                          \
  void save_image(const Images& images, const std::filesystem::path& path, const MakeGridOptions& options) { \
    save(pictures, path, {}, options);                                                                       \
  }
OPSIS_SAVE_IMAGE(torch::Tensor, images)
OPSIS_SAVE_IMAGE(Image, images.data)
OPSIS_SAVE_IMAGE(std::vector<torch::Tensor>, images)
OPSIS_SAVE_IMAGE(std::vector<Image>, images)
#undef OPSIS_SAVE_IMAGE

}  // namespace opsis::inline v1::utils
