// Everything of opsis::utils: grids of images, pictures on disk, boxes, masks, points, flow, text and plots.
#pragma once

#include "opsis/utils/canvas.h"
#include "opsis/utils/colors.h"
#include "opsis/utils/draw_bounding_boxes.h"
#include "opsis/utils/draw_keypoints.h"
#include "opsis/utils/draw_segmentation_masks.h"
#include "opsis/utils/draw_text.h"
#include "opsis/utils/flow_to_image.h"
#include "opsis/utils/labelled_grid.h"
#include "opsis/utils/make_grid.h"
#include "opsis/utils/picture_formats.h"
#include "opsis/utils/plot.h"
#include "opsis/utils/raster.h"
#include "opsis/utils/save_image.h"
