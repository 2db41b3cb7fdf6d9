#include "cli/output.h"

#include <c10/util/Exception.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <new>

#include "cli/number.h"
#include "opsis/core/check.h"
#include "opsis/core/listed.h"
#include "opsis/core/nearest.h"
#include "opsis/datasets/folder.h"
#include "opsis/hub/state_dict.h"
#include "opsis/utils/picture_formats.h"

namespace cli {
namespace {

constexpr int kFailed = 1, kWrongUsage = 2;

// "opsis datasets show", as far as one got.
std::string called(const CLI::App& app) {
  const auto used = app.get_subcommands();
  return used.empty() ? app.get_name() : app.get_name() + " " + called(*used.front());
}

int wrong_usage(const CLI::App& app, std::string_view what) {
  std::cerr << called(app) << ": " << what << " (see " << called(app) << " --help)\n";
  return kWrongUsage;
}

// Extras are looked at here, since CLI11 offers no nearest name.
void allow_extras(CLI::App& app) {
  app.allow_extras();
  for (auto* command : app.get_subcommands({})) allow_extras(*command);
}

// What the command line has beyond what is declared: an option, a command or an argument that does not exist.
std::string unknown(const CLI::App& app) {
  const auto extras = app.remaining();
  const auto used = app.get_subcommands();
  if (extras.empty()) return used.empty() ? std::string() : unknown(*used.front());
  const auto& extra = extras.front();
  const auto commands = app.get_subcommands({});
  std::vector<std::string> names;
  if (extra.starts_with('-')) {
    for (const auto* option : app.get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  } else {
    for (const auto* command : commands) names.push_back(command->get_name());
  }
  const auto wanted = extra.substr(0, extra.find('='));
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto what = extra.starts_with('-') ? "no option" : commands.empty() ? "too many arguments, at" : "no command";
  return opsis::text("{} \"{}\"{}", what, wanted, opsis::did_you_mean(wanted, views));
}

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

// The library says the way out in C++; this is what it is for who uses the tool. One without words here does not compile.
std::string for_people(const opsis::Error& error) {
  using opsis::WayOut;
  const auto instead = [&](std::string_view words) { return opsis::text("{}; {}", error.rule(), words); };
  const auto besides = [&](std::string_view words) { return opsis::text("{} ({})", error.what(), words); };
  switch (error.way_out()) {
    case WayOut::None: break;
    case WayOut::AllowEmpty: return instead("put pictures into their folders, or remove those");
    case WayOut::BringFile: return besides("or set OPSIS_HUB_MIRROR to a folder or an address that has it");
    case WayOut::Download: return instead("opsis datasets download fetches it");
    case WayOut::DownloadAgain: return instead("remove it, then opsis datasets download fetches it");
    case WayOut::Extract: return instead("unpack the archives of the data set there");
    case WayOut::CutPicture: return instead("cut it into parts that are less long");
    case WayOut::FewerMasks: return instead("raise --score, or leave out --out and --json, which are for masks");
    case WayOut::PadIfNeeded: return instead("give the step pad_if_needed=True");
    case WayOut::RaiseLimits: return instead("the tool keeps to this limit");
    case WayOut::ClassifyImages: return besides("see opsis predict, evaluate, train and finetune");
    case WayOut::ClassifyVideos: return besides("which no command does");
    case WayOut::DetectObjects: return besides("see opsis detect, keypoints and train-detector");
    case WayOut::EstimateFlow: return besides("see opsis flow");
    case WayOut::SegmentImages: return besides("see opsis segment and train-segmenter");
  }
  return error.what();
}

// Of what does not fit a model the first names of each kind, where there may be hundreds, and what that comes from.
std::string for_people(const opsis::hub::StateDictError& error) {
  const auto names = error.brief(20);
  if (error.is_of_data_parallel()) return names;
  const bool same_names = error.report().missing.empty() && error.report().unexpected.empty();
  return opsis::text("{}\n  The file is for another model{}: pass the one that it is for (opsis models lists them).", names,
                     same_names ? " or for other classes" : "");
}

// In words for people what an allocator says in its own: "[enforce fail at ...] ... you tried to allocate 45000000000 bytes".
std::string out_of_memory(std::string_view what) {
  constexpr std::string_view before_size = "you tried to allocate ";
  const auto at = what.find(before_size);
  const auto bytes = at == what.npos ? 0 : std::strtod(std::string(what.substr(at + before_size.size())).c_str(), nullptr);
  const auto size = bytes > 0 ? opsis::text(" ({} GB)", opsis::fixed(bytes / 1e9, 1)) : "";
  return opsis::text("there is not enough memory for it{}; ask for smaller pictures, or for fewer at a time", size);
}

bool tells_of_memory(std::string_view what) {
  return what.find("can't allocate memory") != what.npos || what.find("Storage size calculation overflowed") != what.npos;
}

int failed(const CLI::App& app, std::string_view what) {
  std::cerr << called(app) << ": " << what << '\n';
  return kFailed;
}

}  // namespace

int run(CLI::App& app, Chosen& chosen, int argc, char** argv) {
  allow_extras(app);
  app.require_subcommand(0, 1);  // a file named like a command is a file
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    const auto extra = unknown(app);
    return wrong_usage(app, extra.empty() ? first_line(error.what()) : extra);
  }
  if (const auto extra = unknown(app); !extra.empty()) return wrong_usage(app, extra);
  if (!chosen.run) {
    std::cerr << app.help();
    return kWrongUsage;
  }
  try {
    int code = 0;
    if (const auto failure = failure_of([&] { code = chosen.run(); })) return failed(app, *failure);
    if (!std::cout.flush()) return failed(app, "cannot write to the standard output");
    return code;
  } catch (const UsageError& error) {
    return wrong_usage(app, error.what());
  }
}

// One of Opsis's own errors is told whole, its details in lines of their own; of any other the first line is for a user.
std::optional<std::string> failure_of(const std::function<void()>& work) {
  try {
    work();
    return {};
  } catch (const UsageError&) {
    throw;
  } catch (const opsis::hub::StateDictError& error) {
    return for_people(error);
  } catch (const opsis::Error& error) {  // some have another error's words in theirs
    return tells_of_memory(error.what()) ? out_of_memory(error.what()) : for_people(error);
  } catch (const c10::OutOfMemoryError&) {  // of a GPU
    return out_of_memory({});
  } catch (const c10::Error& error) {
    const std::string what = error.what_without_backtrace();
    return tells_of_memory(what) ? out_of_memory(what) : first_line(what);
  } catch (const std::bad_alloc&) {
    return out_of_memory({});
  } catch (const std::exception& error) {
    return first_line(error.what());
  }
}

void note_failure(std::string_view command, const std::string& file, const std::string& what) {
  note(opsis::text("opsis {}: {}", command, what.find(file) == what.npos ? file + ": " + what : what));
}

namespace {

std::string at_least(int64_t least, const std::string& word) {
  // CLI11 itself takes 010 for 8, and no -0.
  const bool plain = !word.starts_with('-') && (word.size() == 1 || !word.starts_with('0'));
  const auto value = number_in<int64_t>(word);
  if (plain && value && *value >= least) return {};
  return opsis::text("must be a whole number from {} on, got {}", least, word);
}

// NaN is within no bounds.
std::string number_up_to(double most, std::string_view rule, const std::string& word) {
  const auto value = number_in<double>(word);
  if (value && *value >= 0 && *value <= most) return {};
  return opsis::text("must be a number {}, got {}", rule, word);
}

}  // namespace

std::string at_least_one(const std::string& word) { return at_least(1, word); }
std::string zero_or_more(const std::string& word) { return at_least(0, word); }
std::string from_zero_on(const std::string& word) {
  return number_up_to(std::numeric_limits<double>::max(), "from 0 on", word);
}
std::string from_zero_to_one(const std::string& word) { return number_up_to(1, "from 0 to 1", word); }
std::string from_zero_to_nine_tenths(const std::string& word) { return number_up_to(0.9, "from 0 to 0.9", word); }

std::string lower(std::string word) {
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
  return word;
}

std::string picture_endings() {
  std::vector<std::string_view> endings;
  for (const auto& format : opsis::utils::picture_formats()) endings.push_back(format.ending);
  return opsis::alternatives(endings);
}

void check_picture_name(std::string_view argument, const std::filesystem::path& file) {
  if (opsis::utils::find_picture_format(file.extension().string())) return;
  throw UsageError(opsis::text("{} must end in {}, got {}", argument, picture_endings(), file.string()));
}

bool is_picture(const std::filesystem::path& file) {
  namespace datasets = opsis::datasets;
  const auto name = file.string();
  return datasets::has_file_allowed_extension(name, datasets::image_extensions()) ||
         datasets::has_file_allowed_extension(name, {".avif", ".gif"});
}

bool is_part(std::string part, std::string name) { return lower(std::move(name)).find(lower(std::move(part))) != name.npos; }

std::string counted(int64_t count, std::string_view one, std::string_view many) {
  return opsis::text("{} {}", count, count == 1 ? one : many);
}

void print(std::string_view line) { std::cout << line << '\n' << std::flush; }

void print_json(const Json& document) { print(document.dump(2, ' ', false, Json::error_handler_t::replace)); }

void note(std::string_view line) { std::cerr << line << '\n'; }

std::string table(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right) {
  std::vector<size_t> widths(right.size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - row[i].size(), ' ');
      line += (i > 0 ? "  " : "") + (right[i] ? space + row[i] : row[i] + space);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += (out.empty() ? "" : "\n") + line;
  }
  return out;
}

}  // namespace cli
