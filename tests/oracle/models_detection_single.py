"""models_detection_single: detectors in one stage: anchors, parameters, losses, gradients and what they find."""

import contextlib
import math
import re
import unittest.mock

import torch
from oracle import case, fails, out_dir, run
from support import zoo
from support.model import TableDraws, checked, sample
from torch import nn
from torchvision import models
from torchvision.models import detection
from torchvision.models.detection import _utils
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList

torch.set_num_threads(1)  # as the tests do: sums are split alike

_generators = {
    "one_map": (AnchorGenerator(), 1),
    "levels": (AnchorGenerator(((32, 40), (64,)), ((0.5, 1.0, 2.0), (1.0,))), 2),
    "default_boxes": (DefaultBoxGenerator([[2], [2, 3]]), 2),
    "one_map_of_default_boxes": (DefaultBoxGenerator([[3]], clip=False), 1),
    "steps": (DefaultBoxGenerator([[2, 3], [2]], scales=[0.1, 0.6, 1.05], steps=[8, 16]), 2),
    "ratios": (DefaultBoxGenerator([[2, 3]] * 2, min_ratio=0.2, max_ratio=0.95), 2),
}


@case("models_detection_single/anchors", generator=list(_generators), dtype=["float32", "float64"])
def anchors(generator, dtype):
    make, maps = _generators[generator]
    features = [torch.rand(2, 3, 7, 5, dtype=getattr(torch, dtype)), torch.rand(2, 3, 2, 3, dtype=getattr(torch, dtype))][:maps]
    found = make(ImageList(torch.rand(2, 3, 61, 53), [(50, 40), (61, 53)]), features)
    return {"features": maps, "counts": make.num_anchors_per_location(), "expected": found[0]}


def _targets(images, count, below_zero=()):
    """Boxes of many sizes, most of an image's height; `below_zero` names the image and box of labels that are no class."""
    targets = []
    for image, n in zip(images, count):
        height, width = image.shape[1:]
        corner = torch.rand(n, 2) * torch.tensor([width * 0.4, height * 0.4])
        sides = (torch.rand(n, 2) * 0.5 + 0.1) * torch.tensor([width, height])
        targets.append({"boxes": torch.cat([corner, corner + sides], 1), "labels": torch.randint(1, 4, (n,))})
    for image, box in below_zero:
        targets[image]["labels"][box] = -1 - box
    return targets


def _scale(layer, factor):
    with torch.no_grad():
        layer.weight.mul_(factor)


def _last_layers(module_list):
    return [m[-1] if len(list(m.children())) else m for m in module_list]


def _class_layers(head):
    found = head.classification_head
    return [found.cls_logits] if hasattr(found, "cls_logits") else _last_layers(found.module_list)


def _box_layers(head):
    found = head.regression_head
    if hasattr(found, "bbox_reg"):
        return [found.bbox_reg] + ([found.bbox_ctrness] if hasattr(found, "bbox_ctrness") else [])
    return _last_layers(found.module_list)


def _enliven(model, images):
    """Scales the last layers so that scores and boxes differ, by powers of two; tells which weights and by what."""
    layers = _class_layers(model.head) + _box_layers(model.head)
    largest = {}

    def look(layer, _, output):
        bias = layer.bias.view(1, -1, 1, 1)
        largest[layer] = max(float((output - bias).abs().max()), largest.get(layer, 0))

    hooks = [layer.register_forward_hook(look) for layer in layers]
    model.eval()
    with torch.no_grad():
        batch, _ = model.transform([i for i in images])
        features = model.backbone(batch.tensors)
        model.head([features] if isinstance(features, torch.Tensor) else list(features.values()))
    for hook in hooks:
        hook.remove()
    classes = _class_layers(model.head)
    factors = [2.0 ** round(math.log2((4 if layer in classes else 1) / largest[layer])) for layer in layers]
    for layer, factor in zip(layers, factors):
        _scale(layer, factor)
    names = {module: name for name, module in model.named_modules()}
    return {"scaled": [names[layer] + ".weight" for layer in layers], "factors": factors}


def _shown(model, images):
    with torch.no_grad():
        found = model.eval()(images)
    parts = {f"{key}_{i}": value for i, one in enumerate(found) for key, value in one.items()}
    return parts | {"found": [len(one["boxes"]) for one in found]}


def _learned(model, images, counts, wanted=5, below_zero=()):
    targets = _targets(images, counts, below_zero)
    losses = model.train()(images, targets)
    sum(losses.values()).backward()
    learning = [name for name, p in model.named_parameters() if p.grad is not None]
    names = learning[:: max(1, len(learning) // wanted)]
    gradients = dict(model.named_parameters())
    return {
        **{f"{key}_target_{i}": value for i, target in enumerate(targets) for key, value in target.items()},
        "loss_names": list(losses),
        "losses": torch.stack(list(losses.values())),
        "gradient_names": names,
        "gradient_norms": torch.stack([gradients[n].grad.double().norm() for n in names]),
        "gradient_samples": torch.cat([sample(gradients[n].grad) for n in names]),
    }


def _without_targets(model, images, counts, below_zero=()):
    with torch.no_grad():
        targets = _targets(images, counts, below_zero)
        losses = model.train()(images, targets)
    return {
        **{f"{key}_other_{i}": value for i, target in enumerate(targets) for key, value in target.items()},
        "other_losses": torch.stack(list(losses.values())),
    }


_small = {"min_size": 64, "max_size": 128}
_models = {
    "retinanet_resnet50_fpn": _small,
    "retinanet_resnet50_fpn_v2": _small,
    "fcos_resnet50_fpn": _small,
    "ssd300_vgg16": {},
    "ssdlite320_mobilenet_v3_large": {},
}


def _numbered(name, tensors):
    return {f"{name}_{i}": tensor for i, tensor in enumerate(tensors)}


@case("models_detection_single/computed", model=list(_models))
def computed(model):
    one = model == "ssd300_vgg16"
    images = [torch.rand(3, 60, 80)] if one else [torch.rand(3, 60, 80), torch.rand(3, 72, 50)]
    torch.manual_seed(0)
    table = model in zoo.by_table
    with TableDraws() if table else contextlib.nullcontext():
        built = models.get_model(model, weights=None, weights_backbone=None, **_models[model])
    found = {"table": table, "count": len(images), **_numbered("image", images), **checked(built)}
    found |= _enliven(built, images) | _shown(built, images)
    found |= _learned(built, images, [3] if one else [3, 1])
    return found | _without_targets(built, images, [0] if one else [2, 0])


def _tiny_backbone(channels, count):
    """One map, or two."""

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Conv2d(3, channels, 3, stride=8, padding=1)
            self.second = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
            self.out_channels = channels

        def forward(self, x):
            x = self.first(x)
            return {"a": x, "b": self.second(x)}

    if count == 2:
        return Two()
    found = nn.Sequential(nn.Conv2d(3, channels, 3, stride=8, padding=1))
    found.out_channels = channels
    return found


def _tiny(kind, **chosen):
    sizes = {"min_size": 64, "max_size": 90}
    if kind == "fcos":
        anchors = AnchorGenerator(((8,), (16,)), ((1.0,),) * 2)
        return detection.FCOS(_tiny_backbone(32, 2), 4, anchor_generator=anchors, center_sampling_radius=2.5,
                              **{"score_thresh": 0.05, **chosen}, **sizes)  # fmt: skip
    if kind == "ssd":
        backbone = _tiny_backbone(16, 2)
        del backbone.out_channels
        return detection.ssd.SSD(backbone, DefaultBoxGenerator([[2], [2, 3]]), (72, 64), 4, iou_thresh=0.4,
                                 positive_fraction=0.2, detections_per_img=20, topk_candidates=9, **chosen)  # fmt: skip
    anchors = AnchorGenerator(((12, 24),), ((0.5, 1.0),))
    found = detection.RetinaNet(_tiny_backbone(16, 1), 4, anchor_generator=anchors, topk_candidates=40,
                                detections_per_img=25, **chosen, **sizes)  # fmt: skip
    found.head.regression_head._loss_type = kind
    return found


@case("models_detection_single/parts", kind=["l1", "smooth_l1", "ciou", "diou", "giou", "fcos", "ssd"])
def parts(kind):
    images = [torch.rand(3, 50, 61), torch.rand(3, 64, 40)]
    torch.manual_seed(0)
    built = _tiny(kind)
    found = {"count": 2, **_numbered("image", images), **checked(built), **_enliven(built, images)}
    return found | _shown(built, images) | _learned(built, images, [4, 2]) | _without_targets(built, images, [0, 0])


@case("models_detection_single/matched", by=["thresholds", "matcher"])
def matched(by):
    """A RetinaNet whose anchors are matched in another way than usual."""
    chosen = {"fg_iou_thresh": 0.35, "bg_iou_thresh": 0.2} if by == "thresholds" else {"proposal_matcher": _utils.Matcher(0.3, 0.25)}
    images = [torch.rand(3, 50, 61), torch.rand(3, 64, 40)]
    torch.manual_seed(0)
    built = _tiny("l1", **chosen)
    found = {"count": 2, **_numbered("image", images), **checked(built), **_enliven(built, images)}
    return found | _shown(built, images) | _learned(built, images, [4, 2]) | _without_targets(built, images, [0, 0])


@case("models_detection_single/labels_below_zero", kind=["fcos", "ssd"])
def labels_below_zero(kind):
    """FCOS learns nothing from such boxes: from some first, then from none. SSD stops at them."""
    images = [torch.rand(3, 50, 61), torch.rand(3, 64, 40)]
    torch.manual_seed(0)
    built = _tiny(kind)
    found = {"count": 2, **_numbered("image", images), **_enliven(built, images)}
    if kind == "ssd":
        targets = _targets(images, [4, 2], [(0, 3)])
        return found | {"fails": fails(lambda: built.train()(images, targets))}
    found |= _learned(built, images, [4, 2], below_zero=[(0, 1), (1, 0)])
    return found | {"fails": False} | _without_targets(built, images, [2, 1], [(0, 0), (0, 1), (1, 0)])


@case("models_detection_single/nothing", kind=["l1", "fcos", "ssd"])
def nothing(kind):
    """What there is when nothing is sure enough."""
    images = [torch.rand(3, 50, 61), torch.rand(3, 64, 40)]
    built = _tiny(kind, score_thresh=1.0)
    return {"count": 2, **_numbered("image", images), **_shown(built, images)}


@case("models_detection_single/stripes",
      model=["retinanet_resnet50_fpn", "ssdlite320_mobilenet_v3_large", "fcos_resnet50_fpn", "ssd300_vgg16"],
      shape=[(10_000, 20), (20, 10_000)])  # fmt: skip
def stripes(model, shape):
    images = [torch.rand(3, *shape)]
    torch.manual_seed(0)
    table = model in zoo.by_table
    small = {"min_size": 32, "max_size": 2000} if model == "fcos_resnet50_fpn" else {}
    with TableDraws() if table else contextlib.nullcontext():
        built = models.get_model(model, weights_backbone=None, **small)
    return {"table": table, "count": 1, **_numbered("image", images), **_enliven(built, images), **_shown(built, images)}


@case("models_detection_single/odd_sizes", model=list(_models))
def odd_sizes(model):
    """An image of one pixel, and one that is a stripe."""
    images = [torch.rand(3, 1, 1), torch.rand(3, 6, 200)]
    torch.manual_seed(0)
    table = model in zoo.by_table
    with TableDraws() if table else contextlib.nullcontext():
        built = models.get_model(model, weights_backbone=None, **({"min_size": 32, "max_size": 256} if _models[model] else {}))
    return {"table": table, "count": 2, **_numbered("image", images), **_enliven(built, images), **_shown(built, images)}


def _of_first_version(state):
    """RetinaNet's names before its convolutions were blocks, of which the pyramid's had no norms yet."""
    old = {}
    for name, tensor in state.items():
        name = re.sub(r"((?:inner|layer)_blocks\.\d)\.0\.", r"\1.", name)
        name = re.sub(r"(_head\.conv)\.(\d)\.0\.", lambda found: f"{found[1]}.{2 * int(found[2])}.", name)
        old[name] = tensor
    assert len(old) == len(state) and len(old.keys() - state.keys()) == 28
    return old


@case("models_detection_single/checkpoint",
      model=["ssdlite320_mobilenet_v3_large", "retinanet_resnet50_fpn", "fcos_resnet50_fpn"])  # fmt: skip
def checkpoint(model):
    """What torchvision's model with weights finds, of a file that stands for the published one; the large ones of half as many bytes,
    and RetinaNet's under the names of its first version."""
    images = [torch.rand(3, 60, 80)]
    size = {"min_size": 60, "max_size": 100} if _models[model] else {}
    built = models.get_model(model, weights_backbone=None, **size)
    _enliven(built, images)
    is_large = model != "ssdlite320_mobilenet_v3_large"  # whose last layers are scaled beyond what half floats hold
    state = {name: tensor.half() if is_large and tensor.is_floating_point() else tensor for name, tensor in built.state_dict().items()}
    folder = out_dir() / "models_detection_single"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{model}.pth"
    torch.save(_of_first_version(state) if model.startswith("retinanet") else state, file)
    with unittest.mock.patch("torchvision.models._api.load_state_dict_from_url", lambda *_, **__: torch.load(file)):
        built = models.get_model(model, weights="DEFAULT", **size)
    shown = _shown(built, images)
    assert all(shown["found"]), shown["found"]
    return {"file": str(file), "side": size.get("min_size"), "count": 1, **_numbered("image", images), **shown}


@case("models_detection_single/learning", model=["retinanet_resnet50_fpn", "ssd300_vgg16", "ssdlite320_mobilenet_v3_large"],
      layers=[0, 3, None])
def learning(model, layers):
    """Which parameters of a model with weights learn."""
    original = models.WeightsEnum.get_state_dict
    with torch.device("meta"):
        state = models.get_model(model, weights=None, weights_backbone=None).state_dict()
        try:
            models.WeightsEnum.get_state_dict = lambda self, *args, **kwargs: state
            built = models.get_model(model, weights="DEFAULT", trainable_backbone_layers=layers)
        finally:
            models.WeightsEnum.get_state_dict = original
    return {"names": [name for name, p in built.named_parameters() if p.requires_grad]}


run(__file__)
