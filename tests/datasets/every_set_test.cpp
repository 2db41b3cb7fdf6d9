// What must hold of every data set there is.
#include "tests/datasets/every_set.h"

#include <algorithm>
#include <set>

#include "cli/samples.h"
#include "opsis/datasets/list.h"
#include "opsis/datasets/picture.h"
#include "opsis/io/file.h"
#include "opsis/transforms.h"

namespace opsis::datasets {
namespace {

template <class Part>
void append_tensors(Part& part, std::vector<torch::Tensor>& out) {
  if constexpr (std::is_same_v<Part, torch::Tensor>) {
    out.push_back(part);
  } else if constexpr (requires { part.canvas_size; }) {
    out.push_back(part.data);
    out.push_back(torch::tensor({part.canvas_size.height, part.canvas_size.width}));
  } else if constexpr (requires { torch::Tensor(part.data); }) {
    out.push_back(part.data);
  } else if constexpr (requires { part.fields(); }) {
    std::apply([&](auto&... field) { (append_tensors(field, out), ...); }, part.fields());
  } else if constexpr (std::is_same_v<Part, int64_t>) {
    out.push_back(torch::tensor(part));
  } else if constexpr (requires {
                         *part;
                         part.has_value();
                       }) {
    if (part) append_tensors(*part, out);
  }
}

// The tensors of an example and what it draws besides; or why there is none.
struct Outcome {
  std::vector<torch::Tensor> tensors{};
  std::string error{};
};

template <class Make>
Outcome outcome_of(uint64_t seed, const Make& make) {
  torch::manual_seed(seed);
  Outcome out;
  try {
    auto example = make();
    append_tensors(example, out.tensors);
  } catch (const Error& error) {
    out.error = error.what();
  }
  out.tensors.push_back(torch::rand(1));
  return out;
}

void expect_equal_outcomes(const Outcome& got, const Outcome& expected) {
  EXPECT_EQ(got.error, expected.error);
  ASSERT_EQ(got.tensors.size(), expected.tensors.size());
  for (size_t i = 0; i < got.tensors.size(); ++i) {
    ASSERT_EQ(got.tensors[i].defined(), expected.tensors[i].defined());
    if (got.tensors[i].defined()) {
      EXPECT_TENSOR_EQ(got.tensors[i], expected.tensors[i]);
    }
  }
}

// Photos are decoded in part, whatever lies on them: boxes, masks, points, a second photo.
TEST(EverySet, TransformsActOnAnExampleAsTheyDoByThemselves) {
  using namespace transforms;  // NOLINT
  const std::vector<AnyTransform> pipelines{
      Compose{RandomResizedCrop({5, 4}), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true})},
      Compose{Resize({6, 7}), RandomVerticalFlip(), CenterCrop({4, 4})},  // of pairs of unlike size too
      RandomCrop({2, 3})};
  EverySet([&]<class Data>(std::type_identity<Data>, const std::string&, typename Data::Options options) {
    const Data plain(options);
    ASSERT_GT(plain.size(), 0u);
    int done = 0;
    for (const auto& pipeline : pipelines) {
      SCOPED_TRACE(pipeline.repr());
      options.transforms = pipeline;
      const Data changed(options);
      for (size_t i = 0; i < std::min<size_t>(plain.size(), 3); ++i) {
        const auto expected = outcome_of(i, [&] { return pipeline(plain.get(i)); });
        expect_equal_outcomes(outcome_of(i, [&] { return changed.get(i); }), expected);
        if constexpr (std::is_base_of_v<PlacedSource<typename Data::Example>, Data>) {
          const auto place = [](at::IntArrayRef sizes, torch::ScalarType type) { return torch::empty(sizes, type); };
          expect_equal_outcomes(outcome_of(i, [&] { return changed.get_placed(i, place); }), expected);
        }
        if (expected.error.empty()) ++done;
      }
    }
    EXPECT_GT(done, 0);
  }).go();
}

template <class Part, class Visit>
void each_image(Part& part, const Visit& visit) {
  if constexpr (std::is_same_v<Part, Image>) {
    visit(part);
  } else if constexpr (requires { part.fields(); }) {
    std::apply([&](auto&... field) { (each_image(field, visit), ...); }, part.fields());
  }
}

TEST(EverySet, OfALoaderOfTheUsersHasItsPictures) {
  size_t sets = 0;
  EverySet([&]<class Data>(std::type_identity<Data>, const std::string&, typename Data::Options options) {
    if constexpr (requires { options.loader; }) {
      ++sets;
      std::set<std::filesystem::path> asked;
      options.loader = [&](const std::filesystem::path& path) {
        asked.insert(path);
        return Image(torch::full({1, 2, 3}, static_cast<int64_t>(asked.size()), torch::kUInt8));
      };
      const Data data(options);
      auto example = data.get(data.size() - 1);
      int64_t images = 0;
      each_image(example, [&](const Image& image) {
        EXPECT_TENSOR_EQ(image.data, torch::full({1, 2, 3}, ++images, torch::kUInt8));
      });
      EXPECT_EQ(asked.size(), static_cast<size_t>(images));
      for (const auto& path : asked) EXPECT_TRUE(std::filesystem::is_regular_file(path)) << path;
    }
  }).go();
  EXPECT_GE(sets, 20u);
}

TEST(EverySet, IsShownWithALabel) {
  std::set<std::string> shown;
  EverySet([&]<class Data>(std::type_identity<Data>, const std::string& name, const typename Data::Options& options) {
    const Data data(options);
    for (size_t i = 0; i < std::min<size_t>(data.size(), 2); ++i) {
      const auto tile = cli::tile_of(data, i, 64);
      EXPECT_EQ(tile.image.data.size(0), 3);
      EXPECT_EQ(tile.image.data.scalar_type(), torch::kUInt8);
      EXPECT_EQ(tile.label.substr(0, std::to_string(i).size()), std::to_string(i));
    }
    shown.insert(name);
  }).go();
  std::set<std::string> all;
  for (const auto name : list_datasets()) all.emplace(name);
  all.erase("DatasetFolder");  // somebody has to read its files first
  EXPECT_EQ(shown, all);
}

// The examples above are small; these are photos of which a part is decoded.
torch::Tensor photo_like(int64_t height, int64_t width) {
  return torch::upsample_bilinear2d(torch::rand({1, 3, 7, 9}) * 255, {height, width}, false).squeeze(0).to(torch::kUInt8);
}

// Under so many seeds: the example made of whole pictures, and the one made of their parts.
template <class Whole, class Parts>
void expect_alike(uint64_t seeds, const Whole& whole, const Parts& parts) {
  for (uint64_t seed = 0; seed < seeds; ++seed) {
    const auto expected = outcome_of(seed, whole);
    EXPECT_EQ(expected.error, "");
    expect_equal_outcomes(outcome_of(seed, parts), expected);
  }
}

TEST(Picture, OnAnExampleIsDecodedInPartWithTheSamePixelsBoxesAndDraws) {
  using namespace transforms;  // NOLINT
  torch::manual_seed(0);
  const support::TemporaryFolder folder;
  const auto path = folder.path() / "photo.jpg";
  io::write_jpeg(Image(photo_like(375, 500)), path);
  const Compose detection{RandomIoUCrop(), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true}),
                          ClampBoundingBoxes()};
  const std::vector<AnyTransform> pipelines{Compose{RandomResizedCrop({64}), RandomHorizontalFlip(),
                                                    ToDtype(torch::kFloat32, {.scale = true}), Normalize({0.5}, {0.2})},
                                            Compose{RandomResizedCrop({64}), RandomHorizontalFlip()}.with_fusion(false),
                                            Compose{Resize({100}), RandomCrop({80, 60})},
                                            Compose{RandomCrop({90, 300}), RandomPhotometricDistort(), Resize({50})},
                                            Compose{RandomShortestSize({60, 80}, {.max_size = 120}), RandomVerticalFlip()},
                                            Compose{ScaleJitter(Size{90, 120})},
                                            Compose{RandomZoomOut(), RandomRotation(20.0)},
                                            Lambda([](const torch::Tensor& x) { return x + 1; }),
                                            RandomResizedCrop({32, 40}),
                                            detection};
  const auto example_with = [](const Image& image) {
    Detected out{.image = image,
                 .boxes = BoundingBoxes(torch::tensor({{10, 20, 200, 300}, {300, 100, 420, 180}}), BoundingBoxFormat::XYXY,
                                        {image.data.size(-2), image.data.size(-1)}),
                 .labels = torch::tensor({1, 2}),
                 .masks = Mask(torch::zeros({2, 375, 500}, torch::kBool))};
    out.masks->data.slice(1, 20, 300).slice(2, 10, 200).fill_(true);
    return out;
  };
  for (const auto& pipeline : pipelines) {
    SCOPED_TRACE(pipeline.repr());
    const auto whole = [&] { return pipeline(example_with(default_loader(path))); };
    expect_alike(5, whole, [&] {
      const detail::Picture photo(path, io::ImageReadMode::RGB, pipeline);
      EXPECT_TRUE(photo.waiting());
      EXPECT_EQ(photo.size(), (Size{375, 500}));
      return detail::transformed(pipeline, example_with(photo.image()), {&photo});
    });
  }
}

TEST(Picture, OfTwoEachIsDecodedInPart) {
  torch::manual_seed(0);
  const support::TemporaryFolder folder;
  const auto first = folder.path() / "1.jpg", second = folder.path() / "2.jpg";
  io::write_jpeg(Image(photo_like(300, 400)), first);
  io::write_jpeg(Image(photo_like(300, 400)), second);
  const transforms::AnyTransform pipeline =
      transforms::Compose{transforms::RandomResizedCrop({48}), transforms::RandomInvert(0.5)};
  const auto whole = [&] { return pipeline(ImagePair{default_loader(first), default_loader(second), 1}); };
  expect_alike(4, whole, [&] {
    const detail::Picture one(first, io::ImageReadMode::RGB, pipeline), other(second, io::ImageReadMode::RGB, pipeline);
    return detail::transformed(pipeline, ImagePair{one.image(), other.image(), 1}, {&one, &other});
  });
}

TEST(Picture, IsDecodedAtOnceWhereThereIsNothingToWaitFor) {
  torch::manual_seed(0);
  const support::TemporaryFolder folder;
  const auto jpeg = folder.path() / "a.jpg", png = folder.path() / "a.png";
  io::write_jpeg(Image(photo_like(30, 40)), jpeg);
  io::write_png(Image(photo_like(30, 40)), png);
  const transforms::AnyTransform crop = transforms::RandomCrop({9, 9});
  EXPECT_TRUE(detail::Picture(jpeg, io::ImageReadMode::RGB, crop).waiting());
  EXPECT_FALSE(detail::Picture(jpeg, io::ImageReadMode::RGB, {}).waiting());
  EXPECT_FALSE(detail::Picture(png, io::ImageReadMode::RGB, crop).waiting());
  const detail::Picture own("nowhere", io::ImageReadMode::RGB, crop, {}, [](const auto&) {
    return Image(torch::zeros({3, 9, 9}));
  });
  EXPECT_FALSE(own.waiting());
  EXPECT_EQ(own.size(), (Size{9, 9}));
  EXPECT_ERROR(detail::Picture("nowhere.jpg", io::ImageReadMode::RGB, crop), IoError, "nowhere.jpg");
}

TEST(Picture, NamesItsFileWhereverItsDamageShows) {
  torch::manual_seed(0);
  const support::TemporaryFolder folder;
  const auto whole = folder.path() / "whole.jpg";
  io::write_jpeg(Image(photo_like(300, 400)), whole);
  auto bytes = io::read_bytes(whole);
  for (size_t i = 0; bytes[i] != 0xFF || bytes[i + 1] != 0xDA; ++i) {  // its tables of quantization become comments
    if (bytes[i] == 0xFF && bytes[i + 1] == 0xDB) bytes[i + 1] = 0xFE;
  }
  const auto damaged = folder.write("damaged.jpg", std::string(bytes.begin(), bytes.end()));
  const transforms::AnyTransform resize = transforms::Resize({50});
  const detail::Picture photo(damaged, io::ImageReadMode::RGB, resize);
  EXPECT_TRUE(photo.waiting());
  EXPECT_ERROR(detail::transformed(resize, Classified{photo.image(), 0}, {&photo}), DecodeError, damaged.string());
  EXPECT_ERROR(detail::Picture(damaged, io::ImageReadMode::RGB, {}), DecodeError, damaged.string());
}

// As PIL opens them.
TEST(Picture, OfSeveralFramesIsTheFirstAndOfOtherNumbersIsBytes) {
  const auto frames = torch::stack({torch::full({3, 5, 7}, 255, torch::kUInt8), torch::zeros({3, 5, 7}, torch::kUInt8)});
  const auto decoded = [](const torch::Tensor& file) {
    const auto bytes = file.contiguous();
    return detail::decode_picture({bytes.const_data_ptr<uint8_t>(), static_cast<size_t>(bytes.numel())}, io::ImageReadMode::RGB)
        .data;
  };
  EXPECT_TENSOR_EQ(decoded(io::encode_gif(Image(frames))), frames[0]);
  EXPECT_TENSOR_EQ(decoded(io::encode_tiff(Image(frames))), frames[0]);
  const auto numbers = torch::tensor({-3.F, 0.5F, 100.F, 300.F}).expand({3, 2, 4}).contiguous();
  EXPECT_TENSOR_EQ(decoded(io::encode_tiff(Image(numbers))), numbers.clamp(0, 255).to(torch::kUInt8));
}

}  // namespace
}  // namespace opsis::datasets
