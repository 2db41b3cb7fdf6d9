// The tool `opsis`: training, evaluation, prediction and more from the command line.
#include <torch/version.h>
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "opsis/core/process_allocator.h"

int main(int argc, char** argv) {
  opsis::keep_freed_memory();
  CLI::App app("TorchVision for C++, from the command line.", "opsis");
  app.set_version_flag("--version", "opsis " OPSIS_VERSION " (LibTorch " TORCH_VERSION ")");
  app.set_help_flag("-h,--help", "Print this and leave");
  app.footer(
      "Examples:\n"
      "  opsis predict photo.jpg --model resnet50 --weights resnet50-11ad3fa6.pth\n"
      "  opsis segment street.jpg --out street.png\n"
      "  opsis detect street.jpg --out boxes.png\n"
      "  opsis finetune flowers --model efficientnet_b0 --out flowers.pth\n"
      "  opsis train digits --model resnet18 --epochs 5 --out digits.pth\n"
      "  opsis train-detector wheat --weights DEFAULT --out wheat.pth\n"
      "  opsis evaluate digits --weights digits.pth\n"
      "  opsis evaluate-detections instances_val2017.json results.json\n"
      "  opsis transform photo.jpg crop.png \"Resize(256)\" \"CenterCrop(224)\"\n"
      "  opsis show photo.jpg --out sheet.png --step \"RandAugment()\"\n"
      "  opsis models \"resnext*\"\n"
      "  opsis datasets download CIFAR10 --root data\n"
      "Each command has a --help of its own. Exit codes: 0 it worked, 1 it failed, 2 wrong usage.");
  cli::Chosen chosen;
  cli::declare_train(app, chosen);
  cli::declare_train_detector(app, chosen);
  cli::declare_train_segmenter(app, chosen);
  cli::declare_finetune(app, chosen);
  cli::declare_evaluate(app, chosen);
  cli::declare_evaluate_detections(app, chosen);
  cli::declare_predict(app, chosen);
  cli::declare_detect(app, chosen);
  cli::declare_segment(app, chosen);
  cli::declare_keypoints(app, chosen);
  cli::declare_flow(app, chosen);
  cli::declare_models(app, chosen);
  cli::declare_datasets(app, chosen);
  cli::declare_weights(app, chosen);
  cli::declare_transform(app, chosen);
  cli::declare_show(app, chosen);
  return cli::run(app, chosen, argc, argv);
}
