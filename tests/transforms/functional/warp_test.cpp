// affine, rotate, perspective and elastic on every kind of value, against torchvision.
#include "opsis/core/parallel.h"
#include "tests/support/expect.h"
#include "tests/support/transform_operations.h"

namespace opsis {
namespace {

using transforms::Fill;
using transforms::InterpolationMode;
using transforms::Point;
namespace F = transforms::functional;

// What an operation of tests/oracle/transforms_warp.py is called with.
struct Called {
  InterpolationMode interpolation = InterpolationMode::NEAREST;
  Fill fill{};
  torch::Tensor displacement{};
};

Size canvas_of(const torch::Tensor& data) { return {data.size(-2), data.size(-1)}; }
template <class Kind>
Size canvas_of(const Kind& value) {
  if constexpr (requires { value.canvas_size; }) {
    return value.canvas_size;
  } else {
    return canvas_of(value.data);
  }
}

std::pair<std::vector<Point>, std::vector<Point>> moved_corners(Size canvas) {
  const auto at = [](int64_t x, int64_t y) { return Point{static_cast<double>(x), static_cast<double>(y)}; };
  const auto h = canvas.height, w = canvas.width;
  return {{at(0, 0), at(w - 1, 0), at(w - 1, h - 1), at(0, h - 1)},
          {at(w / 5, h / 7), at(w - 1 - w / 9, h / 4), at(w - 2, h - 1 - h / 5), at(w / 8, h - 1)}};
}

// OPS and ODD of tests/oracle/transforms_warp.py.
template <class Kind>
Kind warped(const std::string& op, const Kind& v, const Called& o) {
  const auto affine = [&](double angle, std::vector<double> translate, double scale, std::vector<double> shear,
                          std::optional<Point> center = {}) {
    return F::affine(v, angle, translate, scale, shear, {.interpolation = o.interpolation, .fill = o.fill, .center = center});
  };
  const auto rotate = [&](double angle, bool expand = false, std::optional<Point> center = {}) {
    return F::rotate(v, angle, {.interpolation = o.interpolation, .expand = expand, .center = center, .fill = o.fill});
  };
  const auto perspective = [&](const std::vector<Point>& from, const std::vector<Point>& to,
                               const std::vector<double>& coefficients = {}) {
    return F::perspective(v, from, to, {.interpolation = o.interpolation, .fill = o.fill, .coefficients = coefficients});
  };
  if (op == "affine 30") return affine(30, {0, 0}, 1, {0, 0});
  if (op == "affine all") return affine(-77.5, {3, -5}, 0.7, {12, -9});
  if (op == "affine center") return affine(45, {-4, 2}, 1.6, {20}, Point{3, 11});
  if (op == "affine moved") return affine(0, {5, -3}, 1, {0, 0});
  if (op == "affine away") return affine(10, {5000, -3}, 1, {0, 0});
  if (op == "affine tiny") return affine(10, {0, 0}, 0.01, {0, 0});
  if (op == "affine huge") return affine(10, {0, 0}, 1e9, {0, 0});
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (op == "affine nan") return affine(nan, {0, 0}, 1, {0, 0});
  if (op == "affine moved nan") return affine(0, {nan, 0}, 1, {0, 0});
  if (op == "affine scale inf") return affine(0, {0, 0}, std::numeric_limits<double>::infinity(), {0, 0});
  if (op == "rotate nan") return rotate(nan);
  if (op == "rotate nan expand") return rotate(nan, true);
  if (op == "perspective nan") return perspective({}, {}, std::vector<double>(8, nan));
  if (op == "rotate 30") return rotate(30);
  if (op == "rotate -412.5") return rotate(-412.5);
  if (op == "rotate 0") return rotate(0);
  if (op == "rotate 90") return rotate(90);
  if (op == "rotate 90 expand") return rotate(90, true);
  if (op == "rotate 180") return rotate(180);
  if (op == "rotate 270 expand") return rotate(-90, true);
  if (op == "rotate 45 expand") return rotate(45, true);
  if (op == "rotate 20 center") return rotate(20, false, Point{3.5, 8});
  if (op == "rotate 90 center expand") return rotate(90, true, Point{3, 8});
  if (op == "perspective") {
    const auto [from, to] = moved_corners(canvas_of(v));
    return perspective(from, to);
  }
  if (op == "perspective halves") {
    return perspective({{0.5, 0.5}, {20, 0}, {21, 19}, {0, 20}}, {{1, 1.5}, {18, 2}, {20, 20}, {2.5, 17}});
  }
  if (op == "perspective coefficients") return perspective({}, {}, {0.8, 0.1, 2.0, -0.1, 1.2, 1.0, 0.002, 0.001});
  if (op == "perspective horizon") return perspective({}, {}, {1.0, 0.1, 0.0, 0.1, 1.0, 0.0, -0.08, 0.0});
  if (op == "elastic") return F::elastic(v, o.displacement, {.interpolation = o.interpolation, .fill = o.fill});
  if (op == "elastic none") return F::elastic(v, o.displacement, {.interpolation = o.interpolation, .fill = o.fill});
  if (op == "elastic far") {
    return F::elastic_transform(v, o.displacement.to(torch::kFloat64), {.interpolation = o.interpolation, .fill = o.fill});
  }
  throw std::runtime_error("warped: no operation is named " + op);
}

Fill fill_named(const std::string& name) {
  static const std::map<std::string, Fill> fills{{"none", Fill()},
                                                 {"0", 0},
                                                 {"7", 7},
                                                 {"halves", 100.5},
                                                 {"colour", {10.0, 200.25, 30.0}},
                                                 {"list of one", std::vector<double>{3}},
                                                 {"above", 300},
                                                 {"below", -20}};
  return fills.at(name);
}

// One thread: the tensors are small, and waking threads takes longer than the work.
class Warps : public ::testing::Test {
 protected:
  SerialScope serial_;
};

// The defaults of torchvision's functions where a case names no mode.
Called called(const oracle::Case& c, bool has_mode, bool has_fill) {
  Called o;
  const auto op = c.text("op");
  o.interpolation = has_mode ? transforms::interpolation_mode(c.text("interpolation"))
                    : op.starts_with("affine") || op.starts_with("rotate") ? InterpolationMode::NEAREST
                                                                           : InterpolationMode::BILINEAR;
  if (has_fill) o.fill = fill_named(c.text("fill"));
  if (c.has_tensor("displacement")) o.displacement = c.tensor("displacement");
  return o;
}

template <class Kind>
void expect_warped(const oracle::Case& c, const Kind& in, const Called& o) {
  SCOPED_TRACE(c.name());
  if (c.boolean("refused")) {
    const auto op = c.text("op");
    EXPECT_ERROR(warped(op, in, o), ValueError, op.substr(0, op.find(' ')) + ": ");
    return;
  }
  const auto out = warped(c.text("op"), in, o);
  EXPECT_TENSOR_EQ(out.data, c.tensor("expected"));
  if constexpr (requires { out.canvas_size; }) {
    EXPECT_EQ(out.canvas_size, operations::size(c.ints("expected_canvas")));
  }
  EXPECT_TENSOR_EQ(in.data, c.tensor("input"));
}

void images_in(const std::string& table) {
  for (const auto& c : oracle::cases(table)) {
    expect_warped(c, Image(operations::laid_out(c.tensor("input"), c.text("layout"))), called(c, true, true));
  }
}

// torchvision takes a number for (number, 0), and a list of one for both.
TEST(Affine, ShearsByANumberAlongXAlone) {
  const auto image = torch::rand({3, 9, 12});
  const auto sheared = [](const auto& value, auto&& shear) {
    return F::affine(value, 0, {0, 0}, 1, std::forward<decltype(shear)>(shear));
  };
  EXPECT_TENSOR_EQ(sheared(image, 30), sheared(image, std::vector<double>{30, 0}));
  EXPECT_TENSOR_EQ(F::affine(Image(image), 0, {0, 0}, 1, 30.0).data, sheared(image, std::vector<double>{30, 0}));
  EXPECT_TENSOR_EQ(F::affine(image, 0, {0, 0}, 1, {30}), sheared(image, std::vector<double>{30, 30}));
  EXPECT_FALSE(sheared(image, 30).equal(sheared(image, std::vector<double>{30, 30})));
}

TEST_F(Warps, GiveTorchvisionsBytes) { images_in("transforms_warp/image"); }
TEST_F(Warps, GiveTorchvisionsNumbersOfEachType) { images_in("transforms_warp/image_types"); }
TEST_F(Warps, WrapFillsBeyondTheTypeAsTorchvision) { images_in("transforms_warp/image_beyond"); }
TEST_F(Warps, GiveTorchvisionsBytesForAnyShape) { images_in("transforms_warp/image_shapes"); }
TEST_F(Warps, GiveTorchvisionsBytesOfManyPixels) { images_in("transforms_warp/large"); }

TEST_F(Warps, ByNoNumbersGiveTorchvisionsPixels) { images_in("transforms_warp/odd_parameters"); }
TEST_F(Warps, OfNaNAndInfinityGiveTorchvisionsNumbers) { images_in("transforms_warp/odd_image"); }

TEST_F(Warps, BlendSixteenPixelsForElasticAlone) { images_in("transforms_warp/bicubic"); }

void videos_in(const std::string& table) {
  for (const auto& c : oracle::cases(table)) expect_warped(c, Video(c.tensor("input")), called(c, false, false));
}

TEST_F(Warps, ChangeVideosAsTorchvision) { videos_in("transforms_warp/video"); }
TEST_F(Warps, ChangeVideosInEveryModeAsTorchvision) {
  for (const auto& c : oracle::cases("transforms_warp/video_modes")) {
    expect_warped(c, Video(operations::laid_out(c.tensor("input"), c.text("layout"))), called(c, true, true));
  }
}
TEST_F(Warps, ChangeVideosOfAnyShapeAsTorchvision) { videos_in("transforms_warp/video_shapes"); }

void masks_in(const std::string& table) {
  for (const auto& c : oracle::cases(table)) {
    auto o = called(c, false, true);
    o.interpolation = InterpolationMode::BILINEAR;  // which masks do not heed
    expect_warped(c, Mask(c.tensor("input")), o);
  }
}

TEST_F(Warps, ChangeMasksAsTorchvision) { masks_in("transforms_warp/mask"); }
TEST_F(Warps, ChangeMasksOfAnyShapeAsTorchvision) { masks_in("transforms_warp/mask_shapes"); }

void boxes_in(const std::string& table) {
  for (const auto& c : oracle::cases(table)) expect_warped(c, operations::boxes(c), called(c, false, false));
}

TEST_F(Warps, ChangeUprightBoxesAsTorchvision) { boxes_in("transforms_warp/upright_boxes"); }
TEST_F(Warps, ChangeRotatedBoxesAsTorchvision) { boxes_in("transforms_warp/rotated_boxes"); }
TEST_F(Warps, ChangeBoxesOfOtherTypesAsTorchvision) {
  boxes_in("transforms_warp/upright_boxes_types");
  boxes_in("transforms_warp/rotated_boxes_types");
}
TEST_F(Warps, ChangeBoxesOfBfloat16AsTorchvision) { boxes_in("transforms_warp/upright_boxes_bfloat16"); }
TEST_F(Warps, ChangeNoBoxesAtAll) { boxes_in("transforms_warp/no_boxes"); }
TEST_F(Warps, ChangeBoxesOfNaNAndInfinityAsTorchvision) { boxes_in("transforms_warp/odd_boxes"); }

void points_in(const std::string& table) {
  for (const auto& c : oracle::cases(table)) expect_warped(c, operations::points(c), called(c, false, false));
}

TEST_F(Warps, ChangeKeyPointsAsTorchvision) { points_in("transforms_warp/key_points"); }
TEST_F(Warps, ChangeKeyPointsOfNaNAndInfinityAsTorchvision) { points_in("transforms_warp/odd_points"); }

TEST_F(Warps, OfAPlainTensorAreThoseOfAnImage) {
  const auto image = torch::randint(256, {3, 20, 30}, torch::kUInt8);
  EXPECT_TENSOR_EQ(F::rotate(image, 20), F::rotate(Image(image), 20).data);
  EXPECT_TENSOR_EQ(F::affine(image, 20, {1, 2}, 1, {3}), F::affine(Image(image), 20, {1, 2}, 1, {3}).data);
}

}  // namespace
}  // namespace opsis
