// What train and finetune share: how images are varied, and how an epoch is told.
#pragma once

#include <string>

#include "cli/output.h"
#include "opsis/engine.h"
#include "opsis/transforms.h"

namespace cli {

/// Photos are cropped and mirrored at random, as in torchvision's recipe; then prepared as the model wants them.
opsis::transforms::AnyTransform photo_augmentation(const opsis::transforms::ImageClassificationOptions& preprocessing);

Json to_json(const opsis::engine::EpochReport& epoch);

/// "epoch 2/5  loss 0.6931  acc@1 50.00 %  ..."
std::string to_line(const opsis::engine::EpochReport& epoch, int64_t epochs);

/// Whether a last batch would hold one image, on which batch normalisation cannot train: it is then left out.
bool leaves_one_alone(size_t images, size_t batch_size);

}  // namespace cli
