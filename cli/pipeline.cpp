#include "cli/pipeline.h"

#include <torch/torch.h>

#include <fstream>

#include "cli/output.h"
#include "cli/steps.h"
#include "opsis/core/check.h"
#include "opsis/io.h"

namespace cli {

opsis::transforms::AnyTransform build_pipeline(const Pipeline& pipeline) {
  if (pipeline.file.empty() == pipeline.steps.empty()) {
    throw UsageError("transforms are needed: as steps, or by --pipeline as a JSON file");
  }
  if (pipeline.file.empty()) {
    std::vector<opsis::transforms::AnyTransform> steps;
    for (const auto& step : pipeline.steps) steps.push_back(parse_step(step));
    return opsis::transforms::Compose(std::move(steps));
  }
  std::ifstream in(pipeline.file, std::ios::binary);
  if (!in) throw UsageError(opsis::text("cannot open {}", pipeline.file));
  const std::string json{std::istreambuf_iterator<char>(in), {}};
  try {
    return opsis::transforms::transform_from_json(json);
  } catch (const opsis::ValueError& error) {
    throw UsageError(opsis::text("{}: {}", pipeline.file, error.what()));
  }
}

void check_still(const opsis::Image& image, const std::string& name) {
  OPSIS_CHECK(image.data.dim() == 3, "{} has {} pictures; a single one is needed", name, image.data.size(0));
}

opsis::Image read_picture(const std::filesystem::path& path) {
  // A camera says by EXIF which side is up; the picture is shown and judged as people see it.
  auto image = opsis::io::decode_image(path, {.mode = opsis::io::ImageReadMode::RGB, .apply_exif_orientation = true});
  check_still(image, path.string());
  if (image.data.scalar_type() == torch::kUInt16) {  // of a 16-bit PNG the high byte, as ImageFolder takes it
    image.data = image.data.to(torch::kInt32).div(256, "floor").to(torch::kUInt8);
  }
  return image;
}

}  // namespace cli
