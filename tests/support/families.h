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

/// Gives norms something to do, and what begins as zero numbers.
void enliven(torch::nn::Module& model);

/// As Python's model.to(memory_format=torch.channels_last). contiguous() would leave filters of one channel or one pixel as they
/// lie, since they lie either way; their strides decide how a layer lays out its result.
void lay_channels_last(torch::nn::Module& model);

/// While it lives, this thread's operators choose bfloat16 where that is safe.
class Autocast {
 public:
  Autocast();
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;
};

/// What an evaluating model gives for images of that size is about the same when they, or it, lie channels last, under autocast,
/// and in bfloat16. It stays channels last and in bfloat16.
void expect_same_in_channels_last_and_bfloat16(opsis::models::ImageClassifier& model, int64_t size);

/// The smallest of a family, evaluating, with numbers out of a table and norms that do something.
std::shared_ptr<opsis::models::ImageClassifier> smallest_of(const Family& family);

}  // namespace support
