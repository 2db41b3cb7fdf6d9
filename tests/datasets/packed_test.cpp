// Data sets whose files lie in archives: what they give is what they give of the folder that Python unpacks.
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "opsis/core/check.h"
#include "opsis/data.h"
#include "opsis/datasets.h"
#include "opsis/datasets/coco_index.h"
#include "opsis/hub/zip_writer.h"
#include "opsis/io/file.h"
#include "opsis/io/image.h"
#include "opsis/io/index_file.h"
#include "opsis/transforms.h"
#include "tests/support/download_server.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;
using oracle::Case;

fs::path coco_root() { return oracle::cases("datasets_targets/coco").front().text("root"); }

// A zip of files by name and what they hold.
std::string zip_of(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string bytes;
  hub::ZipWriter zip([&](io::Bytes part) { bytes += io::as_text(part); });
  for (const auto& [name, content] : files) zip.add(name, io::as_bytes(content));
  zip.finish();
  return bytes;
}

// All files of a folder in a zip, below `prefix`.
fs::path zipped(const fs::path& from, const std::string& prefix, const support::TemporaryFolder& folder) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    if (!entry.is_regular_file()) continue;
    files.emplace_back(prefix + entry.path().lexically_relative(from).string(), io::as_text(io::read_bytes(entry.path())));
  }
  return folder.write("all.zip", zip_of(files));
}

// So in a tar, by GNU's tar, which has "./" in front of its names.
fs::path tarred(const fs::path& from, const std::string& prefix, const support::TemporaryFolder& folder) {
  const support::TemporaryFolder around;
  const auto inner = prefix.empty() ? around.path() : around.path() / prefix;
  fs::create_directories(inner);
  fs::copy(from, inner, fs::copy_options::recursive);
  const auto archive = folder.path() / "all.tar";
  if (std::system(text("tar -cf {} -C {} .", archive.string(), around.path().string()).c_str()) != 0) {
    throw std::runtime_error("tar has failed");
  }
  return archive;
}

TEST(PackedFolder, SamplesAndPixelsEqualTorchvisionsOfTheUnpackedFolder) {
  for (const auto& c : oracle::cases("datasets_packed/photos")) {
    SCOPED_TRACE(c.name());
    const fs::path root = c.text("root");
    const ImageFolder photos({.root = root, .allow_empty = true});
    std::vector<std::string> paths;
    for (const auto& [path, label] : photos.samples()) paths.push_back(path.lexically_relative(root).string());
    EXPECT_EQ(paths, c.texts("paths"));
    EXPECT_EQ(photos.classes(), c.texts("classes"));
    EXPECT_EQ(nlohmann::json(photos.class_to_idx()), nlohmann::json::parse(c.json("class_to_idx")));
    EXPECT_EQ(photos.targets(), c.ints("targets"));
    ASSERT_EQ(photos.size(), c.texts("paths").size());
    for (size_t i = 0; i < photos.size(); ++i) {
      EXPECT_TENSOR_EQ(photos.get(i).image.data, c.tensor("image" + std::to_string(i)));
    }
  }
}

TEST(PackedFolder, TransformsDrawAndGiveWhatTheyDoOfFiles) {
  const transforms::Compose train{transforms::RandomResizedCrop({8}), transforms::RandomHorizontalFlip(),
                                  transforms::ToDtype(torch::kFloat32, {.scale = true})};
  for (const auto& c : oracle::cases("datasets_packed/photos")) {
    SCOPED_TRACE(c.name());
    const ImageFolder packed({.root = c.text("root"), .transforms = train, .allow_empty = true});
    const ImageFolder unpacked({.root = c.text("unpacked"), .transforms = train, .allow_empty = true});
    data::DataLoader ours(packed, {.batch_size = 3, .shuffle = true, .num_workers = 3, .seed = 1});
    data::DataLoader theirs(unpacked, {.batch_size = 3, .shuffle = true, .num_workers = 0, .seed = 1});
    auto expected = theirs.begin();
    size_t batches = 0;
    for (const auto& batch : ours) {
      EXPECT_TENSOR_EQ(batch.images, expected->images);
      EXPECT_TENSOR_EQ(batch.labels, expected->labels);
      ++expected;
      ++batches;
    }
    EXPECT_GT(batches, 2u);
  }
}

TEST(PackedFolder, AUsersOwnDecoderTakesBytesAndHisLoaderIsRefused) {
  const fs::path root = oracle::cases("datasets_packed/photos").front().text("root");
  const auto size_of = [](io::Bytes bytes) { return Image(torch::full({1, 1}, static_cast<int64_t>(bytes.size()))); };
  const DatasetFolder texts({.root = root, .extensions = {".txt"}, .allow_empty = true, .decode = size_of});
  ASSERT_EQ(texts.size(), 1u);
  EXPECT_EQ(texts.get(0).image.data.item<int64_t>(), 330);
  const auto loader = [](const fs::path& path) { return default_loader(path); };
  EXPECT_ERROR(DatasetFolder({.root = root, .loader = loader, .extensions = {".png"}, .allow_empty = true}), ValueError,
               "give .decode, which takes their bytes");
  EXPECT_EQ(DatasetFolder({.root = root, .loader = gray_loader, .extensions = {".png"}, .allow_empty = true})
                .get(0)
                .image.data.size(0),
            1);
  const auto valid = [](const fs::path& path) { return path.filename() == "9.png"; };
  EXPECT_EQ(ImageFolder({.root = root, .is_valid_file = valid, .allow_empty = true}).size(), 1u);
}

TEST(PackedFolder, NamesWhatIsMissing) {
  const support::TemporaryFolder folder;
  const auto root = folder.write(
      "photos.zip",
      zip_of({{"cat/1.png", "x"}, {"../dog/1.png", "x"}, {"/cow/1.png", "x"}, {"cat/../owl/1.png", "x"}, {"emu/x.txt", "x"}}));
  EXPECT_EQ(find_classes(root).classes, (std::vector<std::string>{"cat", "emu"}));
  EXPECT_ERROR(ImageFolder({.root = root}), NotFoundError, "no valid file in " + root.string() + " for the classes emu");
  EXPECT_ERROR(ImageFolder({.root = root / "train"}), NotFoundError, "photos.zip/train is not there");
  EXPECT_ERROR(ImageFolder({.root = root / "cat"}), NotFoundError, "there is no folder in");
  EXPECT_ERROR(ImageFolder({.root = root / "cat/1.png"}), NotFoundError, "is not there");
  EXPECT_ERROR(ImageFolder({.root = root, .allow_empty = true}).get(0), DecodeError, "photos.zip/cat/1.png");
  EXPECT_ERROR(ImageFolder({.root = folder.write("photos.tar.gz", "\x1f\x8b\x08")}), DecodeError, "decompress it");
  const FileRoot files(root);
  EXPECT_EQ(files.read(root / "cat/./1.png").size(), 1u);
  for (const auto* name : {"cat", "cat/2.png", "owl/1.png", "cow/1.png"}) {
    EXPECT_ERROR(files.read(root / name), IoError, "the archive has no such file");
  }
}

TEST(FileRoot, OfAnArchiveReadsNothingElse) {
  const support::TemporaryFolder folder;
  const auto root = folder.write("photos.zip", zip_of({{"cat/1.png", "x"}})), beside = folder.write("beside/2.png", "12");
  const FileRoot packed(root), plain(folder.path());
  EXPECT_EQ(plain.read(beside).size(), 2u);
  EXPECT_TRUE(plain.is_file(beside) && plain.is_folder(beside.parent_path()));
  for (const auto& path : {beside, root / "../beside/2.png", root / "cat/../../beside/2.png", root, fs::path("/etc/hostname"),
                           fs::path("cat/1.png"), fs::path(root.string() + "x/1.png"), fs::path()}) {
    SCOPED_TRACE(path);
    EXPECT_FALSE(packed.is_file(path));
    EXPECT_ERROR(packed.read(path), IoError,
                 path == root ? "the archive has no such file" : "it is not in the archive " + root.string());
  }
  EXPECT_FALSE(packed.is_folder(beside.parent_path()));
  EXPECT_ERROR(packed.files_in(beside.parent_path()), NotFoundError, "the archive has no such folder");
}

TEST(PackedFolder, NamesNeedNotBeUtf8) {
  const support::TemporaryFolder folder;
  const auto expect_equal = [](const ImageFolder& packed, const ImageFolder& unpacked) {
    EXPECT_EQ(unpacked.classes(), (std::vector<std::string>{"caf\xE9", "dog", "\xC0"}));
    EXPECT_EQ(packed.classes(), unpacked.classes());
    ASSERT_EQ(packed.size(), unpacked.size());
    for (size_t i = 0; i < packed.size(); ++i) {
      EXPECT_EQ(packed.samples()[i].first.filename(), unpacked.samples()[i].first.filename());
      EXPECT_TENSOR_EQ(packed.get(i).image.data, unpacked.get(i).image.data);
    }
  };
  for (const auto& c : oracle::cases("datasets_packed/latin")) {
    SCOPED_TRACE(c.name());
    const fs::path tar = c.text("root");
    const ImageFolder unpacked({.root = c.text("unpacked")});
    for (const bool index : {false, true, true}) expect_equal(ImageFolder({.root = tar, .index = index}), unpacked);
    expect_equal(ImageFolder({.root = zipped(c.text("unpacked"), "", folder)}), unpacked);
    extract_archive(tar, folder.path() / c.name());
    expect_equal(ImageFolder({.root = folder.path() / c.name()}), unpacked);
  }
}

TEST(PackedFolder, RefusesFoldersOfEndlessDepth) {
  const support::TemporaryFolder folder;
  std::string name;
  for (int i = 0; i < 1000; ++i) name += "a/";
  const auto root = folder.write("deep.zip", zip_of({{name + "1.png", "x"}}));
  EXPECT_ERROR(ImageFolder({.root = root}), DecodeError, "is 1000 folders deep, at most 64 are read");
}

TEST(PackedFolder, RefusesNamesThatNoFileCouldHave) {
  const support::TemporaryFolder folder;
  const auto root = folder.write("long.zip", zip_of({{"cat/" + std::string(5000, 'a') + ".png", "x"}}));
  EXPECT_ERROR(ImageFolder({.root = root}), DecodeError, "has 5008 bytes, at most 4096 are read");
}

TEST(PackedCoco, EqualsThatOfTheFolder) {
  const support::TemporaryFolder folder;
  const auto pictures = coco_root() / "pictures", file = folder.path() / "instances.json";
  fs::copy_file(coco_root() / "instances.json", file);
  const CocoDetection plain({.root = pictures, .annFile = file});
  for (const auto& archive : {zipped(pictures, "val/", folder), tarred(pictures, "val/", folder)}) {
    SCOPED_TRACE(archive);
    const auto packed_root = archive / "val";
    for (const bool index : {false, true, true}) {
      const CocoDetection packed({.root = packed_root, .annFile = file, .index = index});
      const CocoCaptions captions({.root = packed_root, .annFile = file, .index = index});
      ASSERT_EQ(packed.size(), plain.size());
      for (size_t i = 0; i < plain.size(); ++i) {
        EXPECT_TENSOR_EQ(packed.get(i).image.data, plain.get(i).image.data);
        EXPECT_TENSOR_EQ(packed.get(i).boxes.data, plain.get(i).boxes.data);
        EXPECT_TENSOR_EQ(captions.get(i).image.data, plain.get(i).image.data);
      }
    }
    EXPECT_ERROR(CocoDetection({.root = packed_root / "none", .annFile = file}).get(0), IoError,
                 "the archive has no such file");
  }
}

// The archive that torchvision unpacked, as it was downloaded, and a zip of what came out.
TEST(PackedVoc, EqualsTorchvisionOfTheUnpackedFolder) {
  for (const auto* table : {"datasets_targets/voc_detection", "datasets_targets/voc_segmentation"}) {
    for (const auto& c : oracle::cases(table)) {
      SCOPED_TRACE(std::string(table) + " " + c.name());
      const fs::path root = c.text("root");
      fs::path tar;
      for (const auto& entry : fs::directory_iterator(root)) {
        const bool is_test = entry.path().filename().string().starts_with("VOCtest");
        if (entry.path().extension() == ".tar" && is_test == (c.text("image_set") == "test")) tar = entry.path();
      }
      const support::TemporaryFolder folder;
      for (const auto& archive : {tar, zipped(root, "", folder)}) {
        SCOPED_TRACE(archive);
        const VocOptions options{.root = archive, .year = c.text("year"), .image_set = c.text("image_set")};
        for (int64_t i = 0; i < c.integer("length"); ++i) {
          const auto n = std::to_string(i), at = archive.string() + "/";
          if (c.has_tensor("mask" + n)) {
            const VOCSegmentation packed(options);
            ASSERT_EQ(packed.size(), static_cast<size_t>(c.integer("length")));
            const auto example = packed.get(static_cast<size_t>(i));
            EXPECT_TENSOR_EQ(example.image.data, c.tensor("image" + n));
            EXPECT_TENSOR_EQ(example.mask.data, c.tensor("mask" + n));
          } else {
            const VOCDetection packed(options);
            ASSERT_EQ(packed.size(), static_cast<size_t>(c.integer("length")));
            EXPECT_TRUE(packed.files().images[0].string().starts_with(at));
            const auto example = packed.get(static_cast<size_t>(i));
            EXPECT_TENSOR_EQ(example.image.data, c.tensor("image" + n));
            EXPECT_EQ(nlohmann::json::parse(example.annotation.dump()),
                      nlohmann::json::parse(c.text("annotations"))[static_cast<size_t>(i)]);
          }
        }
      }
    }
  }
  const support::TemporaryFolder folder;
  const auto empty = zipped(folder.path(), "", folder);
  EXPECT_ERROR(VOCDetection({.root = empty}), NotFoundError, "VOCdevkit/VOC2012 is not there; the archive has no such folder");
  EXPECT_ERROR(VOCDetection({.root = empty, .download = true}), ValueError,
               "is an archive, into which nothing can be downloaded");
}

TEST(PackedVoc, StaysWithinTheArchiveWhateverItsListNames) {
  const support::TemporaryFolder from, folder;
  const auto beside = folder.write("beside.xml", "<annotation></annotation>"),
             list = fs::path("VOCdevkit/VOC2012/ImageSets/Main");
  from.write(list / "train.txt", folder.path().string() + "/beside\n../../../../beside\n");
  const VOCDetection voc({.root = zipped(from.path(), "", folder)});
  ASSERT_EQ(voc.files().targets[0], beside);
  for (const size_t i : {0, 1}) EXPECT_ERROR(voc.get(i), IoError, "beside.xml: it is not in the archive");
  from.write(list / "train.txt", "one\n\n");
  EXPECT_ERROR(VOCDetection({.root = zipped(from.path(), "", folder)}), DecodeError, "line 2: expected the name of an image");
}

TEST(PackedCoco, StaysWithinTheArchiveWhateverItsFileNames) {
  const support::TemporaryFolder folder;
  const auto pictures = coco_root() / "pictures";
  const auto packed_root = zipped(pictures, "", folder);
  for (const auto& name :
       {fs::absolute(pictures / "a.jpg").string(), std::string("../") + pictures.filename().string() + "/a.jpg"}) {
    const auto file = folder.write("instances.json", "{\"images\": [{\"id\": 1, \"file_name\": \"" + name + "\"}]}");
    EXPECT_ERROR(CocoDetection({.root = packed_root, .annFile = file}).get(0), IoError, "it is not in the archive");
  }
}

TEST(PackedYolo, EqualsThatOfTheFolder) {
  const support::TemporaryFolder root, other;
  const auto picture = torch::arange(3 * 4 * 6, torch::kUInt8).view({3, 4, 6});
  for (const auto* name : {"b.png", "a.png"}) {
    root.write(fs::path("images/val") / name, "");
    io::write_png(Image(picture + name[0]), root.path() / "images/val" / name);
  }
  root.write("labels/val/a.txt", "1 0.5 0.5 0.5 0.25\n0 0.1 0.1 0.3 0.1 0.3 0.4\n");
  root.write("data.yaml", "names: [cat, dog]\n");
  const YOLODetection plain({.root = root.path(), .split = "val"});
  EXPECT_EQ(plain.get(0).labels.numel(), 2);
  for (const std::string prefix : {"", "parts/"}) {
    for (const auto& archive : {zipped(root.path(), prefix, other), tarred(root.path(), prefix, other)}) {
      SCOPED_TRACE(archive);
      for (const bool index : {false, true, true}) {
        const YOLODetection packed({.root = prefix.empty() ? archive : archive / "parts", .split = "val", .index = index});
        EXPECT_EQ(packed.classes(), plain.classes());
        ASSERT_EQ(packed.size(), 2u);
        for (size_t i = 0; i < 2; ++i) {
          EXPECT_TENSOR_EQ(packed.get(i).image.data, plain.get(i).image.data);
          EXPECT_TENSOR_EQ(packed.get(i).boxes.data, plain.get(i).boxes.data);
          EXPECT_TENSOR_EQ(packed.get(i).labels, plain.get(i).labels);
        }
      }
      EXPECT_ERROR(YOLODetection({.root = archive, .split = "train"}), NotFoundError, "there is neither");
    }
  }
  const auto archive = zipped(root.path(), "", other);
  EXPECT_ERROR(YOLODetection({.root = archive, .split = "val", .loader = default_loader}), ValueError,
               "is an archive, whose files have no path that a loader could open");
}

TEST(PackedVocFolder, EqualsThatOfTheFolder) {
  const support::TemporaryFolder root, other;
  const auto picture = torch::arange(3 * 4 * 6, torch::kUInt8).view({3, 4, 6});
  for (const std::string name : {"a", "b"}) {
    root.write("JPEGImages/" + name + ".png", "");
    io::write_png(Image(picture + name[0]), root.path() / "JPEGImages" / (name + ".png"));
    root.write("Annotations/" + name + ".xml", "<annotation><object><name>" + name +
                                                   "</name><bndbox><xmin>2</xmin><ymin>1</ymin><xmax>5</xmax><ymax>3</ymax>"
                                                   "</bndbox></object></annotation>");
  }
  const VOCFolder plain({.root = root.path()});
  for (const std::string prefix : {"", "parts/"}) {
    for (const auto& archive : {zipped(root.path(), prefix, other), tarred(root.path(), prefix, other)}) {
      SCOPED_TRACE(archive);
      for (const bool index : {false, true, true}) {
        const VOCFolder packed({.root = prefix.empty() ? archive : archive / "parts", .index = index});
        EXPECT_EQ(packed.classes(), (std::vector<std::string>{"a", "b"}));
        ASSERT_EQ(packed.size(), 2u);
        for (size_t i = 0; i < 2; ++i) {
          EXPECT_TENSOR_EQ(packed.get(i).image.data, plain.get(i).image.data);
          EXPECT_TENSOR_EQ(packed.get(i).boxes.data, torch::tensor({{1.f, 0.f, 5.f, 3.f}}));
          EXPECT_TENSOR_EQ(packed.get(i).labels, torch::tensor({static_cast<int64_t>(i)}));
        }
      }
    }
  }
  const auto archive = zipped(root.path(), "", other);
  EXPECT_ERROR(VOCFolder({.root = archive, .loader = default_loader}), ValueError,
               "is an archive, whose files have no path that a loader could open");
}

std::string coco_summary(const CocoFile& file) {
  std::string out;
  for (const auto& image : file.images()) {
    out += text("{} {} {} {}\n", image.id, image.file_name, image.height, image.width);
    for (const auto& part : image.annotations) out += file.annotation(part) + "\n";
  }
  for (const auto& [id, name] : file.categories()) out += text("{} {}\n", id, name);
  return out;
}

TEST(CocoIndex, GivesWhatTheFileDoesAndIsNeverTrustedWhenDamaged) {
  const support::TemporaryFolder folder, cache;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  const auto path = folder.path() / "instances.json";
  fs::copy_file(coco_root() / "instances.json", path);
  support::keep_young(path);
  const auto place = folder.path() / ".instances.json.opsis-index";
  const CocoFile plain(path, true);
  EXPECT_FALSE(fs::exists(place));  // too young to be sure of
  const auto expected = coco_summary(plain);

  const auto json = io::read_bytes(path);
  const auto late = io::now_ns() + 120'000'000'000;
  // An index that knows another name: it is the index that is read.
  const std::string whole(io::as_text(json));
  CocoIndex lie{{{.id = 3, .file_name = "lie.jpg", .annotations = {CocoFile::Part{0, 4}}}}, {{1, "x"}}};
  io::write_file_index(path, kCocoIndexKind, coco_index_bytes(lie), io::file_stamp(path), late);
  ASSERT_TRUE(fs::exists(place));
  EXPECT_EQ(coco_summary(CocoFile(path, true)), "3 lie.jpg 0 0\n" + whole.substr(0, 4) + "\n1 x\n");
  EXPECT_EQ(coco_summary(CocoFile(path)), expected);

  const CocoIndex sound{plain.images(), plain.categories()};
  io::write_file_index(path, kCocoIndexKind, coco_index_bytes(sound), io::file_stamp(path), late);
  EXPECT_EQ(coco_summary(CocoFile(path, true)), expected);
  const auto known = io::read_bytes(place);
  for (size_t i = 0; i < known.size(); i += 3) {
    auto bytes = known;
    bytes[i] ^= 0x10;
    if (i % 2 == 0) bytes.resize(i);
    folder.write(place.filename(), io::as_text(bytes));
    ASSERT_EQ(coco_summary(CocoFile(path, true)), expected) << i;
  }
  folder.write(place.filename(), io::as_text(known));
  folder.write("instances.json", "{}");
  EXPECT_EQ(CocoFile(path, true).images().size(), 0u);
}

TEST(CocoIndex, AFileThatIsRewrittenWhileItIsOpenIsAnErrorThatNamesIt) {
  const support::TemporaryFolder folder, cache;
  const support::Variable variable("XDG_CACHE_HOME", cache.path().string());
  const auto path = folder.write("instances.json", R"({"images": [{"id": 1, "file_name": "1.jpg"}], )"
                                                   R"("annotations": [{"id": 5, "image_id": 1}], "categories": []})");
  const CocoFile plain(path);
  CocoIndex known{plain.images(), plain.categories()};
  known.images.at(0).file_name = "known.jpg";
  const auto late = io::now_ns() + 10'000'000'000;
  io::write_file_index(path, kCocoIndexKind, coco_index_bytes(known), io::file_stamp(path), late);
  const CocoFile indexed(path, true);
  ASSERT_EQ(indexed.images().at(0).file_name, "known.jpg");
  const auto part = indexed.images().at(0).annotations.at(0);
  EXPECT_EQ(indexed.annotation(part), R"({"id": 5, "image_id": 1})");
  fs::resize_file(path, 10);
  EXPECT_ERROR(indexed.annotation(part), IoError, "instances.json: it was changed while it was open");
  EXPECT_EQ(plain.annotation(part), R"({"id": 5, "image_id": 1})");
}

std::string shards_of(const Case& c) { return (fs::path(c.text("root")) / c.text("shards")).string(); }

TEST(WebDataset, SamplesAreThoseThatThePackageMakes) {
  for (const auto& c : oracle::cases("datasets_packed/shards")) {
    SCOPED_TRACE(c.name());
    const WebDataset samples({.shards = shards_of(c)});
    const auto keys = c.texts("keys");
    ASSERT_EQ(samples.size(), keys.size());
    const auto members = nlohmann::json::parse(c.json("members"));
    for (size_t i = 0; i < samples.size(); ++i) {
      const auto sample = samples.get(i);
      EXPECT_EQ(sample.key, keys[i]);
      EXPECT_EQ(sample.label, c.ints("labels")[i]);
      EXPECT_EQ(sample.text, c.texts("texts")[i]);
      EXPECT_EQ(sample.json["number"].integer(), c.ints("numbers")[i]);
      EXPECT_TENSOR_EQ(sample.image.data, c.tensor("image" + std::to_string(i)));
      std::vector<std::string> endings{"cls", "jpg", "json", "txt"};
      for (const auto& [ending, bytes] : sample.members) endings.push_back(ending);
      std::sort(endings.begin(), endings.end());
      EXPECT_EQ(nlohmann::json(endings), members[i]);
      const auto mask = io::decode_image(io::Bytes(sample.members.at("seg.png")));
      EXPECT_TENSOR_EQ(mask.data, c.tensor("mask" + std::to_string(i)));
    }
  }
}

TEST(WebDataset, IsLoadedShuffledSplitAndTransformedAsOthers) {
  const auto c = oracle::cases("datasets_packed/shards").front();
  const transforms::Compose train{transforms::RandomResizedCrop({8}), transforms::RandomHorizontalFlip()};
  const WebDataset plain({.shards = shards_of(c), .members = false}), whole({.shards = shards_of(c), .transforms = train});
  torch::manual_seed(3);
  const auto expected = train(plain.get(4).image);
  torch::manual_seed(3);
  EXPECT_TENSOR_EQ(whole.get(4).image.data, expected.data);
  EXPECT_TRUE(plain.get(0).members.empty());

  const MappedDataset classified(whole, [](const WebExample& sample) { return Classified{sample.image, sample.label}; });
  data::DataLoader one(classified, {.batch_size = 4, .shuffle = true, .num_workers = 0, .seed = 5});
  data::DataLoader three(classified, {.batch_size = 4, .shuffle = true, .num_workers = 3, .seed = 5});
  auto other = three.begin();
  for (const auto& batch : one) {
    EXPECT_TENSOR_EQ(batch.images, other->images);
    EXPECT_TENSOR_EQ(batch.labels, other->labels);
    ++other;
  }
  EXPECT_EQ(random_split(whole, {0.5, 0.5})[0].size(), 5u);
}

TEST(WebDataset, NamesTheShardAndTheMemberThatIsWrong) {
  const support::TemporaryFolder folder;
  const auto shard = zip_of({{"a.cls", "x"}, {"b.json", "{"}, {"c.txt", "\xff"}, {"d.jpg", "no picture"}, {"e.cls", "7"}});
  const auto path = folder.write("0.zip", shard).string();  // a zip is as good a shard
  const WebDataset samples({.shards = path});
  ASSERT_EQ(samples.size(), 5u);
  EXPECT_ERROR(samples.get(0), DecodeError, path + "/a.cls: \"x\" is no whole number");
  EXPECT_ERROR(samples.get(1), DecodeError, path + "/b.json: ");
  EXPECT_ERROR(samples.get(2), DecodeError, path + "/c.txt: it is no UTF-8");
  EXPECT_ERROR(samples.get(3), DecodeError, path + "/d.jpg: ");
  EXPECT_EQ(samples.get(4).image.data.numel(), 0);
  EXPECT_ERROR(samples.get(5), ValueError, "WebDataset: index must be below 5, got 5");
  EXPECT_ERROR(WebDataset({.shards = path + ".{0,1}"}), IoError, path + ".0");
  EXPECT_ERROR(WebDataset({.shards = folder.write("cut.tar", std::string(600, 'x')).string()}), DecodeError, "cut.tar: ");
}

TEST(WebDataset, ReadsNoMemberThatIsLargerThanItsLimit) {
  const support::TemporaryFolder folder;
  const auto path = folder.write("0.zip", zip_of({{"a.txt", "12345678"}})).string();
  EXPECT_EQ(WebDataset({.shards = path, .limits = {.file_bytes = 8}}).get(0).text, "12345678");
  EXPECT_ERROR(WebDataset({.shards = path, .limits = {.file_bytes = 7}}).get(0), DecodeError,
               path + "/a.txt: it is larger than limits.file_bytes (7)");
  EXPECT_EQ(WebDataset::Options().limits.file_bytes, Limits().image_bytes);
}

TEST(WebDataset, BracesExpandAsInAShell) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(expand_braces("a"), Names{"a"});
  EXPECT_EQ(expand_braces("t-{08..10}.tar"), (Names{"t-08.tar", "t-09.tar", "t-10.tar"}));
  EXPECT_EQ(expand_braces("{2..0}{a,b}"), (Names{"2a", "2b", "1a", "1b", "0a", "0b"}));
  EXPECT_EQ(expand_braces("{x,y{1..2},}"), (Names{"x", "y1", "y2", ""}));
  EXPECT_EQ(expand_braces("{x}{1..y}"), (Names{"{x}{1..y}"}));
  EXPECT_ERROR(expand_braces("a{b"), ValueError, "is not closed in \"a{b\"");
  EXPECT_ERROR(expand_braces("a}b"), ValueError, "is not opened");
  EXPECT_ERROR(expand_braces("{0..99999999}"), ValueError, "too many names");
  EXPECT_ERROR(expand_braces("{0..9999}{0..9999}"), ValueError, "more than 10000000 names");
  EXPECT_ERROR(expand_braces("{-9223372036854775808..9223372036854775807}"), ValueError, "too many names");
}

TEST(WebDataset, NamesAreSplitAsThePackageSplitsThem) {
  const auto split = [](std::string_view name) {
    const auto parts = split_web_name(name);
    return parts ? text("{}|{}", parts->first, parts->second) : "none";
  };
  EXPECT_EQ(split("a.jpg"), "a|jpg");
  EXPECT_EQ(split("a.b/c.seg.png"), "a.b/c|seg.png");
  EXPECT_EQ(split("a"), "none");
  EXPECT_EQ(split("a.b/c"), "none");
  EXPECT_EQ(split(".png"), "none");
  EXPECT_EQ(split("dir/.png"), "dir/|png");
  EXPECT_EQ(split("d.r/.png"), "none");
  EXPECT_EQ(split("/.png"), "/|png");
}

}  // namespace
}  // namespace opsis::datasets
