// A classifier as the commands use it: the network, the names of its classes, and how images are prepared for it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "opsis/datasets.h"
#include "opsis/hub.h"
#include "opsis/models.h"
#include "opsis/transforms.h"

namespace cli {

struct Classifier {
  std::string name;     // "resnet50"
  std::string weights;  // a file, or an entry's name
  std::shared_ptr<opsis::models::ImageClassifier> model;
  int64_t classes = 0;                  // how many it tells apart
  std::vector<std::string> categories;  // empty when unknown
  bool own_categories = false;          // the checkpoint names them, as those of opsis train do
  opsis::transforms::ImageClassificationOptions preprocessing;
};

/// Whether it is the name of an entry, "IMAGENET1K_V2" or "ResNet50_Weights.IMAGENET1K_V2", rather than that of a file.
bool names_entry(const std::string& weights);

/// From a checkpoint, or from the model's own weights in PyTorch's cache. `weights`: a file, an entry's name ("IMAGENET1K_V2"),
/// or empty for the default entry. `name` may be empty when the checkpoint tells it, as those of opsis train do.
Classifier load_classifier(std::string name, const std::string& weights);

/// Pretrained weights with a head for these classes, to be trained further. `weights` as above; `size`: of the images, in place
/// of the weights' own.
Classifier load_pretrained(const std::string& name, const std::string& weights, std::vector<std::string> categories,
                           std::optional<int64_t> size);

/// What to say of a checkpoint for `own` that is to be one for `name`; nothing when both are one model.
std::optional<std::string> another_model(const std::filesystem::path& file, const std::string& own, const std::string& name);

/// Throws ValueError, which says whose it is, when a checkpoint tells another model than `name`.
void check_model(const std::filesystem::path& file, const std::string& name);

/// The entries of a checkpoint that let it be used without further options.
opsis::hub::Value describe(const Classifier& classifier);

/// A data set of the command line: "digits", or a folder of folders of images.
struct Data {
  std::shared_ptr<const opsis::datasets::Dataset<opsis::datasets::Classified>> dataset;
  std::vector<std::string> classes;
};
/// Where two lists of classes part: "class 1 is "dog" in the data and nothing in the checkpoint".
std::string first_difference(const std::vector<std::string>& ours, std::string_view where,
                             const std::vector<std::string>& theirs, std::string_view there);

/// Throws ValueError when the data's classes are not those that the classifier's own checkpoint names: labels are the places of
/// names in that list, so they would mean something else.
void check_classes(const Classifier& classifier, const Data& data);

/// The part to train with or to evaluate on. A folder with train/ and val/ inside is their root; any other is taken whole for
/// evaluation and refused for training unless it is the training part itself.
Data open_data(const std::string& data, bool train, opsis::transforms::AnyTransform transforms);

}  // namespace cli
