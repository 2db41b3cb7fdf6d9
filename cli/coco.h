// Folders of COCO's format, as the commands that train take them.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "opsis/datasets.h"

namespace cli {

/// What is read of each object besides its box. Key points are in files of their own: person_keypoints_train.json, ...
enum class CocoParts { Boxes, Masks, KeyPoints };

/// The part to learn from. Throws NotFoundError, which says what there may be.
std::shared_ptr<const opsis::datasets::CocoDetection> open_coco_to_learn_from(const std::filesystem::path& root,
                                                                              CocoParts parts);

/// The part to be judged by; null when there is none.
std::shared_ptr<const opsis::datasets::CocoDetection> open_coco_held_out(const std::filesystem::path& root, CocoParts parts);

/// The same for what is only judged. Throws NotFoundError, which says what there may be.
std::shared_ptr<const opsis::datasets::CocoDetection> open_coco_to_judge_by(const std::filesystem::path& root, CocoParts parts);

/// The names of labels, as torchvision has those of COCO: 0 is the background, gaps are N/A.
std::vector<std::string> categories_of(const opsis::datasets::CocoFile& file);

}  // namespace cli
