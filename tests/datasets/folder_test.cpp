#include "opsis/datasets/folder.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "opsis/io/file.h"
#include "opsis/io/image.h"
#include "opsis/transforms.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"
#include "tests/support/temporary.h"

namespace opsis {
namespace {

namespace fs = std::filesystem;
using datasets::DatasetFolder;
using datasets::ImageFolder;

void expect_same_lists(const DatasetFolder& folder, const oracle::Case& c) {
  const fs::path root = c.text("root");
  std::vector<std::string> paths;
  for (const auto& [path, label] : folder.samples()) paths.push_back(path.lexically_relative(root).string());
  EXPECT_EQ(paths, c.texts("paths"));
  EXPECT_EQ(folder.targets(), c.ints("targets"));
  EXPECT_EQ(folder.classes(), c.texts("classes"));
  EXPECT_EQ(nlohmann::json(folder.class_to_idx()), nlohmann::json::parse(c.json("class_to_idx")));
  EXPECT_EQ(folder.root(), root);
}

TEST(ImageFolder, SamplesAndPixelsEqualTorchvision) {
  for (const auto& c : oracle::cases("datasets/image_folder")) {
    const ImageFolder folder({.root = c.text("root")});
    expect_same_lists(folder, c);
    for (size_t i = 0; i < folder.size(); ++i) {
      SCOPED_TRACE(folder.samples()[i].first);
      const auto [image, label] = folder.get(i);
      EXPECT_EQ(label, folder.targets()[i]);
      EXPECT_TENSOR_EQ(image.data, c.tensor("image" + std::to_string(i)));
    }
  }
}

TEST(ImageFolder, OptionsActAsTorchvisions) {
  for (const auto& c : oracle::cases("datasets/image_folder_options")) {
    SCOPED_TRACE(c.name());
    ImageFolder::Options options{.root = c.text("root"), .allow_empty = c.boolean("allow_empty")};
    if (!c.is_null("valid")) {
      options.is_valid_file = [start = c.text("valid")](const fs::path& path) {
        return path.parent_path().filename().string().starts_with(start);
      };
    }
    if (c.boolean("refused")) {
      EXPECT_ERROR(ImageFolder(options), NotFoundError, "pass .allow_empty = true");
    } else {
      expect_same_lists(ImageFolder(options), c);
    }
  }
}

// A picture like a photo: what is next to each other is alike.
torch::Tensor smooth_picture(int64_t channels, int64_t height, int64_t width) {
  const auto options = torch::nn::functional::InterpolateFuncOptions()
                           .size(std::vector<int64_t>{height, width})
                           .mode(torch::kBilinear)
                           .align_corners(false);
  const auto noise = torch::randint(256, {1, channels, 20, 30}, torch::kFloat32);
  return torch::nn::functional::interpolate(noise, options).squeeze(0).to(torch::kUInt8);
}

TEST(ImageFolder, DecodingTheUsedPartAloneChangesNoPixelAndNoDraw) {
  const support::TemporaryFolder folder;
  fs::create_directories(folder.path() / "a");
  torch::manual_seed(0);
  io::write_jpeg(Image(smooth_picture(3, 375, 500)), folder.path() / "a/photo.jpg");
  io::write_jpeg(Image(smooth_picture(1, 300, 411)), folder.path() / "a/gray.jpg");
  io::write_jpeg(Image(smooth_picture(3, 7, 5)), folder.path() / "a/small.jpg");
  io::write_png(Image(smooth_picture(3, 375, 500)), folder.path() / "a/photo.png");

  using namespace transforms;
  const Compose train{RandomResizedCrop({64}), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true}),
                      Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
  const std::vector<AnyTransform> pipelines{train,
                                            train.with_fusion(false),
                                            RandomResizedCrop({32, 40}),
                                            Compose{Resize({64}), CenterCrop({56, 56})},
                                            Compose{RandomGrayscale(0.5), RandomResizedCrop({64})},
                                            Compose{RandomVerticalFlip(), RandomCrop({5, 5})},
                                            Lambda([](const torch::Tensor& x) { return x + 1; })};
  for (const auto& pipeline : pipelines) {
    SCOPED_TRACE(pipeline.repr());
    const ImageFolder by_part({.root = folder.path(), .transforms = pipeline});
    // A loader of the user's own decodes everything.
    const ImageFolder whole({.root = folder.path(), .transforms = pipeline, .loader = [](const fs::path& path) {
                               return datasets::default_loader(path);
                             }});
    for (uint64_t seed = 0; seed < 4; ++seed) {
      for (size_t i = 0; i < whole.size(); ++i) {
        SCOPED_TRACE(whole.samples()[i].first);
        torch::manual_seed(seed);
        const auto expected = whole.get(i);
        const auto next = torch::rand(1);
        torch::manual_seed(seed);
        const auto got = by_part.get(i);
        EXPECT_TENSOR_EQ(got.image.data, expected.image.data);
        EXPECT_EQ(got.label, expected.label);
        EXPECT_TENSOR_EQ(torch::rand(1), next);
      }
    }
  }
}

TEST(ImageFolder, AJpegThatWasCutOffIsRefusedWhateverPartIsUsed) {
  const support::TemporaryFolder folder;
  fs::create_directories(folder.path() / "a");
  const auto path = folder.path() / "a/photo.jpg";
  io::write_jpeg(Image(smooth_picture(3, 375, 500)), path);
  fs::resize_file(path, fs::file_size(path) * 9 / 10);
  const ImageFolder photos({.root = folder.path(), .transforms = transforms::RandomCrop({1, 1})});
  for (uint64_t seed = 0; seed < 5; ++seed) {
    torch::manual_seed(seed);
    EXPECT_ERROR(photos.get(0), DecodeError, path.string() + ": ");
  }
}

TEST(ImageFolder, AppliesItsTransformsToTheImage) {
  struct Invert final : transforms::Transform {
    void apply(std::span<transforms::Value> values) const override {
      for (auto& value : values) std::get<Image>(value).data = 255 - std::get<Image>(value).data;
    }
    std::string repr() const override { return "Invert()"; }
  };
  const fs::path root = oracle::cases("datasets/image_folder").front().text("root");
  const auto plain = ImageFolder({.root = root}).get(0);
  const auto inverted = ImageFolder({.root = root, .transforms = Invert{}}).get(0);
  EXPECT_TENSOR_EQ(inverted.image.data, 255 - plain.image.data);
  EXPECT_EQ(inverted.label, plain.label);
}

TEST(ImageFolder, GivesTheHighBitsOfSixteen) {
  // Gray, 16 bits, 2x1: 0x0102 and 0xff00.
  const unsigned char png[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
                               0x44, 0x52, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x10, 0x00, 0x00, 0x00,
                               0x00, 0x81, 0xd9, 0xfc, 0x15, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78,
                               0x9c, 0x63, 0x60, 0x64, 0xfa, 0xcf, 0x00, 0x00, 0x02, 0x0d, 0x01, 0x03, 0xa4, 0xb6,
                               0xd6, 0xac, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};
  const support::TemporaryFolder root;
  root.write("a/x.png", std::string_view(reinterpret_cast<const char*>(png), sizeof(png)));
  EXPECT_TENSOR_EQ(ImageFolder({.root = root.path()}).get(0).image.data,
                   torch::tensor({1, 255}, torch::kUInt8).view({1, 1, 2}).expand({3, 1, 2}));
}

TEST(ImageFolder, NamesWhatIsMissing) {
  const support::TemporaryFolder root;
  const auto path = root.path().string();
  EXPECT_ERROR(ImageFolder({.root = root.path() / "absent"}), NotFoundError, path + "/absent is not there");
  EXPECT_ERROR(ImageFolder({.root = root.path()}), NotFoundError, "find_classes: there is no folder in " + path);
  const auto file = root.write("cat/notes.txt", "no picture");
  root.write("dog/1.png", "no picture either");
  EXPECT_ERROR(ImageFolder({.root = root.path()}), NotFoundError,
               "make_dataset: no valid file in " + path + " for the classes cat; the extensions are .jpg, .jpeg, .png");
  EXPECT_ERROR(ImageFolder({.root = file}), IoError, "cannot read the folder " + file.string());

  const ImageFolder folder({.root = root.path(), .allow_empty = true});
  EXPECT_EQ(folder.size(), 1u);
  EXPECT_ERROR(folder.get(0), DecodeError, path + "/dog/1.png");
  EXPECT_ERROR(folder.get(1), ValueError, "DatasetFolder: index must be below 1, got 1");
}

TEST(ImageFolder, ALinkToItsOwnFolderEnds) {
  const support::TemporaryFolder root;
  root.write("cat/in/1.png", "");
  fs::create_directory_symlink("..", root.path() / "cat/in/up");
  fs::create_directory_symlink("../in", root.path() / "cat/in/again");
  EXPECT_EQ(ImageFolder({.root = root.path()}).size(), 1u);
}

TEST(ImageFolder, LinksThatLeadInCirclesEnd) {
  const support::TemporaryFolder root;
  root.write("cat/1.png", "");
  root.write("dog/2.png", "");
  fs::create_directory_symlink("../dog", root.path() / "cat/dogs");
  fs::create_directory_symlink("../cat", root.path() / "dog/cats");
  fs::create_symlink("nowhere", root.path() / "cat/nowhere");
  EXPECT_EQ(ImageFolder({.root = root.path()}).size(), 4u);  // each class has the other's picture too

  fs::create_symlink("self.png", root.path() / "cat/self.png");
  const ImageFolder circles({.root = root.path()});
  EXPECT_EQ(circles.samples()[1].first, root.path() / "cat/self.png");
  EXPECT_ERROR(circles.get(1), IoError, "cat/self.png: Too many levels of symbolic links");
}

TEST(ImageFolder, NamesNeedNotBeUtf8) {
  const support::TemporaryFolder root;
  const fs::path latin = root.path() / "caf\xE9";
  fs::create_directories(latin);
  io::write_png(Image(torch::full({3, 2, 2}, 7, torch::kUInt8)), latin / "\xFF\xFE.png");
  root.write("dog/1.png", "no picture");
  for (const bool index : {false, true}) {
    const ImageFolder folder({.root = root.path(), .index = index});
    EXPECT_EQ(folder.classes(), (std::vector<std::string>{"caf\xE9", "dog"}));
    EXPECT_EQ(folder.samples()[0].first, latin / "\xFF\xFE.png");
    EXPECT_TENSOR_EQ(folder.get(0).image.data, torch::full({3, 2, 2}, 7, torch::kUInt8));
  }
  fs::rename(root.path() / "dog", root.path() / "\xC0");
  EXPECT_ERROR(ImageFolder({.root = root.path()}).get(1), DecodeError, (root.path() / "\xC0" / "1.png").string());
}

TEST(DatasetFolder, ReadsByAFunctionOfItsUser) {
  const support::TemporaryFolder root;
  root.write("b/two.raw", "2");
  root.write("a/one.RAW", "1");
  root.write("a/other.png", "");
  const DatasetFolder folder({.root = root.path(),
                              .loader =
                                  [](const fs::path& path) {
                                    return Image(torch::full({1, 1}, static_cast<int64_t>(fs::file_size(path))));
                                  },
                              .extensions = {".raw"}});
  EXPECT_EQ(folder.size(), 2u);
  EXPECT_EQ(folder.get(1).label, 1);
  EXPECT_TENSOR_EQ(folder.get(1).image.data, torch::ones({1, 1, 1}, torch::kInt64));

  EXPECT_ERROR(DatasetFolder({.root = root.path(), .extensions = {".raw"}}), ValueError, "the loader is missing");
  EXPECT_ERROR(DatasetFolder({.root = root.path()}), ValueError, "give either extensions or is_valid_file, got none");
  EXPECT_ERROR(datasets::make_dataset(root.path(), {{"a", 0}}, {{".raw"}, [](const fs::path&) { return true; }}), ValueError,
               "got both");
  EXPECT_ERROR(datasets::make_dataset(root.path(), {}, {{".raw"}}), ValueError, "at least one class");
  EXPECT_ERROR(datasets::make_dataset(root.path(), {{"a", 0}, {"z", 1}}, {{".raw"}}), NotFoundError, "for the classes z");
}

TEST(DatasetFolder, ListsAndReadsWhatTorchvisionsDoes) {
  for (const auto& c : oracle::cases("datasets/dataset_folder")) {
    SCOPED_TRACE(c.name());
    DatasetFolder::Options options{.root = c.text("root"), .allow_empty = c.boolean("allow_empty")};
    options.loader = [](const fs::path& path) {
      return Image(torch::tensor(io::read_bytes(path), torch::kUInt8).view({1, 1, -1}));
    };
    if (c.is_null("extensions")) {
      options.is_valid_file = [](const fs::path& path) {
        return std::string_view("12345").find(path.filename().string().front()) != std::string_view::npos;
      };
    } else {
      options.extensions = c.texts("extensions");
    }
    if (c.boolean("refused")) {
      EXPECT_ERROR(DatasetFolder(options), NotFoundError, "pass .allow_empty = true");
      continue;
    }
    const DatasetFolder folder(options);
    expect_same_lists(folder, c);
    for (size_t i = 0; i < folder.size(); ++i) {
      const auto [content, label] = folder.get(i);
      EXPECT_TENSOR_EQ(content.data, c.tensor("bytes" + std::to_string(i)));
      EXPECT_EQ(label, folder.targets()[i]);
    }
  }
}

TEST(FolderExtensions, AreTorchvisions) {
  for (const auto& c : oracle::cases("datasets/extensions")) {
    EXPECT_EQ(datasets::image_extensions(), c.texts("extensions"));
    EXPECT_EQ(datasets::has_file_allowed_extension(c.text("file"), datasets::image_extensions()), c.boolean("allowed"))
        << c.text("file");
  }
}

}  // namespace
}  // namespace opsis
