#include "opsis/ops/box_iou_rotated.h"

#include <torch/library.h>
#include <torch/torch.h>

#include <array>
#include <cmath>
#include <numbers>

#include "opsis/core/check.h"
#include "opsis/core/parallel.h"
#include "opsis/tv_tensors/print.h"

namespace opsis::inline v1::ops::detail {
namespace {

using torch::Tensor;

struct Point {
  double x, y;
};

// Corners one after the other. A cut adds at most one to a convex polygon; numbers that are none may add one for each side.
class Polygon {
 public:
  void add(Point point) { points_[count_++] = point; }

  // What is left where sign * (the axis's coordinate) <= limit. Sutherland and Hodgman, 1974.
  Polygon cut(double Point::*axis, double sign, double limit) const {
    Polygon out;
    for (size_t i = 0; i < count_; ++i) {
      const auto &from = points_[i], &to = points_[(i + 1) % count_];
      const auto a = limit - sign * from.*axis, b = limit - sign * to.*axis;
      if (a >= 0) out.add(from);
      if ((a > 0 && b < 0) || (a < 0 && b > 0)) {
        const auto t = a / (a - b);
        out.add({from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
      }
    }
    return out;
  }

  double area() const {
    double twice = 0;
    for (size_t i = 0; i < count_; ++i) {
      const auto &a = points_[i], &b = points_[(i + 1) % count_];
      twice += a.x * b.y - b.x * a.y;
    }
    return std::abs(twice) / 2;
  }

 private:
  std::array<Point, 64> points_{};
  size_t count_ = 0;
};

// In the frame of b, which lies straight and around the origin there.
double intersection(const RotatedBox& a, const RotatedBox& b) {
  const auto cosine = [](double degrees) { return std::cos(degrees * std::numbers::pi / 180); };
  const auto sine = [](double degrees) { return std::sin(degrees * std::numbers::pi / 180); };
  const auto dx = a.x - b.x, dy = a.y - b.y;
  const auto cos_b = cosine(b.angle_degrees), sin_b = sine(b.angle_degrees);
  const Point centre{dx * cos_b - dy * sin_b, dx * sin_b + dy * cos_b};
  const auto turn = a.angle_degrees - b.angle_degrees;
  const auto cos = cosine(turn), sin = sine(turn);
  const auto half_w = std::abs(a.width) / 2, half_h = std::abs(a.height) / 2;
  Polygon polygon;
  for (const auto& [w, h] : {Point{-half_w, -half_h}, {half_w, -half_h}, {half_w, half_h}, {-half_w, half_h}})
    polygon.add({centre.x + w * cos + h * sin, centre.y - w * sin + h * cos});
  const auto x = std::abs(b.width) / 2, y = std::abs(b.height) / 2;
  return polygon.cut(&Point::x, 1, x).cut(&Point::x, -1, x).cut(&Point::y, 1, y).cut(&Point::y, -1, y).area();
}

void check_rotated(const Tensor& boxes1, const Tensor& boxes2) {
  for (const auto& boxes : {boxes1, boxes2}) {
    OPSIS_CHECK(boxes.dim() == 2 && boxes.size(1) == 5, "box_iou: rotated boxes must be (N, 5), got {}",
                opsis::detail::shape(boxes));
  }
  OPSIS_CHECK(boxes1.scalar_type() == boxes2.scalar_type(), "box_iou: rotated boxes must be of one type, got {} and {}",
              boxes1.scalar_type(), boxes2.scalar_type());
}

Tensor empty_ious(const Tensor& boxes1, const Tensor& boxes2) {
  return torch::empty({boxes1.size(0), boxes2.size(0)}, torch::dtype(torch::kFloat32).device(boxes1.device()));
}

template <class T>
std::vector<RotatedBox> rotated_boxes(const Tensor& boxes) {
  const auto rows = boxes.accessor<const T, 2>();
  std::vector<RotatedBox> out;
  for (int64_t i = 0; i < boxes.size(0); ++i) out.push_back({rows[i][0], rows[i][1], rows[i][2], rows[i][3], rows[i][4]});
  return out;
}

Tensor box_iou_rotated_cpu(const Tensor& boxes1, const Tensor& boxes2) {
  check_rotated(boxes1, boxes2);
  const auto type = boxes1.scalar_type();
  OPSIS_CHECK(type == torch::kFloat32 || type == torch::kFloat64, "box_iou: rotated boxes must be float32 or float64, got {}",
              type);
  auto out = empty_ious(boxes1, boxes2);
  const auto read = [&](const Tensor& boxes) {
    return type == torch::kFloat32 ? rotated_boxes<float>(boxes) : rotated_boxes<double>(boxes);
  };
  const auto first = read(boxes1), second = read(boxes2);
  auto* const ious = out.mutable_data_ptr<float>();
  parallel_for(0, boxes1.size(0), 1 + 256 / std::max<int64_t>(1, boxes2.size(0)), [&](int64_t begin, int64_t end) {
    for (auto i = begin; i < end; ++i) {
      for (size_t j = 0; j < second.size(); ++j) {
        ious[static_cast<size_t>(i) * second.size() + j] =
            static_cast<float>(rotated_iou(first[static_cast<size_t>(i)], second[j]));
      }
    }
  });
  return out;
}

Tensor box_iou_rotated_meta(const Tensor& boxes1, const Tensor& boxes2) {
  check_rotated(boxes1, boxes2);
  return empty_ious(boxes1, boxes2);
}

}  // namespace

double rotated_iou(const RotatedBox& a, const RotatedBox& b) {
  const auto area_a = a.width * a.height, area_b = b.width * b.height;
  if (area_a < 1e-14 || area_b < 1e-14) return 0;
  const auto reach = (std::hypot(a.width, a.height) + std::hypot(b.width, b.height)) / 2;
  if (std::abs(a.x - b.x) > reach || std::abs(a.y - b.y) > reach) return 0;
  const auto inter = intersection(a, b);
  return inter / (area_a + area_b - inter);
}

TORCH_LIBRARY_FRAGMENT(opsis, m) {
  m.def("box_iou_rotated(Tensor boxes1, Tensor boxes2) -> Tensor");
  m.impl("box_iou_rotated", torch::kCPU, box_iou_rotated_cpu);
  m.impl("box_iou_rotated", torch::kCUDA, [](const Tensor& boxes1, const Tensor& boxes2) {
    return box_iou_rotated_cpu(boxes1.cpu(), boxes2.cpu()).to(boxes1.device());
  });
  m.impl("box_iou_rotated", torch::DispatchKey::Meta, box_iou_rotated_meta);
}

Tensor box_iou_rotated(const Tensor& boxes1, const Tensor& boxes2) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("opsis::box_iou_rotated", "")
                             .typed<Tensor(const Tensor&, const Tensor&)>();
  return op.call(boxes1, boxes2);
}

}  // namespace opsis::inline v1::ops::detail
