"""models_official: checkpoints under official names, to be fetched, loaded and asked about a photo as the published ones are.

The published files cannot be had here; what torchvision saves in their stead has random numbers, and its own hash in its name.
"""

import collections
import hashlib
import os
import re
import tempfile
import warnings
from unittest import mock

import safetensors.torch
import torch
from oracle import case, out_dir, run
from support.model import wake
from torchvision import models
from torchvision.io import write_png

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.backends.quantized.engine = "x86"


def _served(url):
    """The path of a url in the folder that a server gives out."""
    path = out_dir() / "models_official" / url.removeprefix("https://download.pytorch.org/")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _photo():
    coarse, fine = torch.rand(1, 3, 12, 16), torch.rand(1, 3, 60, 80)
    up = lambda x: torch.nn.functional.interpolate(x, size=(240, 320), mode="bicubic")
    return ((up(coarse) * 0.8 + up(fine) * 0.2).clamp(0, 1) * 255).byte()[0]


def _normed(name):
    """With norms that have seen pictures: without, nothing of an image is left behind so many layers."""
    model = getattr(models, name)(init_weights=False)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model(torch.randn(2, 3, 299, 299))
    return model, model.state_dict()


def _quantized_normed(name):
    """So, its norms, and then the ranges of its numbers, of pictures; Inception's official file has no auxiliary head."""
    builder = getattr(models.quantization, name.removeprefix("quantized_"))
    model = builder(init_weights=False)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model(torch.randn(2, 3, 299, 299))
        model.eval().fuse_model(is_qat=False)
        model.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
        torch.ao.quantization.prepare(model, inplace=True)
        model(torch.randn(2, 3, 299, 299))
    state = torch.ao.quantization.convert(model, inplace=True).state_dict()
    for entry in [entry for entry in state if entry.startswith("AuxLogits.")]:
        del state[entry]
    return model, state


def _trained(name):
    """A model with a state as its official file has it: some of the quantized ones were saved while they trained, rounding."""
    if name in _transforming:
        return _normed(name)
    if name in _quantized_transforming:
        return _quantized_normed(name)
    if name != "quantized_mobilenet_v3_large":
        model = models.get_model(name, **({"quantize": True} if name.startswith("quantized_") else {"num_classes": 1000}))
        if not name.startswith("quantized_"):
            wake(model)
        return model.eval(), model.state_dict()
    model = models.get_model(name)
    model.fuse_model(is_qat=True)
    model.qconfig = torch.ao.quantization.get_default_qat_qconfig("qnnpack")
    torch.ao.quantization.prepare_qat(model, inplace=True)
    model(torch.rand(4, 3, 64, 64))
    state = collections.OrderedDict((key, value.clone()) for key, value in model.state_dict().items())
    state._metadata = model.state_dict()._metadata
    return torch.ao.quantization.convert(model.eval(), inplace=True), state


def _save(state, path, container):
    if container == "safetensors":
        safetensors.torch.save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=container == "zip")


_transforming = ["googlenet", "inception_v3"]  # weights make them rescale images and drop heads
_quantized_transforming = [f"quantized_{name}" for name in _transforming]
_floats, _quantized = ["mnasnet0_5", "shufflenet_v2_x0_5"], ["quantized_shufflenet_v2_x0_5", "quantized_mobilenet_v3_large"]


def _answer(model, entry, photo):
    with torch.no_grad():
        logits = model(entry.transforms()(photo).unsqueeze(0))
    best = logits[0].softmax(0).topk(5)
    return {"logits": logits, "best": [entry.meta["categories"][i] for i in best.indices], "probabilities": best.values.tolist()}


def _for_weights(entry, state, name, **chosen):
    """As torchvision builds it for an entry, out of this state."""
    with mock.patch("torchvision.models._api.load_state_dict_from_url", lambda *_, **__: state):
        return models.get_model(name, weights=entry, **chosen).eval()


def _files(name, container):
    entry = models.get_model_weights(name).DEFAULT
    model, state = _trained(name)
    photo = _photo()
    made = _served(entry.url).with_suffix(f".{container}")
    _save(state, made, container)
    digits = hashlib.sha256(made.read_bytes()).hexdigest()
    stem, known = re.fullmatch(r"(.*)[-_]([0-9a-f]+)\.pth", entry.url).groups()
    url = f"{stem}-{digits[: len(known)]}.pth"
    file = made.replace(_served(url))
    if container != "safetensors":  # Python fetches, checks and loads it too
        with tempfile.TemporaryDirectory() as home:
            loaded = torch.hub.load_state_dict_from_url(f"file://{file}", home, check_hash=True, progress=False)
        assert list(loaded) == list(state)
    if name in _transforming + _quantized_transforming:
        kind = {"quantize": True} if name in _quantized_transforming else {}
        plain, model = (_for_weights(entry, state, name, **kind, **chosen) for chosen in ({"transform_input": False}, {}))
        assert not torch.allclose(_answer(plain, entry, photo)["logits"], _answer(model, entry, photo)["logits"], rtol=0.01)
    names = {} if name.startswith("quantized_") else {"names": list(model.state_dict())}
    return {"weights": str(entry), "url": url, "digits": digits, "photo": photo, **names, **_answer(model, entry, photo)}


@case("models_official/floats", model=_floats, container=["zip", "legacy", "safetensors"])
def floats(model, container):
    return _files(model, container)


@case("models_official/transforming", model=_transforming, container=["zip"])
def transforming(model, container):
    """Answered by what torchvision builds for the weights."""
    return _files(model, container)


@case("models_official/quantized", model=_quantized, container=["zip", "legacy"])
def quantized(model, container):
    return _files(model, container)


@case("models_official/quantized_transforming", model=_quantized_transforming, container=["zip"])
def quantized_transforming(model, container):
    return _files(model, container)


@case("models_official/without_hash")
def without_hash():
    """Of a few the name tells no hash that is checked: so the file can stand under the very url."""
    entry = models.quantization.ResNet18_QuantizedWeights.DEFAULT
    model, state = _trained("quantized_resnet18")
    _save(state, _served(entry.url), "legacy")
    photo = _photo()
    write_png(photo, str(out_dir() / "models_official" / "photo.png"))
    return {"url": entry.url, "file": os.path.basename(entry.url), **_answer(model, entry, photo)}


run(__file__)
