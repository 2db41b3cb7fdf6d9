// Claims that every family makes of its models. Their truth is tests/oracle/support/model.py.
#pragma once

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <functional>
#include <string>
#include <vector>

#include "opsis/models/registry.h"
#include "opsis/models/task.h"
#include "tests/support/oracle.h"

namespace support {

/// The sum of a tensor's bits as integers, each by its place, modulo 2 ** 64: equal, for all practical purposes, only if every
/// bit is and stands where it should.
int64_t checksum(const torch::Tensor& tensor);

/// The names, shapes, types and order of state and submodules are those of the case, and the versions of their states.
void expect_same_structure(const torch::nn::Module& model, const oracle::Case& c);

/// Every parameter and buffer equals the case's, bit for bit, and building has drawn as often.
/// To be called right after building the model from seed 0.
void expect_same_state(const torch::nn::Module& model, const oracle::Case& c);

/// Every parameter and buffer of one equals the other's, bit for bit.
void expect_equal_state(const torch::nn::Module& actual, const torch::nn::Module& expected);

/// Gives weights that begin as zero, which would hide all that is before them, numbers.
void wake(torch::nn::Module& model);

/// All that a model gives in training, where that is more than its logits.
using TrainOutputs = std::function<std::vector<torch::Tensor>(torch::Tensor images)>;

/// The case of a table whose `model` is this one; throws, which fails the test, unless there is one alone.
oracle::Case case_of(const std::string& table, const std::string& model);

/// So it is, and does, on one thread: outputs in evaluation and in training, the loss, gradients and running statistics agree.
void expect_same_computed(opsis::models::ImageClassifier& model, const oracle::Case& c, const TrainOutputs& outputs = {});

/// The same of any model, by what it gives for the case's inputs in its present mode; `in_training` where that is more.
using Outputs = std::function<std::vector<torch::Tensor>()>;
void expect_same_computed(torch::nn::Module& model, const oracle::Case& c, const Outputs& outputs,
                          const Outputs& in_training = {});

/// While it lives, operators run on one thread, as they do in the oracle: sums are split alike.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

/// check(model, case), on one thread and without gradients, for each case of a table: its `model` in evaluation, with the weights that
/// Python saved as <model>.pth in the folder of the table's room.
template <class Model, class Check>
void each_saved_by_python(const std::string& table, const Check& check) {
  const OneThread one_thread;
  const torch::NoGradGuard no_grad;
  for (const auto& c : oracle::cases(table)) {
    SCOPED_TRACE(c.name());
    const auto file = oracle::folder() / table.substr(0, table.find('/')) / (c.text("model") + ".pth");
    const auto model = opsis::models::get_model<Model>(c.text("model"), {.weights = "DEFAULT", .weights_file = file});
    model->eval();
    check(*model, c);
  }
}

}  // namespace support
