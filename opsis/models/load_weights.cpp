#include "opsis/models/load_weights.h"

#include "opsis/core/check.h"

namespace opsis::inline v1::models {

void load_weights(torch::nn::Module&, const Weights& weights) { raise<NotFoundError>("load_weights: {} cannot be read yet", weights.name); }
void load_weights(torch::nn::Module&, const std::filesystem::path& file) { raise<NotFoundError>("load_weights: {} cannot be read yet", file.string()); }

}  // namespace opsis::inline v1::models
