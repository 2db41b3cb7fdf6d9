"""models_segmentation: parameters, outputs and gradients of the models that tell what every pixel belongs to, and their options.

support/zoo.py lists the models.
"""

import contextlib
import unittest.mock

import torch
from oracle import case, out_dir, run
from support import zoo
from support.model import TableDraws, computed
from torchvision import models
from torchvision.models.segmentation.deeplabv3 import DeepLabHead
from torchvision.models.segmentation.fcn import FCNHead
from torchvision.transforms._presets import SemanticSegmentation

torch.set_num_threads(1)  # as the tests do: sums are split alike


@case("models_segmentation/computed", model=zoo.segmentation)
def computed_models(model):
    images = torch.rand(2, 3, 48, 40)
    aux = {"aux_loss": True} if not model.startswith("lraspp") else {}
    torch.manual_seed(0)
    table = model in zoo.by_table
    with TableDraws() if table else contextlib.nullcontext():
        built = models.get_model(model, weights_backbone=None, **aux)
    return {"table": table, "images": images, **computed(built, images)}


_heads = {
    "fcn": (lambda: FCNHead(24, 5)),
    "deeplab": (lambda: DeepLabHead(24, 5)),
    "deeplab_rates": (lambda: DeepLabHead(24, 5, (1, 2))),
}


@case("models_segmentation/heads", head=list(_heads))
def heads(head):
    features = torch.rand(2, 24, 9, 7)
    torch.manual_seed(0)
    return {"features": features, **computed(_heads[head](), features)}


@case("models_segmentation/options", model=["deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large"])
def options(model):
    images = torch.rand(2, 3, 33, 65)
    torch.manual_seed(0)
    return {"images": images, **computed(models.get_model(model, weights_backbone=None, num_classes=7), images)}


@case("models_segmentation/segmenter", shape=[(3, 50, 70), (3, 90, 31)])
def segmenter(shape):
    """From a picture to the class of each of its pixels."""
    image = torch.randint(0, 256, shape, dtype=torch.uint8)
    torch.manual_seed(0)
    model = models.segmentation.lraspp_mobilenet_v3_large(weights_backbone=None).eval()
    with torch.no_grad():
        scores = model(SemanticSegmentation(resize_size=64)(image)[None])["out"]
    scores = torch.nn.functional.interpolate(scores, shape[1:], mode="bilinear", align_corners=False)
    return {"image": image, "expected": scores.argmax(1)[0]}


@case("models_segmentation/stripes", model=["fcn_resnet50", "lraspp_mobilenet_v3_large"], shape=[(10_000, 20), (20, 10_000)])
def stripes(model, shape):
    """Some of the scores of a stripe; of the large model for one of them, which takes seconds."""
    if model == "fcn_resnet50" and shape[0] < shape[1]:
        return {"skip": True}
    image = torch.rand(1, 3, *shape)
    torch.manual_seed(0)
    built = models.get_model(model, weights_backbone=None).eval()
    with torch.no_grad():
        return {"skip": False, "image": image, "expected": built(image)["out"].flatten()[::97]}


@case("models_segmentation/checkpoint")
def checkpoint():
    """Saved by Python; and a picture that is a stripe."""
    model = models.segmentation.deeplabv3_mobilenet_v3_large(weights_backbone=None, aux_loss=True).eval()
    (out_dir() / "models_segmentation").mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), out_dir() / "models_segmentation/deeplab.pth")
    images, stripe = torch.rand(1, 3, 48, 40), torch.rand(1, 3, 10_000, 20)
    with torch.no_grad():
        found = model(images)
        return {"images": images, "out": found["out"], "aux": found["aux"], "stripe": stripe, "of_stripe": model(stripe)["out"]}


@case("models_segmentation/saved", model=["lraspp_mobilenet_v3_large", "fcn_resnet50"])
def saved(model):
    """Likewise, the large one of half as many bytes: what torchvision's model with weights gives."""
    state = models.get_model(model, weights_backbone=None, **({"aux_loss": True} if model.startswith("fcn") else {})).state_dict()
    file = out_dir() / f"models_segmentation/{model}.pth"
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save({name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}, file)
    with unittest.mock.patch("torchvision.models._api.load_state_dict_from_url", lambda *_, **__: torch.load(file)):
        built = models.get_model(model, weights="DEFAULT").eval()
    images = torch.rand(1, 3, 48, 40)
    with torch.no_grad():
        return {"images": images, "expected": built(images)["out"]}


run(__file__)
