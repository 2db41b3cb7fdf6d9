#include "opsis/core/error.h"
#include "opsis/core/json.h"
#include "opsis/datasets/flickr_page.h"
#include "opsis/datasets/text_file.h"
#include "opsis/datasets/voc_annotation.h"

// Annotations as text: VOC's XML, Flickr's HTML, CSV.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    (void)opsis::datasets::parse_voc_xml({data, size}).dump();
  } catch (const opsis::DecodeError&) {
  }
  (void)opsis::datasets::parse_flickr_page(text);
  for (const auto& row : opsis::datasets::csv_rows(text, ';', true)) {
    if (row.empty()) __builtin_trap();
  }
  return 0;
}
