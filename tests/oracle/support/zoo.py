"""Every model with the size of the images on which it is computed: the smallest that exercises all of it.

To hold a model against torchvision, add its name here; `small` draws its numbers as it does for users, `large` out of a table,
since a generator would take most of the time; OPSIS_ORACLE_ALL=1 draws all of them. What takes more than 4 GB while training
(`giants`) is computed whole only then; models_classification.py has a block of each.
"""

import os

import torch
import torchvision
from torchvision import models

torch.set_num_threads(1)  # as the tests do: sums are split alike
every = os.environ.get("OPSIS_ORACLE_ALL") == "1"

giants = ["regnet_y_128gf", "vit_h_14"]
# 33 leaves 2x2 pixels where a network halves five times and rounds up: batch norm has something to norm.
_sizes = {"alexnet": 63, "convnext": 32, "densenet": 64, "googlenet": 64, "inception": 299, "maxvit": 224, "squeezenet": 64,
          "swin_transformer": 64, "swin_v2": 64, "vgg": 32}  # fmt: skip
_vits = {"vit_b_16": 64, "vit_b_32": 96, "vit_h_14": 56, "vit_l_16": 64, "vit_l_32": 96}


def family(model):
    """Where it is built; Swin's second version is one of its own, whose attention is another."""
    return "swin_v2" if model.startswith("swin_v2") else models.get_model_builder(model).__module__.split(".")[-1]


def size(model):
    return _vits.get(model) or _sizes.get(family(model), 33)


def build(model):
    return models.get_model(model, **({"image_size": _vits[model]} if model in _vits else {}))


def _million_parameters(model):
    return models.get_model_weights(model).DEFAULT.meta["num_params"] / 1e6


names = models.list_models(module=torchvision.models)
small = [name for name in names if _million_parameters(name) <= 52]
large = [name for name in names if name not in small and (every or name not in giants)]

# Of each family, and of Swin's second version.
smallest = ["alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2",
            "mobilenet_v3_small", "regnet_y_400mf", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_1", "swin_t", "swin_v2_t", "vgg11_bn", "vit_b_32"]  # fmt: skip

# While they are float; quantized, they are held to the bit.
quantized = models.list_models(module=models.quantization)
quantized_by_table = [name for name in quantized if "resnext" in name and not every]

# Of the other tasks: each has oracle modules of its own, which compute all of them; the large ones (`by_table`) as `large` ones.
_modules = [models.segmentation, models.detection, models.video, models.optical_flow]
segmentation, detection, video, optical_flow = (models.list_models(module=module) for module in _modules)
rcnn = [name for name in detection if "rcnn" in name]  # in two stages
others = segmentation + detection + video + optical_flow
# SSD is made from a whole VGG, most of which it throws away.
by_table = [name for name in others if (_million_parameters(name) > 52 or name == "ssd300_vgg16") and not every]


def compared(model):
    """How far a model is held against torchvision's: A, B or C of docs/models.md; none for what is not."""
    if model in giants:
        return "C"
    if model in by_table + large + quantized_by_table:
        return "B"
    return "A" if model in small + others + quantized else ""
