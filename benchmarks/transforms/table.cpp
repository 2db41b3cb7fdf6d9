// Every kernel of images, one row each, on one thread: what scripts/bench_transforms holds beside torchvision, OpenCV and
// Albumentations. Prints {"name": milliseconds, ...} and leaves the results for comparison.
//     opsis_bench_table <photo.jpg> <results.safetensors> [filter]
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "opsis/opsis.h"

namespace {

namespace T = opsis::transforms;
namespace F = opsis::transforms::functional;
using opsis::BoundingBoxes;
using opsis::Image;
using opsis::KeyPoints;
using opsis::Mask;
using opsis::Video;
using T::InterpolationMode;

struct Row {
  const char* name;
  std::function<torch::Tensor(const Image&)> run;
  std::function<torch::Tensor()> result{};  // what is compared, where it is not what `run` gives
};

// What of the photo a row works on is made once.
BoundingBoxes a_thousand_boxes(const Image& x) {
  const auto i = torch::arange(1000, torch::kFloat32);
  const auto h = x.data.size(-2), w = x.data.size(-1);
  const auto left = i.remainder(w - 60), top = (i * 7).remainder(h - 60);
  return {torch::stack({left, top, left + 5 + i.remainder(50), top + 9 + i.remainder(40)}, 1),
          opsis::BoundingBoxFormat::XYXY,
          {h, w}};
}

const BoundingBoxes& boxes_on(const Image& x) {
  static const auto boxes = a_thousand_boxes(x);
  return boxes;
}

const KeyPoints& points_on(const Image& x) {
  static const KeyPoints points(boxes_on(x).data.slice(1, 0, 2).clone(), {x.data.size(-2), x.data.size(-1)});
  return points;
}

const Mask& mask_of(const Image& x) {
  static const Mask mask(x.data[0].contiguous());
  return mask;
}

// The corners of the photo, and where they go.
std::pair<std::vector<T::Point>, std::vector<T::Point>> moved_corners(const Image& x) {
  const auto h = static_cast<double>(x.data.size(-2)), w = static_cast<double>(x.data.size(-1));
  const auto at = [](double across, double down) { return T::Point{across, down}; };
  return {{at(0, 0), at(w - 1, 0), at(w - 1, h - 1), at(0, h - 1)},
          {at(20, 30), at(w - 40, 10), at(w - 1, h - 21), at(10, h - 1)}};
}

template <class Kind>
torch::Tensor seen_askew(const Kind& value, const Image& photo, InterpolationMode interpolation = InterpolationMode::BILINEAR) {
  const auto [from, to] = moved_corners(photo);
  return F::perspective(value, from, to, {.interpolation = interpolation}).data;
}

template <class Kind>
torch::Tensor bent(const Kind& value, const Image& photo, InterpolationMode interpolation = InterpolationMode::BILINEAR) {
  const auto h = photo.data.size(-2), w = photo.data.size(-1);
  static const auto displacement = torch::linspace(-0.02, 0.02, h * w * 2).view({1, h, w, 2});
  return F::elastic(value, displacement, {.interpolation = interpolation}).data;
}

// Another file of the photo, which scripts/bench_transforms puts beside it.
std::filesystem::path& photo_file() {
  static std::filesystem::path file;
  return file;
}

const torch::Tensor& file_of(const std::string& ending) {
  static std::map<std::string, torch::Tensor> files;
  auto& bytes = files[ending];
  if (!bytes.defined()) bytes = opsis::io::read_file(std::filesystem::path(photo_file()).replace_extension(ending));
  return bytes;
}

const Image& small_photo(const Image& x) {
  static const auto floats = F::to_dtype(F::resize(x, {16, 16}), torch::kFloat32, {.scale = true});
  return floats;
}

// The photo as a program without tensors holds it.
const opsis::PackedImage& packed_photo(const Image& x) {
  static const opsis::PackedImage packed(x.data.permute({1, 2, 0}).contiguous(), opsis::PackedMode::RGB);
  return packed;
}

const torch::Tensor& float_photo(const Image& x) {
  static const auto floats = F::to_dtype(x, torch::kFloat32, {.scale = true}).data.contiguous();
  return floats;
}

const torch::Tensor& flow_of(const Image& x) {
  static const auto flow = x.data.slice(0, 0, 2).to(torch::kFloat32).contiguous() - 127.5;
  return flow;
}

// In memory where the system has a folder there: a disk would be what is measured.
const std::filesystem::path& saved_file() {
  static const auto file = [] {
    const std::filesystem::path memory = "/dev/shm";
    return (std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path()) / "opsis_bench_saved.png";
  }();
  return file;
}

const Image& gray_photo(const Image& x) {
  static const Image gray(x.data.slice(0, 0, 1).contiguous());
  return gray;
}

const Video& video_of(const Image& x) {
  static const Video video(torch::stack(std::vector<torch::Tensor>(8, x.data.contiguous())));
  return video;
}

const std::pair<torch::Tensor, torch::Tensor>& batch_of(const Image& x) {
  static const auto batch = [&] {
    const auto photo = x.data.contiguous();
    std::vector<torch::Tensor> all;
    for (int i = 0; i < 4; ++i) all.insert(all.end(), {photo, 255 - photo});
    return std::pair(F::resize(torch::stack(all), {224, 224}).to(torch::kFloat32), torch::arange(8));
  }();
  return batch;
}

// The names and parameters are those of scripts/bench_transforms. To add one: a line here and a line there.
const std::vector<Row> rows{
    {"adjust_brightness", [](const Image& x) { return F::adjust_brightness(x, 1.3).data; }},
    {"adjust_contrast", [](const Image& x) { return F::adjust_contrast(x, 1.3).data; }},
    {"adjust_saturation", [](const Image& x) { return F::adjust_saturation(x, 1.3).data; }},
    {"adjust_hue", [](const Image& x) { return F::adjust_hue(x, 0.1).data; }},
    {"adjust_gamma", [](const Image& x) { return F::adjust_gamma(x, 1.2).data; }},
    {"adjust_sharpness", [](const Image& x) { return F::adjust_sharpness(x, 2.0).data; }},
    {"ColorJitter",
     [](const Image& x) {
       return T::ColorJitter({.brightness = 0.4, .contrast = 0.4, .saturation = 0.4, .hue = 0.1})(x).data;
     }},
    {"rgb_to_grayscale", [](const Image& x) { return F::rgb_to_grayscale(x).data; }},
    {"rgb_to_grayscale 3", [](const Image& x) { return F::rgb_to_grayscale(x, 3).data; }},
    {"invert", [](const Image& x) { return F::invert(x).data; }},
    {"posterize", [](const Image& x) { return F::posterize(x, 4).data; }},
    {"solarize", [](const Image& x) { return F::solarize(x, 128).data; }},
    {"autocontrast", [](const Image& x) { return F::autocontrast(x).data; }},
    {"equalize", [](const Image& x) { return F::equalize(x).data; }},
    {"permute_channels",
     [](const Image& x) {
       return F::permute_channels(x, {2, 1, 0}).data;
     }},
    {"gaussian_blur 5",
     [](const Image& x) {
       return F::gaussian_blur(x, {5, 5}, {.sigma = {1.1, 1.1}}).data;
     }},
    {"gaussian_blur 23",
     [](const Image& x) {
       return F::gaussian_blur(x, {23, 23}, {.sigma = {3.8, 3.8}}).data;
     }},
    {"to float + normalise",
     [](const Image& x) {
       static const T::Compose prepare{T::ToDtype(torch::kFloat32, {.scale = true}),
                                       T::Normalize({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225})};
       return prepare(x).data;
     }},
    {"to float", [](const Image& x) { return F::to_dtype(x, torch::kFloat32, {.scale = true}).data; }},
    {"jpeg 75", [](const Image& x) { return F::jpeg(x, 75).data; }},
    // The codecs: files made of the photo, once.
    {"decode jpeg",
     [](const Image& x) {
       static const auto bytes = opsis::io::encode_jpeg(x, 90);
       return opsis::io::decode_jpeg(bytes).data;
     }},
    {"decode jpeg region",
     [](const Image& x) {
       static const auto bytes = opsis::io::encode_jpeg(x, 90);
       return opsis::io::decode_jpeg(bytes, {.region = opsis::io::Region{50, 60, 250, 300}}).data;
     }},
    {"encode jpeg 75", [](const Image& x) { return opsis::io::encode_jpeg(x, 75); }},
    {"decode png",
     [](const Image& x) {
       static const auto bytes = opsis::io::encode_png(x);
       return opsis::io::decode_png(bytes).data;
     }},
    {"encode png", [](const Image& x) { return opsis::io::encode_png(x); }},
    {"encode png quick", [](const Image& x) { return opsis::io::encode_png(x, 6, {.quick = true}); }},
    {"decode webp", [](const Image&) { return opsis::io::decode_webp(file_of(".webp")).data; }},
    {"encode webp 80", [](const Image& x) { return opsis::io::encode_webp(x); }},
    {"encode webp lossless", [](const Image& x) { return opsis::io::encode_webp(x, {.lossless = true}); }},
    {"decode gif", [](const Image&) { return opsis::io::decode_gif(file_of(".gif")).data; }},
    {"encode gif", [](const Image& x) { return opsis::io::encode_gif(x); }},
    {"decode avif", [](const Image&) { return opsis::io::decode_avif(file_of(".avif")).data; }},
    {"encode avif 75", [](const Image& x) { return opsis::io::encode_avif(x); }},
    // The quality by which the file is as good as the others' of 75.
    {"encode avif 81 beside 75", [](const Image& x) { return opsis::io::encode_avif(x, {.quality = 81}); }},
    {"decode heic", [](const Image&) { return opsis::io::decode_heic(file_of(".heic")).data; }},
    {"decode tiff", [](const Image&) { return opsis::io::decode_tiff(file_of(".tif")).data; }},
    {"encode tiff", [](const Image& x) { return opsis::io::encode_tiff(x); }},
    // The photo as packed pixels, which to torchvision are a PIL.Image.
    {"pil_to_tensor", [](const Image& x) { return F::pil_to_tensor(packed_photo(x)); }},
    {"to_image", [](const Image& x) { return F::to_image(packed_photo(x)).data; }},
    {"to_tensor", [](const Image& x) { return F::to_tensor(packed_photo(x)); }},
    {"to_pil_image", [](const Image& x) { return F::to_pil_image(x).data; }},
    {"horizontal_flip", [](const Image& x) { return F::horizontal_flip(x).data; }},
    {"vertical_flip", [](const Image& x) { return F::vertical_flip(x).data; }},
    {"pad constant", [](const Image& x) { return F::pad(x, {20}).data; }},
    {"pad reflect", [](const Image& x) { return F::pad(x, {20}, 0, T::PaddingMode::Reflect).data; }},
    {"pad edge", [](const Image& x) { return F::pad(x, {20}, 0, T::PaddingMode::Edge).data; }},
    {"pad symmetric", [](const Image& x) { return F::pad(x, {20}, 0, T::PaddingMode::Symmetric).data; }},
    {"center_crop 224",
     [](const Image& x) {
       return F::center_crop(x, {224, 224}).data;
     }},
    {"resize 224 bilinear antialias",
     [](const Image& x) {
       return F::resize(x, {224, 224}).data;
     }},
    {"resize 224 bilinear",
     [](const Image& x) {
       return F::resize(x, {224, 224}, {.antialias = false}).data;
     }},
    {"resize 224 bicubic antialias",
     [](const Image& x) {
       return F::resize(x, {224, 224}, {.interpolation = InterpolationMode::BICUBIC}).data;
     }},
    {"resize 224 bicubic",
     [](const Image& x) {
       return F::resize(x, {224, 224}, {.interpolation = InterpolationMode::BICUBIC, .antialias = false}).data;
     }},
    {"resize 224 nearest-exact",
     [](const Image& x) {
       return F::resize(x, {224, 224}, {.interpolation = InterpolationMode::NEAREST_EXACT}).data;
     }},
    {"resize 224 nearest",
     [](const Image& x) {
       return F::resize(x, {224, 224}, {.interpolation = InterpolationMode::NEAREST}).data;
     }},
    {"resize 2x bilinear",
     [](const Image& x) {
       return F::resize(x, {x.data.size(-2) * 2, x.data.size(-1) * 2}).data;
     }},
    {"resized_crop",
     [](const Image& x) {
       return F::resized_crop(x, {50, 60, 250, 300}, {224, 224}).data;
     }},
    {"rotate 30 nearest", [](const Image& x) { return F::rotate(x, 30).data; }},
    {"rotate 30 bilinear",
     [](const Image& x) { return F::rotate(x, 30, {.interpolation = InterpolationMode::BILINEAR}).data; }},
    {"affine bilinear",
     [](const Image& x) {
       return F::affine(x, 10, {20, 10}, 1.1, {5, 3}, {.interpolation = InterpolationMode::BILINEAR}).data;
     }},
    {"affine nearest",
     [](const Image& x) {
       return F::affine(x, 10, {20, 10}, 1.1, {5, 3}).data;
     }},
    {"perspective bilinear", [](const Image& x) { return seen_askew(x, x); }},
    {"perspective nearest", [](const Image& x) { return seen_askew(x, x, InterpolationMode::NEAREST); }},
    {"elastic nearest", [](const Image& x) { return bent(x, x, InterpolationMode::NEAREST); }},
    {"ElasticTransform", [](const Image& x) { return T::ElasticTransform()(x).data; }},
    {"RandomErasing", [](const Image& x) { return T::RandomErasing({.p = 1.0})(x).data; }},
    {"GaussianNoise", [](const Image& x) { return T::GaussianNoise()(x).data; }},
    {"RandomPhotometricDistort", [](const Image& x) { return T::RandomPhotometricDistort()(x).data; }},
    {"crop",
     [](const Image& x) {
       return F::crop(x, {50, 60, 250, 300}).data;
     }},
    {"erase",
     [](const Image& x) {
       return F::erase(x, {50, 60, 100, 120}, torch::zeros({3, 1, 1})).data;
     }},
    {"normalize",
     [](const Image& x) {
       static const auto floats = F::to_dtype(x, torch::kFloat32, {.scale = true});
       return F::normalize(floats, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}).data;
     }},
    {"five_crop 224",
     [](const Image& x) {
       return F::five_crop(x, {224, 224})[4].data;
     }},
    {"ten_crop 224",
     [](const Image& x) {
       return F::ten_crop(x, {224, 224})[9].data;
     }},
    {"RandomCrop 224", [](const Image& x) { return T::RandomCrop(224)(x).data; }},
    {"RandomResizedCrop 224", [](const Image& x) { return T::RandomResizedCrop(224)(x).data; }},
    {"RandomIoUCrop", [](const Image& x) { return std::get<0>(T::RandomIoUCrop()(x, boxes_on(x))).data; }},
    {"LinearTransformation",
     [](const Image& x) {
       static const T::LinearTransformation halve(torch::eye(768) * 0.5, torch::zeros({768}));
       return halve(small_photo(x)).data;
     }},
    {"RGB", [](const Image& x) { return T::RGB()(gray_photo(x)).data; }},
    {"RandomZoomOut", [](const Image& x) { return T::RandomZoomOut({.p = 1.0})(x).data; }},
    {"RandomResize", [](const Image& x) { return T::RandomResize(200, 300)(x).data; }},
    {"RandomShortestSize",
     [](const Image& x) {
       return T::RandomShortestSize({200, 256})(x).data;
     }},
    {"ScaleJitter",
     [](const Image& x) {
       return T::ScaleJitter({256, 256})(x).data;
     }},
    {"RandomChannelPermutation", [](const Image& x) { return T::RandomChannelPermutation()(x).data; }},
    {"ElasticTransform bicubic",
     [](const Image& x) { return T::ElasticTransform({.interpolation = InterpolationMode::BICUBIC})(x).data; }},
    {"MixUp",
     [](const Image& x) {
       const auto& [images, labels] = batch_of(x);
       return std::get<0>(T::MixUp({.num_classes = 8})(images, labels));
     }},
    {"CutMix",
     [](const Image& x) {
       const auto& [images, labels] = batch_of(x);
       return std::get<0>(T::CutMix({.num_classes = 8})(images, labels));
     }},
    {"boxes horizontal_flip", [](const Image& x) { return F::horizontal_flip(boxes_on(x)).data; }},
    {"boxes resize",
     [](const Image& x) {
       return F::resize(boxes_on(x), {224, 224}).data;
     }},
    {"boxes rotate 30", [](const Image& x) { return F::rotate(boxes_on(x), 30).data; }},
    {"boxes clamp", [](const Image& x) { return F::clamp_bounding_boxes(boxes_on(x)).data; }},
    {"boxes convert",
     [](const Image& x) { return F::convert_bounding_box_format(boxes_on(x), opsis::BoundingBoxFormat::CXCYWH).data; }},
    {"boxes sanitize", [](const Image& x) { return F::sanitize_bounding_boxes(boxes_on(x), {.min_size = 20}).boxes.data; }},
    {"boxes vertical_flip", [](const Image& x) { return F::vertical_flip(boxes_on(x)).data; }},
    {"boxes crop",
     [](const Image& x) {
       return F::crop(boxes_on(x), {50, 60, 250, 300}).data;
     }},
    {"boxes center_crop",
     [](const Image& x) {
       return F::center_crop(boxes_on(x), {224, 224}).data;
     }},
    {"boxes resized_crop",
     [](const Image& x) {
       return F::resized_crop(boxes_on(x), {50, 60, 250, 300}, {224, 224}).data;
     }},
    {"boxes pad", [](const Image& x) { return F::pad(boxes_on(x), {20}).data; }},
    {"boxes affine",
     [](const Image& x) {
       return F::affine(boxes_on(x), 10, {20, 10}, 1.1, {5, 3}).data;
     }},
    {"boxes perspective", [](const Image& x) { return seen_askew(boxes_on(x), x); }},
    {"boxes elastic", [](const Image& x) { return bent(boxes_on(x), x); }},
    {"key points sanitize", [](const Image& x) { return F::sanitize_keypoints(points_on(x)).points.data; }},
    {"key points clamp", [](const Image& x) { return F::clamp_keypoints(points_on(x)).data; }},
    {"key points horizontal_flip", [](const Image& x) { return F::horizontal_flip(points_on(x)).data; }},
    {"key points vertical_flip", [](const Image& x) { return F::vertical_flip(points_on(x)).data; }},
    {"key points crop",
     [](const Image& x) {
       return F::crop(points_on(x), {50, 60, 250, 300}).data;
     }},
    {"key points center_crop",
     [](const Image& x) {
       return F::center_crop(points_on(x), {224, 224}).data;
     }},
    {"key points resized_crop",
     [](const Image& x) {
       return F::resized_crop(points_on(x), {50, 60, 250, 300}, {224, 224}).data;
     }},
    {"key points pad", [](const Image& x) { return F::pad(points_on(x), {20}).data; }},
    {"key points affine",
     [](const Image& x) {
       return F::affine(points_on(x), 10, {20, 10}, 1.1, {5, 3}).data;
     }},
    {"key points perspective", [](const Image& x) { return seen_askew(points_on(x), x); }},
    {"key points elastic", [](const Image& x) { return bent(points_on(x), x); }},
    {"key points rotate 30", [](const Image& x) { return F::rotate(points_on(x), 30).data; }},
    {"key points resize",
     [](const Image& x) {
       return F::resize(points_on(x), {224, 224}).data;
     }},
    {"mask resize",
     [](const Image& x) {
       return F::resize(mask_of(x), {224, 224}).data;
     }},
    {"mask horizontal_flip", [](const Image& x) { return F::horizontal_flip(mask_of(x)).data; }},
    {"mask vertical_flip", [](const Image& x) { return F::vertical_flip(mask_of(x)).data; }},
    {"mask crop",
     [](const Image& x) {
       return F::crop(mask_of(x), {50, 60, 250, 300}).data;
     }},
    {"mask center_crop",
     [](const Image& x) {
       return F::center_crop(mask_of(x), {224, 224}).data;
     }},
    {"mask resized_crop",
     [](const Image& x) {
       return F::resized_crop(mask_of(x), {50, 60, 250, 300}, {224, 224}).data;
     }},
    {"mask pad", [](const Image& x) { return F::pad(mask_of(x), {20}).data; }},
    {"mask affine",
     [](const Image& x) {
       return F::affine(mask_of(x), 10, {20, 10}, 1.1, {5, 3}).data;
     }},
    {"mask perspective", [](const Image& x) { return seen_askew(mask_of(x), x); }},
    {"mask elastic", [](const Image& x) { return bent(mask_of(x), x); }},
    {"mask rotate 30", [](const Image& x) { return F::rotate(mask_of(x), 30).data; }},
    {"video resize 224",
     [](const Image& x) {
       return F::resize(video_of(x), {224, 224}).data;
     }},
    {"video horizontal_flip", [](const Image& x) { return F::horizontal_flip(video_of(x)).data; }},
    {"UniformTemporalSubsample", [](const Image& x) { return F::uniform_temporal_subsample(video_of(x), 4).data; }},
    {"draw_bounding_boxes",
     [](const Image& x) {
       return opsis::utils::draw_bounding_boxes(x, boxes_on(x).data.slice(0, 0, 20), {.colors = "red", .width = 3}).data;
     }},
    {"draw_segmentation_masks",
     [](const Image& x) {
       return opsis::utils::draw_segmentation_masks(x, x.data > 200,
                                                    {.colors = std::vector<std::string>{"red", "lime", "blue"}})
           .data;
     }},
    {"draw_keypoints",
     [](const Image& x) {
       const auto points = boxes_on(x).data.slice(0, 0, 50).slice(1, 0, 2).unsqueeze(0);
       return opsis::utils::draw_keypoints(x, points, {.colors = "red", .radius = 3}).data;
     }},
    {"make_grid",
     [](const Image& x) {
       return opsis::utils::make_grid(x.data.unsqueeze(0).expand({8, -1, -1, -1}), {.nrow = 4});
     }},
    {"flow_to_image", [](const Image& x) { return opsis::utils::flow_to_image(flow_of(x)); }},
    {"save_image",
     [](const Image& x) {
       opsis::utils::save_image(float_photo(x), saved_file());
       return torch::Tensor();
     },
     [] {
       auto bytes = opsis::io::read_file(saved_file());
       std::filesystem::remove(saved_file());
       return bytes;
     }},
    {"RandAugment", [](const Image& x) { return T::RandAugment()(x).data; }},
    {"TrivialAugmentWide", [](const Image& x) { return T::TrivialAugmentWide()(x).data; }},
    {"AutoAugment", [](const Image& x) { return T::AutoAugment()(x).data; }},
    {"AugMix", [](const Image& x) { return T::AugMix()(x).data; }},
};

double milliseconds(const Row& row, const Image& image) {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  std::vector<double> times;
  while (times.size() < 15 || Clock::now() - begun < std::chrono::milliseconds(250)) {
    const auto before = Clock::now();
    const auto result = row.run(image);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
    if (Clock::now() - begun > std::chrono::seconds(4)) break;
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: opsis_bench_table <photo.jpg> <results.safetensors> [filter]\n";
    return 2;
  }
  const std::string filter = argc > 3 ? argv[3] : "";
  const opsis::SerialScope one_thread;
  const torch::InferenceMode inference;
  opsis::keep_freed_memory();
  photo_file() = argv[1];
  const auto image = opsis::io::decode_image(photo_file(), {.mode = opsis::ImageReadMode::RGB});
  nlohmann::ordered_json times;
  opsis::hub::StateDict results;
  for (const auto& row : rows) {
    if (std::string(row.name).find(filter) == std::string::npos) continue;
    torch::manual_seed(0);
    const auto result = row.run(image);
    results.emplace_back(row.name, (row.result ? row.result() : result).contiguous());
    torch::manual_seed(0);
    times[row.name] = milliseconds(row, image);
    if (row.result) row.result();
  }
  opsis::hub::save_safetensors(argv[2], results);
  std::cout << times.dump() << '\n';
}
