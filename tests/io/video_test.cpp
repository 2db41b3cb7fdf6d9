// Videos, held against torchcodec, which decodes them for torchvision; and files that are none.
#include <filesystem>
#include <random>

#include <nlohmann/json.hpp>

#include "opsis/io/file.h"
#include "opsis/io/video_decoder.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::io {
namespace {

namespace fs = std::filesystem;
using oracle::Case;

fs::path video_file(const std::string& name) { return oracle::folder() / "data_sets/videos" / name; }

std::vector<std::vector<int64_t>> orders_of(const Case& c) { return nlohmann::json::parse(c.json("orders")); }

// Frames in this order, until the decoder refuses.
void expect_frames(VideoDecoder decoder, const Case& c, size_t number, const std::vector<int64_t>& order) {
  const auto key = [&](const char* name) { return name + std::to_string(number); };
  const auto times = c.numbers(key("times"));
  const auto frames = c.tensor(key("frames"));
  const size_t count = times.size() / 2;
  for (size_t i = 0; i < count; ++i) {
    SCOPED_TRACE(order[i]);
    const auto frame = decoder.get_frame_at(order[i]);
    EXPECT_TENSOR_EQ(frame.image.data, frames[static_cast<int64_t>(i)]);
    EXPECT_EQ(frame.time.pts_seconds, times[2 * i]);
    EXPECT_EQ(frame.time.duration_seconds, times[2 * i + 1]);
  }
  EXPECT_EQ(count < order.size(), c.boolean(key("refused")));
  if (count < order.size()) {
    EXPECT_ERROR(decoder.get_frame_at(order[count]), DecodeError, c.text("path"));
  }
}

TEST(VideoDecoder, EqualsTorchcodec) {
  for (const auto& c : oracle::cases("datasets_video/decoder")) {
    SCOPED_TRACE(c.name());
    const fs::path path = c.text("path");
    if (!c.boolean("opened")) {
      EXPECT_ERROR(VideoDecoder(path), Error, path.string());
      continue;
    }
    const auto& metadata = VideoDecoder(path).metadata();
    EXPECT_EQ(metadata.size, (Size{c.ints("size")[0], c.ints("size")[1]}));
    EXPECT_EQ(metadata.num_frames, c.integer("num_frames"));
    EXPECT_EQ(metadata.average_fps, c.number("fps"));
    EXPECT_EQ(metadata.begin_seconds, c.number("begin"));
    EXPECT_EQ(metadata.end_seconds, c.number("end"));
    const auto orders = orders_of(c);
    for (size_t i = 0; i < orders.size(); ++i) expect_frames(VideoDecoder(path), c, i, orders[i]);
  }
}

TEST(VideoDecoder, GivesFramesByNumberAndTimeAsTorchcodecDoes) {
  for (const auto& c : oracle::cases("datasets_video/ranges")) {
    SCOPED_TRACE(c.name());
    VideoDecoder decoder(fs::path(c.text("path")));
    const double begin = decoder.metadata().begin_seconds, end = decoder.metadata().end_seconds;
    const double from = c.number("from"), to = c.number("to");
    const VideoFrames frames[] = {
        decoder.get_frames_at(c.ints("indices")),           decoder.get_frames_in_range(1, decoder.size() - 1, 3),
        decoder.get_frames_played_at(c.numbers("seconds")), decoder.get_frames_played_in_range(from, to),
        decoder.get_frames_played_in_range(begin, end),     decoder.get_frames_played_in_range(from, from)};
    for (size_t i = 0; i < std::size(frames); ++i) {
      SCOPED_TRACE(i);
      const auto number = std::to_string(i);
      EXPECT_TENSOR_EQ(frames[i].video.data, c.tensor("frames" + number));
      EXPECT_TENSOR_EQ(frames[i].pts_seconds, c.tensor("pts" + number));
      EXPECT_TENSOR_EQ(frames[i].duration_seconds, c.tensor("duration" + number));
    }
  }
}

TEST(VideoDecoder, ReadsBytesAsItReadsFiles) {
  const auto path = video_file("h264.mp4");
  const auto bytes = read_bytes(path);
  VideoDecoder of_bytes(torch::tensor(bytes, torch::kUInt8)), of_file(path);
  EXPECT_TENSOR_EQ(of_bytes.get_frames_in_range(0, 25).video.data, of_file.get_frames_in_range(0, 25).video.data);
}

TEST(VideoDecoder, GivesTheSameOnManyThreads) {
  for (const auto* name : {"h264.mp4", "vp9.webm", "b_frames.avi"}) {
    VideoDecoder alone(video_file(name)), many(video_file(name), {.threads = 4});
    const std::vector<int64_t> order{3, 20, 7, 0, 1, 2};
    EXPECT_TENSOR_EQ(alone.get_frames_at(order).video.data, many.get_frames_at(order).video.data) << name;
  }
}

TEST(VideoDecoder, RefusesNumbersAndTimesThatTheVideoHasNot) {
  VideoDecoder decoder(video_file("h264.mp4"));
  EXPECT_ERROR(decoder.get_frame_at(25), ValueError, "index must be below 25, got 25");
  EXPECT_ERROR(decoder.get_frame_at(-26), ValueError, "index must be below 25, got -1");
  EXPECT_ERROR(decoder.get_frames_in_range(3, 26), ValueError, "0 <= start <= stop <= 25, got 3 and 26");
  EXPECT_ERROR(decoder.get_frames_in_range(0, 3, 0), ValueError, "step must be positive, got 0");
  EXPECT_ERROR(decoder.get_frames_played_at({2.5}), ValueError, "until before 2.5 s, got 2.5");
  EXPECT_ERROR(decoder.get_frames_played_in_range(1, 0.5), ValueError, "got 1 and 0.5");
  EXPECT_EQ(decoder.get_frames_at({}).video.data.sizes(), (torch::IntArrayRef{0, 3, 48, 64}));
}

TEST(VideoDecoder, KeepsToItsLimits) {
  const auto file = video_file("h264.mp4");
  EXPECT_ERROR(VideoDecoder(file, {.limits = {.pixels = 64 * 48 - 1}}), DecodeError, "limits.pixels, 3071");
  EXPECT_ERROR(VideoDecoder(file, {.limits = {.side = 63}}), DecodeError, "48x64 are over limits.side, 63");
  EXPECT_ERROR(VideoDecoder(file, {.max_frames = 24}), DecodeError, "max_frames, 24");
  VideoDecoder decoder(file, {.limits = {.image_bytes = 27'648}});  // three frames
  EXPECT_NO_THROW(decoder.get_frames_in_range(0, 3));
  EXPECT_ERROR(decoder.get_frames_in_range(0, 4), DecodeError, "4 frames of 48x64 are over limits.image_bytes");
}

TEST(VideoDecoder, OpensNothingThatAFilePointsTo) {
  const support::TemporaryFolder folder;
  fs::copy_file(video_file("stream.ts"), folder.path() / "stream.ts");
  fs::copy_file(video_file("h264.mp4"), folder.path() / "h264.mp4");
  for (const auto& file :
       {folder.write("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.5,\nstream.ts\n#EXT-X-ENDLIST\n"),
        folder.write("list.ffconcat", "ffconcat version 1.0\nfile h264.mp4\n")}) {
    EXPECT_ERROR(VideoDecoder(file).get_frame_at(0), DecodeError, file.string());
  }
}

TEST(VideoDecoder, NamesTheFileThatIsNoVideo) {
  const support::TemporaryFolder folder;
  EXPECT_ERROR(VideoDecoder(folder.path() / "none.mp4"), IoError, "none.mp4");
  EXPECT_ERROR(VideoDecoder(folder.path()), IoError, folder.path().string());
  EXPECT_ERROR(VideoDecoder(folder.write("words.mp4", "These are words.")), DecodeError, "words.mp4: it is no video");
  EXPECT_ERROR(VideoDecoder(torch::zeros({100}, torch::kUInt8)), DecodeError, "VideoDecoder: 100 bytes: it is no video");
  EXPECT_ERROR(VideoDecoder(torch::zeros({100}, torch::kFloat32)), ValueError, "VideoDecoder");
}

// Whatever went wrong before, a frame is the one that was asked for.
TEST(VideoDecoder, GivesTheRightFrameAfterOneThatIsDamaged) {
  int refused = 0;
  for (const auto* name : {"h264.mp4", "b_frames.avi", "plain.avi", "vp9.webm"}) {
    SCOPED_TRACE(name);
    auto bytes = read_bytes(video_file(name));
    std::fill(bytes.begin() + std::ssize(bytes) * 6 / 10, bytes.begin() + std::ssize(bytes) * 8 / 10, uint8_t{0xFF});
    try {
      VideoStream fresh(bytes), stream(bytes);
      std::vector<uint8_t> expected(static_cast<size_t>(fresh.frame_bytes())), pixels(expected.size());
      fresh.read(1, expected.data());
      for (int64_t last = stream.metadata().num_frames - 1; last > 2; --last) {
        try {
          stream.read(0, nullptr);
          stream.read(last, nullptr);
        } catch (const DecodeError&) {
          ++refused;
        }
        stream.read(1, pixels.data());
        EXPECT_EQ(pixels, expected) << "after " << last;
      }
    } catch (const DecodeError&) {
      // Its head or its index was damaged.
    }
  }
  EXPECT_GT(refused, 0);
}

// Changed, cut short and drawn out: each is decoded or refused, and FFmpeg keeps what it thinks of it to itself.
TEST(VideoDecoder, SurvivesChangedFiles) {
  ::testing::internal::CaptureStderr();
  std::mt19937 random(0);
  int decoded = 0;
  const VideoOptions options{.limits = {.pixels = 1 << 18, .image_bytes = 64 << 20}, .max_frames = 1000};
  for (const auto* name : {"h264.mp4", "b_frames.avi", "vp9.webm", "stream.ts", "rotated_90.mp4"}) {
    const auto whole = read_bytes(video_file(name));
    for (int i = 0; i < 40; ++i) {
      auto bytes = whole;
      // Half of the changes fall on the first KiB, where lengths and sizes are.
      for (int n = 0; n < 1 + i % 8; ++n) bytes[random() % (i % 2 ? bytes.size() : 1024)] = static_cast<uint8_t>(random());
      if (i % 5 == 0) bytes.resize(random() % bytes.size());
      if (bytes.empty()) continue;
      try {
        VideoStream stream(bytes, options);
        std::vector<uint8_t> pixels(static_cast<size_t>(stream.frame_bytes()));
        for (const int64_t index : {0, 1, 20, 5}) {
          if (index < stream.metadata().num_frames) stream.read(index, pixels.data());
        }
        ++decoded;
      } catch (const Error&) {
      }
    }
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_GT(decoded, 20);
}

}  // namespace
}  // namespace opsis::io
