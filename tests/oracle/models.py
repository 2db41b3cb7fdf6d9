"""models: names and shapes of every model, the options of resnets, the registry, the weights, their presets."""

import fnmatch
from unittest import mock

import torch
import torchvision
from support import zoo
from support.model import checksum, computed, on_meta, structure
from oracle import case, fails, out_dir, run
from torch import nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.transforms._presets import OpticalFlow, VideoClassification

torch.set_num_threads(1)  # as the tests do: sums are split alike
_models = models.list_models(module=torchvision.models)
_quantized = models.list_models(module=torchvision.models.quantization)


@case("models/state_dict", model=_models + _quantized + zoo.others)
def state_dict(model):
    with on_meta():
        return structure(models.get_model(model, **({"weights_backbone": None} if model in zoo.segmentation + zoo.detection else {})))


_resnets = {
    "small_head": (Bottleneck, [1, 1, 1, 1], dict(num_classes=7)),
    "zero_bottleneck": (Bottleneck, [1, 1, 1, 1], dict(zero_init_residual=True)),
    "zero_basic": (BasicBlock, [1, 2, 1, 1], dict(zero_init_residual=True)),
    "grouped": (Bottleneck, [1, 2, 1, 1], dict(groups=4, width_per_group=24)),
    "dilated_last": (Bottleneck, [1, 1, 2, 2], dict(replace_stride_with_dilation=[False, False, True])),
    "dilated_all": (Bottleneck, [1, 2, 2, 2], dict(replace_stride_with_dilation=[True, True, True])),
    "group_norm": (Bottleneck, [1, 1, 1, 1], dict(norm_layer=lambda c: nn.GroupNorm(8, c), zero_init_residual=True)),
    "instance_norm": (BasicBlock, [1, 1, 1, 1], dict(norm_layer=nn.InstanceNorm2d, zero_init_residual=True)),
}


@case("models/resnet_options", options=list(_resnets))
def resnet_options(options):
    images = torch.rand(2, 3, 64, 64)
    torch.manual_seed(0)
    block, depths, arguments = _resnets[options]
    return {"images": images, **computed(ResNet(block, depths, **arguments), images)}


_settings = {"crop_size", "resize_size", "mean", "std", "interpolation", "antialias"}


@case("models/weights", model=_models + _quantized + zoo.others)
def weights(model):
    enum = models.get_model_weights(model)
    entries = []
    for entry in enum:
        preset = entry.transforms()
        metrics = [[d, m, v if v == v else None] for d, found in entry.meta["_metrics"].items() for m, v in found.items()]
        known = {"num_params", "min_size", "recipe", "_metrics", "_ops", "_file_size", "_docs"}
        optional = {"categories", "keypoint_names", "min_temporal_size", "license", "backend", "unquantized"}
        assert set(entry.meta) - optional == known, set(entry.meta) ^ known
        entries.append({
            "name": str(entry), "url": entry.url, "metrics": metrics, "gflops": entry.meta["_ops"],
            "file_size_mb": entry.meta["_file_size"], "num_params": entry.meta["num_params"],
            "min_size": list(entry.meta["min_size"]), "min_temporal_size": entry.meta.get("min_temporal_size", 0),
            "categories": entry.meta.get("categories") or [], "recipe": entry.meta["recipe"],
            "docs": " ".join(entry.meta["_docs"].split()),
            "license": entry.meta.get("license", ""), "backend": entry.meta.get("backend", ""),
            "unquantized": str(entry.meta.get("unquantized", "")),
            "preset": {"kind": type(preset).__name__, **{k: getattr(v, "value", v) for k, v in vars(preset).items() if k in _settings}},
        })  # fmt: skip
    return {"enum": enum.__name__, "default": str(enum.DEFAULT), "entries": entries}


def _as_built_for(model, entry, **arguments):
    """What a model must find in the file of its weights, and the model that then comes out: some lose heads, some are made for
    other images. Nothing is loaded."""
    found = {}

    def asked_for(self, state, *args, **kwargs):
        found["state"] = [[name, str(tensor.dtype).removeprefix("torch."), list(tensor.shape)] for name, tensor in self.state_dict().items()]

    with on_meta(), mock.patch.object(nn.Module, "load_state_dict", asked_for), \
            mock.patch("torchvision.models._api.load_state_dict_from_url", lambda *_, **__: {}):  # fmt: skip
        built = models.get_model(model, weights=entry, **arguments)
    return built, found["state"]


@case("models/built_for_weights", model=_models + zoo.others)
def built_for_weights(model):
    """Of quantized models the files are another matter, models_quantized.py's."""
    entries = []
    for entry in models.get_model_weights(model):
        built, file = _as_built_for(model, entry)
        left, shapes = built.state_dict(), {name: shape for name, _, shape in file}
        assert all(list(tensor.shape) == shapes[name] for name, tensor in left.items())
        entries.append({
            "name": str(entry), "file": file, "lost": [name for name in shapes if name not in left],
            "transform_input": getattr(built, "transform_input", None), "image_size": getattr(built, "image_size", None),
            # Of MaxVit, which forgets the size of its images: what its last block sees of them.
            "last_grid": list(built.blocks[-1].grid_size) if model.startswith("maxvit") else None,
        })  # fmt: skip
    return {"entries": entries}


@case("models/auxiliary_heads", model=["googlenet", "inception_v3"], aux_logits=[True, False])
def auxiliary_heads(model, aux_logits):
    """Of models with weights, when one says whether there should be any."""
    def build():
        return _as_built_for(model, models.get_model_weights(model).DEFAULT, aux_logits=aux_logits)

    return {"refused": True} if fails(build) else {"refused": False, "names": list(build()[0].state_dict())}


def _prepared(preset, image):
    """A video is the photo and its mirror image, and so is a pair of images."""
    if isinstance(preset, VideoClassification):
        return preset(torch.stack([image, image.flip(-1)]))
    return torch.stack(preset(image, image.flip(-1))) if isinstance(preset, OpticalFlow) else preset(image)


@case("models/presets", model=_models + _quantized + zoo.others)
def presets(model):
    """The same photo, prepared as each of the model's weights want it. Smooth, as photos are: neighbouring pixels are alike."""
    images = [nn.functional.interpolate(torch.rand(1, 3, 20, 30), size, mode="bicubic").clamp(0, 1).mul(255).byte()[0]
              for size in [(375, 500), (300, 200)]]  # fmt: skip
    found = {"wide": images[0], "tall": images[1], "weights": [], "sizes": [], "checksums": []}
    for entry in models.get_model_weights(model):
        for image in images:
            out = _prepared(entry.transforms(), image)
            found["weights"].append(str(entry))
            found["sizes"].append(str(tuple(out.shape)))
            found["checksums"].append(checksum(out))
    return found


_modules = {"models": torchvision.models, "models::detection": torchvision.models.detection,
            "models::quantization": torchvision.models.quantization, "models::segmentation": torchvision.models.segmentation,
            "models::video": torchvision.models.video, "models::optical_flow": torchvision.models.optical_flow, "": None}  # fmt: skip


@case("models/list_models", module=list(_modules),
      include=[[], ["*"], ["resne[tx]*"], ["*50*", "resnet18"], ["wide_resnet?0_2"], ["RESNET50"]],
      exclude=[[], ["*101*"], ["*_*", "resnet1*"], ["*[!0-9]"]])  # fmt: skip
def list_models(module, include, exclude):
    return {"expected": models.list_models(_modules[module], include=include, exclude=exclude)}


_patterns = [
    "", "*", "?", "a", "a*", "*a", "*a*", "a*b", "**", "*?", "?*", "a?c", "[abc]", "[!abc]", "[a-c]x", "[!a-c]x", "[", "[a", "a[",
    "[]]", "[!]]", "[]a]*", "[a-]", "[-a]", "*[0-9]", "*b*b*c", "[^a]", "\\a", "[!]", "a.c", "[b-b]", "[a-cx-z]", "*.*", "(a|b)", "[",
]  # fmt: skip
_names = ["", "a", "b", "ab", "abc", "axc", "]", "[", "[a", "a[", "-", "^", "!", "ax", "dx", "x", "bbc", "abcbc", "ab1", "\\a", "a.c", "[!]", "]x"]


@case("models/fnmatch", pattern=_patterns)
def matching(pattern):
    return {"names": _names, "expected": [fnmatch.fnmatchcase(name, pattern) for name in _names]}


@case("models/every_name")
def every_name():
    names = models.list_models()
    return {"models": names, "weights": [str(entry) for name in names for entry in models.get_model_weights(name)]}


@case("models/checkpoint")
def checkpoint():
    """A checkpoint in a cache like PyTorch's, under the official name."""
    model = models.resnet18().eval()
    folder = out_dir() / "models" / "torch_home" / "hub" / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), folder / "resnet18-f37072fd.pth")
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        return {"images": images, "expected": model(images)}


run(__file__)
