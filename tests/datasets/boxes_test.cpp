// YOLO's and VOC's folders, and boxes from one format into another.
#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "opsis/core/check.h"
#include "opsis/datasets/coco.h"
#include "opsis/datasets/convert.h"
#include "opsis/datasets/voc.h"
#include "opsis/datasets/voc_folder.h"
#include "opsis/datasets/yolo.h"
#include "opsis/io/file.h"
#include "opsis/utils/save_image.h"
#include "tests/support/expect.h"
#include "tests/support/temporary.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, std::string_view content) {
  fs::create_directories(file.parent_path());
  io::write_bytes(file, io::as_bytes(content));
}

void write_picture(const fs::path& file, int64_t height = 48, int64_t width = 64) {
  fs::create_directories(file.parent_path());
  utils::save_image(torch::rand({3, height, width}), file);
}

TEST(YOLODetection, ReadsBoxesAndOutlinesOfBothLayouts) {
  for (const bool split_first : {false, true}) {
    const support::TemporaryFolder root;
    const auto images = root.path() / (split_first ? "train/images" : "images/train");
    const auto labels = root.path() / (split_first ? "train/labels" : "labels/train");
    for (const auto* name : {"a.jpg", "b.png", "c.jpg"}) write_picture(images / name);
    write(images / "notes.txt", "no picture");
    write(labels / "a.txt", "1 0.5 0.5 0.25 0.5\n\n0 0.125 0.25 0.625 0.25 0.25 0.75\n");
    write(labels / "c.txt", "");
    write(root.path() / "classes.txt", "cat\ndog\n");
    const YOLODetection pictures({.root = root.path()});
    ASSERT_EQ(pictures.size(), 3);
    EXPECT_EQ(pictures.classes(), (std::vector<std::string>{"cat", "dog"}));
    const auto first = pictures.get(0);
    EXPECT_TENSOR_EQ(first.boxes.data, torch::tensor({{24.f, 12.f, 40.f, 36.f}, {8.f, 12.f, 40.f, 36.f}}));
    EXPECT_EQ(first.boxes.canvas_size, (Size{48, 64}));
    EXPECT_TENSOR_EQ(first.labels, torch::tensor({int64_t{1}, int64_t{0}}));
    for (const size_t i : {1, 2}) EXPECT_EQ(pictures.get(i).boxes.data.sizes(), (torch::IntArrayRef{0, 4}));
  }
}

TEST(YOLODetection, KnowsTheNamesOfDataYaml) {
  const support::TemporaryFolder root;
  write_picture(root.path() / "images/train/a.jpg");
  const std::vector<std::string> names{"cat", "big dog", "a#b"};
  for (const auto* yaml :
       {"path: ../x\ntrain: images/train\nnames: [cat, 'big dog', \"a#b\"]  # three\nnc: 3\n",
        "names: {0: cat, 1: big dog, 2: a#b}\n", "names:\n  - cat\n  # none\n\n  - \"big dog\"\n  - a#b # the last\nnc: 3\n",
        "names:\n- cat\n- big dog\n- a#b\nval: x\n",
        "nc: 3\nnames:  # by number\n  1: big dog\n  0: cat\n  2: 'a#b'\ntrain: images\n"}) {
    write(root.path() / "data.yaml", yaml);
    EXPECT_EQ(YOLODetection({.root = root.path()}).classes(), names) << yaml;
  }
  write(root.path() / "data.yaml", R"(names: ['cat, domestic', 'driver''s seat', "caf\u00e9", it's,]  # [four])");
  EXPECT_EQ(YOLODetection({.root = root.path()}).classes(),
            (std::vector<std::string>{"cat, domestic", "driver's seat", "caf\u00e9", "it's"}));
  const auto refused = [&](const char* yaml, const char* reason) {
    write(root.path() / "data.yaml", yaml);
    EXPECT_ERROR(YOLODetection({.root = root.path()}), DecodeError, reason);
  };
  refused("nc: 2\n", "data.yaml, line 1: there is no list \"names\"");
  refused("names: cat\n", "line 1: names must be a list");
  refused("names: [cat,\n  dog]\n", "line 1: the list of names must end on its line");
  refused("names:\n  0: cat\n  2: dog\n", "the class 1 has no name");
  refused("names: ['cat]\n", "line 1: 'cat is no name: its quotes are not sound");
  refused("names:\n  cat\n", "line 2: a name must have its number before it");
}

TEST(YOLODetection, NamesTheLineThatIsWrong) {
  const support::TemporaryFolder root;
  EXPECT_ERROR(YOLODetection({.root = root.path()}), NotFoundError, "there is neither");
  write_picture(root.path() / "images/train/a.jpg");
  write(root.path() / "classes.txt", "cat\n");
  const auto refused = [&](const char* lines, const char* reason) {
    write(root.path() / "labels/train/a.txt", lines);
    EXPECT_ERROR(YOLODetection({.root = root.path()}).get(0), DecodeError, reason);
  };
  refused("0 0.5 0.5 0.5\n", "a.txt, line 1: it must have a class and 4 numbers");
  refused("0 0.5 0.5 0.5 0.5\n0 1 1 1 1 1\n", "a.txt, line 2: it must have");
  refused("cat 0.5 0.5 0.5 0.5\n", "line 1: \"cat\" is no whole number");
  refused("-1 0.5 0.5 0.5 0.5\n", "line 1: -1 is no class");
  refused("0 nan 0.5 0.5 0.5\n", "line 1: \"nan\" is no");
  refused("1 0.5 0.5 0.5 0.5\n", "a.txt: the class 1 has no name");
  EXPECT_ERROR(YOLODetection({.root = root.path()}).get(1), ValueError, "YOLODetection: index must be below 1, got 1");
}

std::string voc_object(const char* name, int left, int top, int right, int bottom) {
  return text("<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>",
              name, left, top, right, bottom);
}

// Pictures a and c with objects, b without; c is a PNG.
void write_voc_folder(const fs::path& root) {
  for (const auto* name : {"a.jpg", "b.jpg", "c.png"}) write_picture(root / "JPEGImages" / name);
  write(root / "Annotations/a.xml", "<annotation><filename>a.jpg</filename>" + voc_object("nut", 9, 13, 40, 36) +
                                        voc_object("bolt", 1, 1, 64, 48) + "</annotation>");
  write(root / "Annotations/b.xml", "<annotation><filename>b.jpg</filename></annotation>");
  write(root / "Annotations/c.xml", "<annotation>" + voc_object("washer", 2, 3, 4, 5) + "</annotation>");
}

TEST(VOCFolder, ReadsBoxesOfClassesOfItsOwn) {
  const support::TemporaryFolder root;
  write_voc_folder(root.path());
  write(root.path() / "ImageSets/Main/train.txt", "b\n\n  a \n");
  write(root.path() / "ImageSets/Main/val.txt", "c\n");
  const VOCFolder pictures({.root = root.path()}), val({.root = root.path(), .split = "val"});
  ASSERT_EQ(pictures.size(), 2);  // in the list's order
  // Those of all splits, so that a number is one class in each.
  const std::vector<std::string> classes{"bolt", "nut", "washer"};
  EXPECT_EQ(pictures.classes(), classes);
  EXPECT_EQ(val.classes(), classes);
  const auto empty = pictures.get(0), full = pictures.get(1);
  EXPECT_EQ(empty.boxes.data.sizes(), (torch::IntArrayRef{0, 4}));
  EXPECT_EQ(empty.labels.numel(), 0);
  EXPECT_TENSOR_EQ(full.boxes.data, torch::tensor({{8.f, 12.f, 40.f, 36.f}, {0.f, 0.f, 64.f, 48.f}}));
  EXPECT_EQ(full.boxes.canvas_size, (Size{48, 64}));
  EXPECT_TENSOR_EQ(full.labels, torch::tensor({int64_t{1}, int64_t{0}}));
  EXPECT_EQ(full.annotation["annotation"]["filename"].text(), "a.jpg");
  ASSERT_EQ(val.size(), 1);
  EXPECT_EQ(val.get(0).image.data.sizes(), (torch::IntArrayRef{3, 48, 64}));  // c.png
  EXPECT_TENSOR_EQ(val.get(0).labels, torch::tensor({int64_t{2}}));
  const VOCFolder given({.root = root.path(), .classes = {"washer", "nut", "bolt"}});
  EXPECT_TENSOR_EQ(given.get(1).labels, torch::tensor({int64_t{1}, int64_t{2}}));
}

TEST(VOCFolder, HasAllAnnotationsWithoutImageSets) {
  const support::TemporaryFolder root;
  EXPECT_ERROR(VOCFolder({.root = root.path()}), NotFoundError, "there is no folder");
  write_voc_folder(root.path());
  write(root.path() / "Annotations/notes.txt", "no annotation");
  const VOCFolder pictures({.root = root.path()});
  ASSERT_EQ(pictures.size(), 3);
  const std::vector<std::string> names{"a.jpg", "b.jpg", "c.png"};
  const std::vector<int64_t> objects{2, 0, 1};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(pictures.files().images[i].filename().string(), names[i]);
    EXPECT_EQ(pictures.get(i).labels.numel(), objects[i]);
  }
  EXPECT_ERROR(VOCFolder({.root = root.path(), .split = "val"}), NotFoundError,
               "val.txt; a folder without image sets has the split train alone");
  EXPECT_EQ(read_boxes({.format = BoxFormat::VOC, .root = root.path()}).pictures.size(), 3);
  // Names of an image set may begin with a folder.
  for (const auto* const part : {"Annotations", "JPEGImages"}) {
    std::filesystem::create_directories(root.path() / part / "cam");
    for (const auto& file : std::filesystem::directory_iterator(root.path() / part)) {
      if (file.is_regular_file()) std::filesystem::copy(file.path(), root.path() / part / "cam");
    }
  }
  write(root.path() / "ImageSets/Main/deep.txt", "c\ncam/c\n");
  const auto deep = read_boxes({.format = BoxFormat::VOC, .root = root.path(), .split = "deep"});
  ASSERT_EQ(deep.pictures.size(), 2);
  EXPECT_EQ(deep.pictures[1].name, "cam/c.png");
  EXPECT_EQ(deep.pictures[1].objects.size(), 1);
  write(root.path() / "ImageSets/Main/val.txt", "a\n");
  EXPECT_ERROR(VOCFolder({.root = root.path()}), NotFoundError, "train.txt");
}

TEST(VOCFolder, NamesTheFileThatIsWrong) {
  const support::TemporaryFolder root;
  write_voc_folder(root.path());
  const std::vector<std::string> classes{"bolt", "nut"};
  const VOCFolder given({.root = root.path(), .classes = classes});
  EXPECT_ERROR(given.get(2), DecodeError, "c.xml: \"washer\" is no class; they are bolt, nut");
  EXPECT_ERROR(given.get(3), ValueError, "VOCFolder: index must be below 3, got 3");
  EXPECT_ERROR(VOCFolder({.root = root.path(), .classes = {"a", "b", "a"}}), ValueError, "the class \"a\" is given twice");
  const auto refused = [&](const std::string& xml, const char* reason) {
    write(root.path() / "Annotations/a.xml", xml);
    EXPECT_ERROR(VOCFolder({.root = root.path(), .classes = classes}).get(0), DecodeError, reason);
  };
  refused("<annotation><object>", "Annotations/a.xml: parse_voc_xml:");
  refused("<annotation><object><name>nut</name></object></annotation>", "Annotations/a.xml: ");
  refused("<annotation><object><name>nut</name><bndbox><xmin>one</xmin></bndbox></object></annotation>",
          "a.xml: xmin must be a number of pixels, got \"one\"");
  // Classes are looked for in all files, so the one that is broken is met at once.
  write(root.path() / "Annotations/a.xml", "<annotation><object>");
  EXPECT_ERROR(VOCFolder({.root = root.path()}), DecodeError, "Annotations/a.xml: parse_voc_xml:");
}

// A COCO set with boxes that are no whole numbers, a picture in a folder, one without boxes, and a group.
BoxedSource coco_source(const fs::path& root) {
  for (const auto* name : {"a.jpg", "sub/b.jpg", "c.jpg"}) write_picture(root / "pictures" / name);
  write(root / "instances.json", R"({
    "images": [{"id": 9, "file_name": "a.jpg", "height": 48, "width": 64}, {"id": 3, "file_name": "sub/b.jpg"},
               {"id": 5, "file_name": "c.jpg", "height": 48, "width": 64}],
    "annotations": [{"id": 1, "image_id": 9, "category_id": 44, "bbox": [1.5, 2.25, 10.125, 20]},
                    {"id": 2, "image_id": 9, "category_id": 7, "bbox": [0, 0, 64, 48], "iscrowd": 0},
                    {"id": 3, "image_id": 9, "category_id": 7, "bbox": [1, 1, 2, 2], "iscrowd": 1},
                    {"id": 4, "image_id": 3, "category_id": 7, "bbox": [33.3, 7.77, 12.34, 5.678]}],
    "categories": [{"id": 44, "name": "dog"}, {"id": 7, "name": "person"}]})");
  return {.format = BoxFormat::COCO, .root = root / "pictures", .annFile = root / "instances.json"};
}

void expect_same_boxes(const BoxedSet& a, const BoxedSet& b, double within = 0) {
  EXPECT_EQ(a.classes, b.classes);
  ASSERT_EQ(a.pictures.size(), b.pictures.size());
  std::map<std::string, const BoxedPicture*> by_name;
  const auto flat = [](std::string name) {
    std::replace(name.begin(), name.end(), '/', '_');
    return name;
  };
  for (const auto& picture : b.pictures) by_name[flat(picture.name)] = &picture;
  for (const auto& picture : a.pictures) {
    SCOPED_TRACE(picture.name);
    ASSERT_TRUE(by_name.contains(flat(picture.name)));
    const auto& other = *by_name[flat(picture.name)];
    EXPECT_EQ(picture.size, other.size);
    EXPECT_EQ(io::read_bytes(picture.file), io::read_bytes(other.file));
    ASSERT_EQ(picture.objects.size(), other.objects.size());
    for (size_t i = 0; i < picture.objects.size(); ++i) {
      const auto &x = picture.objects[i], &y = other.objects[i];
      EXPECT_EQ(x.label, y.label);
      EXPECT_NEAR(x.left, y.left, within);
      EXPECT_NEAR(x.top, y.top, within);
      EXPECT_NEAR(x.right, y.right, within);
      EXPECT_NEAR(x.bottom, y.bottom, within);
    }
  }
}

TEST(ConvertBoxes, GoFromCocoToYoloAndBack) {
  const support::TemporaryFolder root, yolo, back;
  const auto first = read_boxes(coco_source(root.path()));
  EXPECT_EQ(first.classes, (std::vector<std::string>{"person", "dog"}));
  ASSERT_EQ(first.pictures.size(), 3);
  EXPECT_EQ(first.pictures[2].objects.size(), 2);
  write_boxes(first, BoxFormat::YOLO, yolo.path(), "val");
  const auto second = read_boxes({.format = BoxFormat::YOLO, .root = yolo.path(), .split = "val"});
  // To a millionth of a pixel, which is what reading rounds to: 33.3 + 12.34 is no sum of the same bits.
  expect_same_boxes(first, second, 1e-12);
  write_boxes(second, BoxFormat::COCO, back.path());
  const BoxedSource third{.root = back.path() / "train", .annFile = back.path() / "annotations/instances_train.json"};
  expect_same_boxes(second, read_boxes(third), 1e-12);

  const YOLODetection pictures({.root = yolo.path(), .split = "val"});
  const CocoDetection coco({.root = third.root, .annFile = third.annFile});
  for (size_t i = 0; i < pictures.size(); ++i) {
    EXPECT_TENSOR_NEAR(pictures.get(i).boxes.data, coco.get(i).boxes.data.to(torch::kFloat32), 0, 1e-5);  // sums in two orders
    EXPECT_TENSOR_EQ(pictures.get(i).labels + 1, coco.get(i).labels);
  }
}

TEST(ConvertBoxes, GoToVocAndBackAsWholePixels) {
  const support::TemporaryFolder root, voc, coco;
  auto first = read_boxes(coco_source(root.path()));
  for (auto& picture : first.pictures) {
    for (auto& box : picture.objects) {
      for (auto* side : {&box.left, &box.top, &box.right, &box.bottom}) *side = std::round(*side);
    }
  }
  const auto devkit = voc.path() / "VOCdevkit/VOC2012";
  write_boxes(first, BoxFormat::VOC, devkit, "val");
  auto second = read_boxes({.format = BoxFormat::VOC, .root = devkit, .split = "val"});
  EXPECT_EQ(second.classes.size(), 20);
  write_boxes(second, BoxFormat::COCO, coco.path());
  auto third = read_boxes({.root = coco.path() / "train", .annFile = coco.path() / "annotations/instances_train.json"});
  EXPECT_EQ(third.classes, second.classes);
  for (auto* set : {&second, &third}) {
    for (auto& picture : set->pictures) {
      for (auto& box : picture.objects) box.label = set->classes[static_cast<size_t>(box.label)] == "dog" ? 1 : 0;
    }
    set->classes = first.classes;
    expect_same_boxes(first, *set);
  }
  const VOCDetection photos({.root = voc.path(), .year = "2012", .image_set = "val"});
  EXPECT_EQ(photos.size(), 3);
  EXPECT_TENSOR_EQ(photos.get(2).boxes.data, torch::tensor({{3, 3, 12, 22}, {1, 1, 64, 48}}, torch::kInt64));
  const VOCFolder folder({.root = devkit, .split = "val"});
  ASSERT_EQ(folder.size(), 3);
  EXPECT_EQ(folder.classes(), (std::vector<std::string>{"dog", "person"}));
  EXPECT_TENSOR_EQ(folder.get(2).boxes.data, torch::tensor({{2.f, 2.f, 12.f, 22.f}, {0.f, 0.f, 64.f, 48.f}}));
  EXPECT_TENSOR_EQ(folder.get(2).labels, torch::tensor({int64_t{0}, int64_t{1}}));
}

TEST(ConvertBoxes, RefuseWhatTheFormatHasNot) {
  const support::TemporaryFolder root, to;
  auto set = read_boxes(coco_source(root.path()));
  EXPECT_ERROR(write_boxes(set, BoxFormat::YOLO, to.path(), "../x"), ValueError,
               "the split must be a plain name, got \"../x\"");
  set.pictures[0].name = "z.png";
  EXPECT_ERROR(write_boxes(set, BoxFormat::VOC, to.path()), ValueError, "pictures of VOC must be .jpg, got z.png");
  set.pictures[0].name = "sub/c.jpg";
  set.pictures[1].name = "sub_c.jpg";
  EXPECT_ERROR(write_boxes(set, BoxFormat::YOLO, to.path()), ValueError, "two pictures would get the name \"sub_c\"");
  set.pictures[0].name = "../../c.jpg";
  EXPECT_ERROR(write_boxes(set, BoxFormat::COCO, to.path()), ValueError, "leads out of the folder");
  set.pictures[0].name = "c.jpg";
  set.classes.pop_back();
  EXPECT_ERROR(write_boxes(set, BoxFormat::COCO, to.path()), ValueError, "the class 1 has no name");
  EXPECT_ERROR(box_format("pascal"), ValueError, "must be coco, voc or yolo, got \"pascal\"");
  write(root.path() / "instances.json",
        R"({"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"id": 1, "image_id": 1, "category_id": 2,
                         "bbox": [1, 2, 3, 4]}]})");
  EXPECT_ERROR(read_boxes({.root = root.path() / "pictures", .annFile = root.path() / "instances.json"}), DecodeError,
               "instances.json: image 1: 2 is no category");
  EXPECT_TRUE(fs::is_empty(to.path()));  // nothing is written of what is refused
}

TEST(ConvertBoxes, RefuseNumbersThatAreNone) {
  const support::TemporaryFolder root;
  write_picture(root.path() / "a.jpg");
  for (const auto* box : {R"(["nan", 1, 2, 3])", "[1e300, 1, 2, 3]", R"([null, 1, 2, 3])"}) {
    write(root.path() / "instances.json",
          text(R"({"images": [{"id": 1, "file_name": "a.jpg"}], "categories": [{"id": 1, "name": "x"}],
                   "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": {}}]})",
               box));
    EXPECT_ERROR(read_boxes({.root = root.path(), .annFile = root.path() / "instances.json"}), DecodeError,
                 "image 1: a bbox must have numbers of pixels");
  }
}

TEST(ConvertBoxes, TakeTrueForAGroupAndRefuseAPictureWithoutAName) {
  const support::TemporaryFolder root;
  write_picture(root.path() / "a.jpg");
  const auto read = [&](const std::string& image, const std::string& crowd) {
    write(root.path() / "instances.json", R"({"categories": [{"id": 1, "name": "x"}], "images": [{"id": 1)" + image + R"(}],
              "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "iscrowd": )" +
                                              crowd + "}]}");
    return read_boxes({.root = root.path(), .annFile = root.path() / "instances.json"});
  };
  const std::string named = R"(, "file_name": "a.jpg")";
  EXPECT_EQ(read(named, "true").pictures.at(0).objects.size(), 0);
  EXPECT_EQ(read(named, "false").pictures.at(0).objects.size(), 1);
  EXPECT_ERROR(read("", "0"), DecodeError, "instances.json: image 1 has no file_name");
}

TEST(ConvertBoxes, MeasureThePictureWhereVocSaysThatItHasNoSize) {
  const support::TemporaryFolder root;
  write_picture(root.path() / "JPEGImages/a.jpg");
  write(root.path() / "ImageSets/Main/train.txt", "a\n");
  write(root.path() / "Annotations/a.xml",
        "<annotation><size><width>0</width><height>0</height></size><object><name>dog</name><bndbox><xmin>1</xmin>"
        "<ymin>2</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object></annotation>");
  const auto set = read_boxes({.format = BoxFormat::VOC, .root = root.path(), .split = "train"});
  EXPECT_EQ(set.pictures.at(0).size, (Size{48, 64}));
}

TEST(ConvertBoxes, NeverWriteOverWhatTheyRead) {
  const support::TemporaryFolder root, voc;
  write_boxes(read_boxes(coco_source(root.path())), BoxFormat::VOC, voc.path(), "train");
  const auto before = io::read_bytes(voc.path() / "Annotations/a.xml");
  const auto set = read_boxes({.format = BoxFormat::VOC, .root = voc.path(), .split = "train"});
  EXPECT_ERROR(write_boxes(set, BoxFormat::VOC, voc.path()), ValueError, "is read from the folder that is written");
  EXPECT_EQ(io::read_bytes(voc.path() / "Annotations/a.xml"), before);
}

TEST(ConvertBoxes, KeepTheOtherSplitOfAYoloFolder) {
  const support::TemporaryFolder root, yolo;
  auto set = read_boxes(coco_source(root.path()));
  set.classes = {"5\" disk, old", "driver's \\ seat"};
  write_boxes(set, BoxFormat::YOLO, yolo.path(), "train");
  write_boxes(set, BoxFormat::YOLO, yolo.path(), "val");
  const auto yaml = io::read_bytes(yolo.path() / "data.yaml");
  EXPECT_THAT(std::string(yaml.begin(), yaml.end()), testing::HasSubstr("train: images/train\nval: images/val\n"));
  EXPECT_EQ(YOLODetection({.root = yolo.path(), .split = "val"}).classes(), set.classes);
  std::swap(set.classes[0], set.classes[1]);
  EXPECT_ERROR(write_boxes(set, BoxFormat::YOLO, yolo.path(), "test"), ValueError, "of other classes; write to another folder");
}

// A split of some pictures, one and the same.
BoxedSet many_pictures(const fs::path& root, std::vector<std::string> classes) {
  write_picture(root / "a.jpg");
  BoxedSet out{.classes = std::move(classes)};
  for (int i = 0; i < 20; ++i) {
    out.pictures.push_back({.file = root / "a.jpg", .name = text("{}.jpg", i), .size = {48, 64}, .objects = {{0, 1, 1, 9, 9}}});
  }
  return out;
}

TEST(ConvertBoxes, ASplitThatWasNotFinishedKeepsItsClasses) {
  const support::TemporaryFolder root, yolo;
  auto train = many_pictures(root.path(), {"alpha", "beta"});
  train.pictures[3].file = root.path() / "missing.jpg";
  EXPECT_ERROR(write_boxes(train, BoxFormat::YOLO, yolo.path(), "train"), IoError, "cannot copy");
  EXPECT_EQ(list_yolo(yolo.path(), "train").images.size(), 3);
  const auto val = many_pictures(root.path(), {"beta", "gamma"});
  EXPECT_ERROR(write_boxes(val, BoxFormat::YOLO, yolo.path(), "val"), ValueError, "has a split \"train\" of other classes");
  EXPECT_EQ(list_yolo(yolo.path(), "train").classes, train.classes);
  fs::remove(yolo.path() / "data.yaml");
  EXPECT_ERROR(write_boxes(val, BoxFormat::YOLO, yolo.path(), "val"), ValueError,
               "has a split \"train\" without a data.yaml, which was not finished; remove it");
}

TEST(ConvertBoxes, OfTwoSplitsOfOtherClassesAtOnceOneIsRefused) {
  const support::TemporaryFolder root;
  const auto train = many_pictures(root.path(), {"alpha", "beta"}), val = many_pictures(root.path(), {"beta", "gamma"});
  for (int round = 0; round < 10; ++round) {
    const support::TemporaryFolder yolo;
    std::atomic<int> refused = 0;
    const auto convert = [&](const BoxedSet& set, const char* split) {
      try {
        write_boxes(set, BoxFormat::YOLO, yolo.path(), split);
      } catch (const ValueError&) {
        ++refused;
      }
    };
    std::thread other(convert, std::cref(train), "train");
    convert(val, "val");
    other.join();
    EXPECT_EQ(refused, 1);
  }
}

}  // namespace
}  // namespace opsis::datasets
