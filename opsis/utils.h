// Everything of opsis::utils: grids of images, pictures on disk, text and plots.
#pragma once

#include "opsis/utils/canvas.h"
#include "opsis/utils/draw_text.h"
#include "opsis/utils/labelled_grid.h"
#include "opsis/utils/make_grid.h"
#include "opsis/utils/plot.h"
#include "opsis/utils/save_image.h"
