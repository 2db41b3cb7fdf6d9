#include "opsis/datasets/list.h"

#include <algorithm>
#include <iterator>

#include "opsis/datasets.h"

namespace opsis::inline v1::datasets {
namespace {

#define OPSIS_DATASET(name) #name,
constexpr std::string_view kDatasetNames[] = {
#include "opsis/datasets/datasets.def"
};
#undef OPSIS_DATASET
static_assert(std::is_sorted(std::begin(kDatasetNames), std::end(kDatasetNames)), "datasets.def must be sorted");

#define OPSIS_DATASET(name) static_assert(std::is_base_of_v<Dataset<name::Example>, name>, #name " is no data set");
#include "opsis/datasets/datasets.def"
#undef OPSIS_DATASET

}  // namespace

std::vector<std::string_view> list_datasets() { return {std::begin(kDatasetNames), std::end(kDatasetNames)}; }

}  // namespace opsis::inline v1::datasets
