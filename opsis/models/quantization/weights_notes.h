// What many quantized weights have in common. For the tables of weights.
#pragma once

#include <string_view>

namespace opsis::inline v1::models::quantization {

inline constexpr std::string_view after_training_recipe =
    "https://github.com/pytorch/vision/tree/main/references/classification#post-training-quantized-models";
inline constexpr std::string_view after_training = "Quantized after training, in eager mode, from the unquantized weights.";
inline constexpr std::string_view while_training = "Trained on from the unquantized weights with quantization in sight.";

}  // namespace opsis::inline v1::models::quantization
