// Data sets whose targets are more than a class, held against torchvision and, where it has one, its wrapper for transforms v2.
#include <chrono>
#include <cstdlib>
#include <future>

#include "opsis/core/check.h"
#include "opsis/datasets.h"
#include "opsis/datasets/disk.h"
#include "opsis/datasets/flickr_page.h"
#include "opsis/datasets/npy_header.h"
#include "opsis/datasets/voc_annotation.h"
#include "opsis/io/file.h"
#include "opsis/io/image.h"
#include "opsis/transforms.h"
#include "tests/datasets/opened.h"
#include "tests/support/small_disk.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using oracle::Case;

void expect_detected(const Detected& example, const Case& c, size_t i) {
  EXPECT_TENSOR_EQ(example.image.data, c.tensor(numbered_key("image", i)));
  const auto annotation = document_of(c, "annotations")[i];
  EXPECT_EQ(json::parse(example.annotation.dump()), annotation);
  if (c.has_tensor(numbered_key("boxes", i))) {
    EXPECT_TENSOR_EQ(example.boxes.data, c.tensor(numbered_key("boxes", i)));
    EXPECT_TENSOR_EQ(example.labels, c.tensor(numbered_key("labels", i)));
  } else {
    EXPECT_EQ(example.boxes.data.sizes(), (torch::IntArrayRef{0, 4}));
  }
  EXPECT_EQ(example.boxes.canvas_size, (Size{example.image.data.size(1), example.image.data.size(2)}));
  if (c.has_tensor(numbered_key("masks", i))) {
    EXPECT_TENSOR_EQ(example.masks->data, c.tensor(numbered_key("masks", i)));
  }
}

TEST(CocoDetection, EqualsTorchvisionsWrapper) {
  const auto c = oracle::cases("datasets_targets/coco").front();
  const fs::path root = c.text("root");
  const CocoDetection photos({.root = root / "pictures", .annFile = root / "instances.json", .masks = true});
  ASSERT_EQ(photos.size(), static_cast<size_t>(c.integer("length")));
  for (size_t i = 0; i < photos.size(); ++i) {
    SCOPED_TRACE(i);
    const auto example = photos.get(i);
    expect_detected(example, c, i);
    EXPECT_EQ(example.image_id, c.ints("ids")[i]);
  }
  EXPECT_EQ(photos.file().categories(), (std::map<int64_t, std::string>{{1, "person"}, {3, "car"}}));
}

TEST(CocoDetection, TransformsMoveBoxesAndMasks) {
  const auto c = oracle::cases("datasets_targets/coco").front();
  const fs::path root = c.text("root");
  CocoDetection::Options options{.root = root / "pictures", .annFile = root / "instances.json", .masks = true};
  const auto plain = CocoDetection(options).get(0);
  options.transforms = transforms::RandomHorizontalFlip(1.0);
  const auto mirrored = CocoDetection(options).get(0);
  EXPECT_TENSOR_EQ(mirrored.image.data, plain.image.data.flip(-1));
  EXPECT_TENSOR_EQ(mirrored.masks->data, plain.masks->data.flip(-1));
  EXPECT_TENSOR_EQ(mirrored.boxes.data.select(1, 0), plain.boxes.canvas_size.width - plain.boxes.data.select(1, 2));
}

TEST(CocoDetection, GivesKeyPointsThatAreLabelled) {
  const support::TemporaryFolder root;
  io::write_png(Image(torch::zeros({3, 8, 10}, torch::kUInt8)), root.path() / "a.png");
  const auto of = [&](const std::string& annotations) {
    const auto file =
        root.write("people.json", R"({"images": [{"id": 1, "file_name": "a.png"}], "annotations": [)" + annotations + "]}");
    return CocoDetection({.root = root.path(), .annFile = file, .key_points = true}).get(0);
  };
  const auto two = R"({"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "keypoints": [1, 2, 2, 0, 0, 0]},
                      {"id": 2, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "keypoints": [3.5, 4, 1, 6, 7, 2]})";
  const auto people = of(two);
  EXPECT_TENSOR_EQ(people.key_points->data, torch::tensor({{{1.F, 2.F}, {NAN, NAN}}, {{3.5F, 4.F}, {6.F, 7.F}}}));
  EXPECT_EQ(people.key_points->canvas_size, (Size{8, 10}));
  EXPECT_EQ(of("").key_points->data.sizes(), (std::vector<int64_t>{0, 17, 2}));
  EXPECT_ERROR(
      of(std::string(two) + R"(, {"id": 3, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5], "keypoints": [1, 2, 2]})"),
      DecodeError, "all keypoints must be 2 times 3 numbers, as the first, got 3");
  EXPECT_ERROR(of(R"({"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5]})"), DecodeError, "keypoints");
}

TEST(CocoDetection, NamesWhatIsWrongInItsFile) {
  const support::TemporaryFolder root;
  const auto open = [&](const char* text) {
    return CocoDetection({.root = root.path(), .annFile = root.write("instances.json", text)});
  };
  const auto picture = oracle::cases("datasets_targets/coco").front();
  fs::copy_file(fs::path(picture.text("root")) / "pictures/a.jpg", root.path() / "a.jpg");
  EXPECT_ERROR(CocoDetection({.root = root.path(), .annFile = root.path() / "none.json"}), IoError, "none.json");
  EXPECT_ERROR(open("{\"images\": [{\"file_name\": \"a.jpg\"}]}"), DecodeError, "instances.json");
  EXPECT_ERROR(open("{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}"), DecodeError, "instances.json");
  EXPECT_ERROR(open("[1, 2"), DecodeError, "instances.json");
  EXPECT_ERROR(open("{\"annotations\": [{\"id\": 1e400, \"image_id\": 1}]}"), DecodeError, "instances.json");
  EXPECT_ERROR(open("{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}, {\"id\": \"2\"}]}"), DecodeError,
               "images[1] must have id (a whole number) and file_name");
  EXPECT_EQ(open("{}").size(), 0u);
  EXPECT_EQ(open("{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"images\": []}").size(), 0u);  // as in Python
  const std::string images = "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"annotations\": [";
  const auto bad_box = images + "{\"id\": 1, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3]}]}";
  EXPECT_ERROR(open(bad_box.c_str()).get(0), DecodeError, "image 1: a bbox must have 4 numbers, got 3");
  const auto no_class = images + "{\"id\": 1, \"image_id\": 1, \"bbox\": [1, 2, 3, 4]}]}";
  EXPECT_ERROR(open(no_class.c_str()).get(0), DecodeError, "category_id");
  const auto stray = images + "{\"id\": 1, \"image_id\": 99, \"bbox\": [1, 2, 3, 4]}]}";
  EXPECT_EQ(open(stray.c_str()).get(0).boxes.data.size(0), 0);
}

template <class Data>
void expect_captioned(const Data& data, const Case& c) {
  const auto captions = document_of(c, "captions");
  ASSERT_EQ(data.size(), static_cast<size_t>(c.integer("length")));
  for (size_t i = 0; i < data.size(); ++i) {
    SCOPED_TRACE(i);
    const auto example = data.get(i);
    EXPECT_TENSOR_EQ(example.image.data, c.tensor(numbered_key("image", i)));
    EXPECT_EQ(json(example.captions), captions[i]);
  }
}

TEST(CocoCaptions, EqualsTorchvision) {
  const auto c = oracle::cases("datasets_targets/coco_captions").front();
  const fs::path root = c.text("root");
  expect_captioned(CocoCaptions({.root = root / "pictures", .annFile = root / "instances.json"}), c);
}

TEST(Flickr8k, EqualsTorchvision) {
  const auto c = oracle::cases("datasets_targets/flickr8k").front();
  const fs::path root = c.text("root");
  expect_captioned(Flickr8k({.root = root / "pictures", .ann_file = root / "captions.html"}), c);
}

TEST(Flickr8k, NamesAPhotoThatIsNotThere) {
  const support::TemporaryFolder root;
  const auto page = root.write("page.html", "<table><a>x/42/</a></table>");
  EXPECT_ERROR(Flickr8k({.root = root.path(), .ann_file = page}), DecodeError, "names a photo 42 that is not in");
  EXPECT_TRUE(parse_flickr_page("<table><a>none<li>").empty());
  EXPECT_TRUE(parse_flickr_page("<").empty());
}

TEST(Flickr30k, EqualsTorchvision) {
  const auto c = oracle::cases("datasets_targets/flickr30k").front();
  const fs::path root = c.text("root");
  expect_captioned(Flickr30k({.root = root / "pictures", .ann_file = root / "results.token"}), c);
  const support::TemporaryFolder other;
  EXPECT_ERROR(Flickr30k({.root = other.path(), .ann_file = other.write("a", "x.jpg#0\tyes\nno\n")}), DecodeError, "line 2");
}

TEST(SBU, EqualsTorchvision) {
  each_opened(
      "datasets_targets/sbu",
      [](const Case&, const fs::path& root, bool download) { return SBU({.root = root, .download = download}); },
      [](const SBU& data, const Case& c) { expect_captioned(data, c); });
}

// A root with the list of photos that have these addresses.
void write_sbu_list(const support::TemporaryFolder& root, const std::vector<std::string>& urls) {
  const support::TemporaryFolder around;
  std::string lines, captions;
  for (const auto& url : urls) {
    lines += url + "\n";
    captions += "a caption\n";
  }
  around.write("dataset/SBU_captioned_photo_dataset_urls.txt", lines);
  around.write("dataset/SBU_captioned_photo_dataset_captions.txt", captions);
  const auto pack =
      text("tar -czf {}/SBUCaptionedPhotoDataset.tar.gz -C {} dataset", root.path().string(), around.path().string());
  ASSERT_EQ(std::system(pack.c_str()), 0);
}

TEST(SBU, IsNotDoneWithoutANet) {
  const support::TemporaryFolder root;
  write_sbu_list(root, std::vector<std::string>(150, "http://127.0.0.1:1/photo.jpg"));
  const OtherHashes any({{"SBU/SBUCaptionedPhotoDataset.tar.gz", ""}});
  EXPECT_ERROR(SBU({.root = root.path(), .download = true}), IoError, "http://127.0.0.1:1/photo.jpg");
  EXPECT_FALSE(is_there(root.path() / "dataset"));
}

TEST(SBU, IsNotDoneOnAFullDisk) {
  const support::TemporaryFolder root, served;
  served.write("photo.jpg", std::string(300'000, 'x'));
  const support::DownloadServer server(served.path());
  write_sbu_list(root, {server.url("/file/gone.jpg"), server.url("/file/photo.jpg")});
  const support::SmallDisk disk(root.path() / "dataset.unfinished", 160);
  if (!disk) GTEST_SKIP() << "mounting a small disk needs root";
  const OtherHashes any({{"SBU/SBUCaptionedPhotoDataset.tar.gz", ""}});
  EXPECT_ERROR(SBU({.root = root.path(), .download = true}), IoError, "No space left on device");
  EXPECT_FALSE(is_there(root.path() / "dataset"));
}

template <class Data>
Data open_voc(const Case& c, const fs::path& root, bool download) {
  return Data({.root = root, .year = c.text("year"), .image_set = c.text("image_set"), .download = download});
}

TEST(VOCDetection, EqualsTorchvisionsWrapper) {
  each_example("datasets_targets/voc_detection", open_voc<VOCDetection>,
               [](const VOCDetection& data, const Case& c, size_t i) { expect_detected(data.get(i), c, i); });
}

TEST(VOCSegmentation, EqualsTorchvision) {
  each_example("datasets_targets/voc_segmentation", open_voc<VOCSegmentation>,
               [](const VOCSegmentation& data, const Case& c, size_t i) {
                 EXPECT_TENSOR_EQ(data.get(i).image.data, c.tensor(numbered_key("image", i)));
                 EXPECT_TENSOR_EQ(data.get(i).mask.data, c.tensor(numbered_key("mask", i)));
               });
}

TEST(VOC, RefusesWhatTorchvisionRefuses) {
  EXPECT_ERROR(VOCDetection({.root = "x", .year = "2013"}), ValueError, "VOCDetection: year must be 2007, 2008");
  EXPECT_ERROR(VOCDetection({.root = "x", .image_set = "test"}), ValueError, "image_set must be train, trainval or val");
  EXPECT_ERROR(VOCSegmentation({.root = "x"}), NotFoundError, "x/VOCdevkit/VOC2012 is not there; pass .download = true");
  EXPECT_ERROR(parse_voc_xml(io::as_bytes("<annotation><a></annotation>")), DecodeError, "at byte");
  EXPECT_ERROR(parse_voc_xml(io::as_bytes("")), DecodeError, "parse_voc_xml");
  std::string deep;
  for (int i = 0; i < 10'000; ++i) deep += "<a>";
  deep += "x";
  for (int i = 0; i < 10'000; ++i) deep += "</a>";
  EXPECT_ERROR(parse_voc_xml(io::as_bytes(deep)), DecodeError, "nest deeper than 100");
  std::string many = "<annotation>";  // in a time that grows with their number, not with its square
  for (int i = 0; i < 30'000; ++i) many += "<n" + std::to_string(i) + ">x</n" + std::to_string(i) + ">";
  EXPECT_EQ(parse_voc_xml(io::as_bytes(many + "</annotation>"))["annotation"].members().size(), 30'001u);
}

TEST(SBDataset, EqualsTorchvision) {
  each_example(
      "datasets_targets/sbd",
      [](const Case& c, const fs::path& root, bool download) {
        return SBDataset({.root = root, .image_set = c.text("image_set"), .mode = c.text("mode"), .download = download});
      },
      [](const SBDataset& data, const Case& c, size_t i) {
        const auto example = data.get(i);
        EXPECT_TENSOR_EQ(example.image.data, c.tensor(numbered_key("image", i)));
        const auto mask = c.tensor(numbered_key("mask", i));
        EXPECT_TENSOR_EQ(example.mask.data, mask);
      });
}

TEST(Kitti, EqualsTorchvisionsWrapper) {
  each_example(
      "datasets_targets/kitti",
      [](const Case& c, const fs::path& root, bool download) {
        return Kitti({.root = root, .train = c.boolean("train"), .download = download});
      },
      [](const Kitti& data, const Case& c, size_t i) { expect_detected(data.get(i), c, i); });
}

TEST(Caltech101, EqualsTorchvision) {
  each_example(
      "datasets_targets/caltech101",
      [](const Case& c, const fs::path& root, bool download) {
        return Caltech101({.root = root, .target_type = c.texts("targets"), .download = download});
      },
      [](const Caltech101& data, const Case& c, size_t i) {
        const auto example = data.get(i);
        EXPECT_TENSOR_EQ(example.image.data, c.tensor(numbered_key("image", i)));
        if (const auto label = json::parse(c.json("labels"))[i]; !label.is_null()) {
          EXPECT_EQ(example.label, label.get<int64_t>());
        }
        EXPECT_EQ(data.categories(), c.texts("categories"));
        ASSERT_EQ(example.contour.defined(), c.has_tensor(numbered_key("contour", i)));
        if (example.contour.defined()) {
          EXPECT_TENSOR_EQ(example.contour, c.tensor(numbered_key("contour", i)));
        }
      });
}

TEST(Caltech256, EqualsTorchvision) {
  each_opened(
      "datasets_targets/caltech256",
      [](const Case&, const fs::path& root, bool download) { return Caltech256({.root = root, .download = download}); },
      [](const Caltech256& data, const Case& c) { expect_classified(data, c); });
}

TEST(OxfordIIITPet, EqualsTorchvision) {
  each_example(
      "datasets_targets/pets",
      [](const Case& c, const fs::path& root, bool download) {
        return OxfordIIITPet(
            {.root = root, .split = c.text("split"), .target_types = c.texts("targets"), .download = download});
      },
      [](const OxfordIIITPet& data, const Case& c, size_t i) {
        const auto example = data.get(i);
        EXPECT_TENSOR_EQ(example.image.data, c.tensor(numbered_key("image", i)));
        const auto mask = numbered_key("mask", i);
        ASSERT_EQ(example.segmentation.has_value(), c.has_tensor(mask));
        if (example.segmentation) {
          EXPECT_TENSOR_EQ(example.segmentation->data, c.tensor(mask));
        }
        // Both numbers are there whether they are asked for or not.
        const auto labels = c.ints("labels"), binary = c.ints("binary");
        if (!labels.empty()) {
          EXPECT_EQ(example.label, labels[i]);
        }
        if (!binary.empty()) {
          EXPECT_EQ(example.binary_label, binary[i]);
        }
        EXPECT_EQ(data.classes(), c.texts("classes"));
        EXPECT_EQ(json(data.class_to_idx()), json::parse(c.json("class_to_idx")));
      });
}

TEST(INaturalist, EqualsTorchvision) {
  each_example(
      "datasets_targets/inaturalist",
      [](const Case& c, const fs::path& root, bool download) {
        return INaturalist({.root = root, .version = c.text("version"), .target_type = c.texts("kinds"), .download = download});
      },
      [](const INaturalist& data, const Case& c, size_t i) {
        const auto example = data.get(i);
        EXPECT_TENSOR_EQ(example.image.data, c.tensor(numbered_key("image", i)));
        EXPECT_EQ(json(example.target), document_of(c, "targets_of")[i]);
        EXPECT_EQ(data.all_categories(), c.texts("categories"));
        EXPECT_EQ(data.category_name("full", 1), c.text("name"));
        std::vector<std::string> groups;
        for (const auto& kind : c.texts("kinds")) groups.push_back(data.category_name(kind, 0));
        EXPECT_EQ(groups, c.texts("groups"));
      });
  const support::TemporaryFolder root;
  root.write("2021_valid/00001_a_b_c_d_e_f_g/x.jpg", "");
  EXPECT_ERROR(INaturalist({.root = root.path(), .version = "2021_valid"}), DecodeError, "must be 00000 and seven names");
  EXPECT_ERROR(INaturalist({.root = root.path(), .target_type = {"super"}}), ValueError, "target_type must be full, kingdom");
  fs::create_directory(root.path() / "2017");
  EXPECT_ERROR(INaturalist({.root = root.path(), .version = "2017"}), NotFoundError, "2017 is empty; pass .download = true");
}

// Photos that nothing lies on are decoded in part.
template <class Data>
void expect_the_same_in_part(typename Data::Options options) {
  using namespace transforms;
  const Data whole(options);
  options.transforms = Compose{RandomResizedCrop({5, 4}), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true})};
  const Data cut(options);
  for (size_t i = 0; i < whole.size(); ++i) {
    torch::manual_seed(i);
    const auto expected = options.transforms(whole.get(i));
    const auto next = torch::rand(1);
    torch::manual_seed(i);
    const auto got = cut.get(i);
    EXPECT_TENSOR_EQ(got.image.data, expected.image.data);
    EXPECT_EQ(got.label, expected.label);
    EXPECT_TENSOR_EQ(torch::rand(1), next);
  }
}

TEST(ClassifiedPhotos, DecodingTheUsedPartAloneChangesNoPixelAndNoDraw) {
  const auto root_of = [](const char* table) { return fs::path(oracle::cases(table).front().text("root")); };
  expect_the_same_in_part<Caltech101>({.root = root_of("datasets_targets/caltech101")});
  expect_the_same_in_part<OxfordIIITPet>({.root = root_of("datasets_targets/pets")});
  expect_the_same_in_part<INaturalist>({.root = root_of("datasets_targets/inaturalist"), .version = "2017"});
}

TEST(Cityscapes, EqualsTorchvisionAndUnpacksItsArchives) {
  for (const auto& c : oracle::cases("datasets_targets/cityscapes")) {
    SCOPED_TRACE(c.name());
    for (const auto* root : {"root", "archives"}) {
      const Cityscapes streets({.root = c.text(root),
                                .split = c.text("split"),
                                .mode = c.text("mode"),
                                .target_type = {"instance", "semantic", "color", "polygon"}});
      ASSERT_EQ(streets.size(), static_cast<size_t>(c.integer("length")));
      for (size_t i = 0; i < streets.size(); ++i) {
        const auto example = streets.get(i);
        EXPECT_TENSOR_EQ(example.image.data, c.tensor(numbered_key("image", i)));
        EXPECT_TENSOR_EQ(example.instance->data, c.tensor(numbered_key("instance", i)));
        EXPECT_TENSOR_EQ(example.semantic->data, c.tensor(numbered_key("semantic", i)));
        EXPECT_TENSOR_EQ(example.color->data, c.tensor(numbered_key("color", i)));
        EXPECT_EQ(json::parse(example.polygon.dump()), document_of(c, "polygons")[i]);
      }
    }
  }
  std::vector<std::string> rows;
  for (const auto& row : Cityscapes::classes()) {
    rows.push_back(text("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}", row.name, row.id, row.train_id, row.category, row.category_id,
                        int{row.has_instances}, int{row.ignore_in_eval}, int{row.color[0]}, int{row.color[1]},
                        int{row.color[2]}));
  }
  EXPECT_EQ(rows, oracle::cases("datasets_targets/cityscapes_classes").front().texts("rows"));
  EXPECT_ERROR(Cityscapes({.root = "x"}), NotFoundError, "leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip are there");
  EXPECT_ERROR(Cityscapes({.root = "x", .split = "test", .mode = "coarse"}), ValueError, "train, train_extra or val");
}

TEST(Cityscapes, NamesADamagedArchiveAndUnpacksNothingOfIt) {
  const auto c = oracle::cases("datasets_targets/cityscapes").front();
  const auto open = [&](const fs::path& root) { return Cityscapes({.root = root, .split = "train", .mode = "fine"}).size(); };
  for (const std::string folder : {"leftImg8bit", "gtFine"}) {
    const support::TemporaryFolder root;
    for (const auto* kind : {"leftImg8bit", "gtFine"}) {
      const auto archive = std::string(kind) + "_trainvaltest.zip";
      fs::copy(fs::path(c.text("archives")) / archive, root.path() / archive);
    }
    const auto archive = root.path() / (folder + "_trainvaltest.zip");
    constexpr int64_t in_first_picture = 150;
    flip_byte(archive, in_first_picture);
    EXPECT_ERROR(open(root.path()), DecodeError, archive.string());
    EXPECT_FALSE(fs::exists(root.path() / folder));
    flip_byte(archive, in_first_picture);
    EXPECT_EQ(open(root.path()), static_cast<size_t>(c.integer("length")));
  }
}

TEST(Cityscapes, TakesWhatAnotherUnpacksInTheMeantime) {
  const auto c = oracle::cases("datasets_targets/cityscapes").front();
  const support::TemporaryFolder root;
  for (const auto* archive : {"leftImg8bit_trainvaltest.zip", "gtFine_trainvaltest.zip"}) root.write(archive, "no archive");
  std::future<size_t> opened;
  std::optional<FolderLock> another(std::in_place, root.path());
  opened = std::async(std::launch::async,
                      [&] { return Cityscapes({.root = root.path(), .split = "train", .mode = "fine"}).size(); });
  EXPECT_EQ(opened.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  for (const auto* folder : {"gtFine", "leftImg8bit"}) {
    fs::copy(fs::path(c.text("root")) / folder, root.path() / folder, fs::copy_options::recursive);
  }
  another.reset();
  EXPECT_EQ(opened.get(), static_cast<size_t>(c.integer("length")));
}

TEST(PhotoTour, EqualsTorchvision) {
  each_opened(
      "datasets_targets/phototour",
      [](const Case& c, const fs::path& root, bool download) {
        PhotoTour patches({.root = root, .name = c.text("set"), .train = c.boolean("train"), .download = download});
        fs::remove(root / (c.text("set") + ".pt"));  // two writers of checkpoints
        return patches;
      },
      [](const PhotoTour& data, const Case& c) {
        ASSERT_EQ(data.size(), static_cast<size_t>(c.integer("length")));
        EXPECT_TENSOR_EQ(data.labels(), c.tensor("labels"));
        EXPECT_EQ(data.mean(), c.number("mean"));
        EXPECT_EQ(data.std(), c.number("std"));
        for (size_t i = 0; i < data.size(); ++i) {
          const auto example = data.get(i);
          EXPECT_TENSOR_EQ(example.first.data[0], c.tensor(numbered_key("first", i)));
          if (c.boolean("train")) continue;
          EXPECT_TENSOR_EQ(example.second.data[0], c.tensor(numbered_key("second", i)));
          EXPECT_EQ(example.same, c.ints("same")[i]);
        }
      });
}

TEST(MovingMNIST, EqualsTorchvision) {
  each_opened(
      "datasets_targets/moving_mnist",
      [](const Case& c, const fs::path& root, bool download) {
        MovingMNIST::Options options{.root = root, .split_ratio = c.integer("split_ratio"), .download = download};
        if (!c.is_null("split")) options.split = c.text("split");
        return MovingMNIST(options);
      },
      [](const MovingMNIST& data, const Case& c) {
        EXPECT_TENSOR_EQ(data.data(), c.tensor("videos"));
        EXPECT_TENSOR_EQ(data.get(1).video.data, c.tensor("videos")[1]);
      });
  EXPECT_ERROR(MovingMNIST({.root = "x", .split_ratio = 20}), ValueError, "split_ratio must be 1 to 19, got 20");
  const support::TemporaryFolder root;
  root.write("MovingMNIST/mnist_test_seq.npy", "no array");
  EXPECT_ERROR(MovingMNIST({.root = root.path()}), DecodeError, "mnist_test_seq.npy: read_npy");
}

TEST(NpyHeader, RefusesWhatIsNotSound) {
  const auto npy = [](const std::string& head, size_t bytes) {
    const auto length = static_cast<char>(head.size());
    return "\x93NUMPY\x01" + std::string(1, '\0') + length + std::string(1, '\0') + head + std::string(bytes, 'x');
  };
  const auto good = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24);
  const auto header = read_npy_header(io::as_bytes(good));
  EXPECT_EQ(header.type, "<f4");
  EXPECT_EQ(header.shape, (std::vector<int64_t>{2, 3}));
  const auto refused = [&](const std::string& head, size_t bytes, const char* reason) {
    const auto file = npy(head, bytes);
    EXPECT_ERROR(read_npy_header(io::as_bytes(file)), DecodeError, reason);
  };
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 23, "does not agree with the 23 bytes");
  refused("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 4), }", 0, "does not agree");
  refused("{'descr': '|O8', 'fortran_order': False, 'shape': (1,), }", 8, "elements of the type \"|O8\"");
  refused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, "arrays of records are not read");
  refused("{'descr': '<f4', 'shape': (1,), }", 4, "misses descr, fortran_order or shape");
  refused("{'descr': '<f4', 'fortran_order': None, 'shape': (1,), }", 4, "neither True nor False");
  refused("{'descr': '<f4', 'fortran_order': True, 'shape': (-1,), }", 4, "its shape is not sound");
  EXPECT_ERROR(read_npy_header(io::as_bytes("\x93NUMPY")), DecodeError, "does not begin");
}

}  // namespace
}  // namespace opsis::datasets
