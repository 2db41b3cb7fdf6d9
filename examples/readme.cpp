#include <opsis/opsis.h>

#include <iostream>

int main() {
  namespace T = opsis::transforms;
  torch::manual_seed(0);

  // Values and transforms: one draw changes the picture and its boxes together.
  opsis::Image photo(torch::randint(256, {3, 375, 500}, torch::kUInt8));
  opsis::BoundingBoxes boxes(torch::tensor({{40., 30., 200., 170.}}), opsis::BoundingBoxFormat::XYXY, {375, 500});
  const T::Compose augment{T::RandomResizedCrop(224), T::RandomHorizontalFlip(), T::ToDtype(torch::kFloat32, {.scale = true})};
  const auto [picture, moved] = augment(photo, boxes);
  std::cout << picture.data.sizes() << '\n' << moved << '\n';

  // Data: typed examples, read in batches on threads.
  const T::Compose prepare{T::Resize(32), T::ToDtype(torch::kFloat32, {.scale = true}), T::Normalize({0.5}, {0.5}),
                           T::Lambda([](const opsis::Image& gray) { return opsis::Image(gray.data.expand({3, -1, -1})); })};
  opsis::data::DataLoader train(opsis::datasets::Digits({.train = true, .transforms = prepare}),
                                {.batch_size = 64, .shuffle = true, .num_workers = 2});
  opsis::data::DataLoader test(opsis::datasets::Digits({.train = false, .transforms = prepare}), {.batch_size = 120});

  // A model by name, trained, saved as PyTorch reads it, loaded again and evaluated.
  auto model = opsis::models::get_model("resnet18", {.num_classes = 10});
  opsis::engine::fit(*model, train, &test, {.epochs = 2, .checkpoint = "digits.pth"});
  auto again = opsis::models::get_model("resnet18", {.num_classes = 10});
  opsis::hub::load_state_dict(*again, opsis::hub::load_state_dict_file("digits.pth"));
  std::cout << "right: " << opsis::engine::evaluate(*again, test).accuracy * 100 << " %\n";
}
