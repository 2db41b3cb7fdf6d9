// Whose work a data set is, and on what terms it may be used.
#pragma once

#include <span>
#include <string_view>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

/// What to cite when a data set was used. A licence that is empty is no permission: none is known, and the address, if there is
/// one, is the page of those who made the data. Ask them. A licence of annotations may say nothing of the pictures.
struct Citation {
  std::string_view dataset{};
  std::string_view authors{};
  std::string_view title{};
  int year = 0;
  std::string_view licence{};
  std::string_view licence_url{};
};

/// Those that are known, sorted by the data set's name.
OPSIS_API std::span<const Citation> citations();
/// That of a data set; null when there is none.
OPSIS_API const Citation* citation(std::string_view dataset);

}  // namespace opsis::inline v1::datasets
