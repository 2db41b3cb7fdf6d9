// opsis datasets: which data sets there are, what they are made of, fetching, checking, showing and converting them.
#include "opsis/datasets.h"
#include "opsis/core/listed.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <sstream>

#include "cli/commands.h"
#include "cli/number.h"
#include "cli/samples.h"
#include "opsis/core/check.h"
#include "opsis/core/nearest.h"
#include "opsis/core/random.h"

namespace cli {
namespace {

namespace fs = std::filesystem;
namespace datasets = opsis::datasets;

struct DatasetsOptions {
  std::string pattern, name, root = ".", split, subset, annotations, output, from, to;
  std::vector<std::string> options;  // name=value
  int64_t count = 16, side = 128, columns = 4;
  uint64_t seed = 0;
  bool root_given = false, json = false;
};

// A set that was opened.
struct OpenSet {
  size_t size = 0;
  std::function<opsis::utils::LabelledImage(size_t index, int64_t side)> tile{};
};

// How one is opened as the options say; nothing for one that needs more than they have.
struct Opener {
  std::function<OpenSet(const DatasetsOptions&, bool download)> open{};
  bool downloads = false;
};

template <class Option>
void set_text(Option& option, const std::string& value) {
  if (!value.empty()) option = value;
}

void read_option(std::string& option, const std::string& value) { option = value; }
void read_option(std::vector<std::string>& option, const std::string& value) {
  option.clear();
  std::istringstream words(value.empty() ? "," : value);
  for (std::string word; std::getline(words, word, ',');) option.push_back(word);
}
void read_option(bool& option, const std::string& value) {
  if (value != "true" && value != "false") throw UsageError("it must be true or false");
  option = value == "true";
}
void read_option(int64_t& option, const std::string& value) {
  const auto number = number_in<int64_t>(value);
  if (!number) throw UsageError("it must be a whole number");
  option = *number;
}
void read_option(double& option, const std::string& value) {
  const auto number = number_in<double>(value);
  if (!number) throw UsageError("it must be a number");
  option = *number;
}
template <class Option>
void read_option(std::optional<Option>& option, const std::string& value) {
  option.reset();
  if (value != "none") read_option(option.emplace(), value);
}

// Sets the option of that name, "calibration=none", if the set has it and it can be written in a word. To offer another one,
// add a line.
template <class Options>
void set_option(Options& options, const std::string& given) {
  const auto equals = given.find('=');
  if (equals == given.npos) throw UsageError("--option must be name=value, got " + given);
  const auto name = given.substr(0, equals), value = given.substr(equals + 1);
  std::vector<std::string> known;
  bool found = false;
  const auto offer = [&](const char* offered, auto& option) {
    known.emplace_back(offered);
    if (name != offered) return;
    found = true;
    try {
      read_option(option, value);
    } catch (const UsageError& error) {
      throw UsageError("--option " + given + ": " + error.what());
    }
  };
#define OPSIS_OPTION(name) \
  if constexpr (requires { options.name; }) offer(#name, options.name);
  OPSIS_OPTION(annotation_level)
  OPSIS_OPTION(background)
  OPSIS_OPTION(calibration)
  OPSIS_OPTION(camera)
  OPSIS_OPTION(classes)
  OPSIS_OPTION(fold)
  OPSIS_OPTION(folds)
  OPSIS_OPTION(frame_rate)
  OPSIS_OPTION(frames_per_clip)
  OPSIS_OPTION(image_set)
  OPSIS_OPTION(index)
  OPSIS_OPTION(key_points)
  OPSIS_OPTION(masks)
  OPSIS_OPTION(mode)
  OPSIS_OPTION(num_classes)
  OPSIS_OPTION(partition)
  OPSIS_OPTION(pass_name)
  if constexpr (requires { options.size = name; }) offer("size", options.size);  // Imagenette's; FakeData's is a number
  OPSIS_OPTION(small)
  OPSIS_OPTION(split_ratio)
  OPSIS_OPTION(step_between_clips)
  OPSIS_OPTION(target_type)
  OPSIS_OPTION(target_types)
  OPSIS_OPTION(train)
  OPSIS_OPTION(use_ambient_views)
  OPSIS_OPTION(variant)
  OPSIS_OPTION(what)
#undef OPSIS_OPTION
  if (found) return;
  throw UsageError("this data set has no option " + name + (known.empty() ? "" : "; it has " + opsis::listed(known)));
}

// Fills in the options that a set has, and refuses those that it has not.
template <class Options>
Options options_from(const DatasetsOptions& given, bool download) {
  Options options{};
  if constexpr (requires { options.root = given.root; }) options.root = given.root;
  if constexpr (requires { options.shards = given.root; }) options.shards = given.root;
  if constexpr (requires { options.download = download; }) options.download = download;
  if constexpr (requires { options.split = given.split; }) {
    set_text(options.split, given.split);
  } else if constexpr (requires { options.image_set = given.split; }) {
    set_text(options.image_set, given.split);
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
  if constexpr (requires { options.annFile = given.annotations; }) {
    options.annFile = given.annotations;
  } else if constexpr (requires { options.ann_file = given.annotations; }) {
    options.ann_file = given.annotations;
  } else if constexpr (requires { options.manifest = given.annotations; }) {
    options.manifest = given.annotations;
    if (!given.root_given) options.root.clear();  // then that of the manifest
  } else if constexpr (requires { options.annotation_path = given.annotations; }) {
    options.annotation_path = given.annotations;
  } else if (!given.annotations.empty()) {
    throw UsageError("this data set has no --annotations");
  }
  if constexpr (requires { options.frames_per_clip = 1; }) options.frames_per_clip = 16;
  for (const auto& option : given.options) set_option(options, option);
  return options;
}

template <class Data>
Opener opener() {
  using Options = typename Data::Options;
  if constexpr (std::is_same_v<Data, datasets::DatasetFolder>) {
    return {};  // its loader is a function
  } else {
    Opener out;
    if constexpr (requires(Options options) { options.download; }) out.downloads = true;
    out.open = [](const DatasetsOptions& given, bool download) {
      const auto data = std::make_shared<const Data>(options_from<Options>(given, download));
      return OpenSet{data->size(), [data](size_t index, int64_t side) { return tile_of(*data, index, side); }};
    };
    return out;
  }
}

const std::map<std::string, Opener>& openers() {
  using namespace opsis::datasets;  // NOLINT
  static const std::map<std::string, Opener> table{
#define OPSIS_DATASET(name) {#name, opener<name>()},
#include "opsis/datasets/datasets.def"
#undef OPSIS_DATASET
  };
  return table;
}

const Opener& find_set(const std::string& name) {
  const auto& table = openers();
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
  for (const auto& [name, opener] : openers()) {
    if (!is_part(options.pattern, name)) continue;
    const auto files = files_of(name);
    const bool fetched =
        opener.downloads && std::any_of(files.begin(), files.end(), [](const auto& file) { return !file.url.empty(); });
    document.push_back({{"name", name}, {"files", files.size()}, {"download", fetched}});
    rows.push_back({name, std::to_string(files.size()), fetched ? "yes" : needs_no_files(name) ? "not needed" : "by hand"});
  }
  if (document.empty()) {
    opsis::raise<opsis::NotFoundError>("no data set matches \"{}\"; opsis datasets list names all", options.pattern);
  }
  options.json ? print_json(document) : print(table(rows, {false, true, false}));
  return 0;
}

int info(const DatasetsOptions& options) {
  find_set(options.name);
  auto files = Json::array();
  std::vector<std::vector<std::string>> rows{{"file", "MD5", "url", "SHA-256"}};
  for (const auto& file : files_of(options.name)) {
    files.push_back({{"file", file.file}, {"md5", file.md5}, {"url", file.url}, {"sha256", file.sha256}});
    rows.push_back({std::string(file.file), std::string(file.md5), std::string(file.url),
                    file.sha256.empty() ? "unknown" : std::string(file.sha256)});
  }
  const auto* known = datasets::citation(options.name);
  const auto licence = [&]() -> std::string {
    if (!known) return "unknown";
    if (!known->licence.empty()) return opsis::text("{} ({})", known->licence, known->licence_url);
    if (known->licence_url.empty()) return "unknown; ask its authors";
    return opsis::text("none that is known; ask its authors: {}", known->licence_url);
  };
  if (options.json) {
    Json document{
        {"name", options.name}, {"citation", nullptr}, {"licence", nullptr}, {"licence_url", nullptr}, {"files", files}};
    if (known) document["citation"] = {{"authors", known->authors}, {"title", known->title}, {"year", known->year}};
    if (known && !known->licence.empty()) document["licence"] = known->licence;
    if (known && !known->licence_url.empty()) document["licence_url"] = known->licence_url;
    print_json(document);
    return 0;
  }
  print("citation: " + (known ? opsis::text("{}: {}, {}", known->authors, known->title, known->year) : "unknown"));
  print("licence:  " + licence());
  if (rows.size() > 1) print("\n" + table(rows, {false, false, false, false}));
  return 0;
}

int download(const DatasetsOptions& options) {
  const auto& opener = find_set(options.name);
  if (needs_no_files(options.name)) opsis::raise<opsis::ValueError>("{} has no files to download", options.name);
  if (!opener.downloads) opsis::raise<opsis::ValueError>("{} has to be brought by hand", options.name);
  const auto count = opener.open(options, true).size;
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
  std::error_code failed;
  fs::recursive_directory_iterator at(options.root, fs::directory_options::skip_permission_denied, failed);
  for (; !failed && at != fs::recursive_directory_iterator(); at.increment(failed)) {
    const auto& entry = *at;
    const auto name = entry.path().filename().string();
    const auto is_named = [&](const auto& file) { return file.file == name && !(file.md5.empty() && file.sha256.empty()); };
    const auto known = std::find_if(files.begin(), files.end(), is_named);
    if (known == files.end() || !entry.is_regular_file()) continue;
    const bool right = std::any_of(files.begin(), files.end(), [&](const auto& file) {  // two files may have one name
      return is_named(file) && datasets::check_integrity(entry.path(), std::string(file.md5), std::string(file.sha256));
    });
    wrong = wrong || !right;
    rows.push_back({entry.path().string(), right ? "right" : "damaged"});
  }
  if (failed) opsis::raise<opsis::IoError>("cannot read all of {}: {}", options.root, failed.message());
  if (rows.size() == 1) {
    opsis::raise<opsis::NotFoundError>("no file of {} with a known hash is below {}", options.name, options.root);
  }
  print(table(rows, {false, false}));
  return wrong ? 1 : 0;
}

// Opens what is there. What is not, a command fetches that names the same part of the set.
OpenSet open_here(const Opener& opener, const DatasetsOptions& options) {
  try {
    return opener.open(options, false);
  } catch (const opsis::Error& error) {
    const bool is_damaged = error.way_out() == opsis::WayOut::DownloadAgain;
    if (!is_damaged && error.way_out() != opsis::WayOut::Download) throw;
    auto way = opsis::text("opsis datasets download {} --root \"{}\"", options.name, options.root);
    if (!options.split.empty()) way += " --split " + options.split;
    if (!options.subset.empty()) way += " --subset " + options.subset;
    for (const auto& option : options.options) way += " --option " + option;
    opsis::raise<opsis::NotFoundError>("{}; {}: {}", error.rule(), is_damaged ? "remove it and fetch it anew" : "fetch it",
                                       way);
  }
}

// Some examples, drawn by the seed, on one sheet.
int show(const DatasetsOptions& options) {
  check_picture_name("--out", options.output);
  const auto& opener = find_set(options.name);
  if (!opener.open) opsis::raise<opsis::ValueError>("{} needs a function that reads its files", options.name);
  const auto set = open_here(opener, options);
  if (set.size == 0) opsis::raise<opsis::ValueError>("{} has no examples in {}", options.name, options.root);
  const opsis::random::Scope scope(options.seed);
  const auto order = opsis::random::permutation(static_cast<int64_t>(set.size));
  auto chosen =
      std::vector<int64_t>(order.data_ptr<int64_t>(), order.data_ptr<int64_t>() + std::min(order.numel(), options.count));
  std::sort(chosen.begin(), chosen.end());
  std::vector<opsis::utils::LabelledImage> tiles;
  auto shown = Json::array();
  for (const auto index : chosen) {
    tiles.push_back(set.tile(static_cast<size_t>(index), options.side));
    shown.push_back({{"index", index}, {"label", tiles.back().label}});
  }
  const auto sheet = opsis::utils::labelled_grid(
      tiles, {.columns = std::min<int64_t>(options.columns, std::ssize(tiles)), .tile_px = options.side, .font_px = 12});
  opsis::utils::save_image(sheet.data.to(torch::kFloat64).div(255), options.output);
  if (options.json) {
    print_json(Json{{"output", options.output}, {"size", set.size}, {"seed", options.seed}, {"examples", shown}});
  } else {
    print(opsis::text("{}: {} of {} examples of {}", options.output, tiles.size(), set.size, options.name));
  }
  return 0;
}

int convert(const DatasetsOptions& options) {
  const auto from = datasets::box_format(options.from), to = datasets::box_format(options.to);
  if (from == datasets::BoxFormat::COCO && options.annotations.empty()) throw UsageError("--annotations is needed for coco");
  const auto split = options.split.empty() ? "train" : options.split;
  const auto set = datasets::read_boxes({.format = from, .root = options.root, .annFile = options.annotations, .split = split});
  datasets::write_boxes(set, to, options.output, split);
  size_t boxes = 0;
  for (const auto& picture : set.pictures) boxes += picture.objects.size();
  if (options.json) {
    print_json(Json{{"output", options.output}, {"pictures", set.pictures.size()}, {"boxes", boxes}, {"classes", set.classes}});
  } else {
    print(opsis::text("{}: {}, {}, {}", options.output, counted(std::ssize(set.pictures), "picture", "pictures"),
                      counted(static_cast<int64_t>(boxes), "box", "boxes"),
                      counted(std::ssize(set.classes), "class", "classes")));
  }
  return 0;
}

}  // namespace

void declare_datasets(CLI::App& app, Chosen& chosen) {
  auto& command = *app.add_subcommand("datasets", "List, fetch, check, look at and convert data sets");
  command.require_subcommand(1);
  // Before its commands are declared, which take it over.
  command.footer(
      "Examples:\n"
      "  opsis datasets list MNIST\n"
      "  opsis datasets info CIFAR10\n"
      "  opsis datasets download CIFAR10 --root data\n"
      "  opsis datasets download Places365 --root data --split val --option small=true\n"
      "  opsis datasets verify CIFAR10 --root data\n"
      "  opsis datasets show CIFAR10 --root data --out sheet.png\n"
      "  opsis datasets convert --from coco --root val2017 --annotations instances_val2017.json --to yolo --out yolo");
  const auto options = std::make_shared<DatasetsOptions>();
  const auto declare = [&](const char* name, const char* purpose, int (*run)(const DatasetsOptions&)) -> CLI::App& {
    auto& part = *command.add_subcommand(name, purpose);
    part.callback([options, run, &chosen] { chosen.run = [options, run] { return run(*options); }; });
    return part;
  };
  const auto take_name = [&](CLI::App& part) { part.add_option("name", options->name, "The data set: CIFAR10")->required(); };
  const auto take_options = [&](CLI::App& part) {
    part.add_option("--option", options->options, "Another of its options, as in C++: calibration=none")
        ->allow_extra_args(false);
  };
  auto& listing = declare("list", "The data sets there are", list);
  listing.add_option("pattern", options->pattern, "Part of a name, whatever the case of its letters");
  listing.add_flag("--json", options->json, "Print a JSON document");
  auto& telling = declare("info", "Whose one is, its licence, and its files with their hashes and addresses", info);
  take_name(telling);
  telling.add_flag("--json", options->json, "Print a JSON document");
  auto& fetching = declare("download", "Fetch, check and unpack one", download);
  take_name(fetching);
  fetching.add_option("--root", options->root, "The folder to put it into")->capture_default_str();
  fetching.add_option("--split", options->split, "The part of it: train, test, ...");
  fetching.add_option("--subset", options->subset, "The name, version or year of those that have several");
  take_options(fetching);
  auto& checking = declare("verify", "Hold the files of one below a folder against their hashes", verify);
  take_name(checking);
  checking.add_option("--root", options->root, "The folder")->capture_default_str();
  auto& showing = declare("show", "Some examples of one with their labels, on one sheet", show);
  take_name(showing);
  showing.add_option("--root", options->root, "The folder; of a WebDataset its shards")
      ->capture_default_str()
      ->each([options](const std::string&) { options->root_given = true; });
  showing.add_option("--split", options->split, "The part of it: train, test, ...");
  showing.add_option("--subset", options->subset, "The name, version or year of those that have several");
  take_options(showing);
  showing.add_option("--annotations", options->annotations, "The file of annotations of those whose folder has none");
  showing.add_option("--out", options->output, "The sheet to write: " + picture_endings())->required();
  showing.add_option("--count", options->count, "Examples")->check(at_least_one)->capture_default_str();
  showing.add_option("--columns", options->columns, "Of the sheet")->check(at_least_one)->capture_default_str();
  showing.add_option("--side", options->side, "Of an example on the sheet, in pixels")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  showing.add_option("--seed", options->seed, "Chooses the examples")->capture_default_str();
  showing.add_flag("--json", options->json, "Print a JSON document");
  auto& converting = declare("convert", "Boxes and classes from one format into another", convert);
  const CLI::IsMember formats({"coco", "voc", "yolo"});
  converting.add_option("--from", options->from, "coco, voc or yolo")->required()->check(formats);
  converting.add_option("--to", options->to, "coco, voc or yolo")->required()->check(formats);
  converting.add_option("--root", options->root, "coco: the pictures; voc: what Annotations is in; yolo: what data.yaml is in")
      ->capture_default_str();
  converting.add_option("--annotations", options->annotations, "The file of instances of coco");
  converting.add_option("--split", options->split, "The part that is read, and its name in what is written; train when absent");
  converting.add_option("--out", options->output, "The folder to write")->required();
  converting.add_flag("--json", options->json, "Print a JSON document");
}

}  // namespace cli
