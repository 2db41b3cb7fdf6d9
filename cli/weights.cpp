// opsis weights: which there are, and bringing them here.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <regex>

#include "cli/commands.h"
#include "opsis/core/check.h"
#include "opsis/hub.h"
#include "opsis/models.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
namespace hub = opsis::hub;
using opsis::models::Weights;

struct WeightsOptions {
  std::string pattern;
  std::vector<std::string> names;
  bool json = false, cached = false;
};

bool is_here(const Weights& entry) {
  std::error_code ignored;
  return fs::exists(hub::cached_checkpoint(entry.url), ignored);
}

std::string megabytes(const Weights& entry) { return opsis::fixed(entry.file_size_mb, 1) + " MB"; }

// "ResNet50_Weights.IMAGENET1K_V2", or a model's name for its default entry.
const Weights& entry_of(const std::string& name) {
  return name.find('.') == name.npos ? opsis::models::get_model_weights(name).DEFAULT : opsis::models::get_weight(name);
}

// "ImageClassification(crop_size=[224], ...)": its repr, which has a line for each setting.
std::string preset_of(const Weights& entry) {
  static const std::regex begin("\\(\\s+"), between("\n +"), end("\n\\)");
  const auto repr = entry.transforms().repr();
  return std::regex_replace(std::regex_replace(std::regex_replace(repr, begin, "("), between, ", "), end, ")");
}

Json json_of_weights(const Weights& entry) {
  auto metrics = Json::object();
  for (const auto& m : entry.metrics) metrics[std::string(m.dataset)][std::string(m.name)] = m.value;
  return {{"name", entry.name},
          {"url", entry.url},
          {"file", hub::cached_checkpoint(entry.url).string()},
          {"here", is_here(entry)},
          {"num_params", entry.num_params},
          {"gflops", entry.gflops},
          {"file_size_mb", entry.file_size_mb},
          {"classes", entry.categories.size()},
          {"min_size", {entry.min_size.height, entry.min_size.width}},
          {"metrics", std::move(metrics)},
          {"preset", preset_of(entry)},
          {"recipe", entry.recipe},
          {"license", entry.license},
          {"backend", entry.backend},
          {"unquantized", entry.unquantized ? entry.unquantized->name : ""},
          {"docs", entry.docs}};
}

// The weights of the model that has this name, none if there is no such model. The names of weights do not always tell it:
// those of quantized_resnet18 are ResNet18_QuantizedWeights.
std::string_view weights_of_model(const std::string& name) {
  const auto models = opsis::models::list_models();
  const bool known = std::find(models.begin(), models.end(), lower(name)) != models.end();
  return known ? opsis::models::get_model_weights(name).name : std::string_view();
}

int list(const WeightsOptions& options) {
  const auto of_model = weights_of_model(options.pattern);
  auto document = Json::array();
  std::vector<std::vector<std::string>> rows{{"weights", "size", "here"}};
  for (const auto& name : opsis::models::list_weights()) {
    const auto& entry = opsis::models::get_weight(name);
    const bool wanted = is_part(options.pattern, name) || entry.enum_name() == of_model;
    if (!wanted || (options.cached && !is_here(entry))) continue;
    document.push_back(json_of_weights(entry));
    rows.push_back({name, megabytes(entry), is_here(entry) ? "yes" : "no"});
  }
  if (document.empty() && !options.cached) {
    opsis::raise<opsis::NotFoundError>("no weights match \"{}\"; opsis weights list names all", options.pattern);
  }
  options.json ? print_json(document) : print(table(rows, {false, true, false}));
  return 0;
}

int info(const WeightsOptions& options) {
  auto document = Json::array();
  for (const auto& name : options.names) document.push_back(json_of_weights(entry_of(name)));
  if (options.json) {
    print_json(document);
    return 0;
  }
  for (const auto& about : document) {
    for (const auto& [key, value] : about.items()) {
      if (value == "") continue;  // most have no license or backend of their own
      print(opsis::text("{}: {}", key, value.is_string() ? value.get<std::string>() : value.dump()));
    }
  }
  return 0;
}

int fetch(const WeightsOptions& options) {
  for (const auto& name : options.names) {
    const auto& entry = entry_of(name);
    print(opsis::models::weights_file(entry).string());
  }
  return 0;
}

// The eight digits before the ending of "resnet18_fbgemm_16fa66dd.pth", which PyTorch does not take for a hash: "16fa66dd".
std::string digits_in_name(const std::string& name) {
  static const std::regex pattern("_([a-f0-9]{8})\\.");
  std::smatch found;
  return std::regex_search(name, found, pattern) ? found[1].str() : "";
}

// What is said of a file that has neither a hash that is known nor one in its name, and can be read.
std::string said_without_hash(const fs::path& file) {
  const auto digits = digits_in_name(file.filename().string());
  if (digits.empty()) return opsis::text("{}: can be read; its name tells no hash to check it by", file.string());
  const auto sha256 = hub::digest_of_file(file, hub::DigestKind::Sha256);
  if (sha256.starts_with(digits)) return opsis::text("{}: sound", file.string());
  return opsis::text("{}: can be read; its SHA-256 begins with {}, and the digits in its name, which may be no hash, are {}",
                     file.string(), sha256.substr(0, digits.size()), digits);
}

// Each file that is here, or those that are named, against the hash that is known or in its name; a few of the quantized ones
// have none.
int verify(const WeightsOptions& options) {
  std::vector<const Weights*> entries;
  for (const auto& name : options.names) entries.push_back(&entry_of(name));
  if (options.names.empty()) {
    for (const auto& name : opsis::models::list_weights()) {
      const auto& entry = opsis::models::get_weight(name);
      if (is_here(entry)) entries.push_back(&entry);
    }
  }
  int bad = 0;
  for (const auto* entry : entries) {
    const auto file = hub::cached_checkpoint(entry->url);
    try {
      const auto hash = entry->sha256.empty() ? hub::hash_in_name(file.filename().string()) : std::string(entry->sha256);
      if (hash.empty()) {
        hub::load(file);
        print(said_without_hash(file));
      } else {
        hub::check_sha256(file, hash);
        print(opsis::text("{}: sound", file.string()));
      }
    } catch (const opsis::Error& error) {
      note(opsis::text("opsis weights verify: {}", error.what()));
      ++bad;
    }
  }
  if (entries.empty()) note(opsis::text("no weights are in {}", hub::checkpoints_folder().string()));
  return bad > 0 ? 1 : 0;
}

CLI::App& subcommand(CLI::App& command, const std::string& name, const std::string& what,
                     const std::shared_ptr<WeightsOptions>& options, Chosen& chosen, int (*run)(const WeightsOptions&)) {
  auto& out = *command.add_subcommand(name, what);
  out.callback([options, run, &chosen] { chosen.run = [options, run] { return run(*options); }; });
  return out;
}

}  // namespace

void declare_weights(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("weights", "List pretrained weights, bring them here, check them");
  command.require_subcommand(1);
  // Before its commands are declared, which take it over.
  command.footer(
      "Examples:\n"
      "  opsis weights list ResNet50\n"
      "  opsis weights fetch resnet50 ResNet18_Weights.IMAGENET1K_V1\n"
      "  opsis weights verify\n"
      "TORCH_HOME says where they are kept, OPSIS_HUB_MIRROR from where they come, OPSIS_OFFLINE=1 that nothing is fetched.");
  const auto options = std::make_shared<WeightsOptions>();
  auto& lists = subcommand(command, "list", "List weights", options, chosen, list);
  lists.add_option("pattern", options->pattern, "Part of a name, or a model");
  lists.add_flag("--here", options->cached, "Only those that are on this machine");
  lists.add_flag("--json", options->json, "Print a JSON document");
  auto& tells = subcommand(command, "info", "Tell all about weights", options, chosen, info);
  tells.add_option("names", options->names, "Weights, or models for their default ones")->required();
  tells.add_flag("--json", options->json, "Print a JSON document");
  subcommand(command, "fetch", "Download weights into PyTorch's cache, where Python finds them too", options, chosen, fetch)
      .add_option("names", options->names, "Weights, or models for their default ones")
      ->required();
  subcommand(command, "verify", "Check files against the hashes in their names", options, chosen, verify)
      .add_option("names", options->names, "Weights, or models for their default ones; all that are here when absent");
}

}  // namespace cli
