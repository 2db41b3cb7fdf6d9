#include "opsis/datasets/kinetics.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/fetch.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/text_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// A list of the set's: "k400_val_path.txt", or "val.csv", which each of the three has under the same name.
fs::path kinetics_list(const Kinetics::Options& options, const std::string& file, const fs::path& folder) {
  const auto set = text("/kinetics/{}/", options.num_classes == "700" ? "700_2020" : options.num_classes);
  for (const auto& known : resources("Kinetics")) {
    if (known.file == file && known.url.find(set) != std::string_view::npos)
      return download_url(std::string(known.url), folder);
  }
  raise<NotFoundError>("Kinetics: there is no address of {}", file);
}

constexpr auto kUnfinished = ".unfinished";

std::string kinetics_part(const Kinetics::Options& options) {
  return text("k{}_{}", options.num_classes == "700" ? "700_2020" : options.num_classes, options.split);
}

// As urllib.parse.quote(address, safe="/,:").
std::string quoted_address(std::string_view address) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~/,:",
                             digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : address) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += {'%', digits[byte / 16], digits[byte % 16]};
    }
  }
  return out;
}

// Archives of all parts of the set have the same names, so that each part's are brought into a folder of its own, and come to
// root/tars when they are done with.
void download_kinetics_videos(const Kinetics::Options& options, const fs::path& folder) {
  const auto part = kinetics_part(options);
  const auto unfinished = options.root / (part + kUnfinished), videos = unfinished / "videos", tars = unfinished / "tars";
  if (!is_there(folder)) {
    const TextFile addresses(kinetics_list(options, part + "_path.txt", options.root / "files"));
    make_folders(videos);
    for (size_t i = 0; i < addresses.size(); ++i) {
      extract_unknown(download_url(quoted_address(addresses.line(i)), tars), videos);
    }
    move_to(videos, folder);
  }
  if (!is_there(unfinished)) return;
  if (is_there(tars)) {  // one that was killed may have removed it, and nothing else
    make_folders(options.root / "tars");
    for (const auto& name : sorted_names(tars)) move_to(tars / name, options.root / "tars" / name);
  }
  remove_tree(unfinished);
}

// Videos, and the folders of their classes in which they belong.
using KineticsPlaces = std::vector<std::pair<std::string, std::string>>;

KineticsPlaces read_kinetics_places(const fs::path& annotations) {
  const auto rows = csv_rows(detail::text_of(annotations));
  const auto refuse = [&](size_t row, std::string_view rule) {
    raise<DecodeError>("Kinetics: {}, row {}: {}", annotations.string(), row + 1, rule);
  };
  if (rows.empty()) refuse(0, "the names of the columns are missing");
  const auto column = [&](std::string_view name) {
    const auto found = std::find(rows[0].begin(), rows[0].end(), name);
    if (found == rows[0].end()) refuse(0, text("the column \"{}\" is missing", name));
    return static_cast<size_t>(found - rows[0].begin());
  };
  KineticsPlaces out;
  const auto video = column("youtube_id"), start = column("time_start"), end = column("time_end"), label = column("label");
  for (size_t i = 1; i < rows.size(); ++i) {
    const auto& row = rows[i];
    if (row.size() <= std::max({video, start, end, label})) refuse(i, "it has too few columns");
    std::string name;
    for (const char c : row[label]) {
      if (c == ' ') name += '_';
      if (std::string_view(" '()").find(c) == std::string_view::npos) name += c;
    }
    const auto time = [&](size_t which) {
      const auto seconds = integer_of(row[which]);
      if (!seconds) refuse(i, text("\"{}\" is no time", row[which]));
      return zero_padded(*seconds, 6);
    };
    const auto file = text("{}_{}_{}.mp4", row[video], time(start), time(end));
    // They become names in the folder, and of nothing else.
    if (name.empty() || name == "." || name == ".." || (name + file).find('/') != std::string::npos) {
      refuse(i, text("\"{}\" of class \"{}\" is no name of a file", file, name));
    }
    out.emplace_back(file, name);
  }
  return out;
}

bool is_kinetics_whole(const Kinetics::Options& options, const fs::path& folder, const fs::path& annotations) {
  if (!is_there(folder) || is_there(options.root / (kinetics_part(options) + kUnfinished)) || !detail::is_file(annotations)) {
    return false;
  }
  const auto places = read_kinetics_places(annotations);
  return std::all_of(places.begin(), places.end(), [&](const auto& place) {
    return detail::is_folder(folder / place.second) && !detail::is_file(folder / place.first);
  });
}

void bring_kinetics(const Kinetics::Options& options, const fs::path& folder) {
  const auto annotations = options.root / "annotations" / (options.split + ".csv");
  const auto is_whole = [&] { return is_kinetics_whole(options, folder, annotations); };
  make_once(options.root, is_whole, [&] {
    download_kinetics_videos(options, folder);
    if (!detail::is_file(annotations)) kinetics_list(options, options.split + ".csv", annotations.parent_path());
    for (const auto& [file, name] : read_kinetics_places(annotations)) {
      make_folders(folder / name);
      if (detail::is_file(folder / file)) move_to(folder / file, folder / name / file);
    }
  });
}

ClassifiedList list_kinetics(const Kinetics::Options& options) {
  detail::check_choice("Kinetics", "num_classes", options.num_classes, {"400", "600", "700"});
  detail::check_choice("Kinetics", "split", options.split, {"train", "val", "test"});
  // Before hundreds of gigabytes are fetched.
  OPSIS_CHECK(options.frames_per_clip > 0, "Kinetics: frames_per_clip must be positive, got {}", options.frames_per_clip);
  const auto folder = options.root / options.split;
  if (options.download) bring_kinetics(options, folder);
  detail::check_folder("Kinetics", folder);
  return list_folder(folder, {.extensions = options.extensions, .index = options.index});
}

std::vector<size_t> all_of(const ClassifiedList& list) {
  std::vector<size_t> out(list.samples.size());
  std::iota(out.begin(), out.end(), size_t{0});
  return out;
}

}  // namespace

Kinetics::Kinetics(const Options& options) : Kinetics(options, list_kinetics(options)) {}

Kinetics::Kinetics(const Options& options, ClassifiedList list)
    : ClassifiedClips("Kinetics", list, all_of(list),
                      {.clip_length_in_frames = options.frames_per_clip,
                       .frames_between_clips = options.step_between_clips,
                       .frame_rate = options.frame_rate,
                       .cache = options.cache,
                       .video = options.video},
                      options.metadata, options.transforms) {}

}  // namespace opsis::inline v1::datasets
