// The index of a folder's scan, and all data sets that have one of a folder or a list: what is found with it is what is found
// without it.
#include "opsis/datasets/scan_index.h"

#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "opsis/core/check.h"
#include "opsis/datasets/celeba.h"
#include "opsis/datasets/clevr.h"
#include "opsis/datasets/country211.h"
#include "opsis/datasets/eurosat.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/gtsrb.h"
#include "opsis/datasets/hmdb51.h"
#include "opsis/datasets/imagenet.h"
#include "opsis/datasets/imagenette.h"
#include "opsis/datasets/inaturalist.h"
#include "opsis/datasets/kinetics.h"
#include "opsis/datasets/lsun.h"
#include "opsis/datasets/optical_flow.h"
#include "opsis/datasets/places365.h"
#include "opsis/datasets/rendered_sst2.h"
#include "opsis/datasets/resources.h"
#include "opsis/datasets/sbu.h"
#include "opsis/datasets/stereo_matching.h"
#include "opsis/datasets/sun397.h"
#include "opsis/datasets/ucf101.h"
#include "opsis/datasets/widerface.h"
#include "opsis/io/index_file.h"
#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;

std::vector<FolderSample> listed(const fs::path& root, bool index) {
  return ImageFolder({.root = root, .allow_empty = true, .index = index}).samples();
}

constexpr int64_t kLater = 120'000'000'000;  // after what support::keep_young says

// What is listed once the folders are old enough for an index.
std::vector<FolderSample> listed_later(const fs::path& root) {
  return detail::list_folder_at(root, {.extensions = image_extensions(), .allow_empty = true, .index = true},
                                io::now_ns() + kLater)
      .samples;
}

// Two classes of two files, one of them deeper.
void make_photos(const support::TemporaryFolder& folder) {
  for (const auto* name : {"cat/1.jpg", "cat/2.png", "dog/1.jpg", "dog/more/3.jpg"})
    folder.write(fs::path("photos") / name, "");
}

TEST(ScanIndex, IsUsedAndSeesWhatChanges) {
  const support::TemporaryFolder folder, cache;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  make_photos(folder);
  const auto root = folder.path() / "photos";
  for (const auto* name : {"cat", "dog", "dog/more"}) support::keep_young(root / name);
  listed(root, true);
  EXPECT_TRUE(read_scan(root).empty());  // too young to be sure of
  EXPECT_EQ(listed_later(root), listed(root, false));
  EXPECT_EQ(read_scan(root).size(), 2);
  EXPECT_EQ(listed(root, true), listed(root, false));

  // It is the index that is read: a name in it that is not on the disk is listed.
  auto lie = read_scan(root);
  lie["cat"][0].files.add("9.jpg");
  write_scan(root, lie, io::now_ns() + kLater);
  EXPECT_EQ(listed(root, true).size(), 5);

  // Files that come and go, in a class and deeper, and classes; at once, within the same tick of a clock.
  folder.write("photos/cat/3.jpg", "");
  EXPECT_EQ(listed(root, true), listed(root, false));
  fs::remove(root / "dog/more/3.jpg");
  EXPECT_EQ(listed(root, true), listed(root, false));
  folder.write("photos/cow/1.jpg", "");
  EXPECT_EQ(listed(root, true), listed(root, false));
  fs::rename(root / "cat/1.jpg", root / "cat/5.jpg");
  EXPECT_EQ(listed(root, true), listed(root, false));
  fs::remove_all(root / "dog");
  fs::rename(root / "cow", root / "dog");
  EXPECT_EQ(listed(root, true), listed(root, false));
  // Times that are put back, as archivers do: when the folder itself changed still shows.
  listed_later(root);
  const auto before = fs::last_write_time(root / "cat");
  folder.write("photos/cat/7.jpg", "");
  fs::last_write_time(root / "cat", before);
  EXPECT_EQ(listed(root, true), listed(root, false));
}

TEST(ScanIndex, IsNotTrustedWhenDamagedNorKeptWithLinks) {
  const support::TemporaryFolder folder, cache;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  make_photos(folder);
  const auto root = folder.path() / "photos";
  fs::create_directory_symlink(root / "cat", root / "dog" / "cats");
  const auto late = io::now_ns() + 10'000'000'000;
  ScannedClasses classes{{"cat", {{.folder = (root / "cat").string(), .files = {"x.jpg"}, .stamp = *stamp_of(root / "cat")}}},
                         {"dog", {{.folder = (root / "dog").string(), .stamp = *stamp_of(root / "dog"), .has_links = true}}}};
  write_scan(root, classes, late);
  EXPECT_EQ(read_scan(root).size(), 1);
  EXPECT_FALSE(stamp_of(root / "dog" / "cats"));
  classes["cat"][0].folder = (root / "dog").string();  // of another class
  write_scan(root, classes, late);
  EXPECT_TRUE(read_scan(root).empty());

  folder.write(".photos.opsis-index", "opsis scan 1");
  EXPECT_EQ(listed(root, true), listed(root, false));
  for (const auto* content : {"", "x", "opsis scan 2\0", "opsis scan 1"}) {
    EXPECT_ERROR(parse_scan(io::as_bytes(content)), DecodeError, "scan index: ");
  }
  using namespace std::string_view_literals;  // NOLINT
  EXPECT_ERROR(parse_scan(io::as_bytes("opsis scan 1\0../x\0"sv)), DecodeError, "\"../x\" is no name");
  EXPECT_ERROR(parse_scan(io::as_bytes("opsis scan 1\0cat\0z\0"sv)), DecodeError, "\"z\" is no number");
  EXPECT_ERROR(parse_scan(io::as_bytes("opsis scan 1\0cat\0"
                                       "99999999999\0"
                                       "a\0"sv)),
               DecodeError, "it is cut short");
  std::mt19937 random(0);
  const auto whole = scan_bytes({{"cat", {{.folder = "a", .files = {"1", "2"}, .stamp = {1, 2, 3}}}}}, late);
  for (int copy = 0; copy < 300; ++copy) {
    auto changed = whole.substr(0, random() % 2 == 0 ? whole.size() : random() % whole.size());
    if (!changed.empty()) changed[random() % changed.size()] = static_cast<char>(random());
    try {
      parse_scan(io::as_bytes(changed));
    } catch (const DecodeError&) {
    }
  }
}

TEST(ScanIndex, GoesToTheUsersCacheWhereTheFolderCannotBeWritten) {
  const support::TemporaryFolder folder, cache;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  make_photos(folder);
  fs::create_directories(folder.path() / ".photos.opsis-index" / "in the way");  // as root, all can be written but this
  const auto root = folder.path() / "photos";
  const ScannedClasses classes{{"cat", {{.folder = (root / "cat").string(), .stamp = *stamp_of(root / "cat")}}}};
  write_scan(root, classes, io::now_ns() + 10'000'000'000);
  EXPECT_FALSE(fs::is_empty(cache.path() / "opsis"));
  EXPECT_EQ(read_scan(root).size(), 1);
}

// Copies of what torchvision opened; each is opened without an index, twice with one, and once with one that is torn.
TEST(ScanIndex, OfTheDataSetsThatHaveOneChangesNothing) {
  const support::TemporaryFolder copies;
  static constexpr auto kNothingScanned = "-";  // a list tells what is there
  using Listed = std::vector<std::pair<std::string, int64_t>>;
  using oracle::Case;
  struct Opened {
    std::string table;
    std::function<fs::path(const Case&)> source;  // what has the index, below the root or, empty, itself
    std::function<Listed(const Case&, const fs::path& root, bool index)> open;
  };
  const auto listed = [](const auto& data) {
    Listed out;
    for (const auto& [path, label] : data.samples()) out.emplace_back(path.string(), label);
    return out;
  };
  const auto decoded = [](const auto& data) {
    Listed out;
    for (size_t i = 0; i < data.size(); ++i) {
      const auto example = data.get(i);
      out.emplace_back(std::to_string(example.image.data.sum().template item<int64_t>()), example.label);
    }
    return out;
  };
  const auto found = [](const auto& data) {
    Listed out;
    for (const auto& [one, other] : data.files().images) out.emplace_back(one.string() + "\n" + other.string(), 0);
    if constexpr (requires { data.files().flows; }) {
      for (const auto& flow : data.files().flows) out.emplace_back(flow.string(), 1);
    } else {
      for (const auto& disparity : data.files().disparities) out.emplace_back(disparity.string(), 1);
    }
    return out;
  };
  const auto of_fold = [&]<class Data>(std::type_identity<Data>, const Case& c, const fs::path& root, bool index) {
    FoldOptions options{.root = root, .annotation_path = c.text("annotation_path"), .frames_per_clip = 7};
    options.index = index;
    return listed(Data(options));
  };
  const auto split_of = [](const Case& c) {
    return nlohmann::json::parse(c.json("options")).at("split").template get<std::string>();
  };
  const std::vector<Opened> all{
      {"datasets_classified/eurosat", [](const Case&) { return fs::path("eurosat/2750"); },
       [&](const Case&, const fs::path& root, bool index) { return listed(EuroSAT({.root = root, .index = index})); }},
      {"datasets_classified/rendered_sst2",
       [](const Case& c) { return fs::path("rendered-sst2") / (c.text("split") == "val" ? "valid" : c.text("split")); },
       [&](const Case& c, const fs::path& root, bool index) {
         return listed(RenderedSST2({.root = root, .split = c.text("split"), .index = index}));
       }},
      {"datasets_classified/gtsrb",
       [](const Case& c) { return fs::path(c.text("split") == "train" ? "gtsrb/GTSRB/Training" : kNothingScanned); },
       [&](const Case& c, const fs::path& root, bool index) {
         return listed(GTSRB({.root = root, .split = c.text("split"), .index = index}));
       }},
      {"datasets_video/ucf101", [](const Case&) { return fs::path(); },
       [&](const Case& c, const fs::path& root, bool index) { return of_fold(std::type_identity<UCF101>(), c, root, index); }},
      {"datasets_video/hmdb51", [](const Case&) { return fs::path(); },
       [&](const Case& c, const fs::path& root, bool index) { return of_fold(std::type_identity<HMDB51>(), c, root, index); }},
      {"datasets_video/kinetics", split_of,
       [&](const Case& c, const fs::path& root, bool index) {
         return listed(Kinetics({.root = root, .frames_per_clip = 5, .split = split_of(c), .index = index}));
       }},
      {"datasets_classified/country211", [](const Case& c) { return "country211" / fs::path(c.text("split")); },
       [&](const Case& c, const fs::path& root, bool index) {
         return listed(Country211({.root = root, .split = c.text("split"), .index = index}));
       }},
      {"datasets_classified/imagenette",
       [](const Case& c) {
         const auto size = c.text("size");
         return fs::path(size == "full" ? "imagenette2" : "imagenette2-" + size.substr(0, 3)) / c.text("split");
       },
       [&](const Case& c, const fs::path& root, bool index) {
         return listed(Imagenette({.root = root, .split = c.text("split"), .size = c.text("size"), .index = index}));
       }},
      {"datasets_classified/imagenet", [](const Case& c) { return fs::path(c.text("split")); },
       [&](const Case& c, const fs::path& root, bool index) {
         return listed(ImageNet({.root = root, .split = c.text("split"), .index = index}));
       }},
      {"datasets_classified/sun397", [](const Case&) { return fs::path("SUN397"); },
       [&](const Case&, const fs::path& root, bool index) { return listed(SUN397({.root = root, .index = index})); }},
      {"datasets_targets/inaturalist", [](const Case& c) { return fs::path(c.text("version")); },
       [&](const Case& c, const fs::path& root, bool index) {
         return decoded(INaturalist({.root = root, .version = c.text("version"), .index = index}));
       }},
      {"datasets_classified/clevr",
       [](const Case& c) {
         const auto scenes = fs::path("clevr/CLEVR_v1.0/scenes") / text("CLEVR_{}_scenes.json", c.text("split"));
         return c.text("split") == "test" ? fs::path(kNothingScanned) : scenes;
       },
       [&](const Case& c, const fs::path& root, bool index) {
         return listed(CLEVRClassification({.root = root, .split = c.text("split"), .index = index}));
       }},
      {"datasets_classified/places365",
       [](const Case& c) {
         const auto split = c.text("split");
         const std::string stem = split == "train-standard"    ? "train_standard"
                                  : split == "train-challenge" ? "train_challenge"
                                                               : split;
         return fs::path(text("places365_{}.txt", stem));
       },
       [&](const Case& c, const fs::path& root, bool index) {
         return listed(Places365({.root = root, .split = c.text("split"), .small = c.boolean("small"), .index = index}));
       }},
      {"datasets_targets/widerface",
       [](const Case& c) {
         const auto split = c.text("split");
         return fs::path("widerface/wider_face_split") /
                (split == "test" ? std::string("wider_face_test_filelist.txt") : text("wider_face_{}_bbx_gt.txt", split));
       },
       [&](const Case& c, const fs::path& root, bool index) {
         const WIDERFace data({.root = root, .split = c.text("split"), .index = index});
         Listed out;
         for (size_t i = 0; i < data.size(); ++i) {
           const auto crowd = data.get(i);
           for (const auto& numbers : {crowd.image.data, crowd.boxes.data, crowd.blur, crowd.expression, crowd.illumination,
                                       crowd.pose, crowd.invalid}) {
             out.emplace_back(text("{} {}", i, numbers.numel()), numbers.sum().item<int64_t>());
           }
         }
         return out;
       }},
      {"datasets_faces/celeba", [](const Case&) { return fs::path("celeba/list_attr_celeba.txt"); },
       [&](const Case& c, const fs::path& root, bool index) {
         const CelebA data({.root = root, .split = c.text("split"), .index = index});
         Listed out;
         for (const auto& name : data.attr_names()) out.emplace_back(name, 0);
         for (size_t i = 0; i < data.size(); ++i) {
           const auto face = data.get(i);
           for (const auto& numbers : {face.image.data, face.attr, face.boxes, face.landmarks.data}) {
             out.emplace_back(text("{} {}", i, face.identity), numbers.sum().item<int64_t>());
           }
         }
         return out;
       }},
      {"datasets_targets/sbu", [](const Case&) { return fs::path("SBUCaptionedPhotoDataset.tar.gz"); },
       [](const Case&, const fs::path& root, bool index) {
         Listed out;
         const SBU data({.root = root, .download = false, .index = index});
         for (const auto& [path, captions] : data.samples()) {
           out.emplace_back(path.string() + "\n" + captions.at(0), std::ssize(captions));
         }
         return out;
       }},
      {"datasets_flow/flying_chairs", [](const Case&) { return fs::path("FlyingChairs"); },
       [&](const Case& c, const fs::path& root, bool index) {
         return found(FlyingChairs({.root = root, .split = c.text("split"), .index = index}));
       }},
      {"datasets_flow/flying_things", [](const Case&) { return fs::path("FlyingThings3D"); },
       [&](const Case& c, const fs::path& root, bool index) {
         FlyingThings3D::Options options{.root = root, .split = c.text("split"), .index = index};
         options.pass_name = c.text("pass_name");
         options.camera = c.text("camera");
         return found(FlyingThings3D(options));
       }},
      {"datasets_flow/carla", [](const Case&) { return fs::path("carla-highres"); },
       [&](const Case&, const fs::path& root, bool index) { return found(CarlaStereo({.root = root, .index = index})); }},
      {"datasets_flow/crestereo", [](const Case&) { return fs::path("CREStereo"); },
       [&](const Case&, const fs::path& root, bool index) { return found(CREStereo({.root = root, .index = index})); }},
      {"datasets_flow/falling_things", [](const Case&) { return fs::path("FallingThings"); },
       [&](const Case& c, const fs::path& root, bool index) {
         return found(FallingThingsStereo({.root = root, .variant = c.text("variant"), .index = index}));
       }},
      {"datasets_flow/scene_flow", [](const Case& c) { return "SceneFlow" / fs::path(c.text("variant")); },
       [&](const Case& c, const fs::path& root, bool index) {
         SceneFlowStereo::Options options{.root = root, .variant = c.text("variant"), .index = index};
         options.pass_name = c.text("pass_name");
         return found(SceneFlowStereo(options));
       }},
      {"datasets_flow/instereo", [](const Case& c) { return "InStereo2k" / fs::path(c.text("split")); },
       [&](const Case& c, const fs::path& root, bool index) {
         return found(InStereo2k({.root = root, .split = c.text("split"), .index = index}));
       }},
      {"datasets_containers/lsun_class", [](const Case&) { return fs::path("data.mdb"); },
       [&](const Case&, const fs::path& root, bool index) { return decoded(LSUNClass({.root = root, .index = index})); }},
  };
  // Nothing is kept of what changed less than two seconds ago.
  for (const auto& [table, source_of, open] : all) {
    for (const auto& c : oracle::cases(table)) {
      const auto copy = copies.path() / table / c.name();
      fs::create_directories(copy.parent_path());
      fs::copy(c.text("root"), copy, fs::copy_options::recursive);
    }
  }
  std::this_thread::sleep_for(std::chrono::nanoseconds(io::kCoarsestClock) + std::chrono::milliseconds(100));
  for (const auto& [table, source_of, open] : all) {
    for (const auto& c : oracle::cases(table)) {
      SCOPED_TRACE(table + " " + c.name());
      const auto root = copies.path() / table / c.name();
      using Hashes = std::map<std::string, std::string>;
      const OtherHashes hashes(c.has("hashes") ? nlohmann::json::parse(c.json("hashes")).get<Hashes>() : Hashes());
      const auto source = source_of(c);
      if (source == kNothingScanned) continue;
      const auto index = io::index_places(source.empty() ? root : root / source).front();
      const auto expected = open(c, root, false);
      EXPECT_FALSE(expected.empty());
      EXPECT_FALSE(fs::exists(index));
      EXPECT_EQ(open(c, root, true), expected);
      ASSERT_TRUE(fs::exists(index));
      EXPECT_EQ(open(c, root, true), expected);
      fs::resize_file(index, fs::file_size(index) - 1);
      EXPECT_EQ(open(c, root, true), expected);
      // A file less: what is listed or, where then something is missing, said.
      if (table.starts_with("datasets_flow/") || table == "datasets_targets/sbu") {
        const auto first = expected[0].first.substr(0, expected[0].first.find('\n'));
        const auto now = [&c, &root, &open = open](bool with_index) -> std::pair<std::string, Listed> {
          try {
            return {"", open(c, root, with_index)};
          } catch (const Error& error) {
            return {error.what(), {}};
          }
        };
        ASSERT_TRUE(fs::remove(first));
        EXPECT_EQ(now(true), now(false));
        EXPECT_NE(now(true).second, expected);
      }
      // A list that is held against its hash is held against it again when it has changed.
      if (table != "datasets_classified/places365" && table != "datasets_faces/celeba") continue;
      std::ofstream(root / source, std::ios::app) << "x";
      EXPECT_ERROR(open(c, root, true), IntegrityError, source.filename().string());
    }
  }
}

}  // namespace
}  // namespace opsis::datasets
