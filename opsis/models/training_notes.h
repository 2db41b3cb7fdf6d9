// What is special about pretrained weights, in sentences that several families share.
#pragma once

#include <string_view>

namespace opsis::inline v1::models::training_notes {

constexpr std::string_view plain_recipe = "Close to the paper's accuracy, by a plain recipe.";
constexpr std::string_view plainer_recipe = "Close to the paper's accuracy, by a plainer recipe.";
constexpr std::string_view close_to_paper = "Close to the paper's accuracy.";
constexpr std::string_view as_in_paper = "By a recipe like the paper's.";
constexpr std::string_view enhanced_recipe = "By a newer recipe than the paper's, for higher accuracy.";
constexpr std::string_view similar_recipe = "Close to the paper's accuracy, by a recipe like the paper's.";
constexpr std::string_view from_scratch = "Trained from scratch, by a plain recipe.";
constexpr std::string_view from_scratch_by_plainer_recipe = "Trained from scratch, by a plainer recipe.";
constexpr std::string_view from_scratch_as_paper = "Trained from scratch, close to the paper's accuracy.";
constexpr std::string_view better_by_plain_recipe = "Better than the paper's, by a plain recipe.";
constexpr std::string_view ported = "The paper authors' own, converted.";
constexpr std::string_view ported_from_lua = "Converted from LuaTorch.";
constexpr std::string_view new_recipe =
    "Better than the paper's, by longer training with stronger augmentation and regularisation: "
    "https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/";
constexpr std::string_view adapted_new_recipe =
    "Better than the paper's, by longer training with stronger augmentation and regularisation, adapted to the family: "
    "https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/";
constexpr std::string_view slightly_better_by_new_recipe =
    "A little better than the paper's, by longer training with stronger augmentation and regularisation: "
    "https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/";
constexpr std::string_view from_scratch_by_new_recipe =
    "Trained from scratch, long, with strong augmentation and regularisation: "
    "https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/";
constexpr std::string_view from_scratch_by_adapted_new_recipe =
    "Trained from scratch, long, with strong augmentation and regularisation, adapted to the family: "
    "https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/";
constexpr std::string_view from_scratch_as_deit =
    "Trained from scratch, by a recipe after DeiT's: https://arxiv.org/abs/2012.12877";
constexpr std::string_view swag_end_to_end =
    "SWAG's weights (https://arxiv.org/abs/2201.08371), all of them trained further on ImageNet-1K.";
constexpr std::string_view swag_linear =
    "SWAG's weights (https://arxiv.org/abs/2201.08371) as they are, with a linear head trained on ImageNet-1K.";

}  // namespace opsis::inline v1::models::training_notes
