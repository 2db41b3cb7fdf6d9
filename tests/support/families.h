// The families of classification models, for tests that go through all.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "opsis/models/task.h"

namespace support {

/// By torchvision's module, with the family's smallest model and a size of images that suits it.
struct Family {
  std::string name, smallest;
  int64_t size = 64;
};

/// How GoogleTest names it; else it prints the bytes, which are others in each run.
inline void PrintTo(const Family& family, std::ostream* out) { *out << family.name; }

const std::vector<Family>& families();

/// A model for images of this size: ViTs are made for one, the others take it as it comes.
std::shared_ptr<opsis::models::ImageClassifier> model_for(const std::string& name, int64_t size);

/// The smallest of a family, evaluating, with numbers out of a table and norms that do something.
std::shared_ptr<opsis::models::ImageClassifier> smallest_of(const Family& family);

}  // namespace support
