// Boxes, masks, key points and flow: torchvision's pixels, to the byte. Where coordinates are integers there is nothing to round;
// the float steps (crossings, alpha, flow) are made in the same order.
#include <nlohmann/json.hpp>

#include "opsis/utils.h"
#include "tests/support/expect.h"
#include "tests/support/oracle.h"

namespace opsis {
namespace {

using utils::Paint;

// "red" or ["red", "blue"]
utils::Colors colors_of(const std::string& json) {
  const auto value = nlohmann::json::parse(json);
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  return value.get<std::vector<std::string>>();
}

// Pixel after pixel, as images are decoded.
torch::Tensor interleaved(const torch::Tensor& image) {
  return image.permute({1, 2, 0}).clone(torch::MemoryFormat::Contiguous).permute({2, 0, 1});
}

TEST(DrawBoundingBoxes, EqualsTorchvision) {
  for (const auto& c : oracle::cases("utils_drawing/boxes")) {
    SCOPED_TRACE(c.name());
    const auto out = utils::draw_bounding_boxes(Image(c.tensor("image")), c.tensor("boxes"),
                                                {.fill = c.boolean("fill"), .width = c.integer("width")});
    EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
  }
}

TEST(DrawBoundingBoxes, EqualsTorchvisionForEachType) {
  for (const auto& c : oracle::cases("utils_drawing/boxes_of_types")) {
    SCOPED_TRACE(c.name());
    auto image = c.tensor("image");
    if (c.text("layout") == "channels_last") image = interleaved(image);
    if (c.text("layout") == "strided") image = image.repeat_interleave(2, 1).slice(1, 0, {}, 2);
    const auto before = image.clone();
    const auto out = utils::draw_bounding_boxes(Image(image), c.tensor("boxes"), {.fill = c.boolean("fill"), .width = 2});
    EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(image, before);
  }
}

TEST(DrawBoundingBoxes, TakesColorsAsTorchvision) {
  for (const auto& c : oracle::cases("utils_drawing/boxes_in_colors")) {
    SCOPED_TRACE(c.name());
    const auto out =
        utils::draw_bounding_boxes(Image(c.tensor("image")), c.tensor("boxes"), {.colors = colors_of(c.json("colors"))});
    EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
  }
}

TEST(DrawBoundingBoxes, IsTorchvisionsWithEmptyLabels) {
  for (const auto& c : oracle::cases("utils_drawing/label_backgrounds")) {
    SCOPED_TRACE(c.name());
    const auto out =
        utils::draw_bounding_boxes(Image(c.tensor("image")), c.tensor("boxes"),
                                   {.labels = {{"", "", ""}}, .fill = c.boolean("fill"), .width = c.integer("width")});
    EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
  }
}

TEST(DrawBoundingBoxes, RefusesWhatTorchvisionRefuses) {
  for (const auto& c : oracle::cases("utils_drawing/boxes_refusals")) {
    SCOPED_TRACE(c.name());
    const auto given = nlohmann::json::parse(c.json("options"));
    utils::DrawBoundingBoxesOptions options;
    if (given.contains("labels")) options.labels = given["labels"].get<std::vector<std::string>>();
    if (given.contains("fill")) options.fill = given["fill"];
    const auto draw = [&] {
      if (given.contains("colors")) options.colors = colors_of(given["colors"].dump());
      Image image;
      image.data = c.tensor("image");
      return utils::draw_bounding_boxes(image, c.tensor("boxes"), options);
    };
    if (c.boolean("refused")) {
      EXPECT_ERROR(draw(), ValueError, c.text("what") == "word" ? "color: " : "draw_bounding_boxes: ");
    } else {
      EXPECT_NO_THROW(draw());
    }
  }
}

TEST(DrawBoundingBoxes, PutsLabelsInTheirBoxes) {
  const Image image(torch::full({3, 60, 120}, 255, torch::kUInt8));
  const auto boxes = torch::tensor({{10, 20, 110, 50}});
  const auto plain = utils::draw_bounding_boxes(image, boxes, {.colors = "red"});
  const auto labelled = utils::draw_bounding_boxes(image, boxes, {.labels = {{"cat"}}, .colors = "red"});
  const auto changed = (plain.data != labelled.data).any(0);
  EXPECT_GT(changed.sum().item<int64_t>(), 20);
  EXPECT_EQ(changed.narrow(0, 0, 21).sum().item<int64_t>(), 0);
  EXPECT_EQ(changed.narrow(1, 0, 11).sum().item<int64_t>(), 0);

  const auto on_blue =
      utils::draw_bounding_boxes(image, boxes, {.labels = {{"cat"}}, .label_background_colors = "blue", .fill_labels = true});
  EXPECT_TENSOR_EQ(on_blue.data.select(2, 12).select(1, 22), torch::tensor({0, 0, 255}, torch::kUInt8));
  EXPECT_TRUE((on_blue.data.sum(0) == 0).any().item<bool>());  // black letters
  const auto larger = utils::draw_bounding_boxes(image, boxes, {.labels = {{"cat"}}, .colors = "red", .font_size = 24});
  EXPECT_GT((plain.data != larger.data).any(0).sum().item<int64_t>(), 2 * changed.sum().item<int64_t>());
}

TEST(DrawBoundingBoxes, TakesFontsFromFiles) {
  const auto ours = std::filesystem::path(std::getenv("OPSIS_SOURCE_DIR")) / "opsis/utils/font/DejaVuSans-ascii.ttf";
  const Image image(torch::zeros({3, 60, 120}, torch::kUInt8));
  const auto boxes = torch::tensor({{10, 10, 110, 50}});
  const auto out = utils::draw_bounding_boxes(image, boxes, {.labels = {{"cat"}}, .font = ours, .font_size = 20});
  const auto builtin = utils::draw_bounding_boxes(image, boxes, {.labels = {{"cat"}}, .font_size = 20});
  EXPECT_EQ((out.data != image.data).sum().item<int64_t>(), (builtin.data != image.data).sum().item<int64_t>());
  EXPECT_ERROR(utils::draw_bounding_boxes(image, boxes, {.labels = {{"cat"}}, .font = "absent.ttf"}), IoError,
               "cannot open the font absent.ttf");
  const auto self = std::filesystem::path(std::getenv("OPSIS_SOURCE_DIR")) / "CMakeLists.txt";
  EXPECT_ERROR(utils::draw_bounding_boxes(image, boxes, {.labels = {{"cat"}}, .font = self}), DecodeError, "is no font");
}

TEST(DrawBoundingBoxes, TakesBoxesOfEachFormat) {
  const Image image(torch::zeros({3, 40, 40}, torch::kUInt8));
  const auto corners = torch::tensor({{5.F, 6.F, 25.F, 30.F}});
  const auto expected = utils::draw_bounding_boxes(image, corners);
  const BoundingBoxes boxes(torch::tensor({{15.F, 18.F, 20.F, 24.F}}), BoundingBoxFormat::CXCYWH, {40, 40});
  EXPECT_TENSOR_EQ(utils::draw_bounding_boxes(image, boxes).data, expected.data);
  const BoundingBoxes turned(torch::tensor({{15.F, 18.F, 20.F, 24.F, 0.F}}), BoundingBoxFormat::CXCYWHR, {40, 40});
  EXPECT_TENSOR_EQ(utils::draw_bounding_boxes(image, turned).data,
                   utils::draw_bounding_boxes(image, torch::tensor({{5, 6, 25, 6, 25, 30, 5, 30}})).data);
}

TEST(DrawBoundingBoxes, SurvivesPlacesFarAway) {
  const Image image(torch::zeros({3, 8, 8}, torch::kUInt8));
  const double far = 1e18;
  for (const bool fill : {false, true}) {
    for (const int64_t width : {int64_t{1}, int64_t{3}, std::numeric_limits<int64_t>::max()}) {
      const auto boxes = torch::tensor({{-far, -far, far, far}, {-5.0, 2.0, far, 4.0}});
      const utils::DrawBoundingBoxesOptions options{.labels = {{"far", "right"}}, .fill = fill, .width = width};
      EXPECT_EQ(utils::draw_bounding_boxes(image, boxes, options).data.numel(), 192);
    }
  }
  EXPECT_ERROR(utils::draw_bounding_boxes(image, torch::tensor({{0., 0., far, 0., far, far, 0., far}})), ValueError,
               "at most 1e7 pixels long");
}

TEST(Paint, ReadsColorsAsPillow) {
  for (const auto& c : oracle::cases("utils_drawing/colors")) {
    SCOPED_TRACE(c.name());
    if (c.boolean("refused")) {
      EXPECT_ERROR(Paint(c.text("color")), ValueError, "color: ");
      continue;
    }
    const Paint paint(c.text("color"));
    const auto rgb = c.ints("rgb");
    EXPECT_EQ((std::vector<int64_t>{paint.color.red, paint.color.green, paint.color.blue}), rgb);
    EXPECT_EQ(paint.has_alpha, c.boolean("alpha"));
  }
}

TEST(Paint, KnowsTheNamesOfPillow) {
  const auto c = oracle::cases("utils_drawing/color_names").at(0);
  const auto names = c.texts("names");
  const auto rgb = c.tensor("rgb");
  for (size_t i = 0; i < names.size(); ++i) {
    const auto color = Paint(names[i]).color;
    EXPECT_TENSOR_EQ(torch::tensor({int64_t{color.red}, int64_t{color.green}, int64_t{color.blue}}),
                     rgb[static_cast<int64_t>(i)]);
  }
  EXPECT_ERROR(Paint("gren"), ValueError, "did you mean green");
}

TEST(Raster, SetsThePixelsThatPillowSets) {
  for (const auto& c : oracle::cases("utils_drawing/shapes")) {
    SCOPED_TRACE(c.name());
    const auto expected = c.tensor("expected");
    std::vector<utils::Pixel> points;
    const auto places = c.tensor("points");
    for (int64_t i = 0; i < places.size(0); ++i) points.push_back({places[i][0].item<int64_t>(), places[i][1].item<int64_t>()});
    const utils::Ink ink{{200, 100, 50}, 100};
    const auto shape = c.text("shape");
    const auto blank = torch::tensor({10, 20, 30}, torch::kUInt8).view({3, 1, 1}).expand(expected.sizes()).contiguous();
    const auto apart = torch::zeros({3, expected.size(1), 2 * expected.size(2)}, torch::kUInt8).slice(2, 0, {}, 2);
    for (auto image : {blank, interleaved(blank), apart.copy_(blank)}) {
      utils::Raster raster(image.data_ptr<uint8_t>(), {image.size(1), image.size(2)},
                           {image.stride(0), image.stride(1), image.stride(2)},
                           c.text("mode") == "RGBA" ? utils::Raster::Mode::Blend : utils::Raster::Mode::Store);
      if (shape == "line") raster.line(points[0], points[1], ink, c.integer("drawn_width"));
      if (shape == "polygon") raster.fill_polygon(points, ink);
      if (shape == "rectangle") raster.rectangle(points[0], points[1], ink, c.integer("drawn_width"));
      if (shape == "disc") raster.fill_disc(points[0], c.integer("drawn_width"), ink);
      EXPECT_TENSOR_EQ(image, expected);
    }
  }
}

TEST(DrawSegmentationMasks, EqualsTorchvision) {
  for (const auto& c : oracle::cases("utils_drawing/masks")) {
    SCOPED_TRACE(c.name());
    const auto image = c.tensor("image"), before = image.clone();
    const auto out = utils::draw_segmentation_masks(Image(image), c.tensor("masks"),
                                                    {.alpha = c.number("alpha"), .colors = colors_of(c.json("colors"))});
    EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
    EXPECT_TENSOR_EQ(image, before);
  }
}

TEST(DrawSegmentationMasks, AreTheSameHoweverPixelsAndMasksLie) {
  torch::manual_seed(0);
  const auto image = torch::randint(256, {3, 70, 67}, torch::kUInt8);
  for (const int64_t count : {1, 3, 254, 255, 300}) {
    const auto masks = torch::rand({count, 70, 67}) < 1.0 / static_cast<double>(count);
    const auto expected = utils::draw_segmentation_masks(Image(image), masks).data;
    EXPECT_TENSOR_EQ(utils::draw_segmentation_masks(Image(interleaved(image)), interleaved(masks)).data, expected);
    const auto large = torch::zeros({3, 80, 90}, torch::kUInt8).slice(1, 4, 74).slice(2, 9, 76).copy_(image);
    EXPECT_TENSOR_EQ(utils::draw_segmentation_masks(Image(large), masks).data, expected);
    const auto none = masks.sum(0) == 0, several = masks.sum(0) > 1;
    EXPECT_TENSOR_EQ(expected.masked_select(none), image.masked_select(none));
    EXPECT_TENSOR_EQ(expected.masked_select(several),
                     (image.to(torch::kFloat32) * static_cast<float>(1 - 0.8)).to(torch::kUInt8).masked_select(several));
  }
}

// As foreign programs write them.
TEST(DrawSegmentationMasks, TakeAnyByteButZeroForTrue) {
  const auto pixels = torch::randint(256, {3, 5, 7}, torch::kUInt8), ones = torch::randint(2, {2, 5, 7}, torch::kUInt8);
  EXPECT_TENSOR_EQ(utils::draw_segmentation_masks(Image(pixels), ones.mul(255).view(torch::kBool)).data,
                   utils::draw_segmentation_masks(Image(pixels), ones.view(torch::kBool)).data);
}

TEST(DrawSegmentationMasks, RefusesWhatTorchvisionRefuses) {
  for (const auto& c : oracle::cases("utils_drawing/masks_refusals")) {
    SCOPED_TRACE(c.name());
    const auto draw = [&] {
      return utils::draw_segmentation_masks(Image(c.tensor("image")), c.tensor("masks"),
                                            {.colors = colors_of(c.json("colors"))});
    };
    if (c.boolean("refused")) {
      EXPECT_ERROR(draw(), ValueError, "draw_segmentation_masks: ");
    } else {
      EXPECT_NO_THROW(draw());
    }
  }
}

TEST(DrawKeypoints, EqualsTorchvision) {
  for (const auto& c : oracle::cases("utils_drawing/keypoints")) {
    SCOPED_TRACE(c.name());
    utils::DrawKeypointsOptions options{
        .connectivity = {{0, 1}, {1, 2}, {3, 3}, {4, 0}, {-1, -4}}, .radius = c.integer("radius"), .width = c.integer("width")};
    if (!c.is_null("colors")) options.colors = c.text("colors");
    if (c.has_tensor("seen")) options.visibility = c.tensor("seen");
    const auto out = utils::draw_keypoints(Image(c.tensor("image")), c.tensor("points"), options);
    EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
  }
}

TEST(DrawKeypoints, RefusesWhatTorchvisionRefuses) {
  for (const auto& c : oracle::cases("utils_drawing/keypoints_refusals")) {
    SCOPED_TRACE(c.name());
    const auto what = c.text("what");
    const auto draw = [&] {
      utils::DrawKeypointsOptions options;
      options.colors = c.text("colors");
      if (c.has_tensor("visibility")) options.visibility = c.tensor("visibility");
      if (what == "connection") options.connectivity = {{0, 2}};
      if (what == "negative") options.connectivity = {{0, -3}};
      if (what == "radius") options.radius = -1;
      return utils::draw_keypoints(Image(c.tensor("image")), c.tensor("points"), options);
    };
    if (c.boolean("refused")) {
      EXPECT_ERROR(draw(), ValueError, what == "word" ? "color: " : "draw_keypoints: ");
    } else {
      EXPECT_NO_THROW(draw());
    }
  }
}

TEST(DrawKeypoints, SurvivesPlacesThatAreNone) {
  const Image image(torch::zeros({3, 8, 8}, torch::kUInt8));
  for (const double odd : {std::nan(""), 1e300, -1e300, 9.2e18, -9.2e18}) {
    const auto points = torch::tensor({{{odd, 4.0}, {4.0, odd}, {odd, odd}}}, torch::kFloat64);
    const utils::DrawKeypointsOptions options{.connectivity = {{0, 1}, {1, 2}}, .colors = "red", .radius = 3, .width = 2};
    EXPECT_EQ(utils::draw_keypoints(image, points, options).data.sizes(), image.data.sizes());
  }
}

TEST(DrawKeypoints, TakesOneInstance) {
  const Image image(torch::zeros({3, 20, 20}, torch::kUInt8));
  const auto points = torch::tensor({{3.F, 4.F}, {12.F, 9.F}});
  EXPECT_TENSOR_EQ(utils::draw_keypoints(image, KeyPoints(points, {20, 20}), {.colors = "red"}).data,
                   utils::draw_keypoints(image, points.unsqueeze(0), {.colors = "red"}).data);
}

// As torchvision's, whose images are tensors; one without channels is refused by it too.
TEST(DrawOnATensor, GivesATensorOfTheSamePixels) {
  const auto pixels = torch::randint(0, 256, {3, 20, 24}, torch::kUInt8);
  const Image image(pixels);
  const auto boxes = torch::tensor({{2, 3, 15, 17}});
  const BoundingBoxes same_boxes(torch::tensor({{2, 3, 13, 14}}), BoundingBoxFormat::XYWH, {20, 24});
  const torch::Tensor boxed = utils::draw_bounding_boxes(pixels, boxes, {.colors = "red"});
  EXPECT_TENSOR_EQ(boxed, utils::draw_bounding_boxes(image, boxes, {.colors = "red"}).data);
  EXPECT_TENSOR_EQ(utils::draw_bounding_boxes(pixels, same_boxes, {.colors = "red"}), boxed);

  const auto masks = (pixels > 100).slice(0, 0, 2);
  const torch::Tensor masked = utils::draw_segmentation_masks(pixels, masks, {.alpha = 0.5});
  EXPECT_TENSOR_EQ(masked, utils::draw_segmentation_masks(image, masks, {.alpha = 0.5}).data);
  EXPECT_TENSOR_EQ(utils::draw_segmentation_masks(pixels, Mask(masks), {.alpha = 0.5}), masked);

  const auto points = torch::tensor({{3.F, 4.F}, {12.F, 9.F}});
  const torch::Tensor pointed = utils::draw_keypoints(pixels, points.unsqueeze(0), {.colors = "red"});
  EXPECT_TENSOR_EQ(pointed, utils::draw_keypoints(image, points.unsqueeze(0), {.colors = "red"}).data);
  EXPECT_TENSOR_EQ(utils::draw_keypoints(pixels, KeyPoints(points, {20, 24}), {.colors = "red"}), pointed);

  EXPECT_ERROR(utils::draw_bounding_boxes(pixels[0], boxes), ValueError, "got (20, 24)");
}

// Drawn on an image that was decoded, the result lies pixel after pixel as all of torchvision's do.
TEST(DrawOnATensor, LeavesPixelsWhereTheyLie) {
  const auto planes = torch::randint(0, 256, {3, 60, 70}, torch::kUInt8), pixels = interleaved(planes);
  const auto before = planes.clone();
  const auto boxes = torch::tensor({{2, 3, 65, 47}, {-5, 20, 30, 90}, {40, 8, 41, 9}});
  const auto points = torch::tensor({{{20, 30}, {60, 5}, {69, 59}}});
  for (const auto type : {torch::kUInt8, torch::kFloat32}) {
    const auto in_type = [&](const torch::Tensor& x) { return type == torch::kUInt8 ? x : x.to(type).div(255); };
    const auto draw_boxes = [&](const torch::Tensor& x, int64_t width, bool fill) {
      return utils::draw_bounding_boxes(in_type(x), boxes, {.colors = "#123456", .fill = fill, .width = width});
    };
    const auto draw_points = [&](const torch::Tensor& x) {
      return utils::draw_keypoints(in_type(x), points, {.connectivity = {{0, 1}, {1, 2}}, .colors = "#123456", .radius = 9});
    };
    for (const bool fill : {false, true}) {
      for (const int64_t width : {1, 3, 25}) {
        const torch::Tensor on_planes = draw_boxes(planes, width, fill), on_pixels = draw_boxes(pixels, width, fill);
        EXPECT_TENSOR_EQ(on_pixels, on_planes);
        EXPECT_TRUE(on_planes.is_contiguous());
        EXPECT_EQ(on_pixels.strides(), pixels.strides());
      }
    }
    const torch::Tensor on_planes = draw_points(planes), on_pixels = draw_points(pixels);
    EXPECT_TENSOR_EQ(on_pixels, on_planes);
    EXPECT_TRUE(on_planes.is_contiguous());
    EXPECT_EQ(on_pixels.strides(), pixels.strides());
  }
  EXPECT_TENSOR_EQ(planes, before);
  EXPECT_TENSOR_EQ(pixels, before);
}

TEST(FlowToImage, EqualsTorchvision) {
  for (const auto& c : oracle::cases("utils_drawing/flow")) {
    SCOPED_TRACE(c.name());
    const auto flow = c.tensor("flow"), expected = c.tensor("expected");
    EXPECT_TENSOR_EQ(utils::flow_to_image(flow), expected);
    EXPECT_TENSOR_EQ(utils::flow_to_image(flow.transpose(-1, -3).contiguous().transpose(-1, -3)), expected);
    EXPECT_TENSOR_EQ(utils::flow_to_image(torch::_neg_view(-flow)), expected);
  }
}

TEST(FlowToImage, RefusesWhatIsNoNumberWhereverItIs) {
  for (const int64_t at : {int64_t{0}, int64_t{4095}, int64_t{4096}, int64_t{9999}, int64_t{10007}, int64_t{20013}}) {
    auto flow = torch::randn({2, 1, 10007});
    flow.view(-1)[at] = std::nan("");
    EXPECT_ERROR(utils::flow_to_image(flow), ValueError, "flow_to_image: the flow must be finite");
  }
}

TEST(FlowToImage, RefusesWhatTorchvisionRefuses) {
  for (const auto& c : oracle::cases("utils_drawing/flow_refusals")) {
    SCOPED_TRACE(c.name());
    if (c.boolean("refused")) {
      EXPECT_ERROR(utils::flow_to_image(c.tensor("flow")), ValueError, "flow_to_image: ");
    } else {
      EXPECT_NO_THROW(utils::flow_to_image(c.tensor("flow")));
    }
  }
}

}  // namespace
}  // namespace opsis
