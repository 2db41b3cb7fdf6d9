// Trains a small ResNet on the handwritten digits that come with Opsis, saves it, loads it again and looks at what it says.
//
//     opsis_demo [folder for its files, "out" unless told]
//
// Same figures on every run of one machine: one seed, and nothing depends on timing.
#include <opsis/opsis.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>

using namespace opsis;  // NOLINT: a program may, a header may not

namespace {

models::ResNet make_model() {
  // A quarter of resnet18's depth is plenty for pictures of 32 pixels.
  return models::ResNet(models::ResNetBlock::BASIC, std::array<int64_t, 4>{1, 1, 1, 1},
                        models::ResNetOptions{.num_classes = 10});
}

// What every digit goes through: 8x8 gray levels become 32x32 in three equal channels, from -1 to 1.
transforms::AnyTransform preprocessing(bool augment) {
  using namespace transforms;
  const auto prepare = Compose{
      Resize(32),
      ToDtype(torch::kFloat32, {.scale = true}),
      Normalize({0.5}, {0.5}),
      Lambda([](const Image& gray) {
        return Image(gray.data.expand({3, -1, -1}));
      }),
  };
  if (!augment) return prepare;
  // The held-out digits are of other people: hands differ in slant, size and place.
  return Compose{prepare, RandomAffine({-10, 10}, {.translate = {{0.1, 0.1}},
                                                   .scale = {{0.85, 1.15}},
                                                   .shear = {-8, 8},
                                                   .interpolation = InterpolationMode::BILINEAR,
                                                   .fill = -1})};
}

data::DataLoader<datasets::Classified> loader(bool train) {
  auto digits =
      std::make_shared<datasets::Digits>(datasets::Digits::Options{.train = train, .transforms = preprocessing(train)});
  return data::DataLoader(std::move(digits),
                          {.batch_size = train ? size_t{64} : size_t{120}, .shuffle = train, .num_workers = 1});
}

// The 40 held-out digits that the model is least sure of, and what it takes them for; wrong ones are marked.
void draw_predictions(models::ResNet& model, const std::filesystem::path& file) {
  const datasets::Digits pictures({.train = false});
  const auto prepare = preprocessing(false);
  std::vector<std::pair<double, utils::LabelledImage>> tiles;
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto digit = pictures.get(i);
    const auto scores = model->forward(prepare(digit.image).data.unsqueeze(0)).softmax(1);
    const auto predicted = scores.argmax(1).item<int64_t>();
    const bool wrong = predicted != digit.label;
    const auto caption = std::to_string(predicted) + (wrong ? " (is " + std::to_string(digit.label) + ")" : "");
    tiles.push_back({scores.max().item<double>(), {digit.image, caption, wrong}});
  }
  std::stable_sort(tiles.begin(), tiles.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<utils::LabelledImage> doubtful;
  for (size_t i = 0; i < 40; ++i) doubtful.push_back(tiles[i].second);
  io::write_png(utils::labelled_grid(doubtful, {.columns = 10, .tile_px = 64, .title = "The 40 digits it is least sure of"}),
                file);
}

void draw_curves(const std::vector<engine::EpochReport>& history, const std::filesystem::path& file) {
  utils::Series training{"training, labels smoothed", {}, {}}, held_out{"held out", {}, {}};
  utils::Series training_accuracy{"training", {}, {}}, held_out_accuracy{"held out", {}, {}};
  for (const auto& epoch : history) {
    const auto x = static_cast<double>(epoch.epoch + 1);
    training.add(x, epoch.loss);
    held_out.add(x, epoch.validation->loss);
    training_accuracy.add(x, epoch.accuracy * 100);
    held_out_accuracy.add(x, epoch.validation->accuracy * 100);
  }
  io::write_png(
      utils::side_by_side({
          utils::plot({training, held_out}, {.title = "Loss", .x_label = "epoch", .y_label = "cross-entropy"}),
          utils::plot({training_accuracy, held_out_accuracy}, {.title = "Accuracy", .x_label = "epoch", .y_label = "right, %"}),
      }),
      file);
}

void run(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const auto begun = std::chrono::steady_clock::now();
  torch::manual_seed(0);
  torch::set_num_threads(1);  // the loader has a thread of its own; more would sum in another order on other machines

  auto model = make_model();
  auto train = loader(true);
  auto held_out = loader(false);
  const auto checkpoint = folder / "digits.pth";
  std::printf("Training a ResNet on %zu handwritten digits ...\n", train.dataset().size());
  const auto history = engine::fit(*model, train, &held_out,
                                   {.epochs = 12,
                                    .optimizer = {.lr = 0.02, .weight_decay = 5e-4, .nesterov = true},
                                    .schedule = {.curve = engine::ScheduleOptions::Curve::Cosine,
                                                 .warmup_epochs = 1,
                                                 .warmup_method = engine::ScheduleOptions::Warmup::Linear,
                                                 .every_step = true},
                                    .label_smoothing = 0.1,
                                    .checkpoint = checkpoint,
                                    .on_epoch = [](const engine::EpochReport& epoch) {
                                      std::printf("epoch %2d  loss %.4f  held out %.2f %%\n", static_cast<int>(epoch.epoch + 1),
                                                  epoch.loss, epoch.validation->accuracy * 100);
                                      std::fflush(stdout);
                                    }});

  // A second model, as a program that only predicts would make it.
  auto loaded = make_model();
  hub::load_state_dict(*loaded, hub::load_state_dict_file(checkpoint));
  const auto result = engine::evaluate(*loaded, held_out);
  draw_predictions(loaded, folder / "digits_predictions.png");
  draw_curves(history, folder / "digits_curves.png");

  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begun;
  std::printf("\nThe reloaded model reads %.2f %% of %d held-out digits right; all of it took %.0f s.\n", result.accuracy * 100,
              static_cast<int>(result.images), seconds.count());
  std::printf("Made: %s, %s, %s\n", checkpoint.c_str(), (folder / "digits_predictions.png").c_str(),
              (folder / "digits_curves.png").c_str());
  std::printf("Try next: build/opsis train digits --model resnet18 --epochs 5, or build/opsis --help\n");
}

}  // namespace

int main(int argc, char** argv) {
  opsis::keep_freed_memory();
  try {
    run(argc > 1 ? argv[1] : "out");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "opsis_demo: %s\n", error.what());
    return 1;
  }
}
