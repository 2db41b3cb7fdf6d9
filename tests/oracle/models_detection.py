"""models_detection: detectors in two stages: parameters, losses, gradients and what is found, and the parts that all detectors share.

support/zoo.py lists the models.
"""

import contextlib
import unittest.mock

import torch
from oracle import case, fails, out_dir, run
from support import zoo
from support.model import TableDraws, checked, on_meta, sample
from torch import nn
from torchvision import models
from torchvision.models import detection
from torchvision.models.detection import _utils, backbone_utils, roi_heads, transform
from torchvision.models.detection.rpn import AnchorGenerator
from torchvision.ops import MultiScaleRoIAlign

torch.set_num_threads(1)  # as the tests do: sums are split alike

_sizes = [(96, 128), (120, 80)]
_boxes = [[[10.0, 12, 60, 70], [40, 20, 120, 90], [5, 5, 30, 25]], [[8.0, 30, 70, 110]]]


def _pictures():
    return [torch.rand(3, *size) for size in _sizes]


def _targets(classes, empty=(), points=17):
    """Boxes with all that any model learns from."""
    found = []
    for number, ((height, width), boxes) in enumerate(zip(_sizes, _boxes)):
        boxes = torch.tensor([] if number in empty else boxes).reshape(-1, 4)
        count = len(boxes)
        labels = torch.randint(1, classes, (count,))
        masks = (torch.rand(count, height, width) > 0.5).byte()
        # Some stand outside of their boxes, some cannot be seen.
        keypoints = torch.rand(count, points, 3) * torch.tensor([width, height, 2.0]) - torch.tensor([0, 0, 0.5])
        found.append({"boxes": boxes, "labels": labels, "masks": masks, "keypoints": keypoints})
    return found


def _numbered(name, dictionaries):
    return {f"{name}_{i}_{key}": value for i, d in enumerate(dictionaries) for key, value in d.items()}


def make_quick(model):
    """Small images, few regions; and numbers that differ from each other, which those of random weights hardly do."""
    model.transform.min_size, model.transform.max_size = (64, 72), 120
    model.rpn._pre_nms_top_n = {"training": 100, "testing": 60}
    model.rpn._post_nms_top_n = {"training": 50, "testing": 30}
    model.roi_heads.fg_bg_sampler.batch_size_per_image = 16
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
    # Batch norm behind regions makes of the last bit of a sum another side of a ReLU, and of that another gradient: not in float64.
    wide = model.endswith("_v2")
    if wide:
        built.double()
        images = [image.double() for image in images]
        targets = [{**target, "boxes": target["boxes"].double()} for target in targets]
    result |= {"wide": wide} | {f"image_{i}": image for i, image in enumerate(images)} | _numbered("target", targets)
    result |= trained(built, images, targets)
    return result | found(built, images)


# A network of our own, and every option another than torchvision's.
def _custom():
    backbone = nn.Sequential(nn.Conv2d(3, 16, 3, stride=4, padding=1), nn.ReLU())
    backbone.out_channels = 16
    return detection.MaskRCNN(
        backbone, 4, min_size=(40, 56), max_size=90, image_mean=[0.4, 0.5, 0.6], image_std=[0.3, 0.2, 0.25], size_divisible=16,
        rpn_anchor_generator=AnchorGenerator(((8, 24, 48),), ((0.5, 1.0, 2.0),)), rpn_pre_nms_top_n_train=170,
        rpn_pre_nms_top_n_test=130, rpn_post_nms_top_n_train=60, rpn_post_nms_top_n_test=40, rpn_nms_thresh=0.6,
        rpn_fg_iou_thresh=0.6, rpn_bg_iou_thresh=0.2, rpn_batch_size_per_image=64, rpn_positive_fraction=0.4, rpn_score_thresh=0.4,
        box_roi_pool=MultiScaleRoIAlign(["0"], 3, 2), box_score_thresh=0.2, box_nms_thresh=0.4, box_detections_per_img=9,
        box_fg_iou_thresh=0.6, box_bg_iou_thresh=0.4, box_batch_size_per_image=40, box_positive_fraction=0.3,
        bbox_reg_weights=(8.0, 9.0, 4.0, 6.0), mask_roi_pool=MultiScaleRoIAlign(["0"], 6, 2))  # fmt: skip


@case("models_detection/custom", empty=[(), (0,), (0, 1)])
def custom(empty):
    """Also where there is nothing to find, and on pictures of a pixel or a line."""
    images, targets = _pictures(), _targets(4, empty)
    torch.manual_seed(0)
    model = _custom()
    result = checked(model) | {f"image_{i}": image for i, image in enumerate(images)} | _numbered("target", targets)
    result |= trained(model, images, targets)
    tiny = [torch.rand(3, 1, 1), torch.rand(3, 7, 300)]
    with torch.no_grad():
        model.eval()
        result |= _numbered("tiny", model(tiny[:1])) | _numbered("line", model(tiny[1:]))
    return result | {"tiny_0": tiny[0], "tiny_1": tiny[1]} | found(model, images)


def _key_points(score_thresh=0.2):
    """Five key points of each thing."""
    backbone = nn.Sequential(nn.Conv2d(3, 16, 3, stride=4, padding=1), nn.ReLU())
    backbone.out_channels = 16
    return detection.KeypointRCNN(
        backbone, 3, num_keypoints=5, min_size=56, max_size=90, rpn_anchor_generator=AnchorGenerator(((8, 24, 48),), ((0.5, 1.0, 2.0),)),
        rpn_pre_nms_top_n_train=170, rpn_pre_nms_top_n_test=130, rpn_post_nms_top_n_train=60, rpn_post_nms_top_n_test=40,
        box_roi_pool=MultiScaleRoIAlign(["0"], 3, 2), box_score_thresh=score_thresh, box_detections_per_img=9, box_batch_size_per_image=40,
        keypoint_roi_pool=MultiScaleRoIAlign(["0"], 6, 2), keypoint_head=detection.keypoint_rcnn.KeypointRCNNHeads(16, (8, 512)))  # fmt: skip


@case("models_detection/five_key_points")
def five_key_points():
    images, targets = _pictures(), _targets(3, points=5)
    torch.manual_seed(0)
    model = _key_points()
    result = checked(model) | {f"image_{i}": image for i, image in enumerate(images)} | _numbered("target", targets)
    return result | trained(model, images, targets) | found(model, images)


@case("models_detection/nothing", kind=["masks", "key points"])
def nothing(kind):
    """What is there of each kind when nothing is sure enough."""
    images = _pictures()
    model = _custom() if kind == "masks" else _key_points(1.0)
    model.roi_heads.score_thresh = 1.0
    return {f"image_{i}": image for i, image in enumerate(images)} | found(model, images)


@case("models_detection/stripe", shape=[(10_000, 20), (20, 10_000)])
def stripe(shape):
    image = torch.rand(3, *shape)
    torch.manual_seed(0)
    model = detection.fasterrcnn_mobilenet_v3_large_320_fpn(weights_backbone=None, box_score_thresh=0.0, box_detections_per_img=5)
    with torch.no_grad():  # as make_quick
        model.roi_heads.box_predictor.cls_score.weight *= 10
        model.roi_heads.box_predictor.bbox_pred.weight *= 10
    return {"image": image} | found(model, [image])


@case("models_detection/odd_sizes", model=["fasterrcnn_resnet50_fpn", "keypointrcnn_resnet50_fpn"])
def odd_sizes(model):
    """An image of one pixel, and one that is a stripe."""
    images = [torch.rand(3, 1, 1), torch.rand(3, 6, 200)]
    torch.manual_seed(0)
    table = model in zoo.by_table
    with TableDraws() if table else contextlib.nullcontext():
        built = models.get_model(model, weights=None, weights_backbone=None)
    make_quick(built)
    with torch.no_grad():
        built.eval()
        shown = _numbered("pixel", built(images[:1])) | _numbered("line", built(images[1:]))
    return {"table": table, "image_0": images[0], "image_1": images[1]} | shown


@case("models_detection/checkpoint")
def checkpoint():
    """Saved by Python, under the names that heads had in its first versions."""
    images = _pictures()
    model = _custom()
    old = {}
    for name, tensor in model.state_dict().items():
        for i in range(4):
            name = name.replace(f"mask_head.{i}.0.", f"mask_head.mask_fcn{i + 1}.")
        old[name.replace("rpn.head.conv.0.0.", "rpn.head.conv.")] = tensor
    assert len(old) == len(model.state_dict()) and "rpn.head.conv.weight" in old
    (out_dir() / "models_detection").mkdir(parents=True, exist_ok=True)
    torch.save(old, out_dir() / "models_detection/mask_rcnn.pth")
    return {f"image_{i}": image for i, image in enumerate(images)} | found(model, images)


@case("models_detection/key_points_by_name")
def key_points_by_name():
    """A checkpoint that stands for the published one, of half as many bytes, and what torchvision's model with its weights finds. A
    picture that is low and long is soon looked at."""
    model = detection.keypointrcnn_resnet50_fpn(weights_backbone=None)
    predictor = model.roi_heads.box_predictor
    with torch.no_grad():  # a few things are sure, and each of them more than the next
        predictor.cls_score.weight *= 8
        predictor.cls_score.bias[0] = -17
        predictor.bbox_pred.weight *= 3
    file = out_dir() / "models_detection/keypoint_rcnn.pth"
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save({name: tensor.half() for name, tensor in model.state_dict().items() if not name.endswith("num_batches_tracked")}, file)
    with unittest.mock.patch("torchvision.models._api.load_state_dict_from_url", lambda url, **_: torch.load(file)):
        model = detection.keypointrcnn_resnet50_fpn(weights="DEFAULT")
    image = torch.randint(0, 256, (3, 6, 100), dtype=torch.uint8)
    return {"image": image} | found(model, [image / 255])


@case("models_detection/learns", network=["resnet18", "mobilenet_v3_large"], layers=[0, 2, 5, 6])
def learns(network, layers):
    """Which parameters of a backbone learn."""
    extract = backbone_utils.resnet_fpn_backbone if network == "resnet18" else backbone_utils.mobilenet_backbone
    options = {"backbone_name": network, "weights": None, "trainable_layers": layers}
    options |= {} if network == "resnet18" else {"fpn": True}
    with on_meta():
        if fails(lambda: extract(**options)):
            return {"refused": True}
        learning = [name for name, p in extract(**options).named_parameters() if p.requires_grad]
    return {"refused": False, "expected": learning}


def _some_boxes(count, dtype=torch.float32):
    corners = torch.rand(count, 2, dtype=dtype) * 80
    return torch.cat([corners, corners + torch.rand(count, 2, dtype=dtype) * 50 + 1], 1)


@case("models_detection/coders", dtype=[torch.float32, torch.float64])
def coders(dtype):
    boxes, proposals, codes = _some_boxes(33, dtype), _some_boxes(33, dtype), torch.randn(33, 12, dtype=dtype) * 3
    coder, linear, raw = _utils.BoxCoder((10.0, 9.0, 5.0, 4.0)), _utils.BoxLinearCoder(), _utils.BoxLinearCoder(False)
    one = codes[:, :4]
    return {"boxes": boxes, "proposals": proposals, "codes": codes, "encoded": torch.cat(coder.encode([boxes], [proposals])),
            "decoded": coder.decode(codes, [proposals[:10], proposals[10:]]), "nothing": coder.decode(codes[:0], [proposals[:0]]),
            "linear_encoded": linear.encode(boxes, proposals), "linear_decoded": linear.decode(one, boxes),
            "raw_encoded": raw.encode(boxes, proposals), "raw_decoded": raw.decode(one, boxes)}  # fmt: skip


@case("models_detection/matchers", targets=[1, 6], low_quality=[False, True])
def matchers(targets, low_quality):
    qualities = torch.randint(0, 20, (targets, 90)) / 20  # many of them equal
    qualities[0] *= 0.2
    return {"qualities": qualities, "matches": _utils.Matcher(0.7, 0.3, low_quality)(qualities),
            "ssd": _utils.SSDMatcher(0.5)(qualities)}  # fmt: skip


@case("models_detection/sampler", size=[8, 64], fraction=[0.25, 0.5], dtype=[torch.int64, torch.float32])
def sampler(size, fraction, dtype):
    labels = torch.randint(-1, 3, (200,)).to(dtype)
    torch.manual_seed(1)
    [positive], [negative] = _utils.BalancedPositiveNegativeSampler(size, fraction)([labels])
    return {"labels": labels, "positive": positive.bool(), "negative": negative.bool(), "next_draw": torch.rand(1)}


_transforms = {
    "usual": dict(min_size=(60,), max_size=100),
    "several": dict(min_size=(30, 40, 50, 60), max_size=70, size_divisible=8),
    "fixed": dict(min_size=50, max_size=50, fixed_size=(50, 40), size_divisible=1),
    "as_they_are": dict(min_size=50, max_size=50, _skip_resize=True),
}


@case("models_detection/transform", options=list(_transforms), training=[False, True])
def transformed(options, training):
    images, targets = _pictures(), _targets(5)
    torch.manual_seed(1)
    made = transform.GeneralizedRCNNTransform(image_mean=[0.4, 0.5, 0.6], image_std=[0.3, 0.2, 0.25], **_transforms[options])
    batch, moved = made.train(training)(images, targets)
    next_draw = torch.rand(1)
    found = [{"boxes": _some_boxes(4) * 0.3, "masks": torch.rand(4, 1, 28, 28), "keypoints": torch.rand(4, 5, 3) * 60} for _ in images]
    found[0]["boxes"] = torch.tensor([[0.0, 0, 30, 20], [5, 5, 5.2, 30], [20, 10, 49, 39], [0, 20, 49, 30]])
    copies = [dict(f) for f in found]
    back = made.eval().postprocess(copies, batch.image_sizes, [tuple(image.shape[-2:]) for image in images])
    return {"printed": str(made), "next_draw": next_draw, "batch": batch.tensors, "sizes": [list(s) for s in batch.image_sizes],
            **{f"image_{i}": image for i, image in enumerate(images)}, **_numbered("target", targets),
            **_numbered("moved", moved), **_numbered("in", found), **_numbered("back", back)}  # fmt: skip


@case("models_detection/channels", channels=[1, 4, 6], means=["each", "one"])
def channels(channels, means):
    """Pictures of other than three channels, on a network of our own."""
    image = torch.rand(channels, 50, 70)
    torch.manual_seed(0)
    backbone = nn.Sequential(nn.Conv2d(channels, 16, 3, stride=4, padding=1), nn.ReLU())
    backbone.out_channels = 16
    mean, std = [0.4 + 0.02 * i for i in range(channels)], [0.2 + 0.01 * i for i in range(channels if means == "each" else 1)]
    model = detection.FasterRCNN(
        backbone, 3, min_size=40, max_size=90, image_mean=mean, image_std=std, box_detections_per_img=9,
        rpn_anchor_generator=AnchorGenerator(((8, 24, 48),), ((0.5, 1.0, 2.0),)),
        box_roi_pool=MultiScaleRoIAlign(["0"], 3, 2)).eval()  # fmt: skip
    with torch.no_grad():
        found = model([image])[0]
    return {"channels": channels, "mean": mean, "std": std, "image": image, "batch": model.transform([image])[0].tensors, **found}


@case("models_detection/keypoints")
def keypoints():
    maps, boxes = torch.randn(5, 7, 14, 14), _some_boxes(5)
    boxes[0, 2:] = boxes[0, :2] + 0.3
    points = torch.rand(5, 7, 3) * torch.tensor([130, 130, 2.0]) - torch.tensor([0, 0, 0.7])
    points[1, 2, :2] = boxes[1, 2:]  # at the far corner
    found, scores = roi_heads.heatmaps_to_keypoints(maps, boxes)
    places, valid = roi_heads.keypoints_to_heatmap(points, boxes, 56)
    names = detection.KeypointRCNN_ResNet50_FPN_Weights.DEFAULT.meta["keypoint_names"]
    return {"names": names, "maps": maps, "boxes": boxes, "points": points, "found": found, "scores": scores,
            "places": places, "valid": valid}  # fmt: skip


@case("models_detection/keypoints_of_boxes", dtype=[torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64])
def keypoints_of_boxes(dtype):
    """On maps of float32, as under autocast; boxes have a gradient."""
    maps, boxes = torch.randn(4, 3, 14, 14).requires_grad_(), (_some_boxes(4) * 2.3).to(dtype)
    boxes[0, 2:] = boxes[0, :2]  # of no size
    boxes.requires_grad_(boxes.is_floating_point())
    found, scores = roi_heads.heatmaps_to_keypoints(maps, boxes)
    weights = torch.rand_like(found)
    ((found * weights).sum() + scores.sum()).backward()
    gradient = {"gradient": boxes.grad} if boxes.requires_grad else {}
    return {"maps": maps, "boxes": boxes, "weights": weights, "found": found, "scores": scores, "of_maps": maps.grad} | gradient


run(__file__)
