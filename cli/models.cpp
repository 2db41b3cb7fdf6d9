// opsis models: which models and weights there are.
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/models.h"

namespace cli {
namespace {

struct ModelsOptions {
  std::string pattern;
  bool weights = false, json = false;
};

double accuracy(const opsis::models::Weights& entry, std::string_view metric) {
  for (const auto& m : entry.metrics) {
    if (m.name == metric) return m.value;
  }
  return 0;
}

std::string millions(int64_t count) { return opsis::fixed(static_cast<double>(count) / 1e6, 1) + " M"; }

Json to_json(const opsis::models::Weights& entry) {
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

std::vector<std::string> matching(const std::string& pattern) {
  const bool wild = pattern.find_first_of("*?[") != pattern.npos;
  auto names = opsis::models::list_models(pattern.empty()
                                              ? opsis::models::ModelFilter{}
                                              : opsis::models::ModelFilter{.include = {wild ? pattern : "*" + pattern + "*"}});
  if (!names.empty()) return names;
  const auto all = opsis::models::list_models();
  const std::vector<std::string_view> known(all.begin(), all.end());
  opsis::raise<opsis::NotFoundError>("no model matches \"{}\"{}", pattern, opsis::did_you_mean(pattern, known));
}

int list(const ModelsOptions& options) {
  auto document = Json::array();
  std::vector<std::vector<std::string>> rows;
  if (options.weights) {
    rows.push_back({"model", "weights", "params", "acc@1", "acc@5"});
  } else {
    rows.push_back({"model", "params", "acc@1"});
  }
  for (const auto& name : matching(options.pattern)) {
    const auto weights = opsis::models::get_model_weights(name);
    auto entries = Json::array();
    for (const auto* entry : weights.entries) {
      entries.push_back(to_json(*entry));
      if (options.weights) {
        rows.push_back({name, std::string(entry->name) + (*entry == weights.DEFAULT ? " (default)" : ""),
                        millions(entry->num_params), opsis::fixed(accuracy(*entry, "acc@1"), 2),
                        opsis::fixed(accuracy(*entry, "acc@5"), 2)});
      }
    }
    if (!options.weights) {
      rows.push_back({name, millions(weights.DEFAULT.num_params), opsis::fixed(accuracy(weights.DEFAULT, "acc@1"), 2)});
    }
    document.push_back({{"name", name}, {"default", weights.DEFAULT.name}, {"weights", std::move(entries)}});
  }
  if (options.json) {
    print_json(document);
  } else {
    print(table(rows,
                options.weights ? std::vector<bool>{false, false, true, true, true} : std::vector<bool>{false, true, true}));
  }
  return 0;
}

}  // namespace

void declare_models(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("models", "List models and their weights");
  const auto options = std::make_shared<ModelsOptions>();
  command.add_option("pattern", options->pattern, "Part of a name, or a pattern with * and ?");
  command.add_flag("--weights", options->weights, "A line for each entry of weights");
  command.add_flag("--json", options->json, "Print a JSON document");
  command.footer(
      "Examples:\n"
      "  opsis models\n"
      "  opsis models \"resnext*\" --weights");
  command.callback([options, &chosen] { chosen.run = [options] { return list(*options); }; });
}

}  // namespace cli
