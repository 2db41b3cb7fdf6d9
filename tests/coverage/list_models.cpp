// Prints every model with its weights as JSON: [{"name": "alexnet", "weights": [{...}]}]. scripts/models reads it.
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "opsis/models/registry.h"

int main() {
  namespace models = opsis::models;
  auto all = nlohmann::json::array();
  for (const auto& name : models::list_models()) {
    auto weights = nlohmann::json::array();
    const auto known = models::get_model_weights(name);
    for (const auto* entry : known.entries) {
      auto metrics = nlohmann::json::object();
      for (const auto& metric : entry->metrics) {
        if (!std::isnan(metric.value)) metrics[std::string(metric.name)] = metric.value;
      }
      weights.push_back({{"name", entry->member_name()},
                         {"default", *entry == known.DEFAULT},
                         {"num_params", entry->num_params},
                         {"gflops", entry->gflops},
                         {"file_size_mb", entry->file_size_mb},
                         {"crop_size", entry->preset.crop_size},
                         {"metrics", metrics}});
    }
    all.push_back({{"name", name}, {"enum", known.name}, {"weights", weights}});
  }
  std::cout << all << '\n';
}
