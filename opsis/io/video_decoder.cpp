#include "opsis/io/video_decoder.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>

#include "opsis/core/check.h"
#include "opsis/io/byte_tensor.h"

namespace opsis::inline v1::io {

VideoDecoder::VideoDecoder(const std::filesystem::path& file, const VideoOptions& options)
    : options_(options), stream_(file, options) {}

VideoDecoder::VideoDecoder(const torch::Tensor& bytes, const VideoOptions& options)
    : bytes_(detail::check_bytes("VideoDecoder", bytes)), options_(options), stream_(detail::view(bytes_), options) {}

// The frames of these numbers, sorted out so that none is decoded twice and none before an earlier one.
VideoFrames VideoDecoder::make_frames(const std::vector<int64_t>& indices) {
  const auto count = static_cast<int64_t>(indices.size());
  const auto& size = metadata().size;
  const int64_t frame_bytes = stream_.frame_bytes();
  if (count > options_.limits.image_bytes / frame_bytes) {
    raise_with<DecodeError>(WayOut::RaiseLimits, "ask for fewer at once, or raise it in VideoOptions::limits",
                            "VideoDecoder: {} frames of {}x{} are over limits.image_bytes, {}", count, size.height, size.width,
                            options_.limits.image_bytes);
  }
  const auto pixels = at::empty({count, size.height, size.width, 3}, torch::kUInt8);
  const auto pts = at::empty({count}, torch::kFloat64), duration = at::empty({count}, torch::kFloat64);
  auto* const out = pixels.data_ptr<uint8_t>();

  std::vector<int64_t> order(indices.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return indices[a] < indices[b]; });
  FrameTime time;
  for (size_t i = 0; i < order.size(); ++i) {
    const int64_t place = order[i], index = indices[place];
    if (i > 0 && indices[order[i - 1]] == index) {
      std::copy_n(out + order[i - 1] * frame_bytes, frame_bytes, out + place * frame_bytes);
    } else {
      time = stream_.read(index < 0 ? index + metadata().num_frames : index, out + place * frame_bytes);
    }
    pts.data_ptr<double>()[place] = time.pts_seconds;
    duration.data_ptr<double>()[place] = time.duration_seconds;
  }
  return {tv_tensors::Video(pixels.permute({0, 3, 1, 2})), pts, duration};
}

VideoFrame VideoDecoder::get_frame_at(int64_t index) {
  const auto frames = make_frames({index});
  return {tv_tensors::Image(frames.video.data[0]), {frames.pts_seconds.item<double>(), frames.duration_seconds.item<double>()}};
}

VideoFrames VideoDecoder::get_frames_at(const std::vector<int64_t>& indices) { return make_frames(indices); }

VideoFrames VideoDecoder::get_frames_in_range(int64_t start, int64_t stop, int64_t step) {
  OPSIS_CHECK(start >= 0 && start <= stop && stop <= size(),
              "VideoDecoder: a range must be 0 <= start <= stop <= {}, got {} and {}", size(), start, stop);
  OPSIS_CHECK(step > 0, "VideoDecoder: step must be positive, got {}", step);
  std::vector<int64_t> indices;
  for (int64_t i = start; i < stop; i += std::min(step, stop - i)) indices.push_back(i);
  return make_frames(indices);
}

VideoFrames VideoDecoder::get_frames_played_at(const std::vector<double>& seconds) {
  std::vector<int64_t> indices;
  for (const double time : seconds) {
    OPSIS_CHECK(time >= metadata().begin_seconds && time < metadata().end_seconds,
                "VideoDecoder: the video runs from {} s until before {} s, got {}", metadata().begin_seconds,
                metadata().end_seconds, time);
    indices.push_back(stream_.index_played_at(time));
  }
  return make_frames(indices);
}

VideoFrames VideoDecoder::get_frames_played_in_range(double start_seconds, double stop_seconds) {
  const double begin = metadata().begin_seconds, end = metadata().end_seconds;
  OPSIS_CHECK(start_seconds >= begin && start_seconds < end && start_seconds <= stop_seconds && stop_seconds <= end,
              "VideoDecoder: a range must be {} <= start <= stop <= {} seconds, start before the end, got {} and {}", begin,
              end, start_seconds, stop_seconds);
  if (start_seconds == stop_seconds) return make_frames({});
  return get_frames_in_range(stream_.index_played_at(start_seconds), stream_.index_from(stop_seconds));
}

}  // namespace opsis::inline v1::io
