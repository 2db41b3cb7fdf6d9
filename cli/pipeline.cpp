#include "cli/pipeline.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "cli/output.h"
#include "cli/steps.h"
#include "opsis/core/check.h"
#include "opsis/core/random.h"

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
  if (std::filesystem::is_directory(pipeline.file))
    throw UsageError(opsis::text("cannot read {}: it is a folder", pipeline.file));
  std::ifstream in(pipeline.file, std::ios::binary);
  if (!in) throw UsageError(opsis::text("cannot open {}", pipeline.file));
  const std::string json{std::istreambuf_iterator<char>(in), {}};
  try {
    return opsis::transforms::transform_from_json(json);
  } catch (const opsis::ValueError& error) {
    throw UsageError(opsis::text("{}: {}", pipeline.file, error.what()));
  }
}

Transformed run_pipeline(const opsis::transforms::AnyTransform& pipeline, const opsis::Image& image, uint64_t seed) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto before = generator.get_state();
  const opsis::random::Scope scope(generator);
  auto out = pipeline(image);
  return {std::move(out), !generator.get_state().equal(before)};
}

}  // namespace cli
