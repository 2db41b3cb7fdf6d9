#include "opsis/simd/tiles.h"

namespace opsis::inline v1::simd {

bool has_tiles() { return false; }
int64_t lying_depth() { return kTileDepth; }
bool reads_whole_tiles() { return true; }
void pack_tiles(const TileStrips&, const uint16_t*, const float*, uint16_t*) {}
void fill_panel(const TileStrips&, const uint16_t* const*, int64_t, uint16_t*) {}
TilesInUse::TilesInUse() {}
TilesInUse::~TilesInUse() {}
void multiply_tiles(const TileStrips&, const uint16_t*, int64_t, const TileRows&, float*, const uint16_t*, const uint16_t*) {}
void multiply_by_dots(const TileStrips&, const uint16_t*, int64_t, const TileRows&, float*, const uint16_t*, const uint16_t*) {}
void finish_tiles(const TileSums&) {}

}  // namespace opsis::inline v1::simd
