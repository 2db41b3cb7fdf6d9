#include "opsis/models/load_weights.h"

#include <unordered_set>

#include "opsis/core/check.h"
#include "opsis/hub/cache.h"
#include "opsis/hub/checkpoint.h"
#include "opsis/hub/download.h"
#include "opsis/hub/state_dict.h"
#include "opsis/models/renames.h"

namespace opsis::inline v1::models {
namespace weights_files {

constexpr std::string_view file_scheme = "file://";

// Not so when it is there but may not be read: reading it says why.
bool is_absent(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::status(file, ignored).type() == std::filesystem::file_type::not_found;
}

// Gives tensors with names of old today's, if the model has those.
void rename(hub::StateDict& state, const torch::nn::Module& model) {
  std::unordered_set<std::string> wanted;
  for (auto& [name, tensor] : hub::state_dict(model)) wanted.insert(std::move(name));
  for (auto& [name, tensor] : state) {
    if (wanted.contains(name)) continue;
    if (auto today = detail::renamed(name); today && wanted.contains(*today)) name = std::move(*today);
  }
}

}  // namespace weights_files

std::filesystem::path weights_file(const Weights& weights) {
  if (weights.url.starts_with(weights_files::file_scheme)) return weights.url.substr(weights_files::file_scheme.size());
  const auto cached = hub::cached_checkpoint(weights.url);
  return weights_files::is_absent(cached) ? hub::fetch(std::string(weights.url)) : cached;
}

void load_weights(torch::nn::Module& model, const Weights& weights) { load_weights(model, weights_file(weights)); }

void load_weights(torch::nn::Module& model, const std::filesystem::path& file) {
  if (weights_files::is_absent(file)) raise<NotFoundError>("load_weights: {} is not there", file.string());
  auto state = hub::load_state_dict_file(file);
  weights_files::rename(state, model);
  try {
    hub::load_state_dict(model, state);
  } catch (const ValueError& error) {
    raise<ValueError>("load_weights: {} does not fit {}: {}", file.string(), model.name(), error.what());
  }
}

}  // namespace opsis::inline v1::models
