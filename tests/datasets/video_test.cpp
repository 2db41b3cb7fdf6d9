// Videos cut into clips, and the data sets of them, held against torchvision.
#include "opsis/data/collate.h"
#include "opsis/datasets.h"
#include "opsis/transforms/geometry.h"
#include "tests/datasets/opened.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using oracle::Case;

std::vector<fs::path> files_of(const Case& c) {
  const auto names = c.texts("files");
  return {names.begin(), names.end()};
}

std::optional<double> rate_of(const Case& c) { return c.is_null("rate") ? std::nullopt : std::optional(c.number("rate")); }

TEST(VideoClips, ResampleAsTorchvisionDoes) {
  for (const auto& c : oracle::cases("datasets_video/resampled")) {
    SCOPED_TRACE(c.name());
    std::vector<int64_t> frames;
    for (const auto& row : json::parse(c.json("videos"))) {  // [frames, fps, length, step, clips]
      const VideoClips clips(std::vector<VideoLength>{{"a.mp4", row[0], row[1].is_null() ? 0.0 : row[1].get<double>()}},
                             {.clip_length_in_frames = row[2], .frames_between_clips = row[3], .frame_rate = rate_of(c)});
      ASSERT_EQ(clips.size(), row[4].get<size_t>()) << row;
      for (size_t i = 0; i < clips.size(); ++i) {
        const auto some = clips.frames_of({0, i});
        frames.insert(frames.end(), some.begin(), some.end());
      }
    }
    EXPECT_EQ(frames, c.ints("frames"));
  }
}

TEST(VideoClips, EqualTorchvisions) {
  std::vector<VideoLength> known;
  for (const auto& c : oracle::cases("datasets_video/clips")) {
    SCOPED_TRACE(c.name());
    const ClipOptions options{.clip_length_in_frames = c.integer("length"),
                              .frames_between_clips = c.integer("between"),
                              .frame_rate = rate_of(c),
                              .output_format = c.text("format")};
    const VideoClips clips = known.empty() ? VideoClips(files_of(c), options) : VideoClips(known, options);
    known = clips.metadata();
    for (size_t i = 0; i < known.size(); ++i) {
      EXPECT_EQ(known[i].num_frames, c.ints("frames")[i]);
      EXPECT_EQ(known[i].average_fps, c.numbers("fps")[i]);
    }
    EXPECT_EQ(json(clips.cumulative_sizes()), json::parse(c.json("sizes")));
    EXPECT_EQ(json(clips.subset({2, 0}).cumulative_sizes()), json::parse(c.json("subset")));
    const auto looked_at = c.ints("looked_at");
    const auto locations = json::parse(c.json("locations"));
    for (size_t i = 0; i < looked_at.size(); ++i) {
      SCOPED_TRACE(looked_at[i]);
      const auto index = static_cast<size_t>(looked_at[i]);
      EXPECT_EQ(clips.get_clip_location(index), (ClipLocation{locations[i][0], locations[i][1]}));
      const auto clip = clips.get_clip(index);
      EXPECT_TENSOR_EQ(clip.video, c.tensor("video" + std::to_string(index)));
      EXPECT_TENSOR_EQ(clip.audio, c.tensor("audio" + std::to_string(index)));
      EXPECT_EQ(clip.video_fps, c.numbers("video_fps")[i]);
      EXPECT_EQ(clip.video_index, locations[i][0].get<size_t>());
    }
  }
}

TEST(VideoClips, RefuseWhatCutsNothing) {
  const std::vector<VideoLength> videos{{"a.mp4", 10, 10.0}};
  EXPECT_ERROR(VideoClips(videos, {.clip_length_in_frames = 0}), ValueError, "clip_length_in_frames must be positive, got 0");
  EXPECT_ERROR(VideoClips(videos, {.frames_between_clips = -1}), ValueError, "frames_between_clips must be positive, got -1");
  EXPECT_ERROR(VideoClips(videos, {.frame_rate = 0.0}), ValueError, "frame_rate must be positive, got 0");
  EXPECT_ERROR(VideoClips(videos, {.output_format = "CTHW"}), ValueError, "output_format must be THWC or TCHW, got \"CTHW\"");
  VideoClips clips(videos, {.clip_length_in_frames = 4});
  EXPECT_ERROR(clips.get_clip(7), ValueError, "index must be below 7, got 7");
  EXPECT_ERROR(clips.get_clip(0), IoError, "a.mp4");
  EXPECT_ERROR(clips.subset({1}), ValueError, "there are 1 videos, got number 1");
  EXPECT_ERROR(clips.frames_of({0, 7}), ValueError, "the video has 7 clips, got number 7");
  clips.compute_clips(4, 5);
  EXPECT_EQ(clips.size(), 2);
  EXPECT_EQ(clips.clips_per_video(), (std::vector<size_t>{2}));
  EXPECT_EQ(VideoClips(std::vector<fs::path>{}).size(), 0);
}

TEST(VideoClips, RefuseACacheThatCannotBeWrittenBeforeTheyLookIntoVideos) {
  const support::TemporaryFolder folder;
  const auto none = folder.write("none.mp4", "no video");
  EXPECT_ERROR(VideoClips({none}, {.cache = folder.path()}), IoError, "cannot write " + folder.path().string());
}

TEST(VideoClips, KeepLengthsInTheirCacheUntilAFileChanges) {
  const auto source = oracle::folder() / "data_sets/videos";
  const support::TemporaryFolder folder;
  const auto cache = folder.path() / "lengths.json", first = folder.path() / "a.mp4", second = folder.path() / "b.avi";
  fs::copy_file(source / "h264.mp4", first);
  fs::copy_file(source / "plain.avi", second);
  const std::vector<fs::path> files{first, second};
  const auto lengths = VideoClips(files, {.cache = cache}).metadata();
  EXPECT_EQ(lengths, VideoClips(files).metadata());

  // What the cache says is taken, as long as size and time are those it names.
  const auto changed = [&](const char* from, const char* to) {
    auto text = detail::text_of(cache);
    text.replace(text.find(from), std::string_view(from).size(), to);
    std::ofstream(cache) << text;
  };
  changed(",25,10.", ",24,10.");
  EXPECT_EQ(VideoClips(files, {.cache = cache}).metadata()[0].num_frames, 24);
  fs::last_write_time(first, fs::last_write_time(first) + std::chrono::seconds(5));
  EXPECT_EQ(VideoClips(files, {.cache = cache}).metadata(), lengths);
  for (const auto* unsound : {"", "{\"videos\": [[1]]}", "{}", "[1", "{\"videos\": [[\"a\", 1, 2, -3, 4]]}"}) {
    std::ofstream(cache) << unsound;
    EXPECT_EQ(VideoClips(files, {.cache = cache}).metadata(), lengths) << unsound;
  }
  EXPECT_EQ(VideoClips({second}, {.cache = cache}).metadata()[0], lengths[1]);
  // Another part of a set adds its rows to those that are there.
  const auto shared = folder.path() / "new" / "folder" / "lengths.json";
  EXPECT_EQ(VideoClips({first}, {.cache = shared}).metadata()[0], lengths[0]);
  EXPECT_EQ(VideoClips({second}, {.cache = shared}).metadata()[0], lengths[1]);
  const auto both = detail::text_of(shared);
  EXPECT_NE(both.find("a.mp4"), both.npos);
  EXPECT_NE(both.find("b.avi"), both.npos);
}

template <class Data>
void expect_clips(const Data& data, const Case& c) {
  EXPECT_EQ(data.classes(), c.texts("classes"));
  json samples = json::array();
  for (const auto& [path, label] : data.samples()) samples.push_back({path.filename().string(), label});
  json theirs = json::parse(c.json("samples"));
  for (auto& row : theirs) row[0] = fs::path(row[0].get<std::string>()).filename().string();
  EXPECT_EQ(samples, theirs);
  EXPECT_EQ(json(data.video_clips().cumulative_sizes()), json::parse(c.json("cumulative")));
  const auto labels = c.ints("labels");
  ASSERT_EQ(data.size(), labels.size());
  for (size_t i = 0; i < data.size(); ++i) {
    SCOPED_TRACE(i);
    const auto [video, audio, label] = data.get(i);
    EXPECT_TENSOR_EQ(video.data, c.tensor("video" + std::to_string(i)));
    EXPECT_TENSOR_EQ(audio, c.tensor("audio" + std::to_string(i)));
    EXPECT_EQ(label, labels[i]);
  }
}

FoldOptions fold_options(const Case& c, const fs::path& root) {
  const auto options = json::parse(c.json("options"));
  FoldOptions out{.root = root,
                  .annotation_path = c.text("annotation_path"),
                  .frames_per_clip = 7,
                  .step_between_clips = options.value("step_between_clips", 6),
                  .fold = options["fold"],
                  .train = options.value("train", true)};
  if (options.contains("frame_rate")) out.frame_rate = options["frame_rate"].get<double>();
  return out;
}

TEST(UCF101, EqualsTorchvisions) {
  each_opened(
      "datasets_video/ucf101", [](const Case& c, const fs::path& root, bool) { return UCF101(fold_options(c, root)); },
      expect_clips<UCF101>);
}

TEST(HMDB51, EqualsTorchvisions) {
  each_opened(
      "datasets_video/hmdb51", [](const Case& c, const fs::path& root, bool) { return HMDB51(fold_options(c, root)); },
      expect_clips<HMDB51>);
}

Kinetics open_kinetics(const Case& c, const fs::path& root, bool download) {
  const auto options = json::parse(c.json("options"));
  Kinetics::Options ours{.root = root,
                         .frames_per_clip = 5,
                         .num_classes = options.value("num_classes", "400"),
                         .split = options["split"],
                         .step_between_clips = 7,
                         .download = download};
  if (options.contains("frame_rate")) ours.frame_rate = options["frame_rate"].get<double>();
  if (options.contains("extensions")) ours.extensions = options["extensions"].get<std::vector<std::string>>();
  return Kinetics(ours);
}

TEST(Kinetics, EqualsTorchvisionsAndDownloadsWhatItDownloads) {
  each_opened("datasets_video/kinetics", open_kinetics, expect_clips<Kinetics>);
}

TEST(Kinetics, TellsTheArchivesOfTwoSplitsApart) {
  const auto cases = oracle::cases("datasets_video/kinetics");  // the first two are of one set
  const support::DownloadServer server(cases[0].text("mirror"));
  const support::Variable variable("OPSIS_HUB_MIRROR", server.url("/file"));
  const support::TemporaryFolder root;
  for (size_t i : {0, 1}) expect_clips(open_kinetics(cases[i], root.path(), true), cases[i]);
}

TEST(Kinetics, GoesOnWhenItWasKilledAtItsLastStep) {
  const auto c = oracle::cases("datasets_video/kinetics").front();
  const support::DownloadServer server(c.text("mirror"));
  const support::Variable variable("OPSIS_HUB_MIRROR", server.url("/file"));
  const support::TemporaryFolder root;
  open_kinetics(c, root.path(), true);
  const auto whole = content_of_folder(root.path());
  const auto unfinished = root.path() / "k400_val.unfinished";
  fs::create_directories(unfinished);
  expect_clips(open_kinetics(c, root.path(), true), c);
  EXPECT_FALSE(fs::exists(unfinished));
  EXPECT_TRUE(content_of_folder(root.path()) == whole);
}

TEST(UCF101, TakesLengthsAndTransforms) {
  const auto c = oracle::cases("datasets_video/ucf101").front();
  auto options = fold_options(c, c.text("root"));
  const UCF101 opened(options);
  options.metadata = opened.metadata();
  options.transforms = transforms::RandomHorizontalFlip(1.0);
  const UCF101 known(options);
  EXPECT_TENSOR_EQ(known.get(0).video.data, opened.get(0).video.data.flip(-1));
  const auto [videos, audio, labels] = data::collate(std::vector{known.get(0), known.get(1)});
  EXPECT_EQ(videos.sizes(), (torch::IntArrayRef{2, 7, 3, 21, 33}));
  EXPECT_EQ(labels.sizes(), (torch::IntArrayRef{2}));
  options.metadata.pop_back();
  EXPECT_ERROR(UCF101(options), ValueError, "UCF101: the metadata must be of the");
}

TEST(UCF101, NamesWhatIsMissingOrWrong) {
  const auto c = oracle::cases("datasets_video/ucf101").front();
  auto options = fold_options(c, c.text("root"));
  options.fold = 4;
  EXPECT_ERROR(UCF101(options), ValueError, "UCF101: fold must be 1, 2 or 3, got 4");
  EXPECT_ERROR(HMDB51(options), ValueError, "HMDB51: fold must be 1, 2 or 3, got 4");
  options = fold_options(c, "not/there");
  EXPECT_ERROR(UCF101(options), NotFoundError, "there is no folder not/there; datasets::extract_archive unpacks UCF101.rar");
  EXPECT_ERROR(HMDB51(options), NotFoundError,
               "there is no folder not/there; datasets::extract_archive unpacks hmdb51_org.rar");
  options = fold_options(c, c.text("root"));
  options.annotation_path = "not/there";
  EXPECT_ERROR(UCF101(options), NotFoundError, "not/there/trainlist01.txt is not there");
  EXPECT_ERROR(HMDB51(options), NotFoundError, "there is no *test_split1.txt in not/there");
  const support::TemporaryFolder folder;
  folder.write("a_test_split1.txt", "b.avi 1 2\n");
  options.annotation_path = folder.path();
  EXPECT_ERROR(HMDB51(options), DecodeError, "a_test_split1.txt, line 1: it must have 2 words, got 3");
}

TEST(Kinetics, NamesWhatIsMissingOrWrong) {
  const support::TemporaryFolder folder;
  EXPECT_ERROR(Kinetics({.root = folder.path(), .frames_per_clip = 5}), NotFoundError, "pass .download = true");
  EXPECT_ERROR(Kinetics({.root = folder.path(), .num_classes = "500"}), ValueError, "num_classes must be 400, 600 or 700");
  EXPECT_ERROR(Kinetics({.root = folder.path(), .split = "valid"}), ValueError, "split must be train, val or test");
  EXPECT_ERROR(Kinetics({.root = folder.path(), .download = true}), ValueError, "frames_per_clip must be positive, got 0");
  EXPECT_TRUE(fs::is_empty(folder.path()));  // nothing was fetched
  folder.write("train/a.mp4", "");
  const auto refused = [&](const std::string& row, const char* reason) {
    folder.write("annotations/train.csv", "label,youtube_id,time_start,time_end\n" + row);
    EXPECT_ERROR(Kinetics({.root = folder.path(), .frames_per_clip = 5, .download = true}), DecodeError, reason);
  };
  refused("..,a,0,1\n", "is no name of a file");
  refused("a,b/../c,0,1\n", "is no name of a file");
  refused("a,b,zero,1\n", "\"zero\" is no time");
  refused("a,b,1x,11\n", "row 2: \"1x\" is no time");
  refused("a,b,1,11.5\n", "row 2: \"11.5\" is no time");
  refused("a,b\n", "row 2: it has too few columns");
  folder.write("annotations/train.csv", "label,youtube_id\n");
  EXPECT_ERROR(Kinetics({.root = folder.path(), .frames_per_clip = 5, .download = true}), DecodeError,
               "the column \"time_start\" is missing");
}

}  // namespace
}  // namespace opsis::datasets
