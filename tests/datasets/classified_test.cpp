// Data sets of classified images: what torchvision opens, Opsis opens; what it downloads and unpacks, Opsis leaves on the disk
// too.
#include <algorithm>
#include <fstream>
#include <thread>
#include <vector>

#include "opsis/datasets.h"
#include "opsis/hub/digest.h"
#include "tests/datasets/opened.h"

namespace opsis::datasets {
namespace {

namespace fs = std::filesystem;
using oracle::Case;

// Opens each case with the options that `set` takes from it, and compares all there is.
template <class Data, class Set>
void expect_same_as_torchvision(const std::string& table, const Set& set) {
  each_opened(
      "datasets_classified/" + table,
      [&](const Case& c, const fs::path& root, bool download) {
        typename Data::Options options{.root = root};
        if constexpr (requires { options.download = download; }) options.download = download;
        set(options, c);
        return Data(std::move(options));
      },
      [](const Data& data, const Case& c) { expect_classified(data, c); });
}

constexpr auto kNoOptions = [](auto&, const Case&) {};
constexpr auto kSplit = [](auto& options, const Case& c) { options.split = c.text("split"); };
constexpr auto kTrain = [](auto& options, const Case& c) { options.train = c.boolean("train"); };

MNIST open_mnist(const Case& c, const fs::path& root, bool download) {
  const MNIST::Options options{.root = root, .train = c.boolean("train"), .download = download};
  if (c.text("set") == "FashionMNIST") return FashionMNIST(options);
  if (c.text("set") == "KMNIST") return KMNIST(options);
  return MNIST(options);
}

TEST(MNIST, AndItsLookAlikesEqualTorchvision) {
  each_opened("datasets_classified/mnist", open_mnist, expect_classified<MNIST>);
}

TEST(MNIST, AsksItsSecondServerForWhatTheFirstHasNot) {
  each_opened("datasets_classified/mnist_of_two_servers", open_mnist, expect_classified<MNIST>);
}

constexpr auto kSplitAndTrain = [](auto& options, const Case& c) { kSplit(options, c), kTrain(options, c); };

TEST(EMNIST, EqualsTorchvision) { expect_same_as_torchvision<EMNIST>("emnist", kSplitAndTrain); }

TEST(MNIST, AndItsKinOpenWhatOlderTorchvisionsLeft) {
  expect_same_as_torchvision<MNIST>("mnist_processed", kTrain);
  expect_same_as_torchvision<EMNIST>("emnist_processed", kSplitAndTrain);
  expect_same_as_torchvision<QMNIST>("qmnist_processed", [](auto& options, const Case& c) { options.what = c.text("what"); });
}

TEST(MNIST, NamesAFileWhoseLabelsAreNotInIt) {
  for (const auto& c : oracle::cases("datasets_classified/mnist_claims")) {
    EXPECT_ERROR(MNIST({.root = c.text("root")}), DecodeError, "processed/training.pt: a tensor ");
  }
}

TEST(QMNIST, EqualsTorchvision) {
  const auto set = [](auto& options, const Case& c) {
    if (!c.is_null("what")) options.what = c.text("what");
  };
  expect_same_as_torchvision<QMNIST>("qmnist", set);
  for (const auto& c : oracle::cases("datasets_classified/qmnist")) {
    QMNIST::Options options{.root = c.text("root")};
    set(options, c);
    EXPECT_TENSOR_EQ(QMNIST(options).full_targets(), c.tensor("full_targets"));
  }
}

TEST(QMNIST, CutsTheTestDigitsAsTorchvision) {
  for (const auto& c : oracle::cases("datasets_classified/qmnist_counts")) {
    QMNIST::Options options{.root = c.text("root"), .train = false};
    if (!c.is_null("what")) options.what = c.text("what");
    const QMNIST digits(options);
    EXPECT_TENSOR_EQ(digits.full_targets(), c.tensor("targets"));
    EXPECT_TENSOR_EQ(digits.images()[0][0], c.tensor("first"));
    EXPECT_TENSOR_EQ(digits.images()[-1][0], c.tensor("last"));
  }
}

TEST(CIFAR, EqualsTorchvision) {
  each_opened(
      "datasets_classified/cifar",
      [](const Case& c, const fs::path& root, bool download) {
        const CIFAR10::Options options{.root = root, .train = c.boolean("train"), .download = download};
        return c.text("set") == "CIFAR10" ? CIFAR10(options) : CIFAR10(CIFAR100(options));
      },
      expect_classified<CIFAR10>);
}

TEST(CIFAR, NamesWhatIsDamagedOrMissing) {
  const auto c = oracle::cases("datasets_classified/cifar").front();
  const auto hashes = hashes_of(c);
  const support::TemporaryFolder root;
  EXPECT_ERROR(
      CIFAR10({.root = root.path()}), NotFoundError,
      "CIFAR10: " + (root.path() / "cifar-10-batches-py/data_batch_1").string() + " is not there; pass .download = true");
  fs::copy(c.text("root"), root.path(), fs::copy_options::recursive);
  root.write("cifar-10-batches-py/test_batch", "no pickle");
  EXPECT_ERROR(CIFAR10({.root = root.path()}), IntegrityError, "test_batch is damaged: its MD5 is not ");
  const OtherHashes any({{"CIFAR10/test_batch", ""}});
  EXPECT_EQ(CIFAR10({.root = root.path()}).size(), 10u);
  EXPECT_ERROR(CIFAR10({.root = root.path(), .train = false}), DecodeError, "test_batch");
}

TEST(CIFAR, ADamagedArchiveIsNamedAndNotUnpacked) {
  const auto c = oracle::cases("datasets_classified/cifar").front();
  const support::TemporaryFolder mirror, root;
  mirror.write("~kriz/cifar-10-python.tar.gz", "something else");
  const support::Variable variable("OPSIS_HUB_MIRROR", mirror.path().string());
  const auto hashes = hashes_of(c);
  EXPECT_ERROR(CIFAR10({.root = root.path(), .download = true}), IntegrityError, "cifar-10-python.tar.gz");
  EXPECT_FALSE(fs::exists(root.path() / "cifar-10-python.tar.gz"));
  EXPECT_FALSE(fs::exists(root.path() / "cifar-10-batches-py"));
}

TEST(SVHN, EqualsTorchvision) { expect_same_as_torchvision<SVHN>("svhn", kSplit); }

TEST(STL10, EqualsTorchvision) {
  expect_same_as_torchvision<STL10>("stl10", [](auto& options, const Case& c) {
    options.split = c.text("split");
    if (!c.is_null("folds")) options.folds = c.integer("folds");
  });
}

TEST(USPS, EqualsTorchvision) { expect_same_as_torchvision<USPS>("usps", kTrain); }
TEST(SEMEION, EqualsTorchvision) { expect_same_as_torchvision<SEMEION>("semeion", kNoOptions); }
TEST(FER2013, EqualsTorchvision) { expect_same_as_torchvision<FER2013>("fer2013", kSplit); }

TEST(Imagenette, EqualsTorchvision) {
  const auto set = [](auto& options, const Case& c) {
    options.split = c.text("split");
    options.size = c.text("size");
  };
  expect_same_as_torchvision<Imagenette>("imagenette", set);
  const auto c = oracle::cases("datasets_classified/imagenette").front();
  Imagenette::Options options{.root = c.text("root")};
  set(options, c);
  EXPECT_EQ(Imagenette(options).wnids(), c.texts("wnids"));
}

TEST(EuroSAT, EqualsTorchvision) { expect_same_as_torchvision<EuroSAT>("eurosat", kNoOptions); }
TEST(Country211, EqualsTorchvision) { expect_same_as_torchvision<Country211>("country211", kSplit); }
TEST(RenderedSST2, EqualsTorchvision) { expect_same_as_torchvision<RenderedSST2>("rendered_sst2", kSplit); }
TEST(DTD, EqualsTorchvision) {
  expect_same_as_torchvision<DTD>("dtd", [](auto& options, const Case& c) {
    options.split = c.text("split");
    options.partition = c.integer("partition");
  });
}
TEST(Food101, EqualsTorchvision) { expect_same_as_torchvision<Food101>("food101", kSplit); }
TEST(Flowers102, EqualsTorchvision) { expect_same_as_torchvision<Flowers102>("flowers102", kSplit); }
TEST(FGVCAircraft, EqualsTorchvision) {
  expect_same_as_torchvision<FGVCAircraft>("fgvc_aircraft", [](auto& options, const Case& c) {
    options.split = c.text("split");
    options.annotation_level = c.text("annotation_level");
  });
}
TEST(StanfordCars, EqualsTorchvision) { expect_same_as_torchvision<StanfordCars>("stanford_cars", kSplit); }
TEST(GTSRB, EqualsTorchvision) { expect_same_as_torchvision<GTSRB>("gtsrb", kSplit); }
TEST(SUN397, EqualsTorchvision) { expect_same_as_torchvision<SUN397>("sun397", kNoOptions); }
TEST(Omniglot, EqualsTorchvision) {
  expect_same_as_torchvision<Omniglot>("omniglot",
                                       [](auto& options, const Case& c) { options.background = c.boolean("background"); });
}
TEST(CLEVRClassification, EqualsTorchvision) { expect_same_as_torchvision<CLEVRClassification>("clevr", kSplit); }

TEST(CLEVRClassification, NamesAFileOfScenesThatIsNotSound) {
  const support::TemporaryFolder root;
  const fs::path scenes = "clevr/CLEVR_v1.0/scenes/CLEVR_val_scenes.json";
  root.write("clevr/CLEVR_v1.0/images/val/a.png", "");
  EXPECT_ERROR(CLEVRClassification({.root = root.path(), .split = "val"}), IoError, scenes.string());
  for (const auto* wrong :
       {"", "[]", "{\"scenes\": 1}", R"({"scenes": [{"image_filename": "a.png"}]})",
        R"({"scenes": [{"image_filename": 1, "objects": []}]})", R"({"scenes": [{"image_filename": "a.png", "obj)"}) {
    root.write(scenes, wrong);
    EXPECT_ERROR(CLEVRClassification({.root = root.path(), .split = "val"}), DecodeError, scenes.string());
  }
  root.write(scenes, R"({"scenes": [{"image_filename": "b.png", "objects": [{}]}]})");
  EXPECT_ERROR(CLEVRClassification({.root = root.path(), .split = "val"}), DecodeError, "does not tell of a.png");
  root.write(scenes, R"({"scenes": [{"objects": [{}, {"a": [1, 2]}], "image_filename": "a.png"}]})");
  EXPECT_EQ(CLEVRClassification({.root = root.path(), .split = "val"}).samples()[0].second, 2);
}
TEST(Places365, EqualsTorchvision) {
  expect_same_as_torchvision<Places365>("places365", [](auto& options, const Case& c) {
    options.split = c.text("split");
    options.small = c.boolean("small");
  });
}

TEST(ImageNet, EqualsTorchvisionAndUnpacksItsArchives) {
  for (const auto& c : oracle::cases("datasets_classified/imagenet")) {
    SCOPED_TRACE(c.name());
    const auto hashes = hashes_of(c);
    for (const auto* root : {"root", "archives"}) {  // unpacked by torchvision, and to be unpacked
      const ImageNet photos({.root = c.text(root), .split = c.text("split")});
      expect_classified(photos, c);
      EXPECT_EQ(photos.wnids(), c.texts("wnids"));
    }
    auto theirs = content_of_folder(c.text("root")), ours = content_of_folder(c.text("archives"));
    theirs.erase("meta.bin");  // two writers of checkpoints
    ours.erase("meta.bin");
    EXPECT_TRUE(theirs == ours);
  }
}

// Without what was unpacked from them.
void copy_imagenet_archives(const Case& c, const fs::path& to) {
  for (const auto& entry : fs::directory_iterator(c.text("archives"))) {
    if (entry.path().filename().string().starts_with("ILSVRC2012_")) fs::copy(entry.path(), to / entry.path().filename());
  }
}

TEST(ImageNet, NamesADamagedArchiveAndUnpacksNothingOfIt) {
  for (const auto& c : oracle::cases("datasets_classified/imagenet")) {
    const auto hashes = hashes_of(c);
    const auto split = c.text("split");
    for (const auto& archive : {std::string("ILSVRC2012_devkit_t12.tar.gz"), "ILSVRC2012_img_" + split + ".tar"}) {
      SCOPED_TRACE(archive);
      const support::TemporaryFolder root;
      copy_imagenet_archives(c, root.path());
      flip_byte(root.path() / archive, 100);
      EXPECT_ERROR(ImageNet({.root = root.path(), .split = split}), IntegrityError, archive + " is damaged: its MD5 is not");
      EXPECT_FALSE(fs::exists(root.path() / split));
      flip_byte(root.path() / archive, 100);
      EXPECT_EQ(ImageNet({.root = root.path(), .split = split}).size(), c.ints("labels").size());
    }
  }
}

TEST(ImageNet, IsUnpackedWhereverAnEarlierOneWasKilled) {
  for (const auto& c : oracle::cases("datasets_classified/imagenet")) {
    const auto hashes = hashes_of(c);
    const auto split = c.text("split");
    for (int nth = 1;; nth += 1 + nth / 5) {
      SCOPED_TRACE(split + ", killed at change " + std::to_string(nth));
      const support::TemporaryFolder root;
      copy_imagenet_archives(c, root.path());
      const auto open = [&] { return ImageNet({.root = root.path(), .split = split}); };
      if (!support::ended_at_change(nth, [&] { open(); })) break;
      expect_classified(open(), c);
      for (const auto& entry : fs::directory_iterator(root.path())) {
        EXPECT_TRUE(!entry.is_directory() || entry.path().filename().string() == split) << entry.path() << " is left";
      }
    }
  }
}

TEST(ImageNet, IsUnpackedOnceWhenManyOpenIt) {
  const auto c = oracle::cases("datasets_classified/imagenet").front();
  const support::TemporaryFolder root;
  copy_imagenet_archives(c, root.path());
  const auto open_all = [&] {
    try {
      const auto hashes = hashes_of(c);
      const ImageNet photos({.root = root.path(), .split = c.text("split")});
      expect_classified(photos, c);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  };
  std::vector<std::thread> many;
  for (int i = 0; i < 4; ++i) many.emplace_back(open_all);
  for (auto& one : many) one.join();
}

TEST(ClassifiedDataSets, RefuseOptionsThatTorchvisionRefuses) {
  EXPECT_ERROR(DTD({.root = "x", .split = "tain"}), ValueError, "DTD: split must be train, val or test, got \"tain\"");
  EXPECT_ERROR(DTD({.root = "x", .partition = 11}), ValueError, "DTD: partition must be 1 to 10, got 11");
  EXPECT_ERROR(EMNIST({.root = "x", .split = ""}), ValueError, "EMNIST: split must be byclass, bymerge, balanced");
  EXPECT_ERROR(QMNIST({.root = "x", .what = "all"}), ValueError, "QMNIST: what must be train, test, test10k, test50k or nist");
  EXPECT_ERROR(STL10({.root = "x", .folds = 10}), ValueError, "STL10: folds must be 0 to 9, got 10");
  EXPECT_ERROR(Imagenette({.root = "x", .size = "320"}), ValueError, "Imagenette: size must be full, 320px or 160px");
  EXPECT_ERROR(StanfordCars({.root = "x", .download = true}), ValueError, "StanfordCars: it cannot be downloaded any more");
  EXPECT_ERROR(Places365({.root = "x", .split = "train"}), ValueError, "Places365: split must be train-standard");
  EXPECT_ERROR(ImageNet({.root = "x", .split = "test"}), ValueError, "ImageNet: split must be train or val");
}

TEST(ClassifiedDataSets, SayWhatIsNotThere) {
  const support::TemporaryFolder root;
  const auto path = root.path().string();
  EXPECT_ERROR(MNIST({.root = root.path()}), NotFoundError,
               "MNIST: " + path + "/MNIST/raw/train-images-idx3-ubyte is not there; pass .download = true");
  EXPECT_ERROR(DTD({.root = root.path()}), NotFoundError, "DTD: the folder " + path + "/dtd/dtd is not there; pass .download");
  EXPECT_ERROR(ImageNet({.root = root.path()}), NotFoundError, "download it from image-net.org and put it there");
  EXPECT_ERROR(FER2013({.root = root.path()}), NotFoundError, "FER2013: " + path + "/fer2013/train.csv is not there");
}

TEST(ClassifiedDataSets, SayWhichLineIsWrong) {
  const support::TemporaryFolder root;
  root.write("dtd/dtd/labels/train1.txt", "a/b.jpg\nnonsense\n");
  EXPECT_ERROR(DTD({.root = root.path()}), DecodeError, "labels/train1.txt, line 2: it must be class/file");
  for (const auto& c : oracle::cases("datasets_classified/gtsrb_words")) {
    SCOPED_TRACE(c.name());
    const GTSRB::Options options{.root = c.text("root"), .split = "test"};
    if (c.boolean("refused")) {
      EXPECT_ERROR(GTSRB(options), DecodeError, "GT-final_test.csv, row 2: it must have a file and a class");
    } else {
      EXPECT_EQ(GTSRB(options).samples()[0].second, c.integer("number"));
    }
  }
  root.write("food-101/meta/train.json", "{\"a\": 3}");
  fs::create_directories(root.path() / "food-101/images");
  EXPECT_ERROR(Food101({.root = root.path()}), DecodeError, "meta/train.json: ");
  const OtherHashes any({{"FER2013/train.csv", ""}, {"SEMEION/semeion.data", ""}});
  root.write("fer2013/train.csv", "emotion,pixels\n1,3 4 5\n");
  EXPECT_ERROR(FER2013({.root = root.path()}), DecodeError, "train.csv, row 2: it must have 2304 pixels, got 3");
  root.write("semeion.data", "1 2 3\n");
  EXPECT_ERROR(SEMEION({.root = root.path(), .download = false}), DecodeError,
               "semeion.data, line 1: it must have 266 numbers");
}

TEST(Resources, AreTorchvisionsRowForRow) {
  const auto sorted = [](std::vector<std::string> rows) {
    std::sort(rows.begin(), rows.end());
    return rows;
  };
  std::vector<std::string> ours;
  for (const auto& row : resources()) {
    ours.push_back(
        std::string(row.dataset).append("|").append(row.file).append("|").append(row.url).append("|").append(row.md5));
  }
  EXPECT_EQ(sorted(ours), sorted(oracle::cases("datasets_resources/all").front().texts("rows")));
  const auto mnist = resources("MNIST");  // of whose mirrors torchvision asks this one first
  for (size_t i = 0; i < mnist.size(); i += 2) EXPECT_THAT(std::string(mnist[i].url), testing::StartsWith("https://ossci-"));
  EXPECT_EQ(resources("MNIST").size(), 8u);
  EXPECT_TRUE(resources("Digits").empty());
  EXPECT_ERROR(resource("SVHN", "train_32x32.mad"), NotFoundError, "did you mean train_32x32.mat");
}

TEST(Resources, AreKnownByTheirSha256Too) {
  size_t known = 0;
  for (const auto& row : resources()) {
    if (row.sha256.empty()) continue;
    ++known;
    EXPECT_EQ(row.sha256.size(), 64u) << row.file;
    EXPECT_EQ(row.sha256.find_first_not_of("0123456789abcdef"), row.sha256.npos) << row.file;
    EXPECT_EQ(expected_hashes(row).sha256, row.sha256);
  }
  EXPECT_EQ(known, 115u);  // four of MNIST's at two servers each

  const std::string sha256(64, '0');  // of something else
  const support::TemporaryFolder mirror, root;
  mirror.write("ml/machine-learning-databases/semeion/semeion.data", "right");
  const support::Variable variable("OPSIS_HUB_MIRROR", mirror.path().string());
  const auto& file = resource("SEMEION", "semeion.data");
  {
    const OtherHashes other({{"SEMEION/semeion.data", sha256}});
    EXPECT_ERROR(fetch_resource(file, root.path()), IntegrityError, "its SHA-256 is ");
    EXPECT_FALSE(fs::exists(root.path() / "semeion.data"));
    root.write("semeion.data", "right");
    EXPECT_FALSE(is_intact(file, root.path()));
    EXPECT_ERROR(check_resource(file, root.path()), IntegrityError, "is damaged: its SHA-256 is not " + sha256);
  }
  const OtherHashes ours(
      {{"SEMEION/semeion.data", hub::digest_of_file(root.path() / "semeion.data", hub::DigestKind::Sha256)}});
  EXPECT_TRUE(is_intact(file, root.path()));
  check_resource(file, root.path());
  fs::remove(root.path() / "semeion.data");
  EXPECT_EQ(fetch_resource(file, root.path()), root.path() / "semeion.data");
}

TEST(GoogleDrive, IsAskedTwiceWhenItAsks) {
  const support::TemporaryFolder drive, root;
  drive.write("download?id=abc&export=download",
              "<!DOCTYPE html><html><title>Virus scan warning</title><form id=\"download-form\" action=\"https://drive"
              ".usercontent.google.com/download\" method=\"get\"><input type=\"hidden\" name=\"id\" value=\"abc\"><input "
              "type=\"hidden\" name=\"confirm\" value=\"t\"></form></html>");
  drive.write("download?id=abc&confirm=t", "the file");
  drive.write("download?id=full&export=download", "<html><title>Google Drive - Quota exceeded</title></html>");
  const support::DownloadServer server(drive.path());
  const support::Variable variable("OPSIS_HUB_MIRROR", server.url("/file"));
  EXPECT_EQ(google_drive_file_id("https://drive.google.com/file/d/abc/view?usp=sharing"), "abc");
  EXPECT_EQ(google_drive_file_id("https://drive.google.com/uc?id=abc"), "abc");
  EXPECT_EQ(google_drive_file_id("https://example.com/file/d/abc"), std::nullopt);
  download_url("https://drive.google.com/uc?id=abc", root.path(), "x.bin");
  EXPECT_EQ(content_of_folder(root.path()), (std::map<std::string, std::string>{{"x.bin", "the file"}}));
  EXPECT_ERROR(download_file_from_google_drive("full", root.path(), "y.bin"), IoError,
               "instead of y.bin (full) Drive gives a page: Google Drive - Quota exceeded");
  EXPECT_ERROR(download_file_from_google_drive("abc", root.path(), "z.bin", "00000000000000000000000000000000"), IntegrityError,
               "its MD5 is");
  EXPECT_ERROR(download_file_from_google_drive("abc", root.path(), "z.bin", "", std::string(64, '0')), IntegrityError,
               "its SHA-256 is");
  EXPECT_EQ(content_of_folder(root.path()).size(), 1u);
}

TEST(GoogleDrive, GivesOneFileToManyAtOnce) {
  const support::TemporaryFolder drive, root;
  drive.write("download?id=abc&export=download", "the file");
  const support::DownloadServer server(drive.path());
  const support::Variable variable("OPSIS_HUB_MIRROR", server.url("/slow"));
  std::vector<std::thread> many;
  for (int i = 0; i < 8; ++i) {
    many.emplace_back([&] {
      try {
        download_file_from_google_drive("abc", root.path(), "x.bin");
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    });
  }
  for (auto& one : many) one.join();
  EXPECT_EQ(content_of_folder(root.path()), (std::map<std::string, std::string>{{"x.bin", "the file"}}));
  EXPECT_FALSE(fs::exists(root.path() / "x.bin.drive"));
}

TEST(DownloadUrl, ReplacesADamagedFileOnly) {
  const support::TemporaryFolder mirror, root;
  mirror.write("a/x.txt", "right");
  const support::Variable variable("OPSIS_HUB_MIRROR", mirror.path().string());
  const std::string md5 = "7c4f29407893c334a6cb7a87bf045c0d";  // of "right"
  root.write("x.txt", "wrong");
  download_url("https://example.com/a/x.txt", root.path(), "", md5);
  EXPECT_EQ(content_of_folder(root.path()).at("x.txt"), "right");
  mirror.write("a/x.txt", "newer");
  download_url("https://example.com/a/x.txt", root.path(), "", md5);
  EXPECT_EQ(content_of_folder(root.path()).at("x.txt"), "right");
  EXPECT_TRUE(check_integrity(root.path() / "x.txt", md5));
  EXPECT_TRUE(check_integrity(root.path() / "x.txt", "7C4F29407893C334A6CB7A87BF045C0D"));
  EXPECT_FALSE(check_integrity(root.path() / "y.txt"));
}

TEST(DownloadUrl, ReplacesADamagedFileOnceForManyAtOnce) {
  const support::TemporaryFolder mirror, root;
  const std::string right(3000, 'x');
  const auto md5 = hub::digest_of_file(mirror.write("x.txt", right), hub::DigestKind::Md5);
  root.write("x.txt", "wrong");
  const support::DownloadServer server(mirror.path());
  std::vector<std::thread> many;
  for (int i = 0; i < 8; ++i) {
    many.emplace_back([&] {
      try {
        download_url(server.url("/slow/x.txt"), root.path(), "", md5);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    });
  }
  for (auto& one : many) one.join();
  EXPECT_EQ(content_of_folder(root.path()), (std::map<std::string, std::string>{{"x.txt", right}}));
  EXPECT_FALSE(fs::exists(root.path() / "x.txt.replacing"));
  download_url(server.url("/count"), mirror.path(), "asked");
  EXPECT_EQ(content_of_folder(mirror.path()).at("asked"), "1 0");
}

TEST(DownloadUrl, TakesNothingThatLiesWhereTheRightFileIsOnItsWay) {
  const support::TemporaryFolder mirror, root;
  const auto md5 = hub::digest_of_file(mirror.write("a/x.txt", "right"), hub::DigestKind::Md5);
  root.write("x.txt", "wrong");
  root.write("x.txt.replacing/x.txt", "wrong too");
  const support::Variable variable("OPSIS_HUB_MIRROR", mirror.path().string());
  download_url("https://example.com/a/x.txt", root.path(), "", md5);
  EXPECT_EQ(content_of_folder(root.path()).at("x.txt"), "right");
}

TEST(DownloadUrl, LeavesAnotherFileWhereNothingComes) {
  const support::TemporaryFolder mirror, root;
  root.write("x.txt", "mine");
  const auto fetch = [&](const std::string& url) {
    download_url(url, root.path(), "x.txt", "7c4f29407893c334a6cb7a87bf045c0d");
  };
  {
    // Who brings it by other means is told its own place, not that of a download on its way.
    const support::Variable offline("OPSIS_OFFLINE", "1");
    const auto place = " " + (root.path() / "x.txt").string();
    EXPECT_ERROR(fetch("https://example.com/a/x.txt"), NotFoundError, place);
    EXPECT_ERROR(fetch("https://drive.google.com/uc?id=abc"), NotFoundError, place);
  }
  const support::Variable variable("OPSIS_HUB_MIRROR", mirror.path().string());
  EXPECT_THROW(fetch("https://example.com/a/x.txt"), IoError);
  EXPECT_THROW(fetch("https://drive.google.com/uc?id=abc"), IoError);
  mirror.write("a/x.txt", "wrong too");
  EXPECT_THROW(fetch("https://example.com/a/x.txt"), IntegrityError);
  EXPECT_EQ(content_of_folder(root.path()).at("x.txt"), "mine");
}

}  // namespace
}  // namespace opsis::datasets
