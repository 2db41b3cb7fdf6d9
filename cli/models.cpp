// opsis models: which models and weights there are.
#include <CLI/CLI.hpp>

#include <algorithm>

#include "cli/commands.h"
#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/models.h"

namespace cli {
namespace {

struct ModelsOptions {
  std::string pattern, module, sort = "name";
  std::vector<std::string> include, exclude;
  bool weights = false, json = false;
};

double accuracy(const opsis::models::Weights& entry, std::string_view metric) {
  for (const auto& m : entry.metrics) {
    if (m.name == metric) return m.value;
  }
  return 0;
}

// "80.86"; nothing where the weights are for another task, or tell no classes apart: then torchvision has NaN.
std::string shown(const opsis::models::Weights& entry, std::string_view metric) {
  const auto value = accuracy(entry, metric);
  return value > 0 ? opsis::fixed(value, 2) : "";
}

std::string millions(int64_t count) { return opsis::fixed(static_cast<double>(count) / 1e6, 1) + " M"; }

Json json_of_entry(const opsis::models::Weights& entry) {
  auto metrics = Json::object();
  for (const auto& m : entry.metrics) metrics[std::string(m.dataset)][std::string(m.name)] = m.value;
  return {{"name", entry.name},
          {"url", entry.url},
          {"num_params", entry.num_params},
          {"gflops", entry.gflops},
          {"file_size_mb", entry.file_size_mb},
          {"classes", entry.categories.size()},
          {"metrics", std::move(metrics)}};
}

// The best or the smallest first.
void sort_names(std::vector<std::string>& names, const std::string& by) {
  if (by == "name") return;
  const auto key = [&](const std::string& name) {
    const auto& weights = opsis::models::get_model_weights(name).DEFAULT;
    return by == "accuracy" ? -accuracy(weights, "acc@1")
           : by == "params" ? static_cast<double>(weights.num_params)
                            : weights.gflops;
  };
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
}

std::vector<std::string> matching(const ModelsOptions& options) {
  opsis::models::ModelFilter filter{.module = options.module, .include = options.include, .exclude = options.exclude};
  const auto& pattern = options.pattern;
  if (!pattern.empty()) {
    const bool wild = pattern.find_first_of("*?[") != pattern.npos;
    filter.include.push_back(wild ? pattern : "*" + pattern + "*");
  }
  auto names = opsis::models::list_models(filter);
  if (names.empty()) {
    const auto all = opsis::models::list_models();
    const std::vector<std::string_view> known(all.begin(), all.end());
    if (pattern.empty()) opsis::raise<opsis::NotFoundError>("no model matches --include, --exclude and --module");
    opsis::raise<opsis::NotFoundError>("no model matches \"{}\"{}", pattern, opsis::did_you_mean(pattern, known));
  }
  sort_names(names, options.sort);
  return names;
}

int list(const ModelsOptions& options) {
  auto document = Json::array();
  std::vector<std::vector<std::string>> rows;
  if (options.weights) {
    rows.push_back({"model", "weights", "params", "GFLOPS", "acc@1", "acc@5"});
  } else {
    rows.push_back({"model", "params", "GFLOPS", "acc@1"});
  }
  for (const auto& name : matching(options)) {
    const auto weights = opsis::models::get_model_weights(name);
    auto entries = Json::array();
    for (const auto* entry : weights.entries) {
      entries.push_back(json_of_entry(*entry));
      if (options.weights) {
        rows.push_back({name, std::string(entry->name) + (*entry == weights.DEFAULT ? " (default)" : ""),
                        millions(entry->num_params), opsis::fixed(entry->gflops, 2), shown(*entry, "acc@1"),
                        shown(*entry, "acc@5")});
      }
    }
    if (!options.weights) {
      rows.push_back({name, millions(weights.DEFAULT.num_params), opsis::fixed(weights.DEFAULT.gflops, 2),
                      shown(weights.DEFAULT, "acc@1")});
    }
    document.push_back({{"name", name}, {"default", weights.DEFAULT.name}, {"weights", std::move(entries)}});
  }
  if (options.json) {
    print_json(document);
  } else {
    print(table(rows, options.weights ? std::vector<bool>{false, false, true, true, true, true}
                                      : std::vector<bool>{false, true, true, true}));
  }
  return 0;
}

}  // namespace

void declare_models(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("models", "List models and their weights");
  const auto options = std::make_shared<ModelsOptions>();
  command.add_option("pattern", options->pattern, "Part of a name, or a pattern with * and ?")->transform(lower);
  command.add_option("--include", options->include, "A pattern of names to list; several list what any matches")
      ->transform(lower);
  command.add_option("--exclude", options->exclude, "A pattern of names to leave out")->transform(lower);
  command.add_option("--module", options->module, "models, models::quantization, ...: those of one module");
  command.add_option("--sort", options->sort, "By name, accuracy (best first), params or gflops (smallest first)")
      ->capture_default_str()
      ->check(CLI::IsMember({"name", "accuracy", "params", "gflops"}));
  command.add_flag("--weights", options->weights, "A line for each entry of weights");
  command.add_flag("--json", options->json, "Print a JSON document");
  command.footer(
      "Examples:\n"
      "  opsis models\n"
      "  opsis models \"resnext*\" --weights\n"
      "  opsis models --sort accuracy --exclude \"vit*\" --exclude \"regnet*\"\n"
      "  opsis models --module models --sort gflops --json");
  command.callback([options, &chosen] { chosen.run = [options] { return list(*options); }; });
}

}  // namespace cli
