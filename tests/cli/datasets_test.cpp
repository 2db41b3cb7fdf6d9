// opsis datasets show and convert.
#include "opsis/datasets/convert.h"
#include "opsis/io/image.h"
#include "opsis/utils/save_image.h"
#include "tests/cli/tool.h"
#include "tests/support/download_server.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::cli_tests {
namespace {

namespace fs = std::filesystem;

TEST(DatasetsDownload, BringsWhatTheOptionsSay) {
  const support::TemporaryFolder root;
  const auto download = [&](const char* table, std::vector<std::string> arguments) {
    const support::Variable mirror("OPSIS_HUB_MIRROR", oracle::cases(table)[0].text("mirror"));
    arguments.insert(arguments.begin(), {"datasets", "download"});
    arguments.insert(arguments.end(), {"--root", root.path().string()});
    return opsis_tool(arguments);
  };
  const std::string aircraft = "datasets_classified/fgvc_aircraft", scenes = "datasets_flow/middlebury";
  const auto brought = download(aircraft.c_str(), {"FGVCAircraft", "--split", "val", "--option", "annotation_level=family"});
  EXPECT_EQ(brought.out, "FGVCAircraft: 5 examples in " + root.path().string() + "\n") << brought.err;
  const auto test = download(scenes.c_str(), {"Middlebury2014Stereo", "--split", "test", "--option", "calibration=none"});
  EXPECT_EQ(test.out, "Middlebury2014Stereo: 15 examples in " + root.path().string() + "\n") << test.err;
}

TEST(DatasetsDownload, RefusesOptionsThatASetHasNot) {
  const auto refused = [](const char* set, const char* option, const std::string& what) {
    expect_wrong_usage({"datasets", "download", set, "--root", "none", "--option", option}, what);
  };
  refused("DTD", "partition", "--option must be name=value, got partition");
  refused("DTD", "partition=one", "--option partition=one: it must be a whole number");
  refused("Places365", "small=yes", "--option small=yes: it must be true or false");
  refused("FGVCAircraft", "level=family", "this data set has no option level; it has annotation_level");
  refused("EuroSAT", "small=true", "this data set has no option small");
}

TEST(DatasetsVerify, FindsARealFileRight) {
  std::string list;  // a list of Places365 that can be written by heart
  for (int i = 1; i <= 328'500; ++i) {
    const auto number = std::to_string(i);
    list += (i > 1 ? "\n" : "") + ("Places365_test_" + std::string(8 - number.size(), '0')) + number + ".jpg";
  }
  const support::TemporaryFolder root;
  const auto file = root.write("lists/places365_test.txt", list);
  const auto verify = [&] { return opsis_tool({"datasets", "verify", "Places365", "--root", root.path()}); };
  const auto right = verify();
  EXPECT_EQ(right.code, 0) << right.err;
  EXPECT_THAT(right.out, HasSubstr(file.string() + "  right\n"));
  list[100] ^= 1;
  root.write("more/places365_test.txt", list);
  const auto damaged = verify();
  EXPECT_EQ(damaged.code, 1);
  EXPECT_THAT(damaged.out, HasSubstr("  right\n"));
  EXPECT_THAT(damaged.out, HasSubstr("  damaged\n"));
}

TEST(DatasetsShow, DrawsExamplesOfAnyKind) {
  const support::TemporaryFolder folder;
  const auto sheet = folder.path() / "sheet.png";
  const auto shown = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"datasets", "show", name, "--out", sheet.string(), "--count", "3", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto done = opsis_tool(arguments);
    EXPECT_EQ(done.code, 0) << name << ": " << done.err;
    EXPECT_EQ(io::decode_image(sheet).data.size(0), 3);
    return done.code == 0 ? json::parse(done.out) : json();
  };
  const auto digits = shown("Digits", {"--split", "test", "--seed", "3"});
  EXPECT_EQ(digits.at("size"), 360);
  EXPECT_EQ(digits.at("examples").size(), 3);
  EXPECT_NE(digits, shown("Digits", {"--split", "test", "--seed", "4"}));

  const auto root_of = [](const char* table) { return fs::path(oracle::cases(table)[0].text("root")); };
  const auto coco = root_of("datasets_targets/coco");
  const auto photos =
      shown("CocoDetection", {"--root", coco / "pictures", "--annotations", coco / "instances.json", "--side", "32"});
  EXPECT_THAT(photos.at("examples")[0].at("label").get<std::string>(), HasSubstr("objects"));
  shown("VOCSegmentation", {"--root", root_of("datasets_targets/voc_segmentation"), "--split", "train"});
  for (const auto& c : oracle::cases("datasets_classified/imagenette")) {
    shown("Imagenette", {"--root", c.text("root"), "--split", c.text("split"), "--option", "size=" + c.text("size")});
  }
  fs::copy(coco, folder.path() / "coco", fs::copy_options::recursive);  // beside which an index may stand
  shown("CocoDetection", {"--root", folder.path() / "coco" / "pictures", "--annotations",
                          folder.path() / "coco" / "instances.json", "--option", "masks=true", "--option", "index=true"});
  shown("MovingMNIST", {"--root", root_of("datasets_targets/moving_mnist")});
  shown("KittiFlow", {"--root", root_of("datasets_flow/kitti_flow")});
  shown("CarlaStereo", {"--root", root_of("datasets_flow/carla")});
  shown("Middlebury2014Stereo", {"--root", root_of("datasets_flow/middlebury_light"), "--option", "use_ambient_views=true"});
  shown("WIDERFace", {"--root", root_of("datasets_targets/widerface"), "--split", "train"});
  shown("Caltech101", {"--root", root_of("datasets_targets/caltech101"), "--option", "target_type=category,annotation"});
  shown("OxfordIIITPet", {"--root", root_of("datasets_targets/pets"), "--option", "target_types=category,segmentation"});
  shown("INaturalist", {"--root", root_of("datasets_targets/inaturalist"), "--subset", "2017"});
  const auto web = oracle::cases("datasets_packed/shards").front();
  const auto shards = shown("WebDataset", {"--root", fs::path(web.text("root")) / web.text("shards")});
  EXPECT_EQ(shards.at("size"), web.texts("keys").size());
  const auto tour = oracle::cases("datasets_targets/phototour").front();
  shown("PhotoTour", {"--root", tour.text("root"), "--subset", tour.text("set"), "--split", "test"});
  shown("Kinetics", {"--root", root_of("datasets_video/kinetics"), "--split", "val", "--option", "frames_per_clip=5"});
  const auto flickr = root_of("datasets_targets/flickr30k");
  const auto captioned = shown("Flickr30k", {"--root", flickr / "pictures", "--annotations", flickr / "results.token"});
  EXPECT_FALSE(captioned.at("examples")[0].at("label").get<std::string>().empty());
}

TEST(DatasetsShow, SaysWhatIsMissing) {
  const support::TemporaryFolder folder;
  const auto sheet = (folder.path() / "sheet.png").string();
  expect_failure({"datasets", "show", "ImageFolder", "--root", folder.path(), "--out", sheet}, "there is no folder in");
  expect_failure({"datasets", "show", "Digit", "--out", sheet}, "did you mean Digits?");
  expect_failure({"datasets", "show", "DatasetFolder", "--out", sheet}, "needs a function");
  expect_failure(
      {"datasets", "show", "CIFAR10", "--root", folder.path(), "--out", sheet},
      "data_batch_1 is not there; fetch it: opsis datasets download CIFAR10 --root \"" + folder.path().string() + "\"\n");
  expect_wrong_usage({"datasets", "show", "Digits", "--out", sheet, "--side", "999999"}, "--side");
  expect_wrong_usage({"datasets", "show", "Digits", "--out", sheet, "--count", "0"}, "--count");
  expect_wrong_usage({"datasets", "show", "Digits", "--out", sheet, "--annotations", "x.json"}, "has no --annotations");
  expect_wrong_usage({"datasets", "show", "CocoDetection", "--out", sheet, "--option", "key_points=yes"},
                     "--option key_points=yes: it must be true or false");
  const auto faces = fs::path(oracle::cases("datasets_faces/lfw_people")[0].text("root")).string();
  for (const auto* set : {"LFWPeople", "LFWPairs"}) {  // whose files are not the real ones
    expect_failure({"datasets", "show", set, "--root", faces, "--option", "image_set=deepfunneled", "--out", sheet},
                   "lfw-deepfunneled.tgz is damaged");
  }
  expect_failure({"datasets", "show", "UCF101", "--root", "nowhere", "--annotations", "lists", "--out", sheet},
                 "UCF101: there is no folder nowhere; unpack the archives of the data set there\n");
}

TEST(DatasetsConvert, WritesFoldersThatOpen) {
  const support::TemporaryFolder folder;
  const auto pictures = folder.path() / "pictures";
  fs::create_directories(pictures);
  utils::save_image(torch::rand({3, 24, 32}), pictures / "a.jpg");
  const auto instances =
      folder.write("instances.json", R"({"images": [{"id": 1, "file_name": "a.jpg", "height": 24, "width": 32}],
      "annotations": [{"id": 1, "image_id": 1, "category_id": 5, "bbox": [1, 2, 10, 20]}],
      "categories": [{"id": 5, "name": "dog"}]})");
  const auto out = folder.path() / "yolo";
  const auto done = opsis_tool({"datasets", "convert", "--from", "coco", "--to", "yolo", "--root", pictures, "--annotations",
                                instances, "--out", out, "--json"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(json::parse(done.out).at("boxes"), 1);
  const auto back = datasets::read_boxes({.format = datasets::BoxFormat::YOLO, .root = out});
  EXPECT_EQ(back.pictures.at(0).objects.at(0), (datasets::BoxedObject{0, 1, 2, 11, 22}));
  EXPECT_EQ(back.classes, (std::vector<std::string>{"dog"}));
  expect_wrong_usage({"datasets", "convert", "--from", "coco", "--to", "voc", "--out", out}, "--annotations is needed");
  const auto notes = folder.write("notes.txt", "no annotations").string();
  expect_failure({"datasets", "convert", "--from", "coco", "--to", "voc", "--annotations", notes, "--out", out},
                 notes + ": The JSON element does not have the requested type. (annotations of COCO's format are an object of");
  expect_wrong_usage({"datasets", "convert", "--from", "pascal", "--to", "voc", "--out", out}, "--from: pascal not in");
  expect_wrong_usage({"datasets", "convert", "--from", "voc", "--to", "pascal", "--out", out}, "--to: pascal not in");
}

}  // namespace
}  // namespace opsis::cli_tests
