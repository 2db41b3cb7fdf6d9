"""models_detection_targets: what is to be found, good and bad, and whether torchvision's detectors learn from it.

Left out is what torchvision reads outside of its memory for: boxes that are no numbers or infinite, and fewer masks than boxes;
and boxes of a million pixels, which Mask R-CNN has no memory for.
"""

import functools

import torch
from oracle import case, fails, run
from torch import nn
from torchvision.models import detection
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.ops import MultiScaleRoIAlign

torch.set_num_threads(1)

_height, _width, _classes, _points = 40, 50, 4, 5


def _backbone(channels, stride):
    found = nn.Sequential(nn.Conv2d(3, channels, 3, stride=stride, padding=1))
    found.out_channels = channels
    return found


def _two_stages(make, **parts):
    sizes = {"min_size": _height, "max_size": 90, "rpn_anchor_generator": AnchorGenerator(((8, 24, 48),), ((0.5, 1.0, 2.0),))}
    few = {"rpn_post_nms_top_n_train": 20, "box_batch_size_per_image": 16}
    return make(_backbone(16, 4), _classes, box_roi_pool=MultiScaleRoIAlign(["0"], 3, 2), **sizes, **few, **parts)


@functools.lru_cache
def _detector(kind):
    """The same as detector() in tests/models/detection_targets_test.cpp."""
    if kind == "fasterrcnn":
        return _two_stages(detection.FasterRCNN)
    if kind == "maskrcnn":
        return _two_stages(detection.MaskRCNN, mask_roi_pool=MultiScaleRoIAlign(["0"], 6, 2))
    if kind == "keypointrcnn":
        heads = detection.keypoint_rcnn.KeypointRCNNHeads(16, (8, 512))
        return _two_stages(detection.KeypointRCNN, num_keypoints=_points, keypoint_roi_pool=MultiScaleRoIAlign(["0"], 6, 2), keypoint_head=heads)
    sizes = {"min_size": _height, "max_size": 90}
    if kind == "retinanet":
        return detection.RetinaNet(_backbone(16, 8), _classes, anchor_generator=AnchorGenerator(((12, 24),), ((0.5, 1.0),)), **sizes)
    if kind == "fcos":
        return detection.FCOS(_backbone(32, 8), _classes, anchor_generator=AnchorGenerator(((8,),), ((1.0,),)), **sizes)
    backbone = _backbone(16, 8)
    del backbone.out_channels
    return detection.ssd.SSD(backbone, DefaultBoxGenerator([[2]]), (_width, _height), _classes)


@functools.lru_cache
def _changes():
    """What is other than in a good target, by a name."""
    boxes, labels = torch.tensor([[4.0, 4, 30, 20], [1, 2, 13, 34]]), torch.tensor([1, 3])
    masks, points = torch.ones(2, _height, _width, dtype=torch.uint8), torch.ones(2, _points, 3)
    types = ["float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
    found = {"nothing": {}}
    found |= {f"boxes of {t}": {"boxes": boxes.to(getattr(torch, t))} for t in types}
    found |= {f"labels of {t}": {"labels": labels.to(getattr(torch, t))} for t in types}
    found |= {f"masks of {t}": {"masks": masks.to(getattr(torch, t))} for t in types}
    found |= {f"keypoints of {t}": {"keypoints": points.to(getattr(torch, t))} for t in types}
    for name, box in {"no width": [4.0, 4, 4, 20], "no height": [4.0, 4, 30, 4], "turned": [30.0, 4, 4, 20],
                      "partly outside": [-9.0, -5, 30, 20], "all outside": [100.0, 100, 140, 130],
                      "less than a pixel": [4.0, 4, 4.25, 4.5]}.items():  # fmt: skip
        found[f"a box {name}"] = {"boxes": torch.stack([boxes[0], torch.tensor(box)])}
    for label in (0, -1, -_classes - 1, _classes - 1, _classes, 91):
        found[f"a label of {label}"] = {"labels": torch.tensor([1, label])}
    shapes = {
        "boxes": {"one": boxes[:1], "of (4)": boxes[0], "of (4, 2)": boxes.view(4, 2), "of (2, 5)": torch.ones(2, 5).cumsum(1), "of (1, 2, 4)": boxes[None],
                  "of (0)": torch.empty(0), "none": boxes[:0]},
        "labels": {"one": labels[:1], "three": torch.tensor([1, 3, 2]), "of ()": labels[0], "of (2, 1)": labels[:, None], "of (1, 2)": labels[None],
                   "none": labels[:0]},
        "masks": {"three": masks[:1].expand(3, -1, -1), "of (2, 30, 50)": masks[:, :30], "of (2, 60, 80)": torch.ones(2, 60, 80, dtype=torch.uint8),
                  "of (40, 50)": masks[0], "of (2, 1, 40, 50)": masks[:, None]},
        "keypoints": {"one": points[:1], "three": points[:1].expand(3, -1, -1), "of (2, 4, 3)": points[:, :4], "of (2, 6, 3)": torch.ones(2, 6, 3),
                      "of (2, 5, 2)": points[:, :, :2], "of (2, 5, 4)": torch.ones(2, 5, 4), "of (5, 3)": points[0], "none": points[:0]},
    }  # fmt: skip
    for part, forms in shapes.items():
        found |= {f"{part}: {form}": {part: value} for form, value in forms.items()}
    found["nothing at all"] = {"boxes": boxes[:0], "labels": labels[:0], "masks": masks[:0], "keypoints": points[:0]}
    found |= {f"without {part}": {part: None} for part in ("boxes", "labels", "masks", "keypoints")}
    good = {"boxes": boxes, "labels": labels, "masks": masks, "keypoints": points}
    return {name: good | change for name, change in found.items()}


@case("models_detection_targets/verdicts", model=["fasterrcnn", "maskrcnn", "keypointrcnn", "retinanet", "fcos", "ssd"], target=list(_changes()))
def verdicts(model, target):
    """The first of two images has a good target."""
    changes = _changes()
    images = [torch.rand(3, _height, _width) for _ in range(2)]
    looks_at = {"boxes", "labels"} | {"maskrcnn": {"masks"}, "keypointrcnn": {"keypoints"}}.get(model, set())
    if any(part in target for part in {"masks", "keypoints"} - looks_at):
        return {"skip": True}
    targets = [{k: v for k, v in changes[which].items() if k in looks_at and v is not None} for which in ("nothing", target)]
    torch.manual_seed(0)
    built = _detector(model).train()
    return {"skip": False, "fails": fails(lambda: built(images, targets)), **{key: value.contiguous() for key, value in targets[1].items()}}


run(__file__)
