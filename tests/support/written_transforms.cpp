#include "tests/support/written_transforms.h"

namespace opsis::transforms {
namespace {

std::vector<written::Written> all_written() {
#define WRITTEN(...) \
  { #__VA_ARGS__, __VA_ARGS__ }
  return {
      WRITTEN(AugMix({.severity = 5, .chain_depth = 2, .all_ops = false})),
      WRITTEN(AutoAugment({.policy = AutoAugmentPolicy::SVHN, .interpolation = InterpolationMode::BILINEAR, .fill = 7})),
      WRITTEN(CenterCrop({16, 24})),
      WRITTEN(ClampBoundingBoxes()),
      WRITTEN(ClampBoundingBoxes(ClampingMode::Hard)),
      WRITTEN(ClampKeyPoints()),
      WRITTEN(ColorJitter()),
      WRITTEN(ColorJitter({.brightness = 0.4, .saturation = {0.5, 1.5}, .hue = {-0.1, 0.2}})),
      WRITTEN(Compose{Resize({256}), CenterCrop({224, 224}), ToDtype(torch::kFloat32, {.scale = true})}),
      WRITTEN(Compose{AnyTransform(Compose{Resize({20})})}),
      WRITTEN(ConvertBoundingBoxFormat(BoundingBoxFormat::CXCYWH)),
      WRITTEN(ConvertImageDtype(torch::kFloat64)),
      WRITTEN(CutMix({.alpha = 0.5, .num_classes = 10})),
      WRITTEN(ElasticTransform()),
      WRITTEN(ElasticTransform({.alpha = {250.0}, .sigma = {2.0, 3.0}, .exact = true})),
      WRITTEN(FiveCrop({12, 14})),
      WRITTEN(GaussianBlur({5, 9}, {0.1, 5.0}, false)),
      WRITTEN(GaussianNoise({.sigma = 0.2, .clip = false})),
      WRITTEN(Grayscale(3)),
      WRITTEN(Identity()),
      WRITTEN(ImageClassification({.crop_size = 16, .resize_size = 20, .antialias = false})),
      WRITTEN(JPEG(75)),
      WRITTEN(JPEG(10, 90)),
      WRITTEN(Letterbox({64, 48}, {.stride = 32, .scale_up = false})),
      WRITTEN(LinearTransformation(torch::tensor({1.0, 0.5, -0.25, 2.0}, torch::kFloat32).view({2, 2}),
                                   torch::tensor({0.5, 1.0}, torch::kFloat32))),
      WRITTEN(MixUp()),
      WRITTEN(Normalize({0.485, 1e-05, 1.0}, {0.229, 2.5, 100.0})),
      WRITTEN(Normalize({0.5}, {0.5}, {.inplace = true})),
      WRITTEN(ObjectDetection()),
      WRITTEN(OpticalFlow()),
      WRITTEN(PILToTensor()),
      WRITTEN(Pad(2)),
      WRITTEN(Pad({1, 2}, {.fill = Fill({124, 116, 104})})),
      WRITTEN(Pad({1, 2, 3, 4}, {.fill = 0.5})),
      WRITTEN(Pad(2, {.fill = Fill(), .padding_mode = PaddingMode::Edge})),
      WRITTEN(Pad(2, {.fill = PerKind<Fill>{.image = Fill({1, 2, 3}), .others = 9}})),
      WRITTEN(Pad(2, {.fill = Fill(std::vector<double>{4.0})})),
      WRITTEN(PermuteChannels({2, 0, 1})),
      WRITTEN(RGB()),
      WRITTEN(RandAugment({.num_ops = 3, .magnitude = 12})),
      WRITTEN(RandomAdjustSharpness(2.0, 0.5)),
      WRITTEN(RandomAffine(30.0, {.translate = {{0.1, 0.2}}, .shear = {-10.0, 10.0}, .center = Point{3.0, 4.5}})),
      WRITTEN(RandomAffine({-10.0, 30.0}, {.scale = {{0.8, 1.25}}, .interpolation = InterpolationMode::BILINEAR})),
      WRITTEN(RandomApply({Pad(2), RandomCrop({16, 16})}, 0.3)),
      WRITTEN(RandomAutocontrast(0.5)),
      WRITTEN(RandomChannelPermutation()),
      WRITTEN(RandomChoice({Pad(2), RandomHorizontalFlip(1.0)}, {{0.9, 0.1}})),
      WRITTEN(RandomChoice({Pad(2), Pad(1)})),
      WRITTEN(RandomCrop({32, 32}, {.padding = {4}, .pad_if_needed = true})),
      WRITTEN(RandomEqualize(0.5)),
      WRITTEN(RandomErasing({.p = 1.0, .scale = {0.1, 0.2}, .value = {0.25, 0.5, 0.75}})),
      WRITTEN(RandomErasing({.value = ErasingValue::random()})),
      WRITTEN(RandomGrayscale(0.75)),
      WRITTEN(RandomHorizontalFlip(0.25)),
      WRITTEN(RandomInvert(0.5)),
      WRITTEN(RandomIoUCrop({.min_scale = 0.5, .sampler_options = {0.0, 1.0}, .trials = 10})),
      WRITTEN(RandomOrder({Pad(2), RandomCrop({16, 16})})),
      WRITTEN(RandomPerspective(0.6, {.p = 1.0, .fill = Fill({1, 2, 3})})),
      WRITTEN(RandomPhotometricDistort({.hue = {-0.25, 0.25}, .p = 0.75})),
      WRITTEN(RandomPosterize(4, 0.5)),
      WRITTEN(RandomResize(20, 30, {.antialias = false})),
      WRITTEN(RandomResizedCrop({20, 30}, {.scale = {0.5, 0.75}, .interpolation = InterpolationMode::NEAREST})),
      WRITTEN(RandomRotation(30.0, {.expand = true})),
      WRITTEN(RandomRotation({90.0, 180.0}, {.center = Point{1.0, 2.0}, .fill = 0.5})),
      WRITTEN(RandomShortestSize(20)),
      WRITTEN(RandomShortestSize({20, 24}, {.max_size = 40})),
      WRITTEN(RandomSolarize(128.0, 0.5)),
      WRITTEN(RandomVerticalFlip(0.25)),
      WRITTEN(RandomZoomOut({.side_range = {1.0, 2.5}, .p = 1.0})),
      WRITTEN(Resize({24})),
      WRITTEN(Resize({22, 24}, {.interpolation = InterpolationMode::BICUBIC, .antialias = false})),
      WRITTEN(Resize({}, {.max_size = 50})),
      WRITTEN(SanitizeBoundingBoxes({.min_size = 2.0, .min_area = 9.0})),
      WRITTEN(SanitizeKeyPoints()),
      WRITTEN(ScaleJitter({40, 50}, {.scale_range = {0.5, 1.5}})),
      WRITTEN(SemanticSegmentation({.mean = {0.1, 0.2, 0.3}, .interpolation = InterpolationMode::NEAREST})),
      WRITTEN(SemanticSegmentation({.resize_size = 20})),
      WRITTEN(SetClampingMode(ClampingMode::None)),
      WRITTEN(TenCrop({12, 14}, true)),
      WRITTEN(ToDtype(torch::kFloat32, {.scale = true})),
      WRITTEN(ToDtype({.image = torch::kFloat32, .others = unchanged})),
      WRITTEN(ToImage()),
      WRITTEN(ToPILImage(PackedMode::CMYK)),
      WRITTEN(ToPureTensor()),
      WRITTEN(ToTensor()),
      WRITTEN(TrivialAugmentWide({.num_magnitude_bins = 10})),
      WRITTEN(UniformTemporalSubsample(3)),
      WRITTEN(VideoClassification({.crop_size = {14, 18}, .resize_size = {20}})),
      WRITTEN(VideoClassification({.resize_size = {16, 21}, .interpolation = InterpolationMode::BICUBIC})),
  };
#undef WRITTEN
}

written::Samples some_samples() {
  const Size canvas{33, 47};
  const auto boxes = torch::tensor({{8., 9., 30., 28.}, {12., 10., 19., 22.}, {1., 2., 45., 31.}});
  return {.whole = {Image(torch::randint(256, {3, 33, 47}, torch::kUInt8)),
                    BoundingBoxes(boxes, BoundingBoxFormat::XYXY, canvas), Mask(torch::randint(9, {33, 47}, torch::kUInt8)),
                    KeyPoints(torch::tensor({{9., 10.}, {15.5, 13.25}, {46., 32.}}), canvas)},
          .image = Image(torch::randint(256, {3, 33, 47}, torch::kUInt8)),
          .video = Video(torch::randint(256, {6, 3, 33, 47}, torch::kUInt8)),
          .floats = Image(torch::rand({3, 33, 47})),
          .two_numbers = Image(torch::rand({2, 1, 1}))};
}

}  // namespace
}  // namespace opsis::transforms

const std::vector<written::Written>& written::transforms() {
  static const auto all = opsis::transforms::all_written();
  return all;
}

const written::Samples& written::samples() {
  static const auto all = opsis::transforms::some_samples();
  return all;
}
