#include "opsis/datasets/video_clips.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "opsis/core/check.h"
#include "opsis/core/json.h"
#include "opsis/core/parallel.h"
#include "opsis/datasets/classified.h"
#include "opsis/datasets/disk.h"
#include "opsis/io/audio_decoder.h"
#include "opsis/io/file.h"
#include "opsis/io/index_file.h"

namespace opsis::inline v1::datasets {
namespace {

namespace fs = std::filesystem;

// --- Which frames ----------------------------------------------------------------------------------------------------------

// A video at another rate: the n-th frame shown is frame at(n) of the file.
struct Resampled {
  int64_t size;
  double step;  // frames of the file a frame that is shown

  // In float32 where the step is no whole number, as torchvision has it: the last bits decide which frame it is.
  int64_t at(int64_t n) const {
    if (step == std::floor(step)) return n * static_cast<int64_t>(step);
    return static_cast<int64_t>(std::floor(static_cast<float>(n) * static_cast<float>(step)));
  }
};

Resampled resampled(const VideoLength& video, std::optional<double> frame_rate) {
  const double fps = video.average_fps > 0 ? video.average_fps : 1;
  const double rate = frame_rate.value_or(fps), step = fps / rate;
  const int64_t frames = video.num_frames;
  if (step == std::floor(step) && step <= 1e15) {
    const auto whole = static_cast<int64_t>(step);
    return {(frames + whole - 1) / whole, step};
  }
  const double shown = std::floor(static_cast<double>(frames) * rate / fps);
  OPSIS_CHECK(shown <= 1e12, "VideoClips: a frame rate of {} makes {} frames of {}", rate, shown, video.path.string());
  const Resampled out{static_cast<int64_t>(shown), step};
  OPSIS_CHECK(out.size == 0 || out.at(out.size - 1) < frames, "VideoClips: at a frame rate of {} the last frame lies beyond {}",
              rate, video.path.string());
  return out;
}

std::string in_capitals(std::string word) {
  for (auto& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return word;
}

void check_clip_options(const ClipOptions& options) {
  OPSIS_CHECK(options.clip_length_in_frames > 0, "VideoClips: clip_length_in_frames must be positive, got {}",
              options.clip_length_in_frames);
  OPSIS_CHECK(options.frames_between_clips > 0, "VideoClips: frames_between_clips must be positive, got {}",
              options.frames_between_clips);
  OPSIS_CHECK(!options.frame_rate || (*options.frame_rate > 0 && std::isfinite(*options.frame_rate)),
              "VideoClips: frame_rate must be positive, got {}", *options.frame_rate);
  detail::check_choice("VideoClips", "output_format", in_capitals(options.output_format), {"THWC", "TCHW"});
}

// --- Lengths, and the file that keeps them ---------------------------------------------------------------------------------

// Size and time tell that a video has not changed. Its number and when that changed do not count: hours of looking into videos
// are not lost when these are copied with their times.
io::FileStamp video_stamp(const fs::path& file) {
  try {
    const auto stamp = io::file_stamp(file);
    return {.size = stamp.size, .modified_ns = stamp.modified_ns};
  } catch (const IoError&) {
    return {.size = -1};
  }
}

using KnownLengths = std::map<std::string, std::pair<io::FileStamp, VideoLength>>;

// {"videos": [["a.avi", 18214, 1700000000000000000, 300, 29.97], ...]}
KnownLengths read_lengths(const fs::path& cache) {
  KnownLengths out;
  if (cache.empty() || !detail::is_file(cache)) return out;
  try {
    const auto json = Json::parse(detail::text_of(cache));
    for (const auto& row : json["videos"].items()) {
      const auto& cells = row.items();
      if (cells.size() != 5 || cells[3].integer() < 0) return {};
      const auto& path = cells[0].text();
      out[path] = {io::FileStamp{.size = cells[1].integer(), .modified_ns = cells[2].integer()},
                   VideoLength{path, cells[3].integer(), cells[4].number()}};
    }
  } catch (const ValueError&) {  // not sound, so it is made anew
    out.clear();
  }
  return out;
}

void write_lengths(const fs::path& cache, const KnownLengths& known) {
  Json::List rows;
  for (const auto& [path, one] : known) {
    const auto& [stamp, video] = one;
    rows.push_back(Json::List{path, stamp.size, stamp.modified_ns, video.num_frames, video.average_fps});
  }
  Json json;
  json.add("videos", std::move(rows));
  const auto text = json.dump();
  io::write_bytes(cache, io::as_bytes(text));
}

std::vector<VideoLength> lengths_of(const std::vector<fs::path>& files, const ClipOptions& options) {
  check_clip_options(options);
  if (options.cache.has_parent_path()) make_folders(options.cache.parent_path());
  std::vector<VideoLength> videos(files.size());
  std::vector<io::FileStamp> stamps(files.size());
  const auto known = read_lengths(options.cache);
  std::vector<size_t> missing;
  for (size_t i = 0; i < files.size(); ++i) {
    if (!options.cache.empty()) stamps[i] = video_stamp(files[i]);
    const auto found = known.find(files[i].string());
    if (found != known.end() && found->second.first == stamps[i] && stamps[i].size >= 0) {
      videos[i] = found->second.second;
    } else {
      missing.push_back(i);
    }
  }
  const bool keeps = !options.cache.empty() && !missing.empty();
  if (keeps) const io::FileWriter probe(options.cache);  // before hours are spent on what goes there
  parallel_for(0, static_cast<int64_t>(missing.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const auto& file = files[missing[i]];
      const io::VideoStream stream(file, options.video);
      videos[missing[i]] = {file, stream.metadata().num_frames, stream.metadata().average_fps};
    }
  });
  if (keeps) {
    // Videos of another part of the set keep their rows.
    auto all = known;
    for (size_t i = 0; i < files.size(); ++i) all[files[i].string()] = {stamps[i], videos[i]};
    write_lengths(options.cache, all);
  }
  return videos;
}

// --- Sound -----------------------------------------------------------------------------------------------------------------

// What is played while the frames from the first to the last are shown; a sound that is not there, or is damaged, is empty.
torch::Tensor sound_of(const fs::path& file, const std::vector<int64_t>& frames, const io::VideoMetadata& metadata,
                       const Limits& limits) {
  const double fps = metadata.average_fps;
  if (metadata.has_audio && fps > 0) {
    try {
      io::AudioDecoder decoder(file, limits);
      const auto first = static_cast<double>(frames.front()), end = static_cast<double>(frames.back() + 1);
      return decoder.get_samples_played_in_range(first / fps, end / fps).data;
    } catch (const DecodeError&) {
    }
  }
  return at::empty({1, 0}, torch::kFloat32);
}

}  // namespace

// --- The class -------------------------------------------------------------------------------------------------------------

VideoClips::VideoClips(const std::vector<fs::path>& files, ClipOptions options)
    : VideoClips(lengths_of(files, options), options) {}

VideoClips::VideoClips(std::vector<VideoLength> metadata, ClipOptions options)
    : videos_(std::move(metadata)), options_(std::move(options)) {
  options_.output_format = in_capitals(std::move(options_.output_format));
  compute_clips(options_.clip_length_in_frames, options_.frames_between_clips, options_.frame_rate);
}

void VideoClips::compute_clips(int64_t num_frames, int64_t step, std::optional<double> frame_rate) {
  auto changed = options_;
  changed.clip_length_in_frames = num_frames;
  changed.frames_between_clips = step;
  changed.frame_rate = frame_rate;
  check_clip_options(changed);
  std::vector<size_t> sizes;
  for (const auto& video : videos_) {
    const int64_t frames = resampled(video, frame_rate).size;
    const auto clips = frames < num_frames ? 0 : static_cast<size_t>((frames - num_frames) / step + 1);
    sizes.push_back((sizes.empty() ? 0 : sizes.back()) + clips);
  }
  options_ = std::move(changed);
  cumulative_sizes_ = std::move(sizes);
}

std::vector<size_t> VideoClips::clips_per_video() const {
  std::vector<size_t> out;
  for (size_t i = 0; i < cumulative_sizes_.size(); ++i) {
    out.push_back(cumulative_sizes_[i] - (i == 0 ? 0 : cumulative_sizes_[i - 1]));
  }
  return out;
}

ClipLocation VideoClips::get_clip_location(size_t index) const {
  detail::check_index("VideoClips", index, size());
  const auto video = std::upper_bound(cumulative_sizes_.begin(), cumulative_sizes_.end(), index) - cumulative_sizes_.begin();
  return {static_cast<size_t>(video), index - (video == 0 ? 0 : cumulative_sizes_[video - 1])};
}

std::vector<int64_t> VideoClips::frames_of(const ClipLocation& location) const {
  OPSIS_CHECK(location.video < videos_.size(), "VideoClips: there are {} videos, got number {}", videos_.size(),
              location.video);
  const auto clips = cumulative_sizes_[location.video] - (location.video == 0 ? 0 : cumulative_sizes_[location.video - 1]);
  OPSIS_CHECK(location.clip < clips, "VideoClips: the video has {} clips, got number {}", clips, location.clip);
  const auto shown = resampled(videos_[location.video], options_.frame_rate);
  const int64_t first = static_cast<int64_t>(location.clip) * options_.frames_between_clips;
  std::vector<int64_t> out;
  for (int64_t i = 0; i < options_.clip_length_in_frames; ++i) out.push_back(shown.at(first + i));
  return out;
}

VideoClip VideoClips::get_clip(size_t index) const {
  const auto location = get_clip_location(index);
  const auto frames = frames_of(location);
  io::VideoStream stream(videos_[location.video].path, options_.video);
  const auto& size = stream.metadata().size;
  const auto count = static_cast<int64_t>(frames.size());
  const int64_t frame_bytes = stream.frame_bytes();
  if (count > options_.video.limits.image_bytes / frame_bytes) {
    raise_with<DecodeError>(WayOut::RaiseLimits, "raise it in ClipOptions::video",
                            "VideoClips: {} frames of {}x{} of {} are over limits.image_bytes, {}", count, size.height,
                            size.width, videos_[location.video].path.string(), options_.video.limits.image_bytes);
  }
  auto video = at::empty({count, size.height, size.width, 3}, torch::kUInt8);
  auto* out = video.data_ptr<uint8_t>();
  // Each frame from the first to the last is decoded, as torchvision does; those that are left out are not made RGB.
  int64_t next = frames.front();
  for (int64_t i = 0; i < count; ++i, out += frame_bytes) {
    if (i > 0 && frames[i] == frames[i - 1]) {
      std::copy_n(out - frame_bytes, frame_bytes, out);
      continue;
    }
    for (; next < frames[i]; ++next) stream.read(next, nullptr);
    stream.read(next++, out);
  }
  if (options_.output_format == "TCHW") video = video.permute({0, 3, 1, 2});
  auto audio = sound_of(videos_[location.video].path, frames, stream.metadata(), options_.video.limits);
  return {std::move(video), std::move(audio), options_.frame_rate.value_or(stream.metadata().average_fps), location.video};
}

VideoClips VideoClips::subset(const std::vector<size_t>& videos) const {
  std::vector<VideoLength> some;
  for (const auto index : videos) {
    OPSIS_CHECK(index < videos_.size(), "VideoClips: there are {} videos, got number {}", videos_.size(), index);
    some.push_back(videos_[index]);
  }
  return VideoClips(std::move(some), options_);
}

}  // namespace opsis::inline v1::datasets
