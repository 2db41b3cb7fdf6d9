// The captions of Flickr8k out of their page of HTML. No tensors. For the library's own sources.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "opsis/core/api.h"

namespace opsis::inline v1::datasets {

struct FlickrEntry {
  std::string id;  ///< the part of the photo's address that its file's name begins with
  std::vector<std::string> captions{};
};

/// The photos of a page, in its order, with what its lists say of each. Takes any text; never throws for what it says.
/// Source   torchvision.datasets.flickr.Flickr8kParser
OPSIS_API std::vector<FlickrEntry> parse_flickr_page(std::string_view html);

}  // namespace opsis::inline v1::datasets
