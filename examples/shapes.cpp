// Trains a small detector on shapes that it draws itself (circles, squares and triangles on noise), prints COCO's table of how it
// does on drawings it has not seen, and writes a picture of what it finds.
//
//     opsis_shapes [folder for its files, "out" unless told] [epochs, 10] [drawings to learn from, 800]
//
// Same figures on every run of one machine: every drawing follows from its number.
#include <opsis/opsis.h>

#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>

using namespace opsis;  // NOLINT: a program may, a header may not

namespace {

constexpr int64_t kSide = 128;
const std::vector<std::string> kNames{"circle", "square", "triangle"};

/// Drawings of one to four shapes that hardly cover each other; the first one is `first`.
class Shapes final : public datasets::Dataset<datasets::Detected> {
 public:
  Shapes(size_t count, size_t first) : count_(count), first_(first) {}
  size_t size() const override { return count_; }

  datasets::Detected get(size_t index) const override {
    const random::Scope draws(first_ + index);
    const auto color = [] { return torch::rand({3, 1, 1}, random::current()); };
    const auto background = color();
    auto picture = background.expand({3, kSide, kSide}).clone();
    auto boxes = torch::zeros({0, 4});
    std::vector<int64_t> labels;
    auto wanted = random::integer(1, 5);
    for (int tries = 0; wanted > 0 && tries < 20; ++tries) {
      const auto label = random::integer(0, 3);
      const auto radius = random::uniform(7, 26);
      const auto x = random::uniform(radius, kSide - radius), y = random::uniform(radius, kSide - radius);
      const auto mask = pixels(label, x, y, radius).unsqueeze(0);
      const auto box = ops::masks_to_boxes(mask) + torch::tensor({0.F, 0.F, 1.F, 1.F});
      auto paint = color();
      while ((paint - background).abs().max().item<double>() < 0.3) paint = color();
      if (boxes.size(0) > 0 && (ops::box_iou(box, boxes) > 0.02).any().item<bool>()) continue;
      picture = torch::where(mask, paint, picture);
      boxes = torch::cat({boxes, box});
      labels.push_back(label);
      --wanted;
    }
    picture += torch::randn({3, kSide, kSide}, random::current()) * random::uniform(0.01, 0.1);
    return {.image = Image(picture.clamp(0, 1)),
            .boxes = BoundingBoxes(boxes, BoundingBoxFormat::XYXY, {kSide, kSide}),
            .labels = torch::tensor(labels, torch::kInt64),
            .image_id = static_cast<int64_t>(first_ + index)};
  }

 private:
  static torch::Tensor pixels(int64_t label, double x, double y, double radius) {
    const auto along = torch::arange(kSide) + 0.5;
    const auto dx = (along - x).view({1, -1}), dy = (along - y).view({-1, 1});
    if (label == 0) return dx.square() + dy.square() < radius * radius;
    if (label == 1) return torch::maximum(dx.abs(), dy.abs()) < radius;
    return (dy.abs() < radius).logical_and(dx.abs() < (dy + radius) / 2);  // its tip is up
  }

  size_t count_, first_;
};

// An FCOS on a backbone of five convolutions, which gives one map of 16 x 16 places: large enough for shapes.
models::detection::FCOS make_model() {
  using namespace models;
  Sequential layers;
  const std::vector<int64_t> channels{3, 16, 32, 64, 64, 64};
  for (size_t i = 0; i + 1 < channels.size(); ++i) {
    layers->append(
        ops::Conv2dNormActivation(channels[i], channels[i + 1], ops::Conv2dNormActivationOptions{.stride = i < 3 ? 2 : 1}));
  }
  const auto classes = std::ssize(kNames);
  const detection::FCOSHead head(64, 1, classes, detection::FCOSHeadOptions{.num_convs = 2});
  return detection::FCOS(
      detection::Backbone(layers, 64), classes, detection::TransformOptions{.min_size = {kSide}, .max_size = kSide},
      detection::ThresholdOptions{},
      detection::FCOSParts{.anchor_generator = detection::AnchorGenerator({{8}}, {{1}}), .head = head.ptr()});
}

// The first drawings that the model has not seen, with what it finds on them.
void draw_detections(models::detection::FCOS model, const Shapes& drawings, const std::filesystem::path& file) {
  const tasks::Detector detector(model.ptr(), kNames);
  std::vector<torch::Tensor> tiles;
  for (size_t i = 0; i < 12; ++i) {
    const auto picture = drawings.get(i).image;
    const auto found = detector(picture);
    const Image large(picture.data.mul(255).to(torch::kUInt8).repeat_interleave(2, 1).repeat_interleave(2, 2));
    const BoundingBoxes boxes(found.boxes.data * 2, BoundingBoxFormat::XYXY, {2 * kSide, 2 * kSide});
    tiles.push_back(
        utils::draw_bounding_boxes(
            large, boxes, {.labels = found.names, .colors = {"white"}, .width = 2, .font_size = 14, .fill_labels = true})
            .data);
  }
  io::write_png(Image(utils::make_grid(torch::stack(tiles), {.nrow = 4})), file);
}

void run(const std::filesystem::path& folder, int64_t epochs, size_t drawings) {
  std::filesystem::create_directories(folder);
  const auto begun = std::chrono::steady_clock::now();
  torch::manual_seed(0);

  const Shapes unseen(200, 1'000'000);
  engine::DetectionLoader train(Shapes(drawings, 0), {.batch_size = 16, .shuffle = true, .num_workers = 1});
  engine::DetectionLoader held_out(unseen, {.batch_size = 20, .num_workers = 1});
  auto model = make_model();
  std::printf("Training an FCOS on %zu drawings ...\n", train.dataset().size());
  const auto history =
      engine::fit(*model, train, &held_out,
                  {.epochs = epochs,
                   .optimizer = {.kind = engine::OptimizerOptions::Kind::AdamW, .lr = 2e-3, .weight_decay = 1e-4},
                   .schedule = {.curve = engine::ScheduleOptions::Curve::Cosine, .every_step = true},
                   .warmup_steps = 20,
                   .checkpoint = folder / "shapes.pth",
                   .on_epoch = [](const engine::DetectionEpochReport& epoch) {
                     std::printf("epoch %2d  loss %.3f  AP %.3f  AP50 %.3f  %.1f s\n", static_cast<int>(epoch.epoch + 1),
                                 epoch.loss, epoch.validation->boxes["AP"], epoch.validation->boxes["AP50"], epoch.seconds);
                     std::fflush(stdout);
                   }});
  draw_detections(model, unseen, folder / "shapes_detections.png");

  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
  std::printf("\nOn %zu drawings that it has not seen:\n%s\nAll of it took %.0f s. Made: %s, %s\n", unseen.size(),
              history.back().validation->boxes.to_string().c_str(), seconds.count(), (folder / "shapes.pth").c_str(),
              (folder / "shapes_detections.png").c_str());
}

}  // namespace

int main(int argc, char** argv) {
  opsis::keep_freed_memory();
  try {
    run(argc > 1 ? argv[1] : "out", argc > 2 ? std::stoll(argv[2]) : 10, argc > 3 ? std::stoull(argv[3]) : 800);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "opsis_shapes: %s\n", error.what());
    return 1;
  }
}
