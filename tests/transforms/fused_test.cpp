// What Compose does in one pass equals what its transforms do one by one.
#include <atomic>

#include "opsis/core/parallel.h"
#include "opsis/core/random.h"
#include "opsis/io/image.h"
#include "opsis/simd/resize.h"
#include "opsis/transforms.h"
#include "opsis/transforms/decode.h"
#include "tests/support/expect.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

using namespace transforms;

int64_t below(int64_t n) { return random::integer(0, n); }
bool coin() { return below(2) == 0; }

// Any transform that takes part in a pass, or breaks it. Crops stay smaller than what is there, mostly.
AnyTransform any_transform(int64_t kind) {
  const auto mode = std::array{InterpolationMode::BILINEAR, InterpolationMode::BILINEAR, InterpolationMode::BICUBIC,
                               InterpolationMode::NEAREST}[static_cast<size_t>(below(4))];
  switch (kind) {
    case 0: return Resize({8 + below(40), 8 + below(40)}, {.interpolation = mode, .antialias = coin()});
    case 1: return Resize({8 + below(40)}, {.interpolation = mode});
    case 2: return CenterCrop({1 + below(24), 1 + below(24)});
    case 3: return RandomCrop({1 + below(12), 1 + below(12)}, {.pad_if_needed = true});
    case 4: return RandomResizedCrop({1 + below(30), 1 + below(30)}, {.scale = {0.2, 1.0}, .interpolation = mode});
    case 5: return RandomHorizontalFlip();
    case 6: return ToDtype(torch::kFloat32, {.scale = true});
    case 7: return Pad(1);
    case 8: return RandomApply({Resize({9, 11}), RandomHorizontalFlip()}, 0.5);
    case 9: return Compose{RandomHorizontalFlip(), CenterCrop({6, 7})};
    case 10: return RandomVerticalFlip();
    case 11: return ScaleJitter({30, 20}, {.scale_range = {0.3, 1.7}, .interpolation = mode, .antialias = coin()});
    case 12: return RandomShortestSize({9, 20, 31}, {.max_size = 40, .interpolation = mode});
    case 13: return RandomResize(8, 40, {.interpolation = mode});
    case 14: return RandomIoUCrop({.min_scale = 0.5, .sampler_options = {0.0, 1.0}});
    case 15: return RandomChoice({RandomVerticalFlip(1.0), Resize({12, 10}), RandomInvert(1.0)});
    case 16: return RandomOrder({RandomVerticalFlip(), CenterCrop({9, 8}), RandomHorizontalFlip()});
    case 17: return RandomInvert(0.3);
    default: return RandomApply({RandomVerticalFlip(), Pad(1)}, 0.3);
  }
}
constexpr int64_t kinds = 19;

AnyTransform any_resize() { return any_transform(std::array<int64_t, 5>{0, 1, 11, 12, 13}[static_cast<size_t>(below(5))]); }
AnyTransform any_crop() { return any_transform(std::array<int64_t, 4>{2, 3, 4, 14}[static_cast<size_t>(below(4))]); }
AnyTransform any_flip() { return any_transform(coin() ? 5 : 10); }
AnyTransform any_kind() { return any_transform(below(kinds)); }

// Orders of channels anywhere among them, which suit every image; of draws of their own.
void add_orders(std::vector<AnyTransform>& parts, uint64_t seed) {
  const random::Scope scope(seed);
  for (int64_t count = below(3); count > 0; --count) {
    parts.insert(parts.begin() + below(std::ssize(parts) + 1), RandomChannelPermutation());
  }
}

// In the order that people write, with some parts missing, doubled or out of place.
Compose any_composition(uint64_t seed) {
  std::vector<AnyTransform> parts;
  if (below(3) > 0) {
    for (const auto& any : {any_resize, any_crop, any_flip, any_flip}) {
      if (below(4) > 0) parts.push_back(any());
    }
    if (below(5) == 0) parts.push_back(any_kind());
  } else {
    for (int64_t i = below(5); i >= 0; --i) parts.push_back(any_kind());
  }
  if (parts.empty() || coin()) {
    parts.push_back(any_transform(6));
    if (coin()) parts.push_back(coin() ? Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}) : Normalize({0.5}, {0.25}));
    if (below(4) == 0) parts.push_back(any_flip());
    if (below(6) == 0) parts.push_back(any_kind());
  }
  add_orders(parts, seed + 1'000'000);
  return Compose(std::move(parts));
}

torch::Tensor any_pixels() {
  const auto channels = std::array<int64_t, 4>{3, 3, 1, 4}[static_cast<size_t>(below(4))];
  auto shape = std::vector<int64_t>{channels, 1 + below(50), 1 + below(50)};
  if (below(4) == 0) shape.insert(shape.begin(), 1 + below(3));
  const auto pixels = torch::randint(256, shape, random::current(), torch::kUInt8);
  const auto layout = std::array{"contiguous", "channels_last", "channels_last", "sliced"}[static_cast<size_t>(below(4))];
  return operations::laid_out(pixels, layout);
}

// The result, or the error's text.
struct Outcome {
  std::optional<std::tuple<Image, Mask, KeyPoints, BoundingBoxes>> out;
  std::string error;
  float next = 0;
};

Outcome outcome(const Compose& compose, uint64_t seed, const Image& image, const Mask& mask, const KeyPoints& points,
                const BoundingBoxes& boxes) {
  const random::Scope scope(seed);
  Outcome result;
  try {
    result.out = compose(image, mask, points, boxes);
  } catch (const std::exception& error) {
    result.error = error.what();
  }
  result.next = random::uniform();
  return result;
}

// Whether any of it is done in a pass. Draws anew, and may draw what this image alone does not bear.
bool fuses(const Compose& compose, const Image& image) {
  try {
    return compose.explain(image).find("pass") != std::string::npos;
  } catch (const ValueError&) {
    return false;
  }
}

TEST(Fused, EqualsTheUnfusedOnAThousandDrawnCompositions) {
  const SerialScope serial;
  int computed = 0, fused = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const random::Scope scope(seed);
    const auto compose = any_composition(seed);
    const Image image(any_pixels());
    const Size canvas{image.data.size(-2), image.data.size(-1)};
    const Mask mask(torch::randint(9, {canvas.height, canvas.width}, random::current(), torch::kUInt8));
    const KeyPoints points(torch::rand({3, 2}, random::current()) * 20, canvas);
    const BoundingBoxes boxes(torch::tensor({{0.0, 0.0, 0.9, 0.8}, {0.3, 0.1, 0.6, 0.9}}) *
                                  torch::tensor({canvas.width, canvas.height, canvas.width, canvas.height}),
                              BoundingBoxFormat::XYXY, canvas);
    const auto before = image.data.clone();

    const auto one_pass = outcome(compose, seed, image, mask, points, boxes);
    const auto apart = outcome(compose.with_fusion(false), seed, image, mask, points, boxes);
    ASSERT_EQ(one_pass.error, apart.error) << compose;
    ASSERT_EQ(one_pass.next, apart.next) << compose;
    ASSERT_TRUE(image.data.equal(before)) << compose;
    if (!apart.out) continue;
    ++computed;
    if (fuses(compose, image)) ++fused;
    ASSERT_TRUE(::support::equal(std::get<0>(*one_pass.out).data, std::get<0>(*apart.out).data)) << compose << image;
    ASSERT_TRUE(::support::equal(std::get<1>(*one_pass.out).data, std::get<1>(*apart.out).data)) << compose;
    ASSERT_TRUE(::support::equal(std::get<2>(*one_pass.out).data, std::get<2>(*apart.out).data)) << compose;
    ASSERT_TRUE(::support::equal(std::get<3>(*one_pass.out).data, std::get<3>(*apart.out).data)) << compose;
  }
  EXPECT_GT(computed, 800);
  EXPECT_GT(fused, 700);
}

const Compose& preprocess() {
  static const Compose compose{Resize({64}), CenterCrop({56, 56}), RandomHorizontalFlip(),
                               ToDtype(torch::kFloat32, {.scale = true}),
                               Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
  return compose;
}

TEST(Fused, ExplainsWhatIsDoneInOnePass) {
  const Compose compose{Resize({64}), CenterCrop({56, 56}), Pad(1), RandomHorizontalFlip(1.0), ToDtype(torch::kFloat32)};
  const auto text = compose.explain();
  EXPECT_EQ(text,
            "pass 1  Resize(size=[64], interpolation=bilinear, antialias=True)\n"
            "pass 1  CenterCrop(size=(56, 56))\n"
            "alone   Pad(padding=1, fill=0, padding_mode=constant)\n"
            "pass 2  RandomHorizontalFlip(p=1.0)\n"
            "alone   ToDtype(scale=False)\n");
  EXPECT_EQ(compose.with_fusion(false).explain().find("pass"), std::string::npos);
  EXPECT_EQ(preprocess().explain().find("alone"), std::string::npos);
}

TEST(Fused, GoesOnThroughContainersAndWhatDidNotHappen) {
  const Compose compose{RandomShortestSize(64),
                        RandomVerticalFlip(1.0),
                        RandomInvert(0.0),
                        RandomChoice({CenterCrop({56, 56})}),
                        RandomOrder({RandomHorizontalFlip(1.0)}),
                        with_generator(RandomApply({RandomHorizontalFlip(1.0)}, 1.0), 3),
                        ToDtype(torch::kFloat32, {.scale = true})};
  EXPECT_EQ(compose.explain().find("alone"), std::string::npos) << compose.explain();
  EXPECT_EQ(compose.explain().find("pass 2"), std::string::npos) << compose.explain();
}

TEST(Fused, PutsChannelsIntoAnotherOrderInThePass) {
  const auto normalize = Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225});
  const auto to_float = ToDtype(torch::kFloat32, {.scale = true});
  const PermuteChannels bgr({2, 1, 0}), turned({1, 2, 0});
  const std::vector<Compose> all{
      Compose{bgr},
      Compose{RandomHorizontalFlip(1.0), turned},
      Compose{RandomVerticalFlip(1.0), turned, CenterCrop({50, 60}), RandomHorizontalFlip(1.0)},
      Compose{turned, turned, Resize({64}), turned},  // as they were
      Compose{turned, Resize({64}), bgr, RandomHorizontalFlip(1.0)},
      Compose{Resize({64}), to_float, turned, normalize},
      Compose{Resize({64}), to_float, normalize, turned},
      Compose{turned, to_float, bgr, normalize, turned, RandomVerticalFlip(1.0)},
      Compose{to_float, normalize, turned},
      Compose{RandomChannelPermutation(), to_float},
  };
  for (const auto& compose : all) {
    SCOPED_TRACE(compose.repr());
    EXPECT_EQ(compose.explain().find("alone"), std::string::npos) << compose.explain();
    EXPECT_EQ(compose.explain().find("pass 2"), std::string::npos) << compose.explain();
    for (const auto* layout : {"contiguous", "channels_last", "sliced", "cropped"}) {
      for (const auto& shape : std::vector<std::vector<int64_t>>{{3, 101, 93}, {2, 3, 70, 91}}) {
        const auto image = operations::laid_out(torch::randint(256, shape, torch::kUInt8), layout);
        const random::Scope scope(1);
        const auto fused = compose(image);
        const random::Scope again(1);
        EXPECT_TENSOR_EQ(fused, compose.with_fusion(false)(image)) << layout;
      }
    }
  }
  // In planes, where a batch has room for it.
  const auto file = io::encode_jpeg(Image(torch::randint(256, {3, 80, 90}, torch::kUInt8)), 90);
  const io::Bytes bytes(file.const_data_ptr<uint8_t>(), static_cast<size_t>(file.numel()));
  const ImagePlace place = [](at::IntArrayRef sizes, torch::ScalarType type) { return torch::zeros(sizes, type); };
  for (const auto& compose : all) {
    SCOPED_TRACE(compose.repr());
    const random::Scope scope(1);
    const auto placed = decode(compose, bytes, {}, place);
    const random::Scope again(1);
    EXPECT_TENSOR_EQ(placed.data, compose.with_fusion(false)(io::decode_image(bytes)).data);
  }
}

TEST(PermuteChannels, TakesTheChannelsThatItNames) {
  const auto image = torch::randint(256, {3, 5, 7}, torch::kUInt8);
  EXPECT_TENSOR_EQ(PermuteChannels({2, 0, 1})(image), torch::stack({image[2], image[0], image[1]}));
  EXPECT_TENSOR_EQ((Compose{PermuteChannels({0, 0, -1})}(image)), torch::stack({image[0], image[0], image[2]}));
  const auto [out, mask] = PermuteChannels({2, 1, 0})(Video(image.unsqueeze(0)), Mask(image[0]));
  EXPECT_TENSOR_EQ(out.data, image.flip(0).unsqueeze(0));
  EXPECT_TENSOR_EQ(mask.data, image[0]);
  EXPECT_ERROR(PermuteChannels({1, 0})(image), ValueError, "permute_channels: there must be 3 numbers for an image (3, 5, 7)");
  EXPECT_ERROR((Compose{Resize({4, 4}), PermuteChannels({0, 1, 3})}(image)), ValueError,
               "permute_channels: there is no channel 3");
}

TEST(Fused, KeepsTheChannelsWhereTheyWere) {
  const auto planes = torch::randint(256, {3, 100, 90}, torch::kUInt8);
  EXPECT_TRUE(preprocess()(planes).is_contiguous());
  const auto interleaved = operations::laid_out(planes, "channels_last");
  EXPECT_EQ(preprocess()(interleaved).stride(0), 1);
}

TEST(Fused, RecordsLikeTheUnfused) {
  const Image image(torch::randint(256, {3, 100, 90}, torch::kUInt8));
  const random::Scope scope(1);
  const auto [out, record] = preprocess().record(image);
  EXPECT_TENSOR_EQ(preprocess().replay(record, image).data, out.data);
  const random::Scope again(1);
  EXPECT_TENSOR_EQ(preprocess()(image).data, out.data);
}

TEST(Fused, RunsOnManyThreads) {
  const auto image = operations::laid_out(torch::randint(256, {3, 700, 900}, torch::kUInt8), "channels_last");
  const Compose compose{Resize({512, 640}), CenterCrop({500, 600}), PermuteChannels({2, 1, 0}),
                        ToDtype(torch::kFloat32, {.scale = true})};
  EXPECT_TENSOR_EQ(compose(image), compose.with_fusion(false)(image));
}

TEST(Decode, EqualsDecodingFirst) {
  const auto photo =
      operations::laid_out(torch::nn::functional::interpolate(torch::randint(256, {1, 3, 40, 60}, torch::kFloat32),
                                                              torch::nn::functional::InterpolateFuncOptions()
                                                                  .size(std::vector<int64_t>{803, 1207})
                                                                  .mode(torch::kBilinear)
                                                                  .align_corners(false))
                               .squeeze(0)
                               .to(torch::kUInt8),
                           "channels_last");
  const auto bytes = io::encode_jpeg(Image(photo), 90);
  const io::Bytes view(bytes.const_data_ptr<uint8_t>(), static_cast<size_t>(bytes.numel()));
  const auto normal = Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225});
  const std::vector<Compose> all{
      Compose{Resize({64}), CenterCrop({56, 56}), ToDtype(torch::kFloat32, {.scale = true}), normal},
      Compose{RandomResizedCrop({32, 40}), RandomHorizontalFlip(), ToDtype(torch::kFloat32, {.scale = true}), normal},
      Compose{RandomCrop({200, 300}), RandomHorizontalFlip()},
      Compose{RandomShortestSize({64, 80}), RandomVerticalFlip(1.0), RandomCrop({60, 60}),
              ToDtype(torch::kFloat32, {.scale = true})},
      Compose{CenterCrop({803, 400})},
      Compose{Pad(1), Resize({64})},
      Compose{RandomResizedCrop({64, 64}, {.scale = {0.01, 0.05}, .interpolation = InterpolationMode::BICUBIC})},
  };
  for (const auto& compose : all) {
    SCOPED_TRACE(compose.repr());
    for (const auto mode : {io::ImageReadMode::UNCHANGED, io::ImageReadMode::RGB, io::ImageReadMode::GRAY}) {
      if (mode == io::ImageReadMode::GRAY && compose.repr().find("Normalize") != std::string::npos) continue;
      for (uint64_t seed = 0; seed < 6; ++seed) {
        random::Scope scope(seed);
        const auto expected = compose.with_fusion(false)(io::decode_image(view, {.mode = mode}));
        random::Scope again(seed);
        EXPECT_TENSOR_EQ(decode(compose, view, {.mode = mode}).data, expected.data);
      }
    }
  }
}

// With EXIF that says how the camera was held: a segment behind the mark with which every JPEG begins.
torch::Tensor turned(const torch::Tensor& jpeg, int64_t orientation) {
  const std::string block(
      "\xFF\xE1\0\x22"
      "Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0",
      36);
  const auto segment = torch::tensor(std::vector<uint8_t>(block.begin(), block.end()));
  segment[28].fill_(orientation);
  return torch::cat({jpeg.slice(0, 0, 2), segment, jpeg.slice(0, 2)});
}

// The image that a thousand compositions are given, as a file: what of it is decoded is theirs to say. A third are PNGs, which
// are decoded first, and a third JPEGs that were taken with a turned camera; some are set upright, the others left as they are.
TEST(Decode, EqualsDecodingFirstOnAThousandDrawnCompositions) {
  const SerialScope serial;
  int computed = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const random::Scope scope(seed);
    const auto compose = any_composition(seed);
    const auto shades = torch::rand({1, coin() ? 3 : 1, 4, 5}, random::current());
    const auto smooth = torch::upsample_bilinear2d(shades, {1 + below(90), 1 + below(90)}, false)[0];
    const auto noise = torch::rand(smooth.sizes(), random::current());
    const Image image((smooth * 235 + noise * 20).to(torch::kUInt8));
    auto file = io::encode_jpeg(image, 60 + below(41));
    io::DecodeOptions options{.mode = std::array{io::ImageReadMode::UNCHANGED, io::ImageReadMode::RGB,
                                                 io::ImageReadMode::GRAY}[static_cast<size_t>(below(3))]};
    if (seed % 3 == 1) file = io::encode_png(image);
    if (seed % 3 == 2) file = turned(file, 1 + below(8));
    if (seed % 3 > 0) options.apply_exif_orientation = coin();
    const io::Bytes bytes(file.const_data_ptr<uint8_t>(), static_cast<size_t>(file.numel()));
    const auto outcome = [&](const auto& call) {
      const random::Scope drawn(seed);
      std::pair<std::optional<torch::Tensor>, std::string> out;
      try {
        out.first = call();
      } catch (const std::exception& error) {
        out.second = error.what();
      }
      out.second += " " + std::to_string(random::uniform());  // both generators stand at the same place
      return out;
    };
    const auto [part, said] = outcome([&] { return decode(compose, bytes, options).data; });
    const auto [whole, expected] = outcome([&] { return compose.with_fusion(false)(io::decode_image(bytes, options)).data; });
    ASSERT_EQ(said, expected) << compose;
    if (!whole) continue;
    ++computed;
    ASSERT_TRUE(::support::equal(*part, *whole)) << compose << image;
  }
  EXPECT_GT(computed, 800);
}

TEST(Decode, ExplainsWhatOfTheFileIsDecoded) {
  const auto photo = torch::upsample_bilinear2d(torch::rand({1, 3, 6, 8}), {800, 1207}, false)[0].mul(255).to(torch::kUInt8);
  const auto file = io::encode_jpeg(Image(photo), 90);
  const io::Bytes bytes(file.const_data_ptr<uint8_t>(), static_cast<size_t>(file.numel()));
  EXPECT_EQ(explain(Compose{CenterCrop({800, 400}), RandomHorizontalFlip(1.0)}, bytes),
            "pass 1  decode_image, rows [0, 800) and columns [404, 804) of 800x1207\n"
            "pass 1  CenterCrop(size=(800, 400))\n"
            "pass 1  RandomHorizontalFlip(p=1.0)\n");
  EXPECT_EQ(explain(Compose{Resize({64, 64})}, bytes),
            "pass 1  decode_image, all of 800x1207\n"
            "pass 1  Resize(size=[64, 64], interpolation=bilinear, antialias=True)\n");
  EXPECT_EQ(explain(Compose{Pad(1)}, bytes),
            "alone   decode_image, all of 800x1207\n"
            "alone   Pad(padding=1, fill=0, padding_mode=constant)\n");
  EXPECT_EQ(explain(Compose{CenterCrop({800, 400})}.with_fusion(false), bytes),
            "alone   decode_image\n"
            "alone   CenterCrop(size=(800, 400))\n");
}

TEST(Decode, TakesSmallerDecodesForNearlyTheSame) {
  const auto photo = torch::randint(256, {3, 6, 8}, torch::kUInt8);
  const auto large = functional::resize(photo, {600, 800});
  const auto bytes = io::encode_jpeg(Image(large), 95);
  const io::Bytes view(bytes.const_data_ptr<uint8_t>(), static_cast<size_t>(bytes.numel()));
  const Compose compose{Resize({64}), CenterCrop({56, 56})};
  const auto exact = decode(compose, view).data.to(torch::kFloat32);
  const auto quick = decode(compose, view, {.min_size = 64}).data.to(torch::kFloat32);
  EXPECT_EQ(quick.sizes(), exact.sizes());
  EXPECT_LT((quick - exact).abs().mean().item<float>(), 3);
}

// Also where the part that a composition needs is all there.
TEST(Decode, RefusesTheTruncationsThatDecodingFirstRefuses) {
  const auto bytes = io::encode_jpeg(Image(torch::randint(256, {3, 64, 64}, torch::kUInt8)), 90);
  const auto* data = bytes.const_data_ptr<uint8_t>();
  const auto refuses = [](const auto& call) {
    try {
      call();
      return false;
    } catch (const DecodeError&) {
      return true;
    }
  };
  const Compose whole{Resize({32})}, middle{CenterCrop({8, 64})};
  for (int64_t length = 0; length < bytes.numel(); length += 7) {
    const io::Bytes cut(data, static_cast<size_t>(length));
    const bool refused = refuses([&] { io::decode_image(cut); });
    EXPECT_EQ(refuses([&] { decode(whole, cut); }), refused) << length;
    EXPECT_EQ(refuses([&] { decode(middle, cut); }), refused) << length;
  }
}

}  // namespace
}  // namespace opsis
