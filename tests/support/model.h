// Claims that every family makes of its models. Their truth is tests/oracle/models.py.
#pragma once

#include <string>

#include "opsis/models/task.h"
#include "tests/support/oracle.h"

namespace support {

/// The names, shapes, types and order of state and submodules are those of the case.
void expect_same_structure(const torch::nn::Module& model, const oracle::Case& c);

/// Every parameter and buffer equals the case's, bit for bit; outputs in both modes, gradients and running statistics agree.
/// To be called right after building the model from seed 0.
void expect_same_computed(opsis::models::ImageClassifier& model, const oracle::Case& c);

}  // namespace support
