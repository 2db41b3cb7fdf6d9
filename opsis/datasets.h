// Everything of opsis::datasets.
#pragma once

#include "opsis/datasets/dataset.h"
#include "opsis/datasets/digits.h"
#include "opsis/datasets/fake_data.h"
#include "opsis/datasets/folder.h"
#include "opsis/datasets/idx.h"
#include "opsis/datasets/list.h"
