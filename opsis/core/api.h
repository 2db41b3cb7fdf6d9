// Marks what a user of the library may call; everything else is hidden from the linker.
#pragma once

#define OPSIS_API __attribute__((visibility("default")))
