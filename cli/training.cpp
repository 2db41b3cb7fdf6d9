#include "cli/training.h"

#include "opsis/core/check.h"

namespace cli {

opsis::transforms::AnyTransform photo_augmentation(const opsis::transforms::ImageClassificationOptions& preprocessing) {
  namespace T = opsis::transforms;
  const auto &mean = preprocessing.mean, &deviation = preprocessing.std;
  return T::Compose{T::RandomResizedCrop(preprocessing.crop_size, {.interpolation = preprocessing.interpolation}),
                    T::RandomHorizontalFlip(), T::ToDtype(torch::kFloat32, {.scale = true}),
                    T::Normalize({mean.begin(), mean.end()}, {deviation.begin(), deviation.end()})};
}

Json to_json(const opsis::engine::EpochReport& epoch) {
  Json out{{"epoch", epoch.epoch + 1},
           {"lr", epoch.learning_rate},
           {"loss", epoch.loss},
           {"acc@1", epoch.accuracy * 100},
           {"seconds", epoch.seconds}};
  if (const auto& v = epoch.validation) {
    out["validation"] = {
        {"images", v->images}, {"loss", v->loss}, {"acc@1", v->accuracy * 100}, {"acc@5", v->accuracy_top5 * 100}};
  }
  return out;
}

std::string to_line(const opsis::engine::EpochReport& epoch, int64_t epochs) {
  auto line = opsis::text("epoch {}/{}  loss {}  acc@1 {} %", epoch.epoch + 1, epochs, opsis::fixed(epoch.loss, 4),
                          opsis::fixed(epoch.accuracy * 100, 2));
  if (const auto& v = epoch.validation) {
    line += opsis::text("  validation: loss {}  acc@1 {} %", opsis::fixed(v->loss, 4), opsis::fixed(v->accuracy * 100, 2));
  }
  return line + opsis::text("  {} s", opsis::fixed(epoch.seconds, 1));
}

bool leaves_one_alone(size_t images, size_t batch_size) { return images > batch_size && images % batch_size == 1; }

}  // namespace cli
