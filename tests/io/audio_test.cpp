// The sound of videos, held against torchcodec, which decodes it for torchvision; and files that have none.
#include <filesystem>
#include <random>

#include <nlohmann/json.hpp>

#include "opsis/io/audio_decoder.h"
#include "opsis/io/file.h"
#include "opsis/io/video_stream.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::io {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using oracle::Case;

fs::path sound_file(const std::string& name) { return oracle::folder() / "data_sets/videos" / name; }

// The range of that number, by this decoder; whether it was refused, as it is where torchcodec refuses it.
bool expect_refused_or_equal(AudioDecoder& decoder, const Case& c, const std::string& key, size_t number) {
  SCOPED_TRACE(key + std::to_string(number));
  const auto range = json::parse(c.json("ranges"))[number];
  const auto stop = range[1].is_null() ? std::nullopt : std::optional(range[1].get<double>());
  const auto name = key + std::to_string(number);
  if (!c.has_tensor(name)) {
    EXPECT_ERROR(decoder.get_samples_played_in_range(range[0], stop), DecodeError, c.text("path"));
    return true;
  }
  const auto samples = decoder.get_samples_played_in_range(range[0], stop);
  EXPECT_TENSOR_EQ(samples.data, c.tensor(name));
  const auto times = c.numbers(key + "_times" + std::to_string(number));
  EXPECT_EQ(samples.pts_seconds, times[0]);
  EXPECT_EQ(samples.duration_seconds, times[1]);
  EXPECT_EQ(samples.sample_rate, c.integer("rate"));
  return false;
}

TEST(AudioDecoder, EqualsTorchcodec) {
  for (const auto& c : oracle::cases("datasets_video/sound")) {
    SCOPED_TRACE(c.name());
    const fs::path path = c.text("path");
    if (!c.boolean("opened")) {
      EXPECT_ERROR(AudioDecoder(path), DecodeError, path.string());
      continue;
    }
    AudioDecoder decoder(path);
    EXPECT_EQ(decoder.metadata().sample_rate, c.integer("rate"));
    EXPECT_EQ(decoder.metadata().num_channels, c.integer("channels"));
    EXPECT_EQ(decoder.metadata().codec, c.text("codec"));
    const size_t count = json::parse(c.json("ranges")).size();
    for (size_t i = 0; i < count; ++i) {
      if (expect_refused_or_equal(decoder, c, "on", i)) decoder = AudioDecoder(path);
    }
    for (size_t i = 1; i < count; i += 2) {
      AudioDecoder fresh(path);
      expect_refused_or_equal(fresh, c, "fresh", i);
    }
  }
}

TEST(AudioDecoder, ReadsBytesAsItReadsFiles) {
  const auto path = sound_file("aac.mp4");
  AudioDecoder of_bytes(torch::tensor(read_bytes(path), torch::kUInt8)), of_file(path);
  EXPECT_TENSOR_EQ(of_bytes.get_all_samples().data, of_file.get_all_samples().data);
}

// Differs: torchcodec's decoder plays nothing more then.
TEST(AudioDecoder, GivesTheSameAfterARangeThatIsRefused) {
  for (const auto* name : {"aac.mp4", "mp3.avi", "pcm.avi", "flac.mkv", "sound.flac"}) {
    AudioDecoder decoder(sound_file(name)), fresh(sound_file(name));
    EXPECT_ERROR(decoder.get_samples_played_in_range(9, 10), DecodeError, "nothing is played from 9 s until before 10 s");
    EXPECT_TENSOR_EQ(decoder.get_samples_played_in_range(0, 1).data, fresh.get_samples_played_in_range(0, 1).data) << name;
  }
}

TEST(AudioDecoder, RefusesRangesThatEndBeforeTheyBeginAndSamplesOverItsLimit) {
  const auto path = sound_file("pcm.avi");
  AudioDecoder decoder(path);
  EXPECT_ERROR(decoder.get_samples_played_in_range(1, 0.5), ValueError, "start must be at most stop, got 1 and 0.5");
  EXPECT_ERROR(decoder.get_samples_played_in_range(NAN), ValueError, "start must be a number, got nan");
  EXPECT_EQ(decoder.get_samples_played_in_range(1, 1).data.sizes(), (torch::IntArrayRef{1, 0}));
  AudioDecoder little(path, {.image_bytes = 20'000});
  EXPECT_EQ(little.get_samples_played_in_range(0, 0.5).data.sizes(), (torch::IntArrayRef{1, 4000}));
  EXPECT_ERROR(little.get_all_samples(), DecodeError, "limits.image_bytes, 20000");
}

TEST(AudioDecoder, NamesTheFileThatHasNoSound) {
  const support::TemporaryFolder folder;
  EXPECT_ERROR(AudioDecoder(folder.path() / "none.mp4"), IoError, "none.mp4");
  EXPECT_ERROR(AudioDecoder(folder.write("words.mp3", "")), DecodeError, "words.mp3: it is no sound");
  EXPECT_FALSE(VideoStream(sound_file("h264.mp4")).metadata().has_audio);
  EXPECT_TRUE(VideoStream(sound_file("aac.mp4")).metadata().has_audio);
  EXPECT_ERROR(AudioDecoder(sound_file("h264.mp4")), DecodeError, "it has no audio stream that can be decoded");
  EXPECT_ERROR(AudioDecoder(torch::zeros({100}, torch::kFloat32)), ValueError, "AudioDecoder");
}

// Changed and cut short: each is decoded or refused.
TEST(AudioDecoder, SurvivesChangedFiles) {
  std::mt19937 random(0);
  int decoded = 0;
  const Limits limits{.pixels = 1 << 18, .image_bytes = 16 << 20};
  for (const auto* name : {"aac.mp4", "mp3.avi", "pcm_24.mkv", "sound.flac", "sound.wav", "ac3.ts"}) {
    const auto whole = read_bytes(sound_file(name));
    for (int i = 0; i < 20; ++i) {
      auto bytes = whole;
      // Half of the changes fall on the first KiB, where lengths and rates are.
      for (int n = 0; n < 1 + i % 8; ++n) bytes[random() % (i % 2 ? bytes.size() : 1024)] = static_cast<uint8_t>(random());
      if (i % 5 == 0) bytes.resize(1 + random() % (bytes.size() - 1));
      try {
        AudioStream stream(bytes, limits);
        stream.read(0.5, 0.7);
        stream.read(0);
        ++decoded;
      } catch (const DecodeError&) {
      }
    }
  }
  EXPECT_GT(decoded, 20);
}

}  // namespace
}  // namespace opsis::io
