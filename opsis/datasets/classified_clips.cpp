#include "opsis/datasets/classified_clips.h"

#include <algorithm>
#include <utility>

#include "opsis/core/check.h"

namespace opsis::inline v1::datasets {
namespace {

VideoClips clips_of_all(std::string_view name, const std::vector<FolderSample>& samples, ClipOptions options,
                        std::vector<VideoLength> metadata) {
  // A transform sees a Video, which is (T, C, H, W).
  options.output_format = "TCHW";
  std::vector<std::filesystem::path> files;
  for (const auto& sample : samples) files.push_back(sample.first);
  if (metadata.empty()) return VideoClips(files, std::move(options));
  OPSIS_CHECK(std::equal(files.begin(), files.end(), metadata.begin(), metadata.end(),
                         [](const auto& file, const VideoLength& known) { return file == known.path; }),
              "{}: the metadata must be of the {} videos in their order, got that of {} others", name, files.size(),
              metadata.size());
  return VideoClips(std::move(metadata), std::move(options));
}

}  // namespace

ClassifiedClips::ClassifiedClips(std::string_view name, ClassifiedList list, std::vector<size_t> indices, ClipOptions options,
                                 std::vector<VideoLength> metadata, transforms::AnyTransform transforms)
    : name_(name),
      list_(std::move(list)),
      indices_(std::move(indices)),
      all_(clips_of_all(name, list_.samples, std::move(options), std::move(metadata))),
      clips_(all_.subset(indices_)),
      transforms_(std::move(transforms)) {}

ClassifiedClip ClassifiedClips::get(size_t index) const {
  detail::check_index(name_, index, size());
  auto clip = clips_.get_clip(index);
  const auto label = list_.samples[indices_[clip.video_index]].second;
  return transforms_(ClassifiedClip{Video(std::move(clip.video)), std::move(clip.audio), label});
}

namespace detail {

ClipOptions clip_options(const FoldOptions& options) {
  return {.clip_length_in_frames = options.frames_per_clip,
          .frames_between_clips = options.step_between_clips,
          .frame_rate = options.frame_rate,
          .cache = options.cache,
          .video = options.video};
}

}  // namespace detail

}  // namespace opsis::inline v1::datasets
