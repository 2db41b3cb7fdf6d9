// What C libraries hand out, owned where it is born. For the library's own sources.
#pragma once

namespace opsis::inline v1 {

/// The deleter of what a function takes back, whatever that returns:
///     const std::unique_ptr<TIFF, Frees<TIFFClose>> file(TIFFOpen(path, "r"));
template <auto function>
struct Frees {
  template <class T>
  void operator()(T* pointer) const {
    function(pointer);
  }
};

}  // namespace opsis::inline v1
