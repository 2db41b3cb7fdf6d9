// Claims about tensors and errors.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "opsis/core/error.h"

/// Same shape, type and bits (NaN equals NaN).
#define EXPECT_TENSOR_EQ(actual, expected) EXPECT_TRUE(::support::equal(actual, expected))

/// Same shape and type; |actual - expected| <= relative * max(|expected|) + absolute, element by element.
#define EXPECT_TENSOR_NEAR(actual, expected, relative, absolute) \
  EXPECT_TRUE(::support::near(actual, expected, relative, absolute))

/// The expression throws an E whose message has `part` in it.
#define EXPECT_ERROR(expression, E, part)                                       \
  do {                                                                          \
    try {                                                                       \
      (void)(expression);                                                       \
      ADD_FAILURE() << #expression << " did not throw";                         \
    } catch (const E& error) {                                                  \
      EXPECT_THAT(error.what(), ::testing::HasSubstr(part));                    \
    } catch (const std::exception& error) {                                     \
      ADD_FAILURE() << #expression << " threw another error: " << error.what(); \
    }                                                                           \
  } while (false)

namespace support {

::testing::AssertionResult equal(const torch::Tensor& actual, const torch::Tensor& expected);
::testing::AssertionResult near(const torch::Tensor& actual, const torch::Tensor& expected, double relative, double absolute);

}  // namespace support
