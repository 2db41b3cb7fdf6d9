"""models_detection: detectors in two stages: parameters, losses, gradients and what is found, and the parts that all detectors share.

support/zoo.py lists the models.
"""

import contextlib

import torch
from oracle import case, fails, out_dir, run
from support import zoo
from support.model import TableDraws, checked, sample
from torch import nn
from torchvision import models
from torchvision.models import detection
from torchvision.models.detection import _utils, backbone_utils, roi_heads, rpn, transform
from torchvision.ops import MultiScaleRoIAlign

torch.set_num_threads(1)  # as the tests do: sums are split alike

_sizes = [(96, 128), (120, 80)]
_boxes = [[[10.0, 12, 60, 70], [40, 20, 120, 90], [5, 5, 30, 25]], [[8.0, 30, 70, 110]]]
_gradients = ["backbone.body", "backbone.fpn", "rpn.head", "roi_heads.box_head", "roi_heads"]


def _pictures():
    return [torch.rand(3, *size) for size in _sizes]


def _targets(classes, empty=()):
    """Boxes with all that any model learns from."""
    found = []
    for number, ((height, width), boxes) in enumerate(zip(_sizes, _boxes)):
        boxes = torch.tensor([] if number in empty else boxes).reshape(-1, 4)
        count = len(boxes)
        labels = torch.randint(1, classes, (count,))
        masks = (torch.rand(count, height, width) > 0.5).byte()
        # Some stand outside of their boxes, some cannot be seen.
        keypoints = torch.rand(count, 17, 3) * torch.tensor([width, height, 2.0]) - torch.tensor([0, 0, 0.5])
        found.append({"boxes": boxes, "labels": labels, "masks": masks, "keypoints": keypoints})
    return found


def _numbered(name, dictionaries):
    return {f"{name}_{i}_{key}": value for i, d in enumerate(dictionaries) for key, value in d.items()}


def make_quick(model):
    """Small images, few regions; and numbers that differ from each other, which those of random weights hardly do."""
    model.transform.min_size, model.transform.max_size = (64, 72), 120
    model.rpn._pre_nms_top_n = {"training": 100, "testing": 60}
    model.rpn._post_nms_top_n = {"training": 50, "testing": 30}
    model.roi_heads.fg_bg_sampler.batch_size_per_image = 32
    model.roi_heads.score_thresh, model.roi_heads.detections_per_img = 0.02, 12
    with torch.no_grad():
        model.roi_heads.box_predictor.cls_score.weight *= 10
        model.roi_heads.box_predictor.bbox_pred.weight *= 10
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0


def trained(model, images, targets):
    """The losses of a step, and of every gradient its norm and some of its numbers."""
    torch.manual_seed(1)
    losses = model.train()(images, targets)
    sum(losses.values()).backward()
    parameters = {name: p for name, p in model.named_parameters() if p.grad is not None}
    return {
        "loss_names": list(losses),
        "losses": torch.stack([loss.detach() for loss in losses.values()]),
        "next_draw_after": torch.rand(1),
        "gradient_names": list(parameters),
        "gradient_norms": torch.stack([p.grad.double().norm() for p in parameters.values()]),
        "gradient_samples": torch.cat([sample(p.grad) for p in parameters.values()]),
    }


def found(model, images):
    with torch.no_grad():
        return _numbered("found", model.eval()(images))


@case("models_detection/computed", model=zoo.rcnn)
def computed_models(model):
    images, targets = _pictures(), None
    torch.manual_seed(0)
    table = model in zoo.by_table
    with TableDraws() if table else contextlib.nullcontext():
        built = models.get_model(model, weights_backbone=None)
    result = {"table": table, **checked(built)}
    targets = _targets(built.roi_heads.box_predictor.cls_score.out_features)
    make_quick(built)
    result |= {f"image_{i}": image for i, image in enumerate(images)} | _numbered("target", targets)
    result |= trained(built, images, targets)
    return result | found(built, images)


run(__file__)
