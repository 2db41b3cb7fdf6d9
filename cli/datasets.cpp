// opsis datasets: which data sets there are, what they are made of, fetching and checking them.
#include "opsis/datasets.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <map>

#include "cli/commands.h"
#include "opsis/core/check.h"
#include "opsis/core/nearest.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
namespace datasets = opsis::datasets;

struct DatasetsOptions {
  std::string pattern, name, root = ".", split, subset;
  bool json = false;
};

// Opens a set as the options say, and gives the number of its examples.
using Open = std::function<size_t(const DatasetsOptions&)>;

template <class Option>
void set_text(Option& option, const std::string& value) {
  if (!value.empty()) option = value;
}

// A set that can be downloaded; none for another.
template <class Data>
Open downloader() {
  using Options = typename Data::Options;
  if constexpr (requires(Options options) { options.root, options.download; }) {
    return [](const DatasetsOptions& given) {
      Options options{};
      options.root = given.root;
      options.download = true;
      if constexpr (requires { options.split = given.split; }) {
        set_text(options.split, given.split);
      } else if constexpr (requires { options.train = true; }) {
        if (!given.split.empty() && given.split != "train" && given.split != "test") {
          throw UsageError("--split must be train or test, got " + given.split);
        }
        options.train = given.split != "test";
      } else if (!given.split.empty()) {
        throw UsageError("this data set has no --split");
      }
      if constexpr (requires { options.name = given.subset; }) {
        set_text(options.name, given.subset);
      } else if constexpr (requires { options.version = given.subset; }) {
        set_text(options.version, given.subset);
      } else if constexpr (requires { options.year = given.subset; }) {
        set_text(options.year, given.subset);
      } else if (!given.subset.empty()) {
        throw UsageError("this data set has no --subset");
      }
      return Data(std::move(options)).size();
    };
  } else {
    return {};
  }
}

const std::map<std::string, Open>& downloaders() {
  using namespace opsis::datasets;  // NOLINT
  static const std::map<std::string, Open> table{
#define OPSIS_DATASET(name) {#name, downloader<name>()},
#include "opsis/datasets/datasets.def"
#undef OPSIS_DATASET
  };
  return table;
}

const Open& find_set(const std::string& name) {
  const auto& table = downloaders();
  const auto found = table.find(name);
  if (found != table.end()) return found->second;
  std::vector<std::string_view> known;
  for (const auto& [other, open] : table) known.push_back(other);
  opsis::raise<opsis::NotFoundError>("no data set is named \"{}\"{}", name, opsis::did_you_mean(name, known));
}

// What is made as it is asked for, or is a part of the library.
bool needs_no_files(const std::string& name) { return name == "Digits" || name == "FakeData"; }

// The rows of the table of files that a set has, which some share.
std::span<const datasets::Resource> files_of(const std::string& name) {
  return datasets::resources(name.starts_with("LFW") ? "LFW" : name == "VOCSegmentation" ? "VOCDetection" : name);
}

int list(const DatasetsOptions& options) {
  auto document = Json::array();
  std::vector<std::vector<std::string>> rows{{"data set", "files", "download"}};
  for (const auto& [name, open] : downloaders()) {
    if (name.find(options.pattern) == name.npos) continue;
    const auto files = files_of(name);
    const bool fetched = open && std::any_of(files.begin(), files.end(), [](const auto& file) { return !file.url.empty(); });
    document.push_back({{"name", name}, {"files", files.size()}, {"download", fetched}});
    rows.push_back({name, std::to_string(files.size()), fetched ? "yes" : needs_no_files(name) ? "not needed" : "by hand"});
  }
  options.json ? print_json(document) : print(table(rows, {false, true, false}));
  return 0;
}

int info(const DatasetsOptions& options) {
  find_set(options.name);
  auto document = Json::array();
  std::vector<std::vector<std::string>> rows{{"file", "MD5", "url"}};
  for (const auto& file : files_of(options.name)) {
    document.push_back({{"file", file.file}, {"md5", file.md5}, {"url", file.url}});
    rows.push_back({std::string(file.file), std::string(file.md5), std::string(file.url)});
  }
  options.json ? print_json(document) : print(table(rows, {false, false, false}));
  return 0;
}

int download(const DatasetsOptions& options) {
  const auto& open = find_set(options.name);
  if (needs_no_files(options.name)) opsis::raise<opsis::ValueError>("{} has no files to download", options.name);
  if (!open) opsis::raise<opsis::ValueError>("{} has to be brought by hand", options.name);
  const auto count = open(options);
  print(opsis::text("{}: {} examples in {}", options.name, count, options.root));
  return 0;
}

// Looks for the set's files anywhere below the folder.
int verify(const DatasetsOptions& options) {
  find_set(options.name);
  const auto files = files_of(options.name);
  std::vector<std::vector<std::string>> rows{{"file", ""}};
  bool wrong = false;
  if (!fs::is_directory(options.root)) opsis::raise<opsis::NotFoundError>("there is no folder {}", options.root);
  constexpr auto readable = fs::directory_options::skip_permission_denied;
  for (const auto& entry : fs::recursive_directory_iterator(options.root, readable)) {
    const auto name = entry.path().filename().string();
    const auto is_named = [&](const auto& file) { return file.file == name && !file.md5.empty(); };
    const auto known = std::find_if(files.begin(), files.end(), is_named);
    if (known == files.end() || !entry.is_regular_file()) continue;
    const bool right = std::any_of(files.begin(), files.end(), [&](const auto& file) {  // two files may have one name
      return is_named(file) && datasets::check_integrity(entry.path(), std::string(file.md5));
    });
    wrong = wrong || !right;
    rows.push_back({entry.path().string(), right ? "right" : "damaged"});
  }
  if (rows.size() == 1) {
    opsis::raise<opsis::NotFoundError>("no file of {} with a known hash is below {}", options.name, options.root);
  }
  print(table(rows, {false, false}));
  return wrong ? 1 : 0;
}

}  // namespace

void declare_datasets(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("datasets", "List, fetch and check data sets");
  command.require_subcommand(1);
  const auto options = std::make_shared<DatasetsOptions>();
  const auto declare = [&](const char* name, const char* purpose, int (*run)(const DatasetsOptions&)) -> CLI::App& {
    auto& part = *command.add_subcommand(name, purpose);
    part.callback([options, run, &chosen] { chosen.run = [options, run] { return run(*options); }; });
    return part;
  };
  const auto take_name = [&](CLI::App& part) { part.add_option("name", options->name, "The data set: CIFAR10")->required(); };
  auto& listing = declare("list", "The data sets there are", list);
  listing.add_option("pattern", options->pattern, "Part of a name");
  listing.add_flag("--json", options->json, "Print a JSON document");
  auto& telling = declare("info", "The files of one, with their hashes and addresses", info);
  take_name(telling);
  telling.add_flag("--json", options->json, "Print a JSON document");
  auto& fetching = declare("download", "Fetch, check and unpack one", download);
  take_name(fetching);
  fetching.add_option("--root", options->root, "The folder to put it into")->capture_default_str();
  fetching.add_option("--split", options->split, "The part of it: train, test, ...");
  fetching.add_option("--subset", options->subset, "The name, version or year of those that have several");
  auto& checking = declare("verify", "Hold the files of one below a folder against their hashes", verify);
  take_name(checking);
  checking.add_option("--root", options->root, "The folder")->capture_default_str();
  command.footer(
      "Examples:\n"
      "  opsis datasets list MNIST\n"
      "  opsis datasets info CIFAR10\n"
      "  opsis datasets download CIFAR10 --root data\n"
      "  opsis datasets verify CIFAR10 --root data");
}

}  // namespace cli
